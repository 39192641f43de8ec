"""Answers to polls that say nothing of the job: it is asked for again, and what came is said if that never helps."""

import json
from typing import Any

from aki_sandbox.faults.effects import LoginPage, Raw, Status
from faults.plain_server import head
from faults.table.case import ALWAYS, DEAF, TRUTH, Case, on

_OTHER_RESULT = json.dumps(
    {
        "success": True,
        "job_id": "00000000-0000-4000-8000-000000000000",
        "job_state": "done",
        "job_result": {"text": "what somebody else has paid for"},
    }
).encode()


def _raw(status: str, body: bytes = b"", **headers: Any) -> Raw:
    return Raw(head(status, **{"Content_Length": len(body), **headers}) + body)


_ODD = {
    "200 with an empty body": _raw("200 OK"),
    "204": Raw(head("204 No Content")),
    "200 with half a document": _raw("200 OK", b'{"success": true, "job_st'),
    "200 with a list": _raw("200 OK", b"[]"),
    "200 with plain text": _raw("200 OK", b"upstream connect error"),
    "an unknown compression": _raw("200 OK", b"{}", Content_Encoding="zstd"),
    "bytes that are not UTF-8": _raw("200 OK", b"\xff\xfe\x00\xd8"),
    "a number of 6,000 digits": _raw(
        "200 OK", b'{"progress": {"progress": ' + b"9" * 6_000 + b"}}"
    ),
    "a page, 403": Status(403, body="html"),
    "a page, 404": Status(404, body="html"),
    "408": Status(408),
    "425": Status(425),
    **{f"{code}": _raw(f"{code} Unknown", b"error code") for code in (520, 522, 524, 530)},
    "another job's result": _raw("200 OK", _OTHER_RESULT),
}

_BROKEN = (
    Raw(b"220 mail.example ESMTP\r\n"),
    _raw("200 OK", b"\x1f\x8bnothing of the kind", Content_Encoding="gzip"),
    _raw("200 OK", b'{"success": true}', Content_Length=500),
    _ODD["530"],
)

ODD_POLLS = (
    Case(
        name="polls answered by another protocol, broken gzip, half a body and 530 in turn",
        hows=("submit",),
        rules=tuple(on("poll", effect, nth=nth) for nth, effect in enumerate(_BROKEN, 1)),
        check=TRUTH,
    ),
    *(
        Case(name=f"two polls answered {what}", rules=(on("poll", effect, times=2),), check=TRUTH)
        for what, effect in _ODD.items()
    ),
    *(
        Case(
            name=f"every poll answered {what}", rules=(on("poll", effect, **ALWAYS),), **DEAF | says
        )
        for what, effect, says in (
            ("a login page", LoginPage(), {"says": "HTML page"}),
            ("520", _ODD["520"], {"says": "520"}),
            ("another job's result", _ODD["another job's result"], {"says": "another job"}),
        )
    ),
    Case(
        name="a poll answered 503 with Retry-After 60 under a deadline of 2.5 s",
        rules=(on("poll", Status(503, retry_after=60)),),
        timeout=2.5,
        within=2.5,
        check=TRUTH,
    ),
)
