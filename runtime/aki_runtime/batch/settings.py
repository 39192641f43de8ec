"""How a batch is carried out and stopped: every setting, its default and its check."""

import os
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypedDict

from ..client.async_client import AsyncClient
from ..errors import ConfigurationError
from ..store.budget import Amount, Budget
from .journal import RowState, states_started_again
from .limits import require_concurrency
from .outcome import Progress

StrPath = str | os.PathLike[str]


class Stop:
    """Asked once, no further row is started and what runs is finished; asked twice, jobs are left on the hub.

    To be used in the thread of the event loop. Jobs that are left are picked up by the next run.

    Attributes:
        is_asked: Whether it was asked.
        is_now: Whether jobs are left on the hub.
        signal: The signal that asked last; None where none did.
    """

    def __init__(self) -> None:
        self.signal: int | None = None
        self.is_asked = False
        self.is_now = False
        self._on_asked: list[Callable[[], None]] = []
        self._on_now: list[Callable[[], None]] = []

    # Several may be waiting for it: the check of the rows, and then their life.
    def when(self, asked: Callable[[], None], now: Callable[[], None] | None = None) -> None:
        """Say what is to happen when it is asked for, and when it is to be now."""
        self._on_asked.append(asked)
        if self.is_asked:
            asked()
        if now is not None:
            self._on_now.append(now)
            if self.is_now:
                now()

    def ask(self) -> None:
        """Ask to stop; the second time it is to be now."""
        if self.is_asked:
            self.now()
        self.soon()

    def soon(self) -> None:
        """Begin nothing more."""
        if not self.is_asked:
            self.is_asked = True
            for act in self._on_asked:
                act()

    def now(self) -> None:
        """Leave at once what can be picked up later."""
        self.soon()
        if not self.is_now:
            self.is_now = True
            for act in self._on_now:
                act()


@dataclass(frozen=True)
class Settings:
    """How a batch is carried out.

    Attributes:
        client: Your own async client; else that of the endpoint, or one that is made of AKI_API_KEY and AKI_API_SERVER
            and closed at the end.
        journal: The journal's file; defaults to OUTPUT.journal.
        media: The folder for images, audio and video; defaults to OUTPUT.media.
        concurrency: Largest number of jobs at a time, 1 to 100; how many there are depends on how the hub bears them.
        columns: The parameter that a column of another name is for.
        constants: Values of parameters, for all rows that have none of their own.
        keep: Columns that go into the output as they are.
        ignore_extra: Leave columns out that are for nothing, instead of refusing them.
        limit: Only the first so many rows.
        retry_failed: Start rows again that earlier runs ended as failed. (Where only the end of a job is unknown, every
            run asks for that job.)
        resubmit_uncertain: Send rows again that may have been paid for: they may be paid twice.
        as_completed: Write rows in the order in which they end; else in the order of the input.
        survives_power_loss: Wait for the disk with each note and file.
        outage_timeout: Seconds that the hub may be out of reach before the batch stops.
        budget: What the rows may cost together, as text such as "10.00", over all runs: OUTPUT.ledger counts it; or a
            `Budget`. The endpoint needs `prices`. No row is sent that could cost more than is left.
        on_progress: Called with the progress after each outcome, in the thread of the event loop.
        on_notice: Called with a sentence that a person should know.
        stop: How another part of the program stops it.

    Raises:
        ConfigurationError: A number is out of its range.
    """

    client: AsyncClient | None = None
    journal: StrPath | None = None
    media: StrPath | None = None
    concurrency: int = 64
    columns: Mapping[str, str] = field(default_factory=dict[str, str])
    constants: Mapping[str, Any] = field(default_factory=dict[str, Any])
    keep: Collection[str] = ()
    ignore_extra: bool = False
    limit: int | None = None
    retry_failed: bool = False
    resubmit_uncertain: bool = False
    as_completed: bool = False
    survives_power_loss: bool = True
    outage_timeout: float = 300.0
    budget: Budget | Amount | None = None
    on_progress: Callable[[Progress], object] | None = None
    on_notice: Callable[[str], object] | None = None
    stop: Stop | None = None

    def __post_init__(self) -> None:
        """Refuse numbers out of their range."""
        require_concurrency(self.concurrency)
        if self.limit is not None and self.limit < 1:
            raise ConfigurationError(f"limit={self.limit} must be at least 1")

    @property
    def again(self) -> frozenset[RowState]:
        """The states of rows that are started again."""
        return states_started_again(failed=self.retry_failed, uncertain=self.resubmit_uncertain)

    def journal_of(self, output: Path) -> Path:
        """Return where the journal is."""
        return Path(self.journal or output.with_name(f"{output.name}.journal"))

    def media_of(self, output: Path) -> Path:
        """Return where media go."""
        return Path(self.media or output.with_name(f"{output.name}.media"))


class SettingChanges(TypedDict, total=False):
    """The settings by keyword; `Settings` says what each means."""

    client: AsyncClient | None
    journal: StrPath | None
    media: StrPath | None
    concurrency: int
    columns: Mapping[str, str]
    constants: Mapping[str, Any]
    keep: Collection[str]
    ignore_extra: bool
    limit: int | None
    retry_failed: bool
    resubmit_uncertain: bool
    as_completed: bool
    survives_power_loss: bool
    outage_timeout: float
    budget: Budget | Amount | None
    on_progress: Callable[[Progress], object] | None
    on_notice: Callable[[str], object] | None
    stop: Stop | None
