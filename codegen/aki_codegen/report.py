"""REPORT.md: what a generated package holds, and what is wrong with the metadata. Plain text, no code."""

import re

from .describe import endpoint_summary
from .literals import doc_text
from .package import Package
from .problems import Problem
from .render import comment_for

_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>#|!&])")


def report_markdown(package: Package, problems: tuple[Problem, ...]) -> str:
    """Return the report; the same for the same snapshot."""
    lines = [
        f"# `{package.name}`",
        "",
        comment_for(package.name),
        "",
        f"{len(package.endpoints)} endpoints of {_plain(package.snapshot.server)}.",
        "",
        "| endpoint | function | what it is |",
        "| --- | --- | --- |",
        *(
            f"| {_plain(endpoint.wire_name)} | `{endpoint.name}` | {_plain(endpoint_summary(endpoint))} |"
            for endpoint in package.endpoints
        ),
        "",
        "## Problems",
        "",
    ]
    if not problems:
        lines.append("None: every endpoint and parameter is typed as the hub describes it.")
    else:
        lines += ["| where | what | effect | what to do |", "| --- | --- | --- | --- |"]
        lines += [
            f"| {_plain(_where(p))} | {_plain(p.what)} | {p.effect} | {_plain(p.remedy)} |"
            for p in problems
        ]
    return "\n".join(lines) + "\n"


def _where(problem: Problem) -> str:
    return f"{problem.endpoint}.{problem.field}" if problem.field else problem.endpoint


def _plain(text: str) -> str:
    return _MARKDOWN.sub(r"\\\1", doc_text(text))
