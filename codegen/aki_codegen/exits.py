"""What the exit status of a command says; one table for all commands."""

from enum import IntEnum


class Exit(IntEnum):
    """Exit statuses."""

    OK = 0
    """Every listed endpoint is written."""
    FAILED = 1
    """It failed, and nothing in the output folder has changed."""
    USAGE = 2
    """The command line is wrong."""
    INCOMPLETE = 3
    """The rest is written, but an endpoint was skipped or kept from an earlier snapshot."""
    HARMLESS = 10
    """The worst change leaves every call as it was."""
    RISKY = 11
    """The worst change leaves calls right, but may alter what they mean or what comes back."""
    BREAKING = 12
    """A change makes calls fail that were right, or code that reads their results."""
