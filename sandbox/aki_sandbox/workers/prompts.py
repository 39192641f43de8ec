"""What a caller wrote: the prompt, the directives in it, the tools beside it, and how much of it was read before.

Owns directives and the counting of tokens; here a token is a word. Must not know what a model makes of them.
"""

import json
import re
from collections.abc import Mapping
from itertools import takewhile

from aki_sandbox.jsontypes import Json, JsonObject, as_object, objects
from aki_sandbox.workers.schemas import example

_ARGUMENTS = re.compile(r"\[\[[^\[\]]*\bargs=(?=\{)")
_DIRECTIVES = re.compile(r"\[\[([^\[\]]*)\]\]")
_WRITTEN_PARAMETERS = ("text_context", "prompt_input", "prompt", "text")
BLOCK = 16
"""Tokens that a prefix cache keeps together, and those of the template that is around every prompt."""


def written_by_caller(inputs: Mapping[str, Json]) -> str:
    """Return the prompt or text in validated inputs; of a chat, the last message."""
    messages = inputs.get("chat_context")
    parts = [_content(messages[-1]) if isinstance(messages, list) and messages else None]
    parts += [inputs.get(name) for name in _WRITTEN_PARAMETERS]
    return " ".join(part for part in parts if isinstance(part, str) and part)


def split_directives(written: str) -> tuple[str, dict[str, str]]:
    """Return a text without its directives, and the directives by name."""
    directives: dict[str, str] = {}
    if found := _ARGUMENTS.search(written):
        # JSON holds spaces and brackets of its own.
        try:
            _, end = json.JSONDecoder().raw_decode(written, found.end())
        except (ValueError, RecursionError):
            end = found.end()
        directives["args"] = written[found.end() : end]
        written = written[: found.end() - len("args=")] + written[end:]
    inside = " ".join(match[1] for match in _DIRECTIVES.finditer(written))
    directives |= {name: value for name, _, value in (w.partition("=") for w in inside.split())}
    return " ".join(_DIRECTIVES.sub("", written).split()), directives


def tool_call(tools: Json, name: str, prompt: str, arguments: str = "") -> JsonObject:
    """Return a call of a tool as a hub words it: `{name, arguments}`.

    Args:
        tools: The tools that the model was given, as OpenAI words them.
        name: Which one is called; its arguments are made from its schema, or none where it is not among the tools.
        prompt: What texts among the arguments say.
        arguments: The arguments as JSON; "" has them made.
    """
    functions = [as_object(tool.get("function", tool)) for tool in objects(tools)]
    schemas = [each.get("parameters") for each in functions if each.get("name") == name]
    schema = (schemas[-1] if schemas else None) or {"type": "object"}
    return {
        "name": name,
        "arguments": json.loads(arguments) if arguments else example(schema, prompt),
    }


def words_read(inputs: Mapping[str, Json]) -> list[str]:
    """Return the words that a model reads: of its tools, and of the whole conversation or the prompt."""
    tools = inputs.get("tools")
    read = [json.dumps(tools)] if tools else []
    read += [str(_content(message) or "") for message in objects(inputs.get("chat_context"))]
    read += [str(inputs.get(name) or "") for name in _WRITTEN_PARAMETERS]
    return [word for text in read for word in split_directives(text)[0].split()]


class PrefixCache:
    """What models have read before: the beginnings of prompts, in blocks of 16 tokens."""

    def __init__(self) -> None:
        self._known: set[int] = set()

    def read(self, model: str, words: list[str]) -> int:
        """Return how many tokens a model need not read again, the template's among them, and remember the others."""
        prefixes = [hash(model)]
        # The last token is always computed.
        for end in range(BLOCK, len(words), BLOCK):
            prefixes.append(hash((prefixes[-1], *words[end - BLOCK : end])))
        known = takewhile(self._known.__contains__, prefixes[1:])
        cached = BLOCK * (1 + sum(1 for _ in known))
        self._known.update(prefixes)
        return cached


def _content(message: Json) -> Json:
    content = as_object(message).get("content")
    if isinstance(content, list):
        texts = [part.get("text") for part in objects(content)]
        return " ".join(text for text in texts if isinstance(text, str))
    return content
