"""What a case of the fault table is, and what cases are made of."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from aki_sandbox.faults.named import FAULTS
from aki_sandbox.faults.plan import FaultPlan
from aki_sandbox.settings import HubSettings

Rule: TypeAlias = Callable[[FaultPlan], object]

HOWS = ("call", "stream", "submit")
LONG = "Tell me a joke [[dur=60 steps=6000]]"
SHORT = "Tell me a joke [[dur=0.15 steps=8]]"
STEADY = "Tell me a joke [[dur=1.2 steps=8]]"
"""Runs long enough for the first polls to find it running, however busy the machine is."""
CANCEL_SECONDS = 5.0
"""What a caller may wait beyond a deadline where the hub does not answer: for a cancel or an answer."""
BRIEF = 2.0
"""Seconds of a deadline that passes: enough for the submit, however busy the machine is."""
SLACK = 10.0
"""Seconds for everything that takes no time on a machine with nothing else to do."""
GONE = "handed out before.*lost on the way"


_USUAL = HubSettings()


@dataclass(frozen=True, eq=False, kw_only=True)
class Case:
    """One fault.

    Attributes:
        name: The fault in a few words.
        rules: What the hub is told to do; that of the sandbox's own name for it, where it has one.
        ends: "result", or the name of the exception.
        says: What the exception says, as a regular expression.
        jobs: Jobs on the hub in the end.
        submits: Submits sent.
        hows: The ways of calling that the fault is tried with.
        timeout: Seconds that the caller gives it.
        within: Seconds in which the caller has its answer, beside the slack.
        canceled: Whether a call or stream leaves a cancelled job behind; None where that is not asked.
        most_polls: Polls that the job gets at most; None where that is not asked.
        partial: Outputs that come with the exception.
        check: Looks at the output.
        prompt: What the job is to do.
        max_retries: How often a submit may be repeated.
        settings: How the hub is.
        unserved: Whether nobody listens at the hub's address.
    """

    name: str
    rules: tuple[Rule, ...] = ()
    ends: str = "result"
    says: str = ""
    jobs: int = 1
    submits: int = 1
    hows: tuple[str, ...] = HOWS
    timeout: float = 30.0
    within: float = 2.0
    canceled: bool | None = None
    most_polls: int | None = None
    partial: tuple[str, ...] = ()
    check: Callable[[Any], None] | None = None
    prompt: str = SHORT
    max_retries: int = 2
    settings: HubSettings = _USUAL
    unserved: bool = False

    def __post_init__(self) -> None:
        if self.name in FAULTS:
            object.__setattr__(self, "rules", (FAULTS[self.name],))


def on(kind: Any, effect: Any, **rule: Any) -> Rule:
    """Return a rule of the fault plan."""
    return lambda plan: plan.add(effect, on=kind, **rule)


def _has(text: str) -> Callable[[Any], None]:
    def check(output: Any) -> None:
        assert text in str(output.text)

    return check


TOO_LATE: dict[str, Any] = {
    "ends": "DeadlineExceededError",
    "timeout": BRIEF,
    "within": BRIEF,
    "prompt": LONG,
}
DEAF: dict[str, Any] = TOO_LATE | {"within": BRIEF + CANCEL_SECONDS}
UNSENT: dict[str, Any] = {"jobs": 0, "ends": "ConnectionFailedError"}
ALWAYS: dict[str, Any] = {"times": None}
TRUTH = _has("Tell me a joke")
