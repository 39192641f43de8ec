"""REPORT.md: what a generated package holds, and what is wrong with the metadata. No code."""

import json

from aki_runtime.shapes import is_object

from ..markup import code_span, markdown, row
from ..problems import Problem
from ..rendering.describe import endpoint_count, endpoint_summary
from ..rendering.render import command_for
from ..rendering.templates import fill
from .package import Package


def report_markdown(package: Package, problems: tuple[Problem, ...]) -> str:
    """Return the report; the same for the same snapshot."""
    snapshot = package.snapshot
    return fill(
        "report.md.jinja",
        package=code_span(package.name),
        command=code_span(command_for(snapshot, package.name)),
        count=markdown(endpoint_count(len(package.endpoints))),
        server=code_span(snapshot.server),
        endpoints=[
            row(e.wire_name, code_span(e.name), endpoint_summary(e)) for e in package.endpoints
        ],
        problems=[
            row(
                _where(p),
                p.what,
                p.effect,
                p.remedy,
                _override(p, snapshot.documents.get(p.endpoint)),
            )
            for p in problems
        ],
    )


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
