"""Faults by the names that docs/faults.md has for them: what each one adds to a plan."""

from collections.abc import Callable, Mapping
from typing import Any

from aki_sandbox.faults import edits
from aki_sandbox.faults.edits import Edit
from aki_sandbox.faults.effects import (
    Cut,
    Delay,
    Forget,
    Lapse,
    LoginPage,
    QueueFull,
    Reset,
    Stall,
    Status,
    WorkerFails,
)
from aki_sandbox.faults.plan import Effect, FaultPlan, FaultRule, On


def _on(kind: On, effect: Effect, **rule: Any) -> Callable[[FaultPlan], FaultRule]:
    return lambda plan: plan.add(effect, on=kind, **rule)


FAULTS: Mapping[str, Callable[[FaultPlan], FaultRule]] = {
    "connection reset as soon as it is made": lambda plan: plan.refuse(times=None),
    "submit reset, unread by the hub": _on("submit", Reset()),
    "submit reset, read by the hub": _on("submit", Reset(reached=True)),
    "answer to the submit cut": _on("submit", Cut()),
    "three polls reset": _on("poll", Reset(), times=3),
    "every third poll reset": _on("poll", Reset(), every=3, times=None),
    "every poll reset": _on("poll", Reset(), times=None),
    "two polls cut": _on("running", Cut(), times=2),
    "final answer reset": _on("final", Reset(reached=True)),
    "final answer cut": _on("final", Cut()),
    "final answer lost to a 504": _on("final", Status(504, body="html")),
    "submit answered late": _on("submit", Delay(0.4)),
    "submit answered after the deadline": _on("submit", Delay(3.0)),
    "submit never answered": _on("submit", Delay(60)),
    "polls answered late": _on("poll", Delay(0.3), times=None),
    "polls never answered": _on("poll", Delay(60), times=None),
    "polls stall amid the body": _on("poll", Stall(0.2), times=2),
    "polls stall for ever": _on("poll", Stall(60), times=None),
    "submit answered 429 twice": _on("submit", Status(429), times=2),
    "every submit answered 429": _on("submit", Status(429), times=None),
    "queue full once": _on("submit", QueueFull()),
    "queue full for good": _on("submit", QueueFull(length=7), times=None),
    "every poll answered 503": _on("poll", Status(503, body="html"), times=None),
    "login page for the submit": _on("submit", LoginPage()),
    "login page for a poll": _on("poll", LoginPage()),
    "job lapses": _on("poll", Lapse(), nth=2),
    "job forgotten": _on("poll", Forget(), nth=2),
    "job canceled by somebody else": _on("poll", Edit(edits.put("job_state", "canceled")), nth=3),
    "worker fails": _on("submit", WorkerFails("CUDA out of memory")),
    "worker fails with outputs": _on("submit", WorkerFails("truncated", keeps_outputs=True)),
    "submit answered without a job id": _on("submit", Edit(edits.drop("job_id"))),
}
