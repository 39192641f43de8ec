"""Short programs that call one endpoint, in Python, in a shell and with curl; each runs as it stands.

Values are this project's own, but for choices. In Python and shells they are quoted here, and only here.
"""

import json
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from aki_runtime.hub import Address
from aki_runtime.shapes import is_array, is_object

from .. import ir
from ..literals import Code, doc_text, literal, name
from ..naming import Identifier

FILES = {"image": "picture.png", "audio": "sound.wav", "video": "film.mp4"}
"""What the snippets read where an endpoint takes media."""

_TEXTS = {
    "prompt": "A lighthouse at dusk",
    "prompt_input": "Tell me a joke",
    "text": "Hello there",
    "negative_prompt": "blurry",
}
_MESSAGES = [{"role": "user", "content": "Tell me a joke"}]


@dataclass(frozen=True)
class Snippets:
    """The programs of one endpoint."""

    sync: Code
    asynchronous: Code
    command: Code
    curl_call: Code
    curl_progress: Code


def snippets(endpoint: ir.Endpoint, package: str, address: Address) -> Snippets:
    """Return the programs that call an endpoint."""
    given = _arguments(endpoint)
    made = name(Identifier(package))
    call = f"{name(endpoint.name)}({', '.join(f'{p.name}={_python(v)}' for p, v in given)})"
    use = _use(endpoint)
    return Snippets(
        Code(f"from {made} import Aki\n\naki = Aki()\nresult = aki.{call}\n{use}"),
        Code(
            f"import asyncio\n\nfrom {made} import AsyncAki\n\n\n"
            "async def main() -> None:\n"
            "    async with AsyncAki() as aki:\n"
            f"        result = await aki.{call}\n"
            f"        {use}\n\n\nasyncio.run(main())"
        ),
        Code(f"aki call {endpoint.name}{''.join(_option(p, v) for p, v in given)}"),
        _curl(address.call_url(endpoint.wire_name), address, _call_body(given)),
        _curl(
            address.progress_url(endpoint.wire_name),
            address,
            '{"key": "$AKI_API_KEY", "job_id": "$JOB_ID"}',
        ),
    )


@dataclass(frozen=True)
class _File:
    """A file as an argument."""

    kind: str

    @property
    def path(self) -> str:
        return FILES[self.kind]


def _arguments(endpoint: ir.Endpoint) -> Sequence[tuple[ir.Field, object]]:
    """Return what every call must hold, and for a chat what is said."""
    wanted = [p for p in endpoint.inputs if p.required]
    if not wanted:
        named = {p.wire_name: p for p in endpoint.inputs}
        said = named.get("prompt_input") or next(
            (p for p in endpoint.inputs if p.type == "chat"), None
        )
        wanted = [said] if said is not None else []
    return [(p, _value(p)) for p in wanted]


def _value(parameter: ir.Field) -> object:
    low = parameter.minimum if parameter.minimum is not None else parameter.step or 1
    if parameter.medium is not None:
        file = _File(parameter.medium)
        return [file] if parameter.is_list else file
    match parameter.type:
        case "choice":
            return parameter.choices[0]
        case "integer":
            return int(low)
        case "number":
            return float(low)
        case "boolean":
            return True
        case "chat":
            return _MESSAGES
        case "json":
            return []
        case _:
            return _TEXTS.get(parameter.wire_name, "Hello")[: parameter.max_length]


def _python(value: object) -> Code:
    if isinstance(value, _File):
        return literal(value.path)
    if is_array(value):
        items = [_python(item) for item in value]
        return Code(f"[{', '.join(items)}]")
    if is_object(value):
        items = [Code(f"{literal(key)}: {_python(item)}") for key, item in value.items()]
        return Code("{" + ", ".join(items) + "}")
    return literal(value)


def _use(endpoint: ir.Endpoint) -> str:
    first = next((o for o in endpoint.outputs if o.wire_name != "error"), None)
    if first is None:
        return "print(result)"
    saved = f'save("{endpoint.name}", overwrite=True)'
    if first.medium is not None:
        return f"print(result.{first.name}{'[0]' if first.is_list else ''}.{saved})"
    return f"print(result.{first.name})" if first.type in ("text", "chat text") else "print(result)"


def _option(parameter: ir.Field, value: object) -> str:
    if is_array(value) and any(isinstance(item, _File) for item in value):
        value = value[0]
    if isinstance(value, _File):
        shown = f"@{value.path}"
    elif isinstance(value, str):
        # One printable line: a choice of the hub could end the block of code that this stands in.
        shown = f"@{doc_text(value)}" if value.startswith("@") else doc_text(value)
    else:
        shown = json.dumps(value)
    return f" --{parameter.name.replace('_', '-')} {shlex.quote(shown)}"


def _call_body(given: Sequence[tuple[ir.Field, object]]) -> str:
    inputs = "".join(f"{_json(p.wire_name)}: {_wire(v, p)}, " for p, v in given)
    return f'{{"key": "$AKI_API_KEY", {inputs}"wait_for_result": false}}'


def _wire(value: object, parameter: ir.Field) -> str:
    if isinstance(value, _File):
        return f"\"data:{value.kind}/{value.path.rpartition('.')[2]};base64,$(base64 < {value.path} | tr -d '\\n')\""
    if parameter.is_list and is_array(value):
        return f"[{', '.join(_wire(item, parameter) for item in value)}]"
    return _json(json.dumps(value) if is_array(value) else value)


def _json(value: object) -> str:
    """Return JSON that a here-document leaves as it is: what a shell would read there is an escape of JSON."""
    text = json.dumps(value, ensure_ascii=True)
    plain = text.replace("\\\\", "\\u005c")
    return plain.replace("$", "\\u0024").replace("`", "\\u0060")


def _curl(url: str, address: Address, body: str) -> Code:
    # The body comes from the standard input: arguments of a process, the key among them, can be seen by others.
    server = quote(address.server, safe=":/[]-._~%")
    path = url.removeprefix(address.server)
    return Code(
        f'curl -sS "${{AKI_API_SERVER:-{server}}}{path}" \\\n'
        f'  -H "Content-Type: application/json" --data-binary @- <<JSON\n{body}\nJSON'
    )
