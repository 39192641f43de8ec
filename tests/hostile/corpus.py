"""The corpus: one file per attack in `cases/`, as JSON where it is data, as Python where it must be computed.

A JSON case holds `why` and `outcome`, and what a hub answers, in one of these ways:
- `parameters` or `outputs`: the attributes of the fields of one endpoint, `hostile`;
- `document`: its whole details document; `raw`: the text of it;
- `endpoints`: details documents by name; `list`: what the list holds beside them.
With `follows` a harmless generation into the same folder goes before.

A Python case has `WHY`, `OUTCOME` and `answers()`, which returns bodies by path or functions that write them.
The marks of `SandboxedHub` (`@ELSEWHERE@`, `@FOLDER@`) are replaced when a case is served.
"""

import json
import runpy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

CASES = Path(__file__).parent / "cases"
HOSTILE = "hostile"
INNOCENT = "innocent"
MARK = "PWNED_7f3"
"""What hostile code would leave behind, and what hostile text holds."""

_USUAL = 50_000
Outcome = Literal["package", "problem", "refused"]
Body = bytes | Callable[..., Any]

INNOCENT_DOCUMENT = {
    "title": "Innocent",
    "description": "Paints what is asked for.",
    "category": "painting",
    "parameter_description": {
        "input": {
            "prompt": {"type": "string", "required": True},
            "size": {"type": "integer", "minimum": 8, "maximum": 64, "align": 8, "default": 8},
            "mode": {"type": "selection", "supported": ["fast", "good"], "default": "fast"},
            "image": {"type": "image"},
        },
        "output": {"images": {"type": "image_list"}},
        "progress": {"OUTPUTS": {"text": {"type": "string"}}},
    },
}


@dataclass(frozen=True)
class Case:
    """One attack.

    Attributes:
        name: What its file is called.
        why: What it tries.
        outcome: A working package with the hostile endpoint, a named problem beside a package without harm,
            or no package at all.
        answers: What the hub answers, by path below `/api/endpoints`.
        says: What the problem or refusal must say.
        names: Identifiers that the hostile endpoint's fields (or endpoints) must have got.
        limits: What replaces the limits of the generator, to be fast.
        follows: Whether a harmless generation went before, whose names are remembered.
    """

    name: str
    why: str
    outcome: Outcome
    answers: Mapping[str, Body]
    says: str = ""
    names: Mapping[str, str] = field(default_factory=dict)
    limits: Mapping[str, Any] = field(default_factory=dict)
    follows: bool = False

    @property
    def is_one_document(self) -> bool:
        """Whether all of it is one details document of usual size, which may lie beside others."""
        body = self.answers.get(f"/{HOSTILE}")
        return (
            isinstance(body, bytes)
            and len(body) < _USUAL
            and b"HostileInput" not in body  # an attack on a name that is made of its endpoint's
            and self.answers.keys() == {"", f"/{HOSTILE}", f"/{INNOCENT}"}
            and self.answers[""] == listing([HOSTILE])
            and self.outcome != "refused"
            and not (self.follows or self.limits)
        )


def all_cases() -> list[Case]:
    """Return the corpus, sorted by name."""
    cases = [*map(_read_json, CASES.glob("*.json")), *map(_read_python, CASES.glob("*.py"))]
    return sorted(cases, key=lambda case: case.name)


def document(**sections: object) -> dict[str, object]:
    """Return a details document with these sections of its parameter description."""
    return {
        "title": "Hostile",
        "parameter_description": {"input": {}, "output": {}, "progress": {}, **sections},
    }


def listing(names: list[object]) -> bytes:
    """Return an endpoint list that holds the innocent endpoint too."""
    return json.dumps({"endpoints": [*names, INNOCENT]}).encode()


def offered(
    documents: Mapping[str, object], *, listed: list[object] | None = None
) -> dict[str, Body]:
    """Return the answers of a hub with these details documents, and the innocent one."""
    bodies: dict[str, Body] = {
        f"/{name}": body if isinstance(body, bytes) or callable(body) else json.dumps(body).encode()
        for name, body in {INNOCENT: INNOCENT_DOCUMENT, **documents}.items()
    }
    return {"": listing(listed if listed is not None else list(documents)), **bodies}


BASELINE = Case("baseline", "", "package", offered({HOSTILE: document()}))
"""The innocent endpoint beside a harmless one."""


def together(cases: list[Case]) -> Case:
    """Return a case with the documents of others, each as an endpoint of the case's name."""
    documents = {case.name: case.answers[f"/{HOSTILE}"] for case in cases}
    name = f"{cases[0].name}-to-{cases[-1].name}"
    return Case(name, "", "package", offered(documents))


def _read_json(path: Path) -> Case:
    told = json.loads(path.read_text("utf-8"))
    documents: dict[str, object] = dict(told.get("endpoints", {}))
    if "parameters" in told or "outputs" in told:
        fields = {"input": told.get("parameters", {}), "output": told.get("outputs", {})}
        documents[HOSTILE] = document(**fields)
    if "document" in told:
        documents[HOSTILE] = told["document"]
    if "raw" in told:
        documents[HOSTILE] = told["raw"].encode()
    listed = [*documents, *told["list"]] if "list" in told else None
    return Case(
        path.stem,
        told["why"],
        told["outcome"],
        offered(documents, listed=listed),
        told.get("says", ""),
        told.get("names", {}),
        follows=told.get("follows", False),
    )


def _read_python(path: Path) -> Case:
    told = runpy.run_path(str(path))
    return Case(
        path.stem,
        told["WHY"],
        told["OUTCOME"],
        told["answers"](),
        told.get("SAYS", ""),
        limits=told.get("LIMITS", {}),
    )
