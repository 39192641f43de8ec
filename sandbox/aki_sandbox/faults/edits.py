"""Answers that are well-formed and yet not as expected.

Owns the changes to the JSON of an answer, as functions that return one, and the effect `Edit` that
makes them. Must not know when they are made.
"""

import json
from collections.abc import Callable
from typing import TypeAlias

from aki_sandbox.faults.exchange import PendingRequest, with_body
from aki_sandbox.faults.plan import Effect
from aki_sandbox.jsontypes import Json, JsonObject, as_object
from aki_sandbox.web.http import parsed_object

Change: TypeAlias = Callable[[JsonObject], None]
"""Changes the body of an answer in place; leaves one alone that it has nothing to do with."""

UNKNOWN_FIELD = "sandbox_unknown_field"
_IDENTITY = ("success", "job_id", "ep_version")
# The keys in these objects are names of parameters, so that a further one would be a parameter.
_OBJECTS_BY_NAME = frozenset({"input", "output", "OUTPUTS"})


class Edit(Effect):
    """The hub answers, and its JSON is changed on the way.

    Args:
        changes: What is changed, in this order.
    """

    def __init__(self, *changes: Change) -> None:
        self._changes = changes

    async def apply(self, exchange: PendingRequest) -> None:
        """Answer, changed."""
        answer = await exchange.answer()
        body = parsed_object(bytes(answer.body))
        if body is not None:
            for change in self._changes:
                change(body)
            with_body(answer, json.dumps(body).encode("ascii"))
        await exchange.send(answer)


def put(name: str, value: Json) -> Change:
    """Set a field at the top of the answer, such as `job_state` to a word nobody knows."""
    return lambda body: body.update({name: value})


def drop(*names: str) -> Change:
    """Leave out fields at the top of the answer."""

    def change(body: JsonObject) -> None:
        for name in names:
            body.pop(name, None)

    return change


def final_with_progress(body: JsonObject) -> None:
    """Add a block `progress` to an answer that has none."""
    figures = {"queue_position": 0, "estimate": 0, "num_workers_online": 1, "progress": 100}
    body.setdefault("progress", {**figures, "progress_data": {}})


def progress_block(value: Json) -> Change:
    """Make the block `progress` another value, such as null or a string, where there is one."""
    return lambda body: body.update({"progress": value} if "progress" in body else {})


def progress_field(name: str, value: Json) -> Change:
    """Set a field in the block `progress`, such as the figure `progress` to null or "37"."""
    return lambda body: as_object(body.get("progress")).update({name: value})


def rewritten_text(body: JsonObject) -> None:
    """Change the beginning of the text so far, so that it continues neither way."""
    data = as_object(as_object(body.get("progress")).get("progress_data"))
    text = data.get("text")
    if isinstance(text, str):
        data["text"] = f"On second thought: {text}"
    elif isinstance(text, dict):
        text["content"] = f"On second thought: {text.get('content')}"


def wrong_types(*names: str) -> Change:
    """Give outputs in the result values of another JSON type; without names, all of them."""

    def change(body: JsonObject) -> None:
        result = _result(body)
        for name in names or _outputs_of(result):
            result[name] = 5 if isinstance(result.get(name), str) else "not what was declared"

    return change


def missing_outputs(*names: str) -> Change:
    """Leave outputs out of the result; without names, all of them."""

    def change(body: JsonObject) -> None:
        result = _result(body)
        drop(*(names or _outputs_of(result)))(result)

    return change


def extra_outputs(**outputs: Json) -> Change:
    """Add outputs to the result that nobody declared."""
    return lambda body: _result(body).update(outputs)


def _result(body: JsonObject) -> JsonObject:
    """Return the result in an answer; an object of no consequence where there is none."""
    return as_object(body.get("job_result"))


def _outputs_of(result: JsonObject) -> list[str]:
    return [name for name in result if name not in _IDENTITY]


def unknown_fields(value: Json, *, by_name: bool = False) -> None:
    """Add a field that nobody knows to every object in the answer."""
    if isinstance(value, list):
        for item in value:
            unknown_fields(item)
    elif isinstance(value, dict):
        for name, item in value.items():
            unknown_fields(item, by_name=name in _OBJECTS_BY_NAME)
        if not by_name:
            value[UNKNOWN_FIELD] = {"since": "the next version"}
