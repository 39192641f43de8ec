"""The names that a generated package offers in its module `batch`."""

from .api import acheck, arun, check, run, stream
from .errors import (
    BatchError,
    BatchStoppedError,
    Fault,
    InvalidRowsError,
    JournalError,
    JournalFullError,
    JournalInUseError,
    JournalMismatchError,
    OutputError,
    UnreadableInputError,
)
from .journal import Claim, Entry, Journal, RowState
from .outcome import Outcome, Progress, RowError, Summary
from .settings import SettingChanges, Settings, Stop

__all__ = [
    "BatchError",
    "BatchStoppedError",
    "Claim",
    "Entry",
    "Fault",
    "InvalidRowsError",
    "Journal",
    "JournalError",
    "JournalFullError",
    "JournalInUseError",
    "JournalMismatchError",
    "Outcome",
    "OutputError",
    "Progress",
    "RowError",
    "RowState",
    "SettingChanges",
    "Settings",
    "Stop",
    "Summary",
    "UnreadableInputError",
    "acheck",
    "arun",
    "check",
    "run",
    "stream",
]
