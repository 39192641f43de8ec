"""Budgets: what calls may cost together, reserved before each submit and settled at its end, across processes.

The ledger is one SQLite file. It holds what was spent, and each call whose cost is not known yet: a call leaves it
when it is settled or when it is certain that no job was made, so nothing is settled twice. It knows no protocol.
"""
# pyright: reportPrivateUsage=false
# A budget and its reservations know one another.

import os
import shutil
import tempfile
import threading
import time
import weakref
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeAlias
from uuid import uuid4

from ..errors import BudgetExceededError, ConfigurationError, shorten
from ..usage import EXACT, Described, Prices, amount_in_words
from .sqlite import SqliteFile

Amount: TypeAlias = str | int | float | Decimal

_LONGEST_REASON = 300
_MOST = Decimal(10) ** 12
_MOST_DECIMALS = 50
_WITHOUT_END = "it is under way, or its process ended before its end was known"
_NO_JOB = f"{_WITHOUT_END}; whether it has made a job was not noted"
_JOB = f"{_WITHOUT_END}: then whoever takes its job up settles it"


@dataclass(frozen=True, slots=True)
class OpenCall:
    """A call of which the ledger does not know what it has cost.

    Attributes:
        id: Its id in the ledger, for `Budget.settle`.
        endpoint: The endpoint's name on the hub.
        since: When it was reserved, in seconds since the epoch.
        reserved: What it may have cost at most.
        reason: Why its cost is not known.
    """

    id: str
    endpoint: str
    since: float
    reserved: Decimal
    reason: str


class _LedgerFile(SqliteFile):
    name = "ledger"
    of_what = "ledger of a budget"
    application = 0x616B696C  # "akil"
    version = 1
    schema = """
CREATE TABLE totals (currency TEXT NOT NULL, spent TEXT NOT NULL, reserved TEXT NOT NULL);
INSERT INTO totals VALUES ('', '0', '0');
CREATE TABLE calls (
    id TEXT PRIMARY KEY,
    job TEXT UNIQUE,
    endpoint TEXT NOT NULL,
    since REAL NOT NULL,
    reserved TEXT NOT NULL,
    reason TEXT NOT NULL
) WITHOUT ROWID;
"""
    error = full_error = busy_error = ConfigurationError
    when_damaged = "without one nothing says what was spent, and only another ledger begins anew"
    when_other_format = "use the version that made it, or give another ledger"
    when_gone = "which forgets what was spent"


class Budget:
    """What calls may cost together: a call that could cost more than is left is refused before anything is sent.

    Reserved is the worst case of each call that is under way, and of those whose cost cannot be known. Clients, threads
    and processes of this machine that name the same ledger share what is left of it.

    Args:
        amount: The most that may be spent, such as "10.00", in the currency of the client's `prices`.
        ledger: The file that keeps what was spent, made where it is missing, readable for this user alone; without it
            the budget begins anew with each `Budget`.

    Raises:
        ConfigurationError: The amount cannot be used, or the ledger is damaged or another kind of file.
    """

    def __init__(self, amount: Amount, *, ledger: str | os.PathLike[str] | None = None) -> None:
        self.amount = _amount("budget", amount)
        if ledger is None:
            folder = tempfile.mkdtemp(prefix="aki-budget-")
            ledger = Path(folder) / "ledger"
            weakref.finalize(self, _remove, folder, os.getpid())
        self.ledger = Path(ledger)
        self._file = _LedgerFile(self.ledger, survives_power_loss=False)

    @property
    def currency(self) -> str:
        """What it is counted in, as the prices of its first call said; empty before that."""
        return self._totals()[0]

    @property
    def spent(self) -> Decimal:
        """What the calls have cost whose cost is known."""
        return self._totals()[1]

    @property
    def reserved(self) -> Decimal:
        """What the calls may cost at most that are under way, or whose cost is not known."""
        return self._totals()[2]

    @property
    def left(self) -> Decimal:
        """What a further call may cost at most."""
        _, spent, reserved = self._totals()
        return EXACT.subtract(EXACT.subtract(self.amount, spent), reserved)

    def open_calls(self) -> list[OpenCall]:
        """Return the calls whose cost is not known, the oldest first."""
        found = self._file.read(
            "SELECT id, endpoint, since, reserved, reason, job FROM calls ORDER BY since, id"
        )
        return [
            OpenCall(i, name, since, Decimal(most), why or (_JOB if job else _NO_JOB))
            for i, name, since, most, why, job in found
        ]

    def settle(self, call: OpenCall, cost: Amount) -> None:
        """Say what a call has cost that the hub has not reported, as from its bill; 0 where it was not billed.

        Raises:
            ConfigurationError: It is not a call of `open_calls`, or not an amount.
        """
        call_id: object = getattr(call, "id", None)
        if not isinstance(call_id, str):
            raise ConfigurationError(f"settle takes a call of open_calls(), not {call!r}")
        self._close(call_id, None, _amount("cost", cost))

    def reservation(
        self,
        prices: Prices,
        endpoint: Described,
        server: str,
        *,
        sent: Mapping[str, Any] | None = None,
        job_id: str | None = None,
    ) -> "Reservation":
        """Return what a call is to reserve before this is sent, or what was reserved for a job; it writes nothing.

        Raises:
            ConfigurationError: Nothing bounds what the call can cost.
        """
        most = prices.worst_case(endpoint, sent) if sent is not None else Decimal(0)
        return Reservation(self, prices, endpoint.name, server, most, job_id)

    def _totals(self) -> tuple[str, Decimal, Decimal]:
        ((currency, spent, reserved),) = self._file.read("SELECT * FROM totals")
        return currency, Decimal(spent), Decimal(reserved)

    def _open(self, call_id: str, endpoint: str, most: Decimal, prices: Prices) -> None:
        with self._file.writing() as connection:
            currency, spent, reserved = self._totals()
            if currency not in ("", prices.currency):
                raise ConfigurationError(
                    f"the ledger {self.ledger} counts in {currency}, and {prices.source} in {prices.currency}; nothing "
                    "was sent: give another ledger"
                )
            after = EXACT.add(reserved, most)
            if EXACT.add(spent, after) > self.amount:
                raise self._exceeded(endpoint, most, spent, reserved, prices)
            connection.execute(
                "INSERT INTO calls VALUES (?, NULL, ?, ?, ?, '')",
                [call_id, endpoint, time.time(), str(most)],
            )
            connection.execute(
                "UPDATE totals SET currency = ?, reserved = ?", [prices.currency, str(after)]
            )

    def _close(
        self, call_id: str, job: str | None, cost: Decimal, currency: str | None = None
    ) -> None:
        """Take a call out of the ledger and count its cost; one that is not there is settled, or was never reserved.

        It is found by its id or by the digest of its job. A cost without a currency is in the ledger's own.
        """
        with self._file.writing() as connection:
            found = connection.execute(
                "SELECT id, reserved FROM calls WHERE id = ? OR job = ?", [call_id, job]
            ).fetchall()
            for key, most in found:
                counted, spent, reserved = self._totals()
                if currency not in (None, counted):
                    why = f"it has cost {amount_in_words(cost, currency)}, and the ledger counts in {counted}"
                    connection.execute("UPDATE calls SET reason = ? WHERE id = ?", [why, key])
                    continue
                connection.execute("DELETE FROM calls WHERE id = ?", [key])
                connection.execute(
                    "UPDATE totals SET spent = ?, reserved = ?",
                    [str(EXACT.add(spent, cost)), str(EXACT.subtract(reserved, Decimal(most)))],
                )

    def _execute(self, statement: str, *values: str | None) -> None:
        with self._file.writing() as connection:
            connection.execute(statement, values)

    def _exceeded(
        self, endpoint: str, asked: Decimal, spent: Decimal, reserved: Decimal, prices: Prices
    ) -> BudgetExceededError:
        left = max(EXACT.subtract(EXACT.subtract(self.amount, spent), reserved), Decimal(0))
        ((waiting, lost),) = self._file.read(
            "SELECT total(reason = ''), total(reason != '') FROM calls"
        )
        say = partial(amount_in_words, currency=prices.currency)
        return BudgetExceededError(
            f"{endpoint}: the call may cost {say(asked)}, and {say(left)} of the budget of {say(self.amount)} is left: "
            f"{say(spent)} is spent, {say(reserved)} reserved for {waiting:.0f} calls under way or cut short and "
            f"{lost:.0f} whose cost is not known; nothing was sent. Raise the budget, or have the call cost less, as "
            "by max_gen_tokens",
            endpoint=endpoint,
            asked=asked,
            left=left,
            budget=self.amount,
        )

    def __reduce__(self) -> tuple[object, ...]:
        return _restored, (str(self.amount), str(self.ledger))

    def __repr__(self) -> str:
        currency, spent, reserved = self._totals()
        unit = f" {currency}" if currency else ""
        return f"<Budget {self.amount:f}{unit}: {spent:f} spent, {reserved:f} reserved>"


class Reservation:
    """What one call may cost, from before its submit until its cost is known; `protocol/reserved.py` decides on it.

    Each method is one transaction, which may run in any thread; one that comes too late changes nothing.

    Args:
        budget: What it is reserved of.
        prices: What its cost is reckoned by.
        endpoint: The endpoint's name on the hub.
        server: The hub's address.
        most: What the call may cost at most.
        job_id: Its job, where another process may have submitted it.

    Attributes:
        is_sent: Whether the submit was interrupted, so that the hub may have had it.
        prices: As given.
    """

    def __init__(
        self,
        budget: Budget,
        prices: Prices,
        endpoint: str,
        server: str,
        most: Decimal = Decimal(0),
        job_id: str | None = None,
    ) -> None:
        self.is_sent = False
        self.prices = prices
        self._budget = budget
        self._endpoint = endpoint
        self._server = server
        self._most = most
        self._id = uuid4().hex
        self._job = self._digest(job_id) if job_id is not None else None
        self._lock = threading.Lock()
        self._is_over = False

    def take(self) -> None:
        """Reserve it.

        Raises:
            BudgetExceededError: It is more than is left.
            ConfigurationError: The ledger cannot be used, or counts in another currency.
        """
        # A task that is cancelled may give it back before the thread that takes it has started.
        with self._lock:
            if not self._is_over:
                self._budget._open(self._id, self._endpoint, self._most, self.prices)

    def release(self) -> None:
        """Give it back: it is certain that no job was made."""
        with self._lock:
            self._is_over = True
            self._budget._close(self._id, None, Decimal(0))

    def bind(self, job_id: str) -> None:
        """Note the job, so that whoever takes it up can settle it."""
        self._job = self._digest(job_id)
        self._budget._execute(
            "UPDATE OR IGNORE calls SET job = ? WHERE id = ?", self._job, self._id
        )

    def settle(self, cost: Decimal | None) -> None:
        """Count what it has cost; where that is not known it stays reserved."""
        if cost is None:
            self.keep("the answer does not say what its price is asked for")
        else:
            self._budget._close(self._id, self._job, cost, self.prices.currency)

    def keep(self, reason: str) -> None:
        """Leave it reserved, and say why."""
        self._budget._execute(
            "UPDATE calls SET reason = ? WHERE id = ? OR job = ?",
            shorten(reason, _LONGEST_REASON),
            self._id,
            self._job,
        )

    def _digest(self, job_id: str) -> str:
        # Whoever knows a job's id can read the job, and a ledger may be shown to others.
        return sha256(f"{self._server}\0{self._endpoint}\0{job_id}".encode()).hexdigest()


def _amount(name: str, value: Amount) -> Decimal:
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        amount = Decimal("nan")
    exponent = amount.as_tuple().exponent  # a letter where it is not finite
    is_sane = isinstance(exponent, int) and exponent >= -_MOST_DECIMALS and 0 <= amount <= _MOST
    if not is_sane or isinstance(value, bool):
        raise ConfigurationError(
            f"{name}: {shorten(repr(value), 60)} must be an amount such as '10.00', from 0 to {_MOST:,f}"
        )
    return amount.copy_abs()  # of a negative zero too


def _restored(amount: str, ledger: str) -> Budget:
    if not Path(ledger).exists():
        # A new one would allow the whole amount once more.
        raise ConfigurationError(
            f"the ledger {ledger} is not here: only processes that see its file can share a budget"
        )
    return Budget(amount, ledger=ledger)


def _remove(folder: str, process: int) -> None:
    if os.getpid() == process:  # a fork drops its copy
        shutil.rmtree(folder, ignore_errors=True)
