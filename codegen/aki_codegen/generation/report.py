"""REPORT.md: what a generated package holds, and what is wrong with the metadata. Plain text, no code."""

import json
import re

from aki_runtime.shapes import is_object

from ..literals import doc_text
from ..problems import Problem
from ..rendering.describe import endpoint_count
from ..rendering.render import comment_for
from .package import Package

_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>#|!&])")


def report_markdown(package: Package, problems: tuple[Problem, ...]) -> str:
    """Return the report; the same for the same snapshot."""
    lines = [
        f"# `{package.name}`",
        "",
        comment_for(package.name),
        "",
        f"{endpoint_count(len(package.endpoints))} of {_plain(package.snapshot.server)}.",
        "",
        "| endpoint | function | what it is |",
        "| --- | --- | --- |",
        *(
            f"| {_plain(entry.wire_name)} | `{entry.name}` | {_plain(entry.summary)} |"
            for entry in package.endpoints
        ),
        "",
        "## Problems",
        "",
    ]
    if not problems:
        lines.append("None: every endpoint and parameter is typed as the hub describes it.")
    else:
        lines += [
            "| where | what | effect | what follows, or what to do | what settles it here |",
            "| --- | --- | --- | --- | --- |",
        ]
        documents = package.snapshot.documents
        for p in problems:
            settled = _plain(_override(p, documents.get(p.endpoint)))
            lines.append(
                f"| {_plain(_where(p))} | {_plain(p.what)} | {p.effect} | {_plain(p.remedy)} | {settled} |"
            )
        lines += [
            "",
            "What settles a problem goes into `pyproject.toml`; the table takes the keys named behind it.",
        ]
    return "\n".join(lines) + "\n"


def _override(problem: Problem, document: object) -> str:
    """Return the table of pyproject.toml in which a user settles a problem; empty where there is none."""
    if problem.effect not in ("skipped", "degraded"):
        return ""
    table = f"tool.aki-codegen.endpoints.{json.dumps(problem.endpoint)}"
    sections = document.get("parameter_description") if is_object(document) else None
    fields: dict[str, object] = sections if is_object(sections) else {}
    progress = fields.get("progress")
    outputs = progress.get("OUTPUTS") if is_object(progress) else None
    for name, section in (*fields.items(), ("progress", outputs)):
        if is_object(section) and problem.field in section:
            return f"[{table}.{name}.{json.dumps(problem.field)}] type, rename or skip"
    return f"[{table}] skip"


def _where(problem: Problem) -> str:
    return f"{problem.endpoint}.{problem.field}" if problem.field else problem.endpoint


def _plain(text: str) -> str:
    return _MARKDOWN.sub(r"\\\1", doc_text(text))
