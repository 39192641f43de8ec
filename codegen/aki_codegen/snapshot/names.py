"""Which of the remembered names are in use, and which are remembered for those that may come back."""

from collections.abc import Mapping

from aki_runtime.shapes import is_object

from ..ir import Section
from ..parsing.parse import EndpointNames
from .snapshot import Snapshot

Names = Mapping[str, EndpointNames]
SECTIONS: tuple[Section, ...] = ("input", "output", "progress")


def split_names(snapshot: Snapshot) -> tuple[dict[str, EndpointNames], dict[str, EndpointNames]]:
    """Return the names in use, and the retired ones."""
    used: dict[str, EndpointNames] = {}
    retired: dict[str, EndpointNames] = {}
    for wire, given in snapshot.names.items():
        if wire not in snapshot.documents:
            retired[wire] = given
            continue
        declared = _declared(snapshot.documents[wire])
        kept = _only(given, declared, present=True)
        gone = _only(given, declared, present=False)
        used[wire] = EndpointNames(given.name, given.models, kept)
        if gone:
            retired[wire] = EndpointNames(given.name, given.models, gone)
    return used, retired


def merged(used: Names, retired: Names) -> dict[str, EndpointNames]:
    """Return all remembered names; where both know an endpoint, the names in use stand."""
    together = dict(retired)
    for wire, given in used.items():
        past = retired.get(wire)
        fields: dict[Section, Mapping[str, str]] = {
            section: {
                **(past.fields.get(section, {}) if past is not None else {}),
                **given.fields.get(section, {}),
            }
            for section in SECTIONS
            if section in given.fields or (past is not None and section in past.fields)
        }
        together[wire] = EndpointNames(given.name, given.models, fields)
    return together


def _only(
    given: EndpointNames, declared: Mapping[Section, set[str]], *, present: bool
) -> dict[Section, Mapping[str, str]]:
    chosen: dict[Section, Mapping[str, str]] = {
        section: {
            wire: name
            for wire, name in names.items()
            if (wire in declared.get(section, ())) is present
        }
        for section, names in given.fields.items()
    }
    return chosen if present else {section: names for section, names in chosen.items() if names}


def _declared(document: object) -> dict[Section, set[str]]:
    described = document.get("parameter_description") if is_object(document) else None
    sections = described if is_object(described) else {}
    progress = sections.get("progress")
    outputs = progress.get("OUTPUTS") if is_object(progress) else None
    return {
        "input": _names(sections.get("input")),
        "output": _names(sections.get("output")),
        "progress": _names(outputs),
    }


def _names(section: object) -> set[str]:
    return set(section) if is_object(section) else set()
