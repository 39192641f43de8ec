"""Tests of what the README and docs/ show."""
