"""Pages of a reference, one per endpoint and one that lists them: Markdown for MkDocs and whatever else reads it."""

from collections.abc import Sequence
from itertools import groupby
from pathlib import PurePosixPath
from typing import Any

from aki_runtime.hub import Address

from ..ir import ChoiceType, Endpoint, FieldType, MediaListType, MediaType, Output, Parameter
from ..literals import Code, name
from ..naming import Identifier
from ..rendering.describe import MAX_SHOWN_CHOICES, default_text, type_phrase
from ..rendering.templates import fill
from ..snapshot.snapshot import Snapshot
from .markup import code, markdown
from .snippets import snippets

INDEX = PurePosixPath("index.md")
MOST_CHOICES = 1_000

_OUTPUTS = {"image": "Picture", "audio": "Sound", "video": "Film"}


def endpoint_pages(
    endpoints: Sequence[Endpoint], snapshot: Snapshot, package: str
) -> dict[PurePosixPath, str]:
    """Return the pages by their path.

    Args:
        endpoints: The endpoints that the hub offers.
        snapshot: The hub's address and layout of routes.
        package: What the package is imported as.
    """
    address = Address(snapshot.server, snapshot.layout)
    pages = {_path(e): _page(e, package, address) for e in endpoints}
    pages[INDEX] = fill(
        "docs_index.md.jinja",
        server=code(snapshot.server),
        count=Code(str(len(endpoints))),
        categories=_categories(endpoints),
    )
    return pages


def _path(endpoint: Endpoint) -> PurePosixPath:
    # An endpoint may be called index: the underscore keeps its page from hiding the list.
    return PurePosixPath(
        f"{endpoint.name}_.md" if endpoint.name == "index" else f"{endpoint.name}.md"
    )


def _page(endpoint: Endpoint, package: str, address: Address) -> str:
    made = snippets(endpoint, package, address)
    return fill(
        "docs_endpoint.md.jinja",
        title=markdown(endpoint.title),
        name=name(endpoint.name),
        wire_name=code(endpoint.wire_name),
        has_other_name=str(endpoint.name) != endpoint.wire_name,
        category=markdown(endpoint.category or "other"),
        description=markdown(endpoint.description),
        has_description=bool(endpoint.description.strip()),
        parameters=[_parameter_row(p) for p in endpoint.inputs],
        has_parameters=bool(endpoint.inputs),
        choices=[_all_choices(p) for p in endpoint.inputs if _is_cut(p)],
        outputs=[_output_row(o) for o in endpoint.outputs if o.wire_name != "error"],
        progress=[_output_row(o) for o in endpoint.progress],
        has_progress=bool(endpoint.progress),
        sync=made.sync,
        asynchronous=made.asynchronous,
        command=made.command,
        curl_call=made.curl_call,
        curl_progress=made.curl_progress,
        models=name(endpoint.models),
        package=name(Identifier(package)),
    )


def _parameter_row(parameter: Parameter) -> dict[str, Code]:
    default = parameter.default
    optional = (
        code(default_text(default.value, parameter.type)) if default is not None else Code("")
    )
    return {
        "name": code(str(parameter.name)),
        "takes": _with_description(type_phrase(parameter.type), parameter.description),
        "default": Code("**required**") if parameter.required else optional,
    }


def _output_row(output: Output) -> dict[str, Code]:
    return {
        "name": code(str(output.name)),
        "holds": _with_description(_output_phrase(output.type), output.description),
    }


def _output_phrase(kind: FieldType) -> str:
    match kind:
        case MediaType(medium):
            return _OUTPUTS[medium]
        case MediaListType(medium):
            return f"List of {_OUTPUTS[medium].lower()}s"
        case _:
            return type_phrase(kind)


def _with_description(phrase: str, description: str) -> Code:
    said = description.strip().rstrip(".")
    return markdown(f"{phrase}. {said}." if said else phrase)


def _is_cut(parameter: Parameter) -> bool:
    return (
        isinstance(parameter.type, ChoiceType) and len(parameter.type.choices) > MAX_SHOWN_CHOICES
    )


def _all_choices(parameter: Parameter) -> dict[str, Any]:
    choices = parameter.type.choices if isinstance(parameter.type, ChoiceType) else ()
    shown = [code(str(choice)) for choice in choices[:MOST_CHOICES]]
    return {"name": code(str(parameter.name)), "listed": Code(", ".join(shown))}


def _categories(endpoints: Sequence[Endpoint]) -> list[dict[str, Any]]:
    def category(endpoint: Endpoint) -> str:
        return endpoint.category or "other"

    by_category = sorted(endpoints, key=lambda e: (category(e), str(e.name)))
    return [
        {
            "name": markdown(named),
            "endpoints": [
                {
                    "name": name(e.name),
                    "page": Code(str(_path(e))),
                    "title": markdown(e.title),
                    "description": markdown(e.description),
                }
                for e in group
            ],
        }
        for named, group in groupby(by_category, category)
    ]
