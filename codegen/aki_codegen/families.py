"""Which endpoints can stand in for each other: a family has a common core of parameters and outputs.

Kinds that everybody has a word for are known by their shape; other endpoints by the hub's category.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import reduce

from .ir import ChatType, Endpoint, MediaListType, MediaType
from .literals import Code
from .fieldsource import ModelField
from .models import ModelSource
from .naming import ClassName, category_name


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
    members: tuple[Endpoint, ...]
    parameters: tuple[ModelField, ...]
    outputs: tuple[ModelField, ...]


def find_families(
    endpoints: Iterable[Endpoint], sources: Mapping[str, ModelSource]
) -> tuple[Family, ...]:
    """Return the families of two and more endpoints, sorted by name.

    Args:
        endpoints: The endpoints of a hub.
        sources: Their models, by the endpoint's Python name.
    """
    grouped: dict[ClassName, list[Endpoint]] = {}
    for endpoint in endpoints:
        name = _family_name(endpoint)
        if name is not None:
            grouped.setdefault(name, []).append(endpoint)
    families = (_family(name, members, sources) for name, members in sorted(grouped.items()))
    return tuple(family for family in families if family is not None)


def alternatives_to(
    gone: Endpoint, offered: Iterable[Endpoint], sources: Mapping[str, ModelSource]
) -> tuple[str, ...]:
    """Return the Python names of the endpoints that are of one family with one that is gone."""
    name = _family_name(gone)
    together = (gone, *(endpoint for endpoint in offered if _family_name(endpoint) == name))
    # The family may have lost its last but one member: a Protocol of one is none, but an alternative it is.
    members = (family.members for family in find_families(together, sources))
    return tuple(str(member.name) for found in members for member in found if member is not gone)


def _family(
    name: ClassName, members: list[Endpoint], sources: Mapping[str, ModelSource]
) -> Family | None:
    core = _common([_fields(member, sources, "Input") for member in members])
    outputs = _common([_fields(member, sources, "Output") for member in members])
    names = {field.name for field in core}
    needed = {str(p.name) for member in members for p in member.inputs if p.required}
    if len(members) < 2 or not core or not outputs or not needed <= names:
        return None
    parameters = tuple(
        ModelField(field.name, field.annotation, None if field.name in needed else Code("..."))
        for field in core
    )
    return Family(name, tuple(members), parameters, outputs)


def _fields(
    endpoint: Endpoint, sources: Mapping[str, ModelSource], part: str
) -> tuple[ModelField, ...]:
    return sources[str(endpoint.name)].fields[f"{endpoint.models}{part}"]


def _common(lists: list[tuple[ModelField, ...]]) -> tuple[ModelField, ...]:
    shared = reduce(
        set[tuple[str, str]].__and__,
        ({(field.name, str(field.annotation)) for field in fields} for fields in lists),
    )
    return tuple(f for f in lists[0] if (f.name, str(f.annotation)) in shared and f.name != "error")


def _family_name(endpoint: Endpoint) -> ClassName | None:
    for name, fits in _KNOWN.items():
        if fits(endpoint):
            return ClassName(name)
    named = category_name(endpoint.category) if endpoint.category else None
    # A known kind is known by its shape alone.
    return None if named in _KNOWN else named


def _required(endpoint: Endpoint) -> set[str]:
    return {parameter.wire_name for parameter in endpoint.inputs if parameter.required}


def _takes_chat(endpoint: Endpoint) -> bool:
    return any(isinstance(parameter.type, ChatType) for parameter in endpoint.inputs)


def _takes(endpoint: Endpoint, kind: str) -> bool:
    return any(
        isinstance(p.type, MediaType) and p.type.kind == kind and p.required
        for p in endpoint.inputs
    )


def _gives(endpoint: Endpoint, kind: str) -> bool:
    return any(
        isinstance(output.type, MediaType | MediaListType) and output.type.kind == kind
        for output in endpoint.outputs
    )


def _gives_text(endpoint: Endpoint) -> bool:
    return any(output.wire_name == "text" for output in endpoint.outputs)


_KNOWN: dict[str, Callable[[Endpoint], bool]] = {
    "Chat": lambda e: _takes_chat(e) and _gives_text(e),
    "ImageToImage": lambda e: _takes(e, "image") and _gives(e, "image"),
    "TextToImage": lambda e: _required(e) == {"prompt"} and _gives(e, "image"),
    "TextToSpeech": lambda e: "text" in {p.wire_name for p in e.inputs} and _gives(e, "audio"),
    "SpeechToText": lambda e: _takes(e, "audio") and _gives_text(e),
}
