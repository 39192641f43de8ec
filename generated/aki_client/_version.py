"""The version of this package: a refresh that changes it raises it. So may you, and refreshes go on from there."""

__version__ = "0.1.0"
