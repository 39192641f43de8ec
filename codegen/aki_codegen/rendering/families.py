"""Which endpoints can stand in for each other: a family has a common core of parameters and outputs."""

from collections.abc import Iterable
from dataclasses import dataclass

from ..literals import Code
from ..naming import ClassName
from .entry import Entry
from .models import ModelField


@dataclass(frozen=True)
class Family:
    """Endpoints that user code can take any of.

    Attributes:
        name: What the family is called, as in `TextToImage`.
        members: Its endpoints.
        parameters: The parameters that every member takes, with the same type; without a default where one
            member requires it.
        outputs: The outputs that every member gives, with the same type.
    """

    name: ClassName
    members: tuple[Entry, ...]
    parameters: tuple[ModelField, ...]
    outputs: tuple[ModelField, ...]


def find_families(entries: Iterable[Entry]) -> tuple[Family, ...]:
    """Return the families of two and more endpoints, sorted by name."""
    grouped: dict[ClassName, list[Entry]] = {}
    for entry in entries:
        if entry.family is not None:
            grouped.setdefault(entry.family, []).append(entry)
    families = (_family(name, members) for name, members in sorted(grouped.items()))
    return tuple(family for family in families if family is not None)


def alternatives_to(gone: Entry, offered: Iterable[Entry]) -> tuple[str, ...]:
    """Return the Python names of the endpoints that are of one family with one that is gone."""
    together = (gone, *(entry for entry in offered if entry.family == gone.family))
    # The family may have lost its last but one member: a Protocol of one is none, but an alternative it is.
    members = (family.members for family in find_families(together))
    return tuple(str(member.name) for found in members for member in found if member is not gone)


def _family(name: ClassName, members: list[Entry]) -> Family | None:
    core = _common([tuple(map(_required_form, member.inputs)) for member in members])
    outputs = _common([member.outputs for member in members])
    names = {field.name for field in core}
    needed = frozenset[str]().union(*(member.needed for member in members))
    if len(members) < 2 or not core or not outputs or not needed <= names:
        return None
    parameters = tuple(
        field
        if field.name in needed
        else ModelField(field.name, Code(f"{field.annotation} | None"), Code("..."))
        for field in core
    )
    return Family(name, tuple(members), parameters, outputs)


def _required_form(field: ModelField) -> ModelField:
    """Return a parameter as a member has it that requires it: what may be left out may also be None."""
    return ModelField(field.name, Code(str(field.annotation).removesuffix(" | None")), None)


def _common(lists: list[tuple[ModelField, ...]]) -> tuple[ModelField, ...]:
    shared = {(field.name, str(field.annotation)) for field in lists[0]}
    for fields in lists[1:]:
        shared &= {(field.name, str(field.annotation)) for field in fields}
    return tuple(f for f in lists[0] if (f.name, str(f.annotation)) in shared and f.name != "error")
