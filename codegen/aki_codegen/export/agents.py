"""What coding agents read of a package: AGENTS.md, llms.txt and a skill, as agentskills.io and llmstxt.org want them.

A hub's words stand in cells of tables and at the ends of list items alone, one line each, short, and without markup.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any

from aki_runtime.metadata import MAX_SHOWN_CHOICES

from .. import ir
from ..literals import doc_text
from ..markup import Markdown, code_span, markdown, row
from ..naming import DEFAULT_PACKAGE
from ..rendering.describe import (
    default_text,
    endpoint_count,
    endpoint_summary,
    limits_phrase,
    meaning,
    type_phrase,
)
from ..rendering.templates import fill
from ..snapshot.snapshot import Snapshot
from .pages import MOST_CHOICES, arguments, call_of, first_output, output_phrase, use_of

LLMS = PurePosixPath("llms.txt")
SKILL = PurePosixPath("SKILL.md")
MOST_WORDS = 200
"""Characters of what a hub says of an endpoint or a parameter."""


def skill_folder(package: str) -> PurePosixPath:
    """Return the folder of a package's skill in it, where tools look for it; its name is the skill's."""
    return PurePosixPath(".agents/skills", re.sub("_+", "-", package.lower()).strip("-")[:64])


def agent_files(
    endpoints: Sequence[ir.NamedEndpoint], snapshot: Snapshot, package: str
) -> dict[PurePosixPath, str]:
    """Return the files by their path in the package; none where the hub offers no endpoint any more.

    Args:
        endpoints: The endpoints that are in the package.
        snapshot: What it is made from.
        package: What it is imported as.
    """
    there = (e for e in endpoints if e.wire_name not in snapshot.removed)
    offered = sorted(there, key=lambda endpoint: endpoint.name)
    if not offered:
        return {}
    example = min(offered, key=_effort)
    folder = skill_folder(package)
    values: dict[str, Any] = {
        "package": Markdown(package),
        "folder": Markdown(folder),
        "skill": Markdown(folder.name),
        "aki": Markdown("aki" if package == DEFAULT_PACKAGE else f"aki --package {package}"),
        "server": code_span(snapshot.server),
        "command": code_span(snapshot.command),
        "count": Markdown(endpoint_count(len(offered))),
        "kinds": Markdown(", ".join(sorted({_kind(e) for e in offered}))),
        "name": Markdown(example.name),
        "models": Markdown(example.models),
        "call": Markdown(call_of(example)),
        "submit": Markdown(call_of(example, ".submit")),
        "use": Markdown(use_of(example)),
        "endpoints": [_section(e) for e in offered],
    }
    return {
        PurePosixPath("AGENTS.md"): fill("agents_project.md.jinja", **values),
        LLMS: fill("agents_llms.md.jinja", **values),
        folder / SKILL: fill("agents_skill.md.jinja", **values),
        folder / "references/endpoints.md": fill("agents_endpoints.md.jinja", **values),
    }


def _effort(endpoint: ir.NamedEndpoint) -> tuple[bool, int]:
    """Return by what an endpoint is preferred as the example: one that needs no file and no word of the hub's."""
    given = [p for p, _ in arguments(endpoint)]
    is_plain = bool(given) and all(p.medium is None and p.type != "choice" for p in given)
    return not is_plain, len(call_of(endpoint))


def _kind(endpoint: ir.NamedEndpoint) -> str:
    output = first_output(endpoint)
    return (output.medium if output is not None else None) or "text"


def _section(endpoint: ir.NamedEndpoint) -> Mapping[str, Any]:
    category = f"{endpoint.category}. " if endpoint.category else ""
    outputs = [o for o in endpoint.outputs if o.wire_name != "error"]
    shown = [f"{code_span(o.name)} ({_words(output_phrase(o))})" for o in outputs]
    return {
        "name": Markdown(endpoint.name),
        "anchor": Markdown(endpoint.name.lower()),
        "wire_name": markdown(endpoint.wire_name),
        "summary": _words(category + endpoint_summary(endpoint)),
        "short": markdown(doc_text(category + endpoint.title, 80)),
        "call": code_span(f"aki.{call_of(endpoint)}"),
        "outputs": Markdown(", ".join(shown) or "nothing"),
        "parameters": [_parameter(p) for p in endpoint.inputs],
        "choices": [_choices(p) for p in endpoint.inputs if len(p.choices) > MAX_SHOWN_CHOICES],
    }


def _parameter(parameter: ir.Field) -> Markdown:
    held = (f"; {kind}: {limits_phrase(m)[2:]}" for kind, m in parameter.support.items() if m)
    value, default = parameter.default, "required" if parameter.required else ""
    if value is not None:
        default = default_text(parameter)
        # A number means nothing to Markdown, and -1 is not to be read as a character reference.
        default = Markdown(default) if isinstance(value, int | float) else default
    said = _words(". ".join(meaning(parameter, "input")))
    return row(code_span(parameter.name), type_phrase(parameter) + "".join(held), default, said)


def _choices(parameter: ir.Field) -> Mapping[str, Markdown]:
    choices = parameter.choices[:MOST_CHOICES]
    listed = [markdown(default_text(replace(parameter, default=choice))) for choice in choices]
    return {"name": code_span(parameter.name), "listed": Markdown(", ".join(listed))}


def _words(text: str) -> Markdown:
    return markdown(doc_text(text, MOST_WORDS))
