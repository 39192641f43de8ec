"""Connections that are refused, broken, cut, slow or silent."""

from aki_sandbox.faults.effects import Reset
from faults.table.case import DEAF, GONE, STEADY, TOO_LATE, TRUTH, UNSENT, Case, on

CONNECTIONS = (
    Case(name="no fault", check=TRUTH),
    Case(name="nobody listens", unserved=True, submits=0, says="could not connect", **UNSENT),
    Case(
        name="connection reset as soon as it is made",
        submits=0,
        # The reset may come before the connection is there, or after.
        says="did not get the whole request|may or may not have been made|could not connect",
        **UNSENT,
    ),
    Case(
        name="submit reset, unread by the hub",
        says="not sent again",
        **UNSENT,
    ),
    Case(
        name="submit reset, read by the hub",
        ends="ConnectionFailedError",
    ),
    Case(name="answer to the submit cut", ends="ConnectionFailedError"),
    Case(name="three polls reset", check=TRUTH),
    Case(
        name="a poll reset, then no new connection twice",
        rules=(on("poll", Reset()), lambda plan: plan.refuse(nth=2, times=2)),
        check=TRUTH,
    ),
    Case(
        name="every third poll reset",
        check=TRUTH,
    ),
    Case(name="every poll reset", says="deadline", **DEAF),
    Case(name="two polls cut", prompt=STEADY, check=TRUTH),
    Case(
        name="three polls in ten reset by lot",
        rules=(lambda plan: plan.add_random(Reset(), rate=0.3, seed=5, on="poll"),),
        check=TRUTH,
        within=6.0,
    ),
    Case(
        name="final answer reset",
        ends="ResultGoneError",
        says=GONE,
    ),
    Case(name="final answer cut", ends="ResultGoneError", says=GONE),
    Case(
        name="final answer lost to a 504",
        ends="ResultGoneError",
        says=GONE,
    ),
    Case(name="submit answered late", check=TRUTH),
    Case(
        name="submit answered after the deadline",
        hows=("call", "stream"),
        canceled=True,
        most_polls=1,  # the one that cancels: the time of the submit counts
        **TOO_LATE | {"within": 3.0},
    ),
    Case(
        name="submit never answered",
        hows=("call", "stream"),
        says="may or may not have been made",
        **DEAF,
    ),
    Case(
        name="polls answered late",
        check=TRUTH,
        within=3.0,
    ),
    Case(name="polls never answered", **DEAF),
    Case(name="polls stall amid the body", check=TRUTH),
    Case(name="polls stall for ever", **DEAF),
)
