"""Draws programs that call endpoints in many shapes, with values that the hub takes."""

import random
from collections.abc import Iterator

from aki_client import Aki, Parameter, endpoints

ENDPOINTS = endpoints.__all__

HEAD = """\
import asyncio
from functools import partial

import aki_client
from aki_client import Aki, AsyncAki, batch, endpoints, models
from aki_client.endpoints import aio

aki = Aki()
"""

PARTS = ("{'text': 'x'}", "{'text': text}", "{'type': 'text', 'text': 'x'}")
SHAPES = (
    "aki.{name}({given})",
    "aki.{name}.submit({given}).result()",
    "with aki.{name}.stream({given}) as events{number}:\n    print(events{number})",
    "aki.{name}.with_options(timeout={number})({given})",
    "endpoints.{name}({given})",
    "results{number} = [endpoints.{name}({given}) for text in ('a', 'b')]",
    "params{number} = dict({given})\naki.{name}(**params{number})",
    "params{number} = {{{pairs}}}\naki.{name}(**params{number})",
    "params{number} = {{{pairs}}}\nparams{number}.update(read(params{number}))\naki.{name}(**params{number})",
    "batch.check(aki.{name}, [{{{pairs}}}])",
    "def call{number}(client: Aki, text: str, **more):\n    return client.{name}(**more, {given})",
    "async def call{number}(text: str):\n    async with AsyncAki() as client:\n        await client.{name}({given})",
    "async def all{number}(texts):\n    await asyncio.gather(*(aio.{name}({given}) for text in texts))",
    "class Caller{number}:\n    def __init__(self) -> None:\n        self.aki = Aki()\n\n"
    "    def call(self, text):\n        return self.aki.{name}({given})",
    "call{number} = partial(aki.{name}, {given})",
    "model{number} = models.{models}Input({given})",
)


def right_program(lines: int, seed: int) -> str:
    """Return a program of at least so many lines in which every call is right."""
    drawn = random.Random(seed)  # noqa: S311 - the same program for the same seed
    client = Aki(api_key="k")
    known = {name: getattr(client, name).info.parameters for name in ENDPOINTS}
    text = HEAD
    number = 0
    while text.count("\n") < lines:
        number += 1
        name = drawn.choice(ENDPOINTS)
        given = dict(_arguments(known[name], drawn))
        shape = drawn.choice(SHAPES)
        text += shape.format(
            name=name,
            number=number,
            given=", ".join(f"{n}={value}" for n, value in given.items()),
            pairs=", ".join(f"{n!r}: {value}" for n, value in given.items()),
            models="".join(word.capitalize() for word in name.split("_")),
        )
        text += "\n\n"
    return text


def _arguments(parameters: dict[str, Parameter], drawn: random.Random) -> Iterator[tuple[str, str]]:
    kinds = {parameter.type for parameter in parameters.values()}
    without = drawn.choice(("chat", "prompt")) if {"chat", "prompt"} <= kinds else ""
    for parameter in parameters.values():
        if parameter.type != without and (parameter.required or drawn.random() < 0.4):
            yield parameter.name, _value(parameter, drawn)


def _value(parameter: Parameter, drawn: random.Random) -> str:
    if not parameter.required and drawn.random() < 0.1:
        return "None"
    match parameter.type:
        case "choice":
            return repr(drawn.choice(parameter.choices))
        case "boolean":
            return drawn.choice(("True", "False", "bool(text)"))
        case "integer" | "number":
            return _number(parameter, drawn)
        case "image" | "audio" | "video":
            return drawn.choice(("'path/to.png'", "open('f', 'rb')", "data", "b'...'"))
        case "chat":
            parts = ", ".join(drawn.choices(PARTS, k=2))
            content = drawn.choice(("'Hello'", "text", "f'{text}!'", f"[{parts}]"))
            message = f"{{'role': 'user', 'content': {content}}}"
            return drawn.choice((f"[{message}]", f"[*history, {message}]", "history"))
        case "json":
            return drawn.choice(("{'a': [1, 2]}", "options", "[]"))
        case _:
            longest = min(parameter.max_length or 50, 50)
            return drawn.choice(
                (repr("x" * longest), "text", "f'{text}, please'", "'a ' + 'robot'")
            )


def _number(parameter: Parameter, drawn: random.Random) -> str:
    low = parameter.minimum if parameter.minimum is not None else -5
    high = parameter.maximum if parameter.maximum is not None else low + 1000
    drawn_value = drawn.uniform(low, high)
    value = parameter.fit(int(drawn_value) if parameter.type == "integer" else drawn_value)
    return drawn.choice((repr(value), f"{value!r} * 1", "number", f"int(text or {value!r})"))
