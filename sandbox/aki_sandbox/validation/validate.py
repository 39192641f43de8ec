"""Whether the inputs of a call are what an endpoint declares, and what they become.

Owns the meaning of the attributes in a details document and the sentences of refusal: where one was
recorded on the wire it is that one, else the sandbox's own. Must not know about jobs, keys or HTTP.
Media have rules of their own in `media`.
"""

import json
from collections.abc import Callable, Mapping
from typing import cast

from aki_sandbox.jsontypes import Json, JsonObject, as_list, as_object
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
            unfit = f"{shown} has an item with an invalid value for key 'role'."
            refuse(f"{unfit} Only {{{allowed}}} are allowed!")
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
    supported = as_list(attributes.get("support"))
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
        elif kind not in _MEDIA_KINDS or kind not in supported:
            refuse(f"{shown} has a content part of kind '{kind}' that is not supported!")
        else:
            check_media(kind, f"{name}.{kind}", as_object(attributes.get(kind)), value, refuse)


# Texts on the wire: a raw list for `json` is refused, media are data URIs.
_TEXTS = ("string", "str", "json", "chat_context", "text_context", *_MEDIA_KINDS)
_PYTHON_TYPES: dict[str, type] = {
    **dict.fromkeys(_TEXTS, str),
    **dict.fromkeys(("integer", "int"), int),
    **dict.fromkeys(("bool", "boolean"), bool),
    "float": float,
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
    given = [name for name in parameters if payload.get(name) is not None]
    chats = [name for name in given if type_word(parameters[name]) == "chat_context"]
    values: JsonObject = {}
    for name, attributes in parameters.items():
        # Even an empty text beside a conversation is refused.
        if chats and name in given and type_word(attributes) == "text_context":
            refusals.append(
                f"Parameter '{name}' is of type 'text_context', but the parameter(s) of type "
                f"'chat_context' were also provided: {', '.join(chats)}. Only one type of parameter, "
                "either 'chat_context' or 'text_context', can be included in the request. Please "
                "remove the conflicting parameter(s) and try again."
            )
        check = _Check(name, attributes, refusals.append, public_server_defects)
        value = check.checked(payload.get(name))
        if value is not None:
            values[name] = value
    return values, refusals


def type_word(attributes: Mapping[str, Json]) -> str:
    """Return the type of a parameter; a missing one means string."""
    word = attributes.get("type", "string")
    return word if isinstance(word, str) else "string"


class _Check:
    """The checks of one parameter, with the way to refuse at hand."""

    def __init__(self, name: str, attributes: JsonObject, refuse: Refuse, defects: bool) -> None:
        self._name = name
        self._attributes = attributes
        self._refuse = refuse
        self._defects = defects
        self._converts = bool(attributes.get("auto_convert"))

    def checked(self, value: Json) -> Json:
        """Return the value that the worker gets, or None for an absent or refused one."""
        if value is None:
            # Whatever the default is: documents have `required` and `default` together.
            if self._attributes.get("required"):
                self._refuse(f"Missing required argument: {self._name}")
            else:
                value = self._attributes.get("default")
        if value is not None:
            value = self._of_declared_type(value)
        # An absent selection is looked at as well: without default and conversion it is refused, so in effect required.
        if type_word(self._attributes) == "selection":
            return self._selected(value)
        return None if value is None else self._within_limits(value)

    def _of_declared_type(self, value: Json) -> Json:
        expected = _expected_type(self._attributes)
        is_no_number = isinstance(value, bool) and not self._defects
        if expected is None:
            return value
        if isinstance(value, expected) and not (expected is int and is_no_number):
            return value
        if expected is float and isinstance(value, int) and not is_no_number:
            return self._converted(float, value)  # it may be larger than any
        # 512.0 is a whole number in JSON; the public server cuts 3.9 to 3 without a word.
        if expected is int and isinstance(value, float) and (self._defects or value.is_integer()):
            return int(value)
        if self._converts:
            return self._converted(expected, value)
        self._refuse(
            f"Invalid argument type {self._name}={shortened(value)}. "
            f"Expected: {expected} but got {type(value)}!"
        )
        return None

    def _converted(self, expected: type, value: Json) -> Json:
        try:
            if isinstance(value, list | dict):
                raise TypeError
            if expected is bool and isinstance(value, str):
                return _BOOLEAN_WORDS[value.lower()]
            return cast("Callable[[Json], Json]", expected)(value)
        except (KeyError, OverflowError, TypeError, ValueError):
            shown = f"Parameter {self._name} = {shortened(value)}"
            self._refuse(f"{shown} cannot be read as {expected.__name__}.")
            return None

    def _selected(self, value: Json) -> Json:
        supported = self._attributes.get("supported")
        if not isinstance(supported, list) or value in supported:
            return value
        if self._converts and supported:
            default = self._attributes.get("default")
            return supported[0] if default is None else default
        self._refuse(
            f"Parameter {self._name} = {value} not in supported values {supported}!\n"
            + auto_convert_hint(self._name)
        )
        return None

    def _within_limits(self, value: Json) -> Json:
        name, attributes, refuse = self._name, self._attributes, self._refuse
        match type_word(attributes), value:
            case _, bool():
                return value
            case _, int() | float():
                return check_number(
                    name, attributes, value, refuse, forgets_zero_bounds=self._defects
                )
            case "image_list", list():
                for item in value:
                    check_media("image", name, attributes, item, refuse)
                return value
            case "image" | "audio" | "video" as kind, str():
                check_media(kind, name, attributes, value, refuse)
                return value
            case "json" | "chat_context", "":
                return None
            case "json", str():
                return self._parsed(value)
            case "chat_context", str():
                messages = self._parsed(value)
                if messages is not None:
                    check_chat(name, attributes, messages, refuse)
                return messages
            case "string" | "str", str():
                return self._short_enough(value)
            case _:
                return value

    def _short_enough(self, value: str) -> Json:
        limit = self._attributes.get("max_length")
        if not isinstance(limit, int) or len(value) <= limit:
            return value
        if self._converts:
            return limit if self._defects else value[:limit]  # the text becomes the number
        self._refuse(
            f"Parameter {self._name} = {shortened(value)} is too long: it has {len(value)} "
            f"characters, and {limit} are the most."
        )
        return None

    def _parsed(self, value: str) -> Json:
        try:
            return cast("Json", json.loads(value))
        except ValueError:
            shown = f"Input parameter {self._name}={shortened(value)}"
            self._refuse(f"{shown} has invalid json format!")
            return None


def _expected_type(attributes: JsonObject) -> type | None:
    word = type_word(attributes)
    if word != "selection":
        return _PYTHON_TYPES.get(word)
    examples = [attributes.get("default"), *as_list(attributes.get("supported"))[:1]]
    return next((type(example) for example in examples if example is not None), None)
