"""How findings are written: for people, for GitHub's annotations, and for tools. Nothing of a hub is obeyed there."""

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from aki_runtime.terminal import one_line

from .files import Checked
from .judging import RULES
from .lint import Finding, Fix

FORMATS = ("text", "github", "sarif", "json")


def written(checked: Sequence[Checked], form: str) -> Iterator[str]:
    """Return the lines of a report."""
    found = [(file.path, finding) for file in checked for finding in file.findings]
    match form:
        case "github":
            yield from (_annotation(path, finding) for path, finding in found)
        case "sarif":
            yield json.dumps(_sarif(found), indent=2)
        case "json":
            yield json.dumps([_as_json(path, finding) for path, finding in found], indent=2)
        case _:
            for path, f in found:
                place = f"{one_line(str(path))}:{f.span.line}:{f.span.column + 1}"
                yield f"{place}: {_level(f)}: {f.message} [{f.code}]"


def _level(finding: Finding) -> str:
    return "warning" if finding.is_warning else "error"


def _annotation(path: Path, finding: Finding) -> str:
    span = finding.span
    places = {
        "file": path.as_posix(),
        "line": span.line,
        "endLine": span.end_line,
        "col": span.column + 1,
        "endColumn": span.end_column,
        "title": finding.code,
    }
    listed = ",".join(f"{name}={_property(str(value))}" for name, value in places.items())
    return f"::{_level(finding)} {listed}::{_escaped(finding.message)}"


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _escaped(text).replace(":", "%3A").replace(",", "%2C")


def _as_json(path: Path, finding: Finding) -> dict[str, Any]:
    return {
        "path": path.as_posix(),
        "code": finding.code,
        "level": _level(finding),
        "message": finding.message,
        **_region(finding),
        "fixes": [{"text": fix.text, **_region(fix)} for fix in finding.fixes],
    }


def _region(placed: Finding | Fix) -> dict[str, int]:
    span = placed.span
    return {
        "startLine": span.line,
        "startColumn": span.column + 1,
        "endLine": span.end_line,
        "endColumn": span.end_column + 1,
    }


def _sarif(found: Iterable[tuple[Path, Finding]]) -> dict[str, Any]:
    results: list[dict[str, Any]] = []
    for path, finding in found:
        # As bytes: a name may be text in no encoding.
        artifact = {"uri": quote(os.fsencode(path.as_posix()))}
        place = {"artifactLocation": artifact, "region": _region(finding)}
        result: dict[str, Any] = {
            "ruleId": finding.code,
            "level": _level(finding),
            # What is in brackets before parentheses would be a link.
            "message": {"text": finding.message.replace("](", "] (")},
            "locations": [{"physicalLocation": place}],
        }
        if finding.fixes:
            result["fixes"] = [_sarif_fix(artifact, fix) for fix in finding.fixes]
        results.append(result)
    rules = [{"id": code, "shortDescription": {"text": text}} for code, (_, text) in RULES.items()]
    driver = {"name": "aki lint", "rules": rules}
    return {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
        ],
    }


def _sarif_fix(artifact: dict[str, str], fix: Fix) -> dict[str, Any]:
    replaced = {"deletedRegion": _region(fix), "insertedContent": {"text": fix.text}}
    change = {"artifactLocation": artifact, "replacements": [replaced]}
    return {"description": {"text": f"Use {fix.text}"}, "artifactChanges": [change]}
