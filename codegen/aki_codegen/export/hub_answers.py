"""What every hub answers, whatever the endpoint: envelopes, progress figures and errors, as JSON Schema.

Component names end in none of the words that an endpoint's components end in, so that the two never meet.
"""

from ..rendering.schema import Schema

KEY: Schema = {
    "type": "string",
    "format": "password",
    "writeOnly": True,
    "description": "The API key. It travels in the body, there is no header for it. "
    "A hub that asks for keys answers 401 without one.",
}
WAIT: Schema = {
    "type": "boolean",
    "default": True,
    "description": "Send false: the hub answers at once, and the job is followed by its progress. With true the answer "
    "is the result; one that takes longer than the server's time limit (60 s by default) is answered 503, and its "
    "result cannot be had any more.",
}
IDENTITY: dict[str, Schema] = {
    "success": {"type": "boolean"},
    "job_id": {
        "type": "string",
        "description": "The job. Whoever knows it can read the job: treat it as a secret.",
    },
    "ep_version": {"type": ["integer", "null"]},
}
DURATIONS: dict[str, Schema] = {
    "total_duration": {
        "type": ["number", "null"],
        "description": "Seconds from arrival to the end.",
    },
    "compute_duration": {"type": ["number", "null"], "description": "Seconds of computing."},
}
JOB_STATE: Schema = {
    "type": "string",
    "description": "queued, processing, done, canceled or lapsed; further words may come and are not final.",
    "examples": ["queued", "processing", "done", "canceled", "lapsed"],
}
FIGURES: dict[str, Schema] = {
    "queue_position": {
        "type": "integer",
        "description": "1 is next, 0 is being processed, -1 is unknown.",
    },
    "estimate": {
        "type": ["number", "null"],
        "description": "Seconds left as the hub guesses; -1 is unknown.",
    },
    "num_workers_online": {"type": "integer"},
    "progress": {
        "type": ["number", "null"],
        "description": "0 to 100 for images; the number of tokens so far, without an upper bound, for text.",
    },
}

SHARED_COMPONENTS: dict[str, Schema] = {
    "PollQuestion": {
        "type": "object",
        "description": "Ask one job at a time: the first answer after its end has the only copy of its result.",
        "properties": {
            "key": KEY,
            "job_id": {**IDENTITY["job_id"], "minLength": 1},
            "cancel": {
                "type": "boolean",
                "description": "True asks the hub to stop the job, which may still end as done.",
            },
        },
        "required": ["job_id"],
        "additionalProperties": True,
    },
    "HubError": {
        "type": "object",
        "description": "Servers and proxies word errors in many ways: read whichever field is there.",
        "properties": {
            "success": {"type": "boolean"},
            "error": {
                "description": "What was refused: one sentence, or a list with every reason.",
                "anyOf": [
                    {"type": "string"},
                    {"type": "array", "items": {"type": "string"}},
                    {"type": "object"},
                ],
            },
            "ep_version": {"type": ["integer", "null"]},
            "job_state": JOB_STATE,
            "progress": {"type": ["object", "null"]},
            "status": {"type": "integer"},
            "description": {"type": "string"},
            "message": {"type": "string"},
        },
        "additionalProperties": True,
    },
}

_ERROR = {"$ref": "#/components/schemas/HubError"}
_GENERAL = {
    "404": "No such endpoint or route.",
    "413": "The body is larger than the server takes (100,000,000 bytes by default).",
    "500": "The server failed.",
    "502": "A proxy reached no server, as during a restart; jobs that ran then are forgotten.",
    "503": "No worker, or a blocking call that took too long: its result cannot be had any more.",
    "504": "A proxy waited too long.",
}
CALL_ERRORS = {
    "400": "The inputs are refused, all reasons in one list; or the queue is full or the endpoint disabled, "
    "which is one sentence.",
    "401": "The key is missing or not valid.",
    "402": "The key may not use this endpoint.",
    **_GENERAL,
}
POLL_ERRORS = {
    "400": "The job has lapsed, or the body is no JSON.",
    "401": "The key is missing or not valid.",
    "402": "The hub does not know the job, or has forgotten it.",
    **_GENERAL,
}
ASK_ERRORS = {"401": "The key is not valid.", **{s: _GENERAL[s] for s in ("404", "500", "502")}}


def error_responses(errors: dict[str, str]) -> Schema:
    """Return the responses of an operation that tell of errors: JSON, or a page of text or HTML."""
    content = {
        "application/json": {"schema": _ERROR},
        "text/plain": {"schema": {"type": "string"}},
        "text/html": {"schema": {"type": "string"}},
    }
    return {status: {"description": text, "content": content} for status, text in errors.items()}
