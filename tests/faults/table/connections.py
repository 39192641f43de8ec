"""Connections that are refused, broken, cut, slow or silent."""

from aki_sandbox.faults.effects import Cut, Delay, Reset, Stall, Status
from faults.table.case import ALWAYS, DEAF, GONE, STEADY, TOO_LATE, TRUTH, UNSENT, Case, on

CONNECTIONS = (
    Case(name="no fault", check=TRUTH),
    Case(name="nobody listens", unserved=True, submits=0, says="could not connect", **UNSENT),
    Case(
        name="connection reset as soon as it is made",
        rules=(lambda plan: plan.refuse(times=None),),
        submits=0,
        # The reset may come before the connection is there, or after.
        says="did not get the whole request|may or may not have been made|could not connect",
        **UNSENT,
    ),
    Case(
        name="submit reset, unread by the hub",
        rules=(on("submit", Reset()),),
        says="not sent again",
        **UNSENT,
    ),
    Case(
        name="submit reset, read by the hub",
        rules=(on("submit", Reset(reached=True)),),
        ends="ConnectionFailedError",
    ),
    Case(
        name="answer to the submit cut", rules=(on("submit", Cut()),), ends="ConnectionFailedError"
    ),
    Case(name="three polls reset", rules=(on("poll", Reset(), times=3),), check=TRUTH),
    Case(
        name="a poll reset, then no new connection twice",
        rules=(on("poll", Reset()), lambda plan: plan.refuse(nth=2, times=2)),
        check=TRUTH,
    ),
    Case(
        name="every third poll reset",
        rules=(on("poll", Reset(), every=3, times=None),),
        check=TRUTH,
    ),
    Case(name="every poll reset", rules=(on("poll", Reset(), **ALWAYS),), says="deadline", **DEAF),
    Case(name="two polls cut", rules=(on("running", Cut(), times=2),), prompt=STEADY, check=TRUTH),
    Case(
        name="three polls in ten reset by lot",
        rules=(lambda plan: plan.add_random(Reset(), rate=0.3, seed=5, on="poll"),),
        check=TRUTH,
        within=6.0,
    ),
    Case(
        name="final answer reset",
        rules=(on("final", Reset(reached=True)),),
        ends="ResultGoneError",
        says=GONE,
    ),
    Case(name="final answer cut", rules=(on("final", Cut()),), ends="ResultGoneError", says=GONE),
    Case(
        name="final answer lost to a 504",
        rules=(on("final", Status(504, body="html")),),
        ends="ResultGoneError",
        says=GONE,
    ),
    Case(name="submit answered late", rules=(on("submit", Delay(0.4)),), check=TRUTH),
    Case(
        name="submit answered after the deadline",
        rules=(on("submit", Delay(3.0)),),
        hows=("call", "stream"),
        canceled=True,
        most_polls=1,  # the one that cancels: the time of the submit counts
        **TOO_LATE | {"within": 3.0},
    ),
    Case(
        name="submit never answered",
        rules=(on("submit", Delay(60)),),
        hows=("call", "stream"),
        says="may or may not have been made",
        **DEAF,
    ),
    Case(
        name="polls answered late",
        rules=(on("poll", Delay(0.3), **ALWAYS),),
        check=TRUTH,
        within=3.0,
    ),
    Case(name="polls never answered", rules=(on("poll", Delay(60), **ALWAYS),), **DEAF),
    Case(name="polls stall amid the body", rules=(on("poll", Stall(0.2), times=2),), check=TRUTH),
    Case(name="polls stall for ever", rules=(on("poll", Stall(60), **ALWAYS),), **DEAF),
)
