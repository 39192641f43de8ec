"""A call as text that runs as it stands: Python, curl, and the command line `aki`. The key is never in it.

Every value reaches the text through the maker of literals, the quoting of the shell, or JSON that no shell reads.
"""

import json
import mimetypes
import secrets
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import indent
from typing import Any, Literal, cast

from aki_cli.commands.call import options_of
from aki_codegen.literals import literal, shell_json
from aki_runtime.hub import Address
from aki_runtime.metadata import MEDIA

from .package import EndpointCard, OutputKind

WIDTH = 88
"""Columns of a line of code; only a text that is longer by itself goes beyond."""

Language = Literal["python", "shell"]

LANGUAGES: Mapping[str, Language] = {
    "Python": "python",
    "Python, async": "python",
    "curl": "shell",
    "aki": "shell",
}
"""The forms of a call, with the language that each is coloured as."""

_GLOBAL = {"api_server": "--server", "layout": "--layout", "allow_http": "--allow-http"}
"""The option of `aki` for each setting of a client."""

_CURL = """\
answer=$(mktemp)
ask() {{ curl -sS "$1" -H "Content-Type: application/json" --data-binary @- -o "$answer"; }}
ask {call} <<JSON
{body}
JSON
job=$(sed -n 's/.*"job_id": *"\\([^"]*\\)".*/\\1/p' "$answer")
until [ -z "$job" ] || grep -qE '"job_state": *"(done|canceled|lapsed)"|"success": *false' "$answer"; do
  sleep 1
  ask {progress} <<JSON
{{"key": {key}, "job_id": "$job"}}
JSON
done
cat "$answer"
"""


@dataclass(frozen=True)
class CalledHub:
    """Where calls go.

    Attributes:
        package: The package that they are made with.
        address: The hub.
        settings: What a client must be given of `api_server`, `layout` and `allow_http`, as it would choose otherwise.
        is_sandbox: Whether it is the sandbox of this process, which takes any key.
    """

    package: str
    address: Address
    settings: Mapping[str, object] = field(default_factory=dict[str, object])
    is_sandbox: bool = False


def calls_of(target: CalledHub, card: EndpointCard, arguments: Mapping[str, Any]) -> dict[str, str]:
    """Return a call in each of the languages.

    Args:
        target: Where it goes.
        card: The endpoint.
        arguments: What is given, by parameter; media as paths.
    """
    texts = (_sync, _async, _curl, _aki)
    return {
        label: text(target, card, arguments) for label, text in zip(LANGUAGES, texts, strict=True)
    }


def _sync(target: CalledHub, card: EndpointCard, arguments: Mapping[str, Any]) -> str:
    client, note = _client("Aki", target)
    return (
        f"from {target.package} import Aki\n\naki = {client}{note}\n\n"
        f"result = {_python_call(card, arguments)}\n{_showing(card.outputs)}\n"
    )


def _async(target: CalledHub, card: EndpointCard, arguments: Mapping[str, Any]) -> str:
    client, note = _client("AsyncAki", target)
    body = f"result = await {_python_call(card, arguments)}\n{_showing(card.outputs)}"
    return (
        f"import asyncio\n\nfrom {target.package} import AsyncAki\n\n\nasync def main() -> None:\n"
        f"    async with {client} as aki:{note}\n"
        f"{indent(body, ' ' * 8)}\n\n\nasyncio.run(main())\n"
    )


def _client(kind: str, target: CalledHub) -> tuple[str, str]:
    if target.is_sandbox:
        return f"{kind}.sandbox()", ""
    settings = ", ".join(f"{name}={literal(value)}" for name, value in target.settings.items())
    return f"{kind}({settings})", "  # the key comes from AKI_API_KEY"


def _python_call(card: EndpointCard, arguments: Mapping[str, Any]) -> str:
    given = [f"{name}={_value(value, 1)}" for name, value in arguments.items()]
    return _bracketed(f"aki.{card.name}(", given, ")", 0, len("result = await "))


def _showing(outputs: Mapping[str, OutputKind]) -> str:
    lines: list[str] = []
    for name, kind in outputs.items():
        match kind:
            case "text":
                lines.append(f"print(result.{name})")
            case "image" | "audio" | "video":
                lines.append(f'print(result.{name}.save("./"))')
            case "images" | "audios" | "videos":
                one = kind.removesuffix("s")
                lines += [f"for {one} in result.{name}:", f'    print({one}.save("./"))']
            case "value":
                pass
    return "\n".join(lines or ["print(result)"])


def _value(value: Any, depth: int) -> str:
    """Write a value; what does not fit on a line is spread over several."""
    if isinstance(value, Path):
        return literal(str(value))
    if isinstance(value, Mapping):
        given = cast("Mapping[str, Any]", value)
        items = [f"{_value(k, depth + 1)}: {_value(v, depth + 1)}" for k, v in given.items()]
        return _bracketed("{", items, "}", depth)
    if isinstance(value, list):
        members = cast("Sequence[Any]", value)
        return _bracketed("[", [_value(item, depth + 1) for item in members], "]", depth)
    return literal(value)


def _bracketed(opening: str, items: list[str], closing: str, depth: int, before: int = 0) -> str:
    flat = f"{opening}{', '.join(items)}{closing}"
    if not items or (before + len(flat) + 4 * depth <= WIDTH and "\n" not in flat):
        return flat
    margin = "    " * depth
    return "\n".join([opening, *(f"{margin}    {item}," for item in items), f"{margin}{closing}"])


def _curl(target: CalledHub, card: EndpointCard, arguments: Mapping[str, Any]) -> str:
    # A word that no text of the call holds stands for each file until the JSON is written.
    mark = secrets.token_hex(8)
    files: list[str] = []

    def kept(path: Any) -> str:
        files.append(str(path))
        return f"{mark}{len(files)}."

    def wire(value: Any, kind: str) -> Any:
        if kind in MEDIA:
            return kept(value)
        if kind == "chat":
            value = [_with_media(message, kept) for message in value]
        return json.dumps(value) if isinstance(value, list | dict) else value

    given = {
        card.parameters[n].wire_name: wire(v, card.parameters[n].type) for n, v in arguments.items()
    }
    key = '"sandbox"' if target.is_sandbox else '"$AKI_API_KEY"'
    members = [f"{shell_json(n)}: {shell_json(v)}" for n, v in given.items()]
    body = ", ".join([f'{{"key": {key}', *members, '"wait_for_result": false}'])
    for number, path in enumerate(files, 1):
        kind = mimetypes.guess_type(path)[0] or "application/octet-stream"
        data = f"data:{kind};base64,$(base64 < {shlex.quote(path)} | tr -d '\\n')"
        body = body.replace(f"{mark}{number}.", data)
    urls = {
        "call": shlex.quote(target.address.url("call", card.info.name)),
        "progress": shlex.quote(target.address.url("progress", card.info.name)),
    }
    return _CURL.format(body=body, key=key, **urls)


def _with_media(message: Any, kept: Any) -> Any:
    content = message["content"]
    if isinstance(content, str):
        return message
    parts = [{k: kept(v) if k in MEDIA else v for k, v in part.items()} for part in content]
    return {**message, "content": parts}


def _aki(target: CalledHub, card: EndpointCard, arguments: Mapping[str, Any]) -> str:
    words = ["AKI_API_KEY=sandbox"] if target.is_sandbox else []
    words += ["aki"]
    words += ["--package", target.package] if target.package != "aki_client" else []
    settings = {"api_server": target.address.server} if target.is_sandbox else target.settings
    for name, value in settings.items():
        words += [_GLOBAL[name]] if value is True else [_GLOBAL[name], shlex.quote(str(value))]
    words += ["call", card.name]
    options = options_of(card.described)
    if not set(arguments) <= set(options) or not all(map(_can_be_typed, arguments.values())):
        document = json.dumps(arguments, default=str)
        return f"{' '.join(words)} -j - <<'JSON'\n{document}\nJSON\n"
    kinds = {name: parameter.type for name, parameter in card.parameters.items()}
    given = [_option(options[n], value, kinds[n]) for n, value in arguments.items()]
    flat = " ".join([*words, *given])
    return (flat if len(flat) <= WIDTH else " \\\n  ".join([" ".join(words), *given])) + "\n"


def _can_be_typed(value: Any) -> bool:
    # A control character within quotes is still one to the terminal that the line is pasted into.
    return not isinstance(value, str) or value.replace("\n", "").isprintable()


def _option(option: str, value: Any, kind: str) -> str:
    if isinstance(value, bool) and kind == "boolean":
        return option if value else f"--no-{option.removeprefix('--')}"
    if isinstance(value, str) and kind not in ("json", "chat"):
        text = f"@{value}" if value.startswith("@") else value
    else:
        text = json.dumps(value, ensure_ascii=True, default=str)
    return f"{option} {shlex.quote(text)}"
