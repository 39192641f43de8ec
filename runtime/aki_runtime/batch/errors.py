"""What can stop a batch, beside the errors of a single call."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from ..errors import AkiError

MAX_FAULTS = 20
"""Different problems that are listed."""
MAX_PLACES = 5
"""Places that are named of one problem."""


class BatchError(AkiError):
    """The root of what stops a batch as a whole."""


class JournalError(BatchError):
    """The journal cannot be read or written, or is asked for what it does not hold."""


class JournalFullError(JournalError):
    """There is no room on the disk for what has to be noted; nothing of it was."""


class JournalInUseError(JournalError):
    """Another process works with the journal."""


class JournalMismatchError(JournalError):
    """The journal belongs to another run: other rows, another endpoint, another hub or other constants.

    Attributes:
        differences: What differs, a clause each.
    """

    def __init__(self, message: str, differences: Sequence[str]) -> None:
        super().__init__(message)
        self.differences = tuple(differences)


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one row, or with several in the same way.

    Attributes:
        place: Where, as in "line 17", "row 17" or "line 17, line 18 and 4 more".
        problem: What is wrong, in one sentence.
        rows: How many rows it is wrong with.
    """

    place: str
    problem: str
    rows: int = 1

    def __str__(self) -> str:
        return f"{self.place}: {self.problem}"


class FaultCounter:
    """Counts faults: those that are alike are one with many places, and the memory is for the first ones.

    Attributes:
        total: How many there were.
        unlisted: How many of them `faults` does not hold.
    """

    def __init__(self) -> None:
        self.total = 0
        self.unlisted = 0
        self._counts: Counter[str] = Counter()
        self._places: defaultdict[str, list[str]] = defaultdict(list)

    def add(self, place: str, problem: str) -> None:
        """Count what is wrong with a row."""
        self.total += 1
        if problem not in self._counts and len(self._counts) == MAX_FAULTS:
            self.unlisted += 1
            return
        self._counts[problem] += 1
        if self._counts[problem] <= MAX_PLACES:
            self._places[problem].append(place)

    def faults(self) -> tuple[Fault, ...]:
        """Return the faults, in the order in which they were met first."""
        found: list[Fault] = []
        for problem, count in self._counts.items():
            named = self._places[problem]
            rest = f" and {count - len(named):,} more" if count > len(named) else ""
            found.append(Fault(", ".join(named) + rest, problem, count))
        return tuple(found)


class InvalidRowsError(BatchError, ValueError):
    """Rows cannot be submitted as they are; nothing was sent.

    Attributes:
        faults: The faults, in the order of the rows; where they are very many, the first of them.
        count: How many faults there are altogether.
    """

    def __init__(self, source: str, faults: Sequence[Fault], count: int, rest: int) -> None:
        listed = "".join(f"\n  - {fault}" for fault in faults)
        more = f"\n  … and {rest:,} more" if rest else ""
        many = "one fault" if count == 1 else f"{count:,} faults"
        super().__init__(f"{source} has {many}; nothing was sent:{listed}{more}")
        self.faults = tuple(faults)
        self.count = count


class UnreadableInputError(BatchError, ValueError):
    """The input as a whole cannot be read: it is missing, of an unknown kind, or its head is wrong."""


class OutputError(BatchError, OSError):
    """The output cannot be written; what was paid for is in the journal, and the same command writes it again.

    Or it is not this batch's to write: the input, somebody else's file, or one whose journal is lost.
    """


class BatchStoppedError(BatchError):
    """The hub is not to be reached, or somebody stopped the batch; the next run goes on with what is left."""
