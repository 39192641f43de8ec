"""Which of what is gone and what is new are probably the same under another name. Guesses, and reported as such.

Owns how alike two things must be. Must not know what a change means.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from difflib import SequenceMatcher
from itertools import product

from ..metadata import EndpointMetadata, FieldMetadata

ALIKE_PARAMETERS = 0.8
"""Share of equal fields from which two endpoints are taken for one."""

ALIKE_NAMES = 0.5
"""Likeness of names, 0 to 1, that is needed where equal attributes alone prove nothing."""

MAX_CANDIDATES = 200
"""Things that are gone, or new, at most: each is compared with each."""

_PLAIN = [FieldMetadata("", type=kind) for kind in ("text", "integer", "number", "boolean", "json")]


def guess_renamed_fields(
    old: Mapping[str, FieldMetadata], new: Mapping[str, FieldMetadata]
) -> dict[str, str]:
    """Return new names by old: one is gone, one is new, and what is said of them is the same, description apart.

    Attributes that many fields have, and several candidates, are distinguished by the likeness of the names.
    """
    gone, added = _only_in(old, new), _only_in(new, old)
    said_of_gone = {name: replace(old[name], description="") for name in gone}
    said_of_added = {name: replace(new[name], description="") for name in added}

    def likeness(before: str, after: str) -> float | None:
        facts = said_of_gone[before]
        if facts != said_of_added[after]:
            return None
        alike = _alike(before, after)
        described = old[before].description
        if described and described == new[after].description:
            return alike + 1
        rivals = [*said_of_gone.values(), *said_of_added.values()].count(facts)
        evident = facts not in _PLAIN and rivals == 2
        return alike if evident or alike >= ALIKE_NAMES else None

    return _best_pairs(gone, added, likeness)


def guess_renamed_endpoints(
    old: Mapping[str, EndpointMetadata], new: Mapping[str, EndpointMetadata]
) -> dict[str, str]:
    """Return new names by old: one is gone, one is new, and nearly all their fields are equal.

    Where other endpoints of the hub have the same fields too, these prove nothing; then title, description
    or name must be alike as well.
    """
    gone, added = _only_in(old, new), _only_in(new, old)
    fields = {name: _fields(facts) for name, facts in {**new, **old}.items()}

    def likeness(before: str, after: str) -> float | None:
        common = _shared(fields[before], fields[after])
        if common < ALIKE_PARAMETERS:
            return None
        alike = _alike(before, after)
        if _same_text(old[before], new[after]):
            return common + alike + 1
        others = (said for name, said in fields.items() if name not in (before, after))
        evident = not any(_shared(fields[before], said) >= ALIKE_PARAMETERS for said in others)
        return common + alike if evident or alike >= ALIKE_NAMES else None

    return _best_pairs(gone, added, likeness)


def _only_in(these: Mapping[str, object], others: Mapping[str, object]) -> list[str]:
    return sorted(these.keys() - others.keys())[:MAX_CANDIDATES]


def _best_pairs(
    gone: list[str], added: list[str], likeness: Callable[[str, str], float | None]
) -> dict[str, str]:
    """Return new names by old, the likest first, each name in one pair only."""
    scored = [
        (-score, before, after)
        for before, after in product(gone, added)
        if (score := likeness(before, after)) is not None
    ]
    pairs: dict[str, str] = {}
    for _, before, after in sorted(scored):
        if before not in pairs and after not in pairs.values():
            pairs[before] = after
    return pairs


def _alike(first: str, second: str) -> float:
    return SequenceMatcher(None, first[:100].casefold(), second[:100].casefold()).ratio()


def _fields(endpoint: EndpointMetadata) -> dict[tuple[str, str], FieldMetadata]:
    return {
        (section, name): replace(said, description="")
        for section, fields in endpoint.sections.items()
        for name, said in fields.items()
    }


def _shared(
    first: Mapping[tuple[str, str], FieldMetadata], second: Mapping[tuple[str, str], FieldMetadata]
) -> float:
    equal = sum(second.get(place) == said for place, said in first.items())
    return equal / len(first.keys() | second.keys()) if first and second else 0.0


def _same_text(first: EndpointMetadata, second: EndpointMetadata) -> bool:
    same_title = bool(first.title) and first.title == second.title
    return same_title or (bool(first.description) and first.description == second.description)
