"""Pages of a reference, one per endpoint and one that lists them: Markdown for MkDocs and whatever else reads it.

A page holds short programs that call its endpoint, in Python, in a shell and with curl; each runs as it stands. Their
values are this project's own, but for choices, and are quoted here.
"""

import json
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import PurePosixPath
from urllib.parse import quote

from aki_runtime.hub import Address
from aki_runtime.metadata import MAX_SHOWN_CHOICES
from aki_runtime.shapes import is_array, is_object

from .. import ir
from ..literals import Code, doc_text, literal, name, shell_json
from ..markup import Markdown, code, code_block, markdown, row
from ..naming import Identifier, file_names
from ..rendering.describe import default_text, limits_phrase, type_phrase
from ..rendering.templates import fill
from ..snapshot.snapshot import Snapshot

INDEX = PurePosixPath("index.md")
TAKEN = ("index", "readme")
"""What MkDocs, and whoever shows a folder, takes for the page of the folder itself."""

MOST_CHOICES = 1_000

_OUTPUTS = {"image": "Picture", "audio": "Sound", "video": "Video"}
FILES = {"image": "picture.png", "audio": "sound.wav", "video": "video.mp4"}
"""What the snippets read where an endpoint takes media."""

_TEXTS = {
    "prompt": "A lighthouse at dusk",
    "prompt_input": "Tell me a joke",
    "text": "Hello there",
    "negative_prompt": "blurry",
}
_MESSAGES = [{"role": "user", "content": "Tell me a joke"}]


def endpoint_pages(
    endpoints: Sequence[ir.NamedEndpoint], snapshot: Snapshot, package: str
) -> dict[PurePosixPath, str]:
    """Return the pages by their path.

    Args:
        endpoints: The endpoints that the hub offers.
        snapshot: The hub's address and layout of routes.
        package: What the package is imported as.
    """
    address = Address(snapshot.server, snapshot.layout)
    paths = {
        wire: f"{name}.md"
        for wire, name in file_names({e.wire_name: e.name for e in endpoints}, TAKEN).items()
    }
    pages = {PurePosixPath(paths[e.wire_name]): _page(e, package, address) for e in endpoints}
    pages[INDEX] = fill(
        "docs_index.md.jinja",
        server=code(snapshot.server),
        count=markdown(str(len(endpoints))),
        categories=_categories(endpoints, paths),
    )
    return pages


def _page(endpoint: ir.NamedEndpoint, package: str, address: Address) -> str:
    return fill(
        "docs_endpoint.md.jinja",
        title=markdown(endpoint.title),
        function=code(f"aki.{endpoint.name}"),
        wire_name=code(endpoint.wire_name),
        has_other_name=str(endpoint.name) != endpoint.wire_name,
        category=markdown(endpoint.category or "other"),
        description=markdown(endpoint.description),
        parameters=[_parameter_row(p) for p in endpoint.inputs],
        media=[line for p in endpoint.inputs for line in _media_rows(p)],
        choices=[_all_choices(p) for p in endpoint.inputs if len(p.choices) > MAX_SHOWN_CHOICES],
        outputs=[_output_row(o) for o in endpoint.outputs if o.wire_name != "error"],
        progress=[_output_row(o) for o in endpoint.progress],
        output_model=code(f"{endpoint.models}Output"),
        models=code(f"{package}.models"),
        **_programs(endpoint, package, address),
    )


def _parameter_row(parameter: ir.Field) -> Markdown:
    default = code(default_text(parameter)) if parameter.default is not None else ""
    takes = type_phrase(replace(parameter, media={}))
    return row(
        code(parameter.name),
        _with_description(takes, parameter.description),
        Markdown("**required**") if parameter.required else default,
    )


def _media_rows(parameter: ir.Field) -> Iterator[Markdown]:
    """Say what the pictures, sounds and videos may be that a parameter takes, or a chat's messages hold."""
    held = {parameter.medium: parameter.media} if parameter.medium else parameter.support
    for kind, limits in held.items():
        shown = kind if parameter.medium else f"{kind} in messages"
        yield row(code(parameter.name), shown, limits_phrase(limits).removeprefix("; ") or "any")


def _output_row(output: ir.Field) -> Markdown:
    return row(code(output.name), _with_description(output_phrase(output), output.description))


def output_phrase(output: ir.Field) -> str:
    """Say in few words what an output is."""
    if output.medium is None:
        return type_phrase(output)
    medium = _OUTPUTS[output.medium]
    return f"List of {medium.lower()}s" if output.is_list else medium


def _with_description(phrase: str, description: str) -> str:
    said = description.strip().rstrip(".")
    return f"{phrase}. {said}." if said else phrase


def _all_choices(parameter: ir.Field) -> dict[str, Markdown]:
    shown = [code(str(choice)) for choice in parameter.choices[:MOST_CHOICES]]
    return {"name": code(parameter.name), "listed": Markdown(", ".join(shown))}


def _categories(
    endpoints: Sequence[ir.NamedEndpoint], paths: Mapping[str, str]
) -> list[dict[str, object]]:
    def category(endpoint: ir.NamedEndpoint) -> str:
        return endpoint.category or "other"

    def line(endpoint: ir.NamedEndpoint) -> Markdown:
        title, description = markdown(endpoint.title), markdown(endpoint.description)
        link = Markdown(f"[{markdown(endpoint.name)}]({paths[endpoint.wire_name]})")
        return row(link, Markdown(f"**{title}** {description}"))

    by_category = sorted(endpoints, key=lambda e: (category(e), e.name))
    return [
        {"name": markdown(named), "endpoints": [line(e) for e in group]}
        for named, group in groupby(by_category, category)
    ]


def _programs(endpoint: ir.NamedEndpoint, package: str, address: Address) -> dict[str, Markdown]:
    """Return the programs that call an endpoint, by their names in the template."""
    given = arguments(endpoint)
    made = name(Identifier(package))
    call, use = call_of(endpoint), use_of(endpoint)
    asynchronous = (
        f"import asyncio\n\nfrom {made} import AsyncAki\n\n\n"
        "async def main() -> None:\n"
        "    async with AsyncAki() as aki:\n"
        f"        result = await aki.{call}\n"
        f"        {use}\n\n\nasyncio.run(main())"
    )
    asked = '{"key": "$AKI_API_KEY", "job_id": "$JOB_ID"}'
    options = "".join(_option(p, v) for p, v in given)
    bash = {
        "command": f"aki call {endpoint.name}{options}",
        "curl_call": _curl(address.url("call", endpoint.wire_name), address, _call_body(given)),
        "curl_progress": _curl(address.url("progress", endpoint.wire_name), address, asked),
    }
    sync = f"from {made} import Aki\n\naki = Aki()\nresult = aki.{call}\n{use}"
    return {
        "sync": code_block("python", sync),
        "asynchronous": code_block("python", asynchronous),
        **{program: code_block("bash", text) for program, text in bash.items()},
    }


@dataclass(frozen=True)
class File:
    """A file as an argument of the programs on a page."""

    kind: str

    @property
    def path(self) -> str:
        """Where the programs expect it."""
        return FILES[self.kind]


def arguments(endpoint: ir.NamedEndpoint) -> Sequence[tuple[ir.Field, object]]:
    """Return the arguments of the programs on a page: what every call must hold, and for a chat what is said."""
    wanted = [p for p in endpoint.inputs if p.required]
    if not wanted:
        named = {p.wire_name: p for p in endpoint.inputs}
        said = named.get("prompt_input") or next(
            (p for p in endpoint.inputs if p.type == "chat"), None
        )
        wanted = [said] if said is not None else []
    return [(p, _value(p)) for p in wanted]


def call_of(endpoint: ir.NamedEndpoint, way: str = "") -> Code:
    """Return a call of an endpoint with these arguments, as Python behind the client and a dot.

    Args:
        endpoint: The endpoint.
        way: What stands between its name and the arguments: ".submit", or nothing.
    """
    given = (f"{name(p.name)}={_python(value)}" for p, value in arguments(endpoint))
    return Code(f"{name(endpoint.name, way)}({', '.join(given)})")


def _value(parameter: ir.Field) -> object:
    low = parameter.minimum if parameter.minimum is not None else parameter.step or 1
    if parameter.medium is not None:
        file = File(parameter.medium)
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
    if isinstance(value, File):
        return literal(value.path)
    if is_array(value):
        items = [_python(item) for item in value]
        return Code(f"[{', '.join(items)}]")
    if is_object(value):
        items = [Code(f"{literal(key)}: {_python(item)}") for key, item in value.items()]
        return Code("{" + ", ".join(items) + "}")
    return literal(value)


def first_output(endpoint: ir.NamedEndpoint) -> ir.Field | None:
    """Return what a result is mostly looked at for; None where it has no outputs."""
    return next((o for o in endpoint.outputs if o.wire_name != "error"), None)


def use_of(endpoint: ir.NamedEndpoint) -> str:
    """Return a line of Python that shows a result."""
    first = first_output(endpoint)
    if first is None:
        return "print(result)"
    saved = f'save("{endpoint.name}", overwrite=True)'
    if first.medium is not None:
        return f"print(result.{first.name}{'[0]' if first.is_list else ''}.{saved})"
    return f"print(result.{first.name})" if first.type in ("text", "chat text") else "print(result)"


def _option(parameter: ir.Field, value: object) -> str:
    if is_array(value) and any(isinstance(item, File) for item in value):
        value = value[0]
    if isinstance(value, File):
        shown = f"@{value.path}"
    elif isinstance(value, str):
        # One printable line: a choice of the hub could end the block of code that this stands in.
        shown = f"@{doc_text(value)}" if value.startswith("@") else doc_text(value)
    else:
        shown = json.dumps(value)
    return f" --{parameter.name.replace('_', '-')} {shlex.quote(shown)}"


def _call_body(given: Sequence[tuple[ir.Field, object]]) -> str:
    inputs = "".join(f"{shell_json(p.wire_name)}: {_wire(v, p)}, " for p, v in given)
    return f'{{"key": "$AKI_API_KEY", {inputs}"wait_for_result": false}}'


def _wire(value: object, parameter: ir.Field) -> str:
    if isinstance(value, File):
        return f"\"data:{value.kind}/{value.path.rpartition('.')[2]};base64,$(base64 < {value.path} | tr -d '\\n')\""
    if parameter.is_list and is_array(value):
        return f"[{', '.join(_wire(item, parameter) for item in value)}]"
    return shell_json(json.dumps(value) if is_array(value) else value)


def _curl(url: str, address: Address, body: str) -> str:
    # The body comes from the standard input: arguments of a process, the key among them, can be seen by others.
    server = quote(address.server, safe=":/[]-._~%")
    path = url.removeprefix(address.server)
    return (
        f'curl -sS "${{AKI_API_SERVER:-{server}}}{path}" \\\n'
        f'  -H "Content-Type: application/json" --data-binary @- <<JSON\n{body}\nJSON'
    )
