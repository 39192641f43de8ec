"""What a caller wrote, and the directives in it that steer a job.

Owns their spelling. Must not know what they lead to.

A prompt may hold directives in double square brackets:

| directive | effect |
|---|---|
| `[[dur=2 steps=10]]` | the job takes 2 seconds and reports 10 steps |
| `[[error=out_of_memory]]` | the worker fails with "out of memory" and no outputs |
| `[[errkeep=truncated]]` | the worker fails with "truncated" and gives the outputs it has |
| `[[hang]]` | the worker never reports, so that the job lapses |
| `[[think]]` | a chat model thinks before it answers |
| `[[tool=get_weather]]` | a chat model that was given `tools` calls this one |
"""

import re
from collections.abc import Mapping

from aki_sandbox.jsontypes import Json

_DIRECTIVES = re.compile(r"\[\[([^\[\]]*)\]\]")
_WRITTEN_PARAMETERS = ("text_context", "prompt_input", "prompt", "text")


def written_by_caller(inputs: Mapping[str, Json]) -> str:
    """Return the prompt or text in validated inputs; of a chat, the last message."""
    parts = [_last_message(inputs.get("chat_context"))]
    parts += [inputs.get(name) for name in _WRITTEN_PARAMETERS]
    return " ".join(part for part in parts if isinstance(part, str) and part)


def split_directives(written: str) -> tuple[str, dict[str, str]]:
    """Return a text without its directives, and the directives by name."""
    inside = " ".join(match[1] for match in _DIRECTIVES.finditer(written))
    directives = {name: value for name, _, value in (w.partition("=") for w in inside.split())}
    return " ".join(_DIRECTIVES.sub("", written).split()), directives


def _last_message(messages: Json) -> Json:
    last = messages[-1] if isinstance(messages, list) and messages else None
    content = last.get("content") if isinstance(last, dict) else None
    if isinstance(content, list):
        texts = [part.get("text") for part in content if isinstance(part, dict)]
        return " ".join(text for text in texts if isinstance(text, str))
    return content
