"""Which requests go wrong, and how: the plan of faults of a sandbox server.

Owns the counting of requests and the choice of a fault for each, by count or by lot: the same plan strikes the same
places every time. What a fault does is in `effects` and `edits`; must not know that.

    server.faults.add(Status(503), on="poll", nth=2)                # the 2nd poll of all
    server.faults.add(Reset(), on="poll", nth=2, per_job=True, times=None)  # all but the 1st of a job
    server.faults.add(Reset(reached=True), on="final")              # a final answer is lost
    server.faults.add_random(Cut(), rate=0.02, seed=7)              # 2 % of all requests
    server.faults.refuse(times=3)                                   # the next three connections
"""

import hashlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ClassVar, Literal, Protocol, TypeAlias

from starlette.types import ASGIApp, Receive, Scope, Send

from aki_sandbox.faults.exchange import PendingRequest
from aki_sandbox.web.http import RouteKind, context_of, parsed_object

Schedule: TypeAlias = Callable[[int], bool]
"""Says of the n-th request, from 1, whether it is struck."""

_DIGEST_BYTES = 8


def scripted(nth: int, times: int | None, every: int) -> Schedule:
    """Strike each so-many-th request from the n-th (from 1) on, a number of times; None means for ever.

    Raises:
        ValueError: A number is below 1.
    """
    if nth < 1 or every < 1 or (times is not None and times < 1):
        raise ValueError("nth, times and every count from 1.")

    def strikes(place: int) -> bool:
        turn, off = divmod(place - nth, every)
        return turn >= 0 and not off and (times is None or turn < times)

    return strikes


def drawn(rate: float, seed: int) -> Schedule:
    """Strike a part of the requests, from 0 (none) to 1 (all), drawn by lot; the seed decides which.

    Raises:
        ValueError: The rate is not a number from 0 to 1.
    """
    if not 0 <= rate <= 1:
        raise ValueError("A rate is a number from 0 to 1.")

    def strikes(place: int) -> bool:
        lot = hashlib.blake2b(f"{seed} {place}".encode(), digest_size=_DIGEST_BYTES).digest()
        return int.from_bytes(lot, "big") < rate * (1 << 8 * _DIGEST_BYTES)

    return strikes


On: TypeAlias = RouteKind | Literal["any", "running", "final"]
"""Which requests a fault is for. `final` are the polls to which the hub has just answered with the result, `running`
those to which it has just answered without: an effect can no longer keep such a request from the hub."""

_TOLD_BY_ANSWER: frozenset[On] = frozenset({"running", "final"})


class Effect(Protocol):
    """What happens to a request instead of a plain answer."""

    only_on: ClassVar[frozenset[On] | None] = None
    """The requests it makes sense for; None for all."""

    async def apply(self, exchange: PendingRequest) -> None:
        """Answer the request, or break its connection."""
        ...


@dataclass(slots=True, eq=False)
class FaultRule:
    """One rule of a plan.

    Attributes:
        effect: What happens; None for a connection that is refused.
        schedule: Says of the n-th request, from 1, whether it goes wrong.
        on: Which kind of requests it is for.
        endpoint: The one endpoint it is for; None for all.
        per_job: Whether requests are counted for each job on its own.
        seen: How many requests it was for.
        hits: How many of those went wrong because of it.
    """

    effect: Effect | None
    schedule: Schedule
    on: On = "any"
    endpoint: str | None = None
    per_job: bool = False
    seen: int = 0
    hits: int = 0
    _seen_by_job: Counter[str | None] = field(
        default_factory=Counter[str | None], init=False, repr=False
    )

    def is_for(self, kind: RouteKind, endpoint: str | None) -> bool:
        """Say whether it is for such requests; how the hub answers a poll is not asked here."""
        kinds: set[On] = {"poll"} if self.on in _TOLD_BY_ANSWER else {self.on}
        return bool(kinds & {"any", kind}) and self.endpoint in {None, endpoint}

    def strikes(self, job_id: str | None) -> bool:
        """Count one more request, and say whether that one goes wrong."""
        self.seen += 1
        self._seen_by_job[job_id] += 1
        return self.schedule(self._seen_by_job[job_id] if self.per_job else self.seen)


class FaultPlan:
    """The faults of a server. They may be changed at any time, from any thread.

    Every rule counts the requests it is for; of those that hit the same request, the first added wins.
    """

    def __init__(self) -> None:
        self._faults: list[FaultRule] = []

    def add(
        self,
        effect: Effect,
        *,
        on: On = "any",
        endpoint: str | None = None,
        nth: int = 1,
        times: int | None = 1,
        every: int = 1,
        per_job: bool = False,
    ) -> FaultRule:
        """Let certain requests go wrong, counted from now on.

        Args:
            effect: What happens to them.
            on: Which kind of requests.
            endpoint: Only requests to this endpoint.
            nth: The first request that goes wrong, from 1.
            times: How many go wrong; None for all that follow.
            every: From the first one on only each so-many-th: with 3 the 1st, 4th, 7th.
            per_job: Count the polls of each job on its own.

        Returns:
            The rule, which counts its hits.

        Raises:
            ValueError: The effect makes no sense for such requests, or a number is below 1.
        """
        if per_job and on not in _TOLD_BY_ANSWER | {"poll"}:
            raise ValueError('per_job is for on="poll", on="running" or on="final" only.')
        return self._add(FaultRule(effect, scripted(nth, times, every), on, endpoint, per_job))

    def add_random(
        self,
        effect: Effect,
        *,
        rate: float,
        seed: int = 0,
        on: On = "any",
        endpoint: str | None = None,
    ) -> FaultRule:
        """Let a part of the requests go wrong, drawn by lot.

        Args:
            effect: What happens to them.
            rate: How many, from 0 (none) to 1 (all).
            seed: Decides which: the same seed strikes the same places in the row of requests.
            on: Which kind of requests.
            endpoint: Only requests to this endpoint.

        Raises:
            ValueError: The effect makes no sense for such requests, or the rate is not from 0 to 1.
        """
        return self._add(FaultRule(effect, drawn(rate, seed), on, endpoint))

    def refuse(self, *, nth: int = 1, times: int | None = 1, every: int = 1) -> FaultRule:
        """Reset certain connections as soon as they are made, counted from now on."""
        return self._add(FaultRule(effect=None, schedule=scripted(nth, times, every)))

    def refuse_random(self, *, rate: float, seed: int = 0) -> FaultRule:
        """Reset a part of the connections as soon as they are made, drawn by lot."""
        return self._add(FaultRule(effect=None, schedule=drawn(rate, seed)))

    def clear(self) -> None:
        """Let nothing go wrong any more."""
        self._faults.clear()

    def refuses_connection(self) -> bool:
        """Count a connection, and say whether it is refused."""
        return struck([rule for rule in self._faults if not rule.effect]) is not None

    async def intercept(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request go wrong, or else the hub answer it: the interceptor of a sandbox server."""
        context = context_of(scope)
        rules = [r for r in self._faults if r.effect and r.is_for(context.kind, context.endpoint)]
        if not rules:
            await app(scope, receive, send)
            return
        exchange = PendingRequest(app, scope, receive, send)
        await exchange.read()
        at_once = [rule for rule in rules if rule.on not in _TOLD_BY_ANSWER]
        rule = struck(at_once, context.job_id)
        # The hub alone can tell whether a poll is the final one, and only by handing out the result.
        if rule is None and len(at_once) < len(rules):
            answer = parsed_object(bytes((await exchange.answer()).body)) or {}
            kind: On = "final" if "job_result" in answer else "running"
            rule = struck([rule for rule in rules if rule.on == kind], context.job_id)
        if rule is None or rule.effect is None:
            await exchange.forward()
        else:
            await rule.effect.apply(exchange)

    def _add(self, rule: FaultRule) -> FaultRule:
        only_on = rule.effect.only_on if rule.effect else None
        if only_on and rule.on not in only_on:
            sensible = " or ".join(f'on="{kind}"' for kind in sorted(only_on))
            raise ValueError(f"{type(rule.effect).__name__} is for {sensible} only.")
        self._faults.append(rule)
        return rule


def struck(rules: list[FaultRule], job_id: str | None = None) -> FaultRule | None:
    """Count a request with each of its rules, and return the one by which it goes wrong."""
    striking = [rule for rule in rules if rule.strikes(job_id)]
    if not striking:
        return None
    striking[0].hits += 1
    return striking[0]
