"""The names that a generated package offers in its module `batch`."""

from .entry import Claim, Entry, RowState
from .errors import JournalError, JournalFullError, JournalInUseError, JournalMismatchError
from .journal import Journal

__all__ = [
    "Claim",
    "Entry",
    "Journal",
    "JournalError",
    "JournalFullError",
    "JournalInUseError",
    "JournalMismatchError",
    "RowState",
]
