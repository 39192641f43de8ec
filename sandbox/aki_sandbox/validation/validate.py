"""Whether the inputs of a call are what an endpoint declares, and what they become.

Owns the meaning of the attributes in a details document and the sentences of refusal: where one was
recorded on the wire it is that one, else the sandbox's own. Must not know about jobs, keys or HTTP.
Media have rules of their own in `media`.
"""

import json
from collections.abc import Callable, Mapping
from typing import cast

from aki_sandbox.jsontypes import Json, JsonObject
from aki_sandbox.validation.bounds import Refuse, auto_convert_hint, check_number, shortened
from aki_sandbox.validation.media import check_media

_ROLES = ("user", "system", "assistant")
_MEDIA_KINDS = ("image", "audio", "video")


def check_chat(name: str, attributes: JsonObject, messages: Json, refuse: Refuse) -> None:
    """Refuse whatever in a parsed chat context breaks its rules.

    A message has a `role` and a `content`; further keys pass. The content is a string or a list of parts with one key
    each: `text`, or a medium named in the parameter's `support`. What a medium may be stands beside it, under the name
    of its kind. `"type": "text"` beside a `text` and a content of null are taken, as a real server takes them.
    """
    shown = f"Input parameter {name}={shortened(messages)}"
    if not isinstance(messages, list):
        refuse(f"{shown} is not a list of messages!")
        return
    for message in messages:
        if not isinstance(message, dict) or not {"role", "content"} <= message.keys():
            refuse(f"{shown} has an item without the required keys 'role' and 'content'")
        elif message["role"] not in _ROLES:
            allowed = ", ".join(repr(role) for role in _ROLES)
            refuse(
                f"{shown} has an item with an invalid value for key 'role'. "
                f"Only {{{allowed}}} are allowed!"
            )
        else:
            _check_content(name, shown, attributes, message["content"], refuse)


def _check_content(
    name: str, shown: str, attributes: JsonObject, content: Json, refuse: Refuse
) -> None:
    if content is None or isinstance(content, str):
        return  # null stands beside calls of tools
    if not isinstance(content, list):
        refuse(f"{shown} has an item whose 'content' is neither a string nor a list!")
        return
    supported = attributes.get("support")
    for part in content:
        if isinstance(part, dict) and part.get("type") == "text":
            part = {name: value for name, value in part.items() if name != "type"}
        if not isinstance(part, dict) or len(part) != 1:
            refuse(f"{shown} has a content part that is not an object with exactly one key!")
            continue
        kind, value = next(iter(part.items()))
        if kind == "text":
            if not isinstance(value, str):
                refuse(f"{shown} has a content part whose 'text' is not a string!")
        elif kind not in _MEDIA_KINDS or not isinstance(supported, list) or kind not in supported:
            refuse(f"{shown} has a content part of kind '{kind}' that is not supported!")
        else:
            limits = attributes.get(kind)
            check_media(
                kind, f"{name}.{kind}", limits if isinstance(limits, dict) else {}, value, refuse
            )


# Texts on the wire: a raw list for `json` is refused, media are data URIs.
_PYTHON_TYPES: dict[str, type] = {
    "string": str,
    "str": str,
    "json": str,
    "chat_context": str,
    "text_context": str,
    "image": str,
    "audio": str,
    "video": str,
    "integer": int,
    "int": int,
    "float": float,
    "bool": bool,
    "boolean": bool,
    "image_list": list,
}
_BOOLEAN_WORDS = {"true": True, "1": True, "false": False, "0": False}


def validate_inputs(
    parameters: Mapping[str, JsonObject],
    payload: Mapping[str, Json],
    *,
    public_server_defects: bool = False,
) -> tuple[JsonObject, list[str]]:
    """Check a payload against the declared input parameters.

    All refusals come together, unknown names first, then in the order of declaration.

    Args:
        parameters: The `input` section of a details document: name to attributes.
        payload: What the caller sent.
        public_server_defects: Repeat the defects of the public server: a bound spelled `min: 0` or
            `max: 0` is forgotten, a float for an integer is cut, true and false pass as numbers,
            and `max_length` with `auto_convert` turns the text into the number.

    Returns:
        The converted values, defaults included and absent ones left out; and the sentences of
        refusal, empty when the payload is fine.
    """
    refusals: list[str] = []
    unknown = [name for name in payload if name not in parameters]
    if unknown:
        refusals.append(f"Invalid input parameter(s): {', '.join(unknown)}")
    check = _Check(refusals.append, public_server_defects)
    values: JsonObject = {}
    for name, attributes in parameters.items():
        # Even an empty text beside a conversation is refused.
        if type_word(attributes) == "text_context" and payload.get(name) is not None:
            _refuse_beside_chat(name, parameters, payload, refusals.append)
        value = check.parameter(name, attributes, payload.get(name))
        if value is not None:
            values[name] = value
    return values, refusals


def type_word(attributes: Mapping[str, Json]) -> str:
    """Return the type of a parameter; a missing one means string."""
    word = attributes.get("type", "string")
    return word if isinstance(word, str) else "string"


def _refuse_beside_chat(
    name: str, parameters: Mapping[str, JsonObject], payload: Mapping[str, Json], refuse: Refuse
) -> None:
    chats = [
        other
        for other, attributes in parameters.items()
        if type_word(attributes) == "chat_context" and payload.get(other) is not None
    ]
    if chats:
        refuse(
            f"Parameter '{name}' is of type 'text_context', but the parameter(s) of type "
            f"'chat_context' were also provided: {', '.join(chats)}. Only one type of parameter, "
            "either 'chat_context' or 'text_context', can be included in the request. Please "
            "remove the conflicting parameter(s) and try again."
        )


class _Check:
    """The checks of single parameters, with the way to refuse at hand."""

    def __init__(self, refuse: Refuse, defects: bool) -> None:
        self._refuse = refuse
        self._defects = defects

    def parameter(self, name: str, attributes: JsonObject, value: Json) -> Json:
        """Return the value that the worker gets, or None for an absent or refused one."""
        if value is None:
            # Whatever the default is: documents have `required` and `default` together.
            if attributes.get("required"):
                self._refuse(f"Missing required argument: {name}")
            else:
                value = attributes.get("default")
        if value is not None:
            value = self._of_declared_type(name, attributes, value)
        # An absent selection is looked at as well: without default and conversion it is refused, so in effect required.
        if type_word(attributes) == "selection":
            return self._selected(name, attributes, value)
        return None if value is None else self._within_limits(name, attributes, value)

    def _of_declared_type(self, name: str, attributes: JsonObject, value: Json) -> Json:
        expected = _expected_type(attributes)
        if expected is None or self._is_instance(value, expected):
            return value
        if expected is float and isinstance(value, int) and not self._refused_boolean(value):
            return self._converted(name, float, value)  # it may be larger than any
        # 512.0 is a whole number in JSON; the public server cuts 3.9 to 3 without a word.
        if expected is int and isinstance(value, float) and (self._defects or value.is_integer()):
            return int(value)
        if attributes.get("auto_convert"):
            return self._converted(name, expected, value)
        self._refuse(
            f"Invalid argument type {name}={shortened(value)}. "
            f"Expected: {expected} but got {type(value)}!"
        )
        return None

    def _is_instance(self, value: Json, expected: type) -> bool:
        return isinstance(value, expected) and not (
            expected is int and self._refused_boolean(value)
        )

    def _refused_boolean(self, value: Json) -> bool:
        return isinstance(value, bool) and not self._defects

    def _converted(self, name: str, expected: type, value: Json) -> Json:
        try:
            if isinstance(value, list | dict):
                raise TypeError
            if expected is bool and isinstance(value, str):
                return _BOOLEAN_WORDS[value.lower()]
            return cast("Callable[[Json], Json]", expected)(value)
        except (KeyError, OverflowError, TypeError, ValueError):
            self._refuse(
                f"Parameter {name} = {shortened(value)} cannot be read as {expected.__name__}."
            )
            return None

    def _selected(self, name: str, attributes: JsonObject, value: Json) -> Json:
        supported = attributes.get("supported")
        if not isinstance(supported, list) or value in supported:
            return value
        if attributes.get("auto_convert") and supported:
            default = attributes.get("default")
            return supported[0] if default is None else default
        self._refuse(
            f"Parameter {name} = {value} not in supported values {supported}!\n"
            + auto_convert_hint(name)
        )
        return None

    def _within_limits(self, name: str, attributes: JsonObject, value: Json) -> Json:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return check_number(
                name, attributes, value, self._refuse, forgets_zero_bounds=self._defects
            )
        if isinstance(value, str):
            return self._text(name, attributes, value)
        if isinstance(value, list) and type_word(attributes) == "image_list":
            for item in value:
                check_media("image", name, attributes, item, self._refuse)
        return value

    def _text(self, name: str, attributes: JsonObject, value: str) -> Json:
        match type_word(attributes):
            case "string" | "str":
                return self._short_enough(name, attributes, value)
            case "json" | "chat_context" if not value:
                return None
            case "json":
                return self._parsed(name, value)
            case "chat_context":
                messages = self._parsed(name, value)
                if messages is not None:
                    check_chat(name, attributes, messages, self._refuse)
                return messages
            case "image" | "audio" | "video" as kind:
                check_media(kind, name, attributes, value, self._refuse)
                return value
            case _:
                return value

    def _short_enough(self, name: str, attributes: JsonObject, value: str) -> Json:
        limit = attributes.get("max_length")
        if not isinstance(limit, int) or len(value) <= limit:
            return value
        if attributes.get("auto_convert"):
            return limit if self._defects else value[:limit]  # the text becomes the number
        self._refuse(
            f"Parameter {name} = {shortened(value)} is too long: it has {len(value)} characters, "
            f"and {limit} are the most."
        )
        return None

    def _parsed(self, name: str, value: str) -> Json:
        try:
            return cast("Json", json.loads(value))
        except ValueError:
            self._refuse(f"Input parameter {name}={shortened(value)} has invalid json format!")
            return None


def _expected_type(attributes: JsonObject) -> type | None:
    word = type_word(attributes)
    if word != "selection":
        return _PYTHON_TYPES.get(word)
    supported = attributes.get("supported")
    example = attributes.get("default")
    if example is None and isinstance(supported, list) and supported:
        example = supported[0]
    return None if example is None else type(example)
