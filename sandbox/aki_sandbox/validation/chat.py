"""Whether a chat context is a list of messages that an endpoint can take.

Owns the shape of a message and its parts. Must not know how the context arrived.
"""

from aki_sandbox.jsontypes import Json, JsonObject
from aki_sandbox.validation.media import check_media
from aki_sandbox.validation.sentences import Refuse, shortened

_ROLES = ("user", "system", "assistant")
_MEDIA_KINDS = ("image", "audio", "video")


def check_chat(name: str, attributes: JsonObject, messages: Json, refuse: Refuse) -> None:
    """Refuse whatever in a parsed chat context breaks its rules.

    A message has a `role` and a `content`; further keys pass. The content is a string or a list of
    parts with one key each: `text`, or a medium named in the parameter's `support`. What a medium
    may be stands beside it, under the name of its kind. `"type": "text"` beside a `text` and a
    content of null are taken, as a real server takes them.
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
        return
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
