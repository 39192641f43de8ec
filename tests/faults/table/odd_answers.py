"""Answers that are well-formed and yet not as expected."""

from aki_sandbox.faults import edits
from aki_sandbox.faults.edits import Edit
from aki_sandbox.faults.effects import Compressed, Oversized
from faults.table.case import ALWAYS, TOO_LATE, TRUTH, Case, on

ODD_ANSWERS = (
    Case(
        name="two unknown states",
        rules=(on("poll", Edit(edits.put("job_state", "paused")), times=2),),
        check=TRUTH,
    ),
    Case(
        name="unknown state for good",
        rules=(on("poll", Edit(edits.put("job_state", "paused")), **ALWAYS),),
        most_polls=12,
        canceled=True,
        **TOO_LATE,
    ),
    Case(
        name="state missing for good",
        rules=(on("poll", Edit(edits.drop("job_state")), **ALWAYS),),
        most_polls=12,
        canceled=True,
        **TOO_LATE,
    ),
    Case(
        name="unknown fields everywhere",
        rules=(on("any", Edit(edits.unknown_fields), **ALWAYS),),
        check=TRUTH,
    ),
    Case(
        name="no progress block",
        rules=(on("poll", Edit(edits.drop("progress")), **ALWAYS),),
        check=TRUTH,
    ),
    Case(
        name="final answer with a progress block",
        rules=(on("final", Edit(edits.final_with_progress)),),
        check=TRUTH,
    ),
    *(
        Case(
            name=f"progress block is {value!r}",
            rules=(on("poll", Edit(edits.progress_block(value)), **ALWAYS),),
            check=TRUTH,
        )
        for value in (None, "soon", [])
    ),
    *(
        Case(
            name=f"{field} is {value!r}",
            rules=(on("poll", Edit(edits.progress_field(field, value)), **ALWAYS),),
            hows=("stream",),
            check=TRUTH,
        )
        for field, value in (
            ("progress", None),
            ("progress", "37"),
            ("progress", 100),
            ("progress", 1e300),
            ("progress", [5]),
            ("queue_position", "first"),
            ("queue_position", -1),
            ("estimate", {}),
            ("progress_data", "text"),
            ("progress_data", {"text": 5}),
        )
    ),
    Case(
        name="text rewritten now and then",
        rules=(on("poll", Edit(edits.rewritten_text), every=2, times=None),),
        check=TRUTH,
    ),
    Case(name="outputs of other types", rules=(on("final", Edit(edits.wrong_types())),)),
    Case(name="no outputs", rules=(on("final", Edit(edits.missing_outputs())),)),
    Case(
        name="outputs that nobody declared",
        rules=(on("final", Edit(edits.extra_outputs(mood="good"))),),
        check=TRUTH,
    ),
    Case(
        name="answers of 3 MB",
        rules=(on("any", Oversized(3_000_000, announced=False), **ALWAYS),),
        check=TRUTH,
        hows=("call",),
    ),
    Case(name="every answer compressed", rules=(on("any", Compressed(), **ALWAYS),), check=TRUTH),
)
