"""Pages of a reference, one per endpoint and one that lists them: Markdown for MkDocs and whatever else reads it."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import PurePosixPath
from typing import Any

from aki_runtime.hub import Address
from aki_runtime.metadata import MAX_SHOWN_CHOICES

from .. import ir
from ..markup import Markdown, code, code_block, markdown
from ..naming import file_names
from ..rendering.describe import default_text, type_phrase
from ..rendering.templates import fill
from ..snapshot.snapshot import Snapshot
from .snippets import snippets

INDEX = PurePosixPath("index.md")
TAKEN = ("index", "readme")
"""What MkDocs, and whoever shows a folder, takes for the page of the folder itself."""

MOST_CHOICES = 1_000

_OUTPUTS = {"image": "Picture", "audio": "Sound", "video": "Film"}


def endpoint_pages(
    endpoints: Sequence[ir.Endpoint], snapshot: Snapshot, package: str
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


def _page(endpoint: ir.Endpoint, package: str, address: Address) -> str:
    made = snippets(endpoint, package, address)
    return fill(
        "docs_endpoint.md.jinja",
        title=markdown(endpoint.title),
        function=code(f"aki.{endpoint.name}"),
        wire_name=code(endpoint.wire_name),
        has_other_name=str(endpoint.name) != endpoint.wire_name,
        category=markdown(endpoint.category or "other"),
        description=markdown(endpoint.description),
        has_description=bool(endpoint.description.strip()),
        parameters=[_parameter_row(p) for p in endpoint.inputs],
        has_parameters=bool(endpoint.inputs),
        choices=[_all_choices(p) for p in endpoint.inputs if len(p.choices) > MAX_SHOWN_CHOICES],
        outputs=[_output_row(o) for o in endpoint.outputs if o.wire_name != "error"],
        progress=[_output_row(o) for o in endpoint.progress],
        has_progress=bool(endpoint.progress),
        sync=code_block("python", made.sync),
        asynchronous=code_block("python", made.asynchronous),
        command=code_block("bash", made.command),
        curl_call=code_block("bash", made.curl_call),
        curl_progress=code_block("bash", made.curl_progress),
        output_model=code(f"{endpoint.models}Output"),
        models=code(f"{package}.models"),
    )


def _parameter_row(parameter: ir.Field) -> dict[str, Markdown]:
    has_default = parameter.default is not None
    optional = code(default_text(parameter)) if has_default else markdown("")
    return {
        "name": code(str(parameter.name)),
        "takes": _with_description(type_phrase(parameter), parameter.description),
        "default": Markdown("**required**") if parameter.required else optional,
    }


def _output_row(output: ir.Field) -> dict[str, Markdown]:
    return {
        "name": code(str(output.name)),
        "holds": _with_description(_output_phrase(output), output.description),
    }


def _output_phrase(output: ir.Field) -> str:
    if output.medium is None:
        return type_phrase(output)
    medium = _OUTPUTS[output.medium]
    return f"List of {medium.lower()}s" if output.is_list else medium


def _with_description(phrase: str, description: str) -> Markdown:
    said = description.strip().rstrip(".")
    return markdown(f"{phrase}. {said}." if said else phrase)


def _all_choices(parameter: ir.Field) -> dict[str, Any]:
    shown = [code(str(choice)) for choice in parameter.choices[:MOST_CHOICES]]
    return {"name": code(str(parameter.name)), "listed": Markdown(", ".join(shown))}


def _categories(endpoints: Sequence[ir.Endpoint], paths: Mapping[str, str]) -> list[dict[str, Any]]:
    def category(endpoint: ir.Endpoint) -> str:
        return endpoint.category or "other"

    by_category = sorted(endpoints, key=lambda e: (category(e), str(e.name)))
    return [
        {
            "name": markdown(named),
            "endpoints": [
                {
                    "name": markdown(e.name),
                    "page": Markdown(paths[e.wire_name]),
                    "title": markdown(e.title),
                    "description": markdown(e.description),
                }
                for e in group
            ],
        }
        for named, group in groupby(by_category, category)
    ]
