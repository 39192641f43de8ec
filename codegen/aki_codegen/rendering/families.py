"""Which endpoints can stand in for each other, and the module of protocols that names what each such family shares.

Kinds that everybody has a word for are known by their shape, others by their category.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from .. import ir
from ..literals import Code, docstring, name
from ..naming import ClassName, category_name
from .describe import wrapped
from .models import ModelField
from .templates import fill

MAX_SHOWN_MEMBERS = 12


@dataclass(frozen=True)
class Member:
    """An endpoint, with the fields that its models have in Python, and the imports that these need."""

    endpoint: ir.NamedEndpoint
    inputs: tuple[ModelField, ...]
    outputs: tuple[ModelField, ...]
    imports: Code


@dataclass(frozen=True)
class Family:
    """Endpoints that user code can take any of.

    Attributes:
        name: What the family is called, as in `TextToImage`.
        members: The Python names of its endpoints.
        parameters: The parameters that every member takes, with the same type; without a default where one
            member requires it.
        outputs: The outputs that every member gives, with the same type.
        imports: The import statements of what these need, and of more.
    """

    name: ClassName
    members: tuple[str, ...]
    parameters: tuple[ModelField, ...]
    outputs: tuple[ModelField, ...]
    imports: frozenset[Code]


def find_families(members: Iterable[Member]) -> list[Family]:
    """Return the families of two and more endpoints, sorted by name."""
    grouped: dict[ClassName, list[Member]] = {}
    for member in members:
        called = family_name(member.endpoint)
        if called is not None:
            grouped.setdefault(called, []).append(member)
    families = (_family(called, together) for called, together in sorted(grouped.items()))
    return [family for family in families if family is not None]


def alternatives_to(gone: Member, offered: Iterable[Member]) -> list[str]:
    """Return the Python names of the endpoints that are of one family with one that is gone."""
    called = family_name(gone.endpoint)
    # The family may have lost its last but one member: a Protocol of one is none, but an alternative it is.
    together = [gone, *(member for member in offered if family_name(member.endpoint) == called)]
    family = _family(called, together) if called is not None else None
    return list(family.members[1:]) if family is not None else []


def family_name(endpoint: ir.NamedEndpoint) -> ClassName | None:
    """Return what the family of an endpoint would be called, None where it can have none."""
    required = {p.wire_name: p.type for p in endpoint.inputs if p.required}
    takes, gives = set(required.values()), {output.medium for output in endpoint.outputs}
    gives_text = any(output.wire_name == "text" for output in endpoint.outputs)
    known = {
        "Chat": gives_text and any(p.type == "chat" for p in endpoint.inputs),
        "ImageToImage": "image" in takes and "image" in gives,
        "TextToImage": required.keys() == {"prompt"} and "image" in gives,
        "TextToSpeech": "audio" in gives and any(p.wire_name == "text" for p in endpoint.inputs),
        "SpeechToText": "audio" in takes and gives_text,
    }
    for kind, fits in known.items():
        if fits:
            return ClassName(kind)
    named = category_name(endpoint.category) if endpoint.category else None
    # A known kind is known by its shape alone.
    return None if named in known else named


def render_protocols(families: Sequence[Family]) -> str:
    """Return the module of the protocols."""
    imports = sorted(frozenset[Code]().union(*(family.imports for family in families)))
    return fill("protocols.py.jinja", imports=imports, families=[_values(f) for f in families])


def _family(called: ClassName, members: Sequence[Member]) -> Family | None:
    core = _common([tuple(map(_required_form, member.inputs)) for member in members])
    outputs = _common([member.outputs for member in members])
    needed = {str(p.name) for member in members for p in member.endpoint.inputs if p.required}
    if len(members) < 2 or not core or not outputs or not needed <= {field.name for field in core}:
        return None
    parameters = tuple(
        field
        if field.name in needed
        else replace(field, annotation=Code(f"{field.annotation} | None"), default=Code("..."))
        for field in core
    )
    names = tuple(str(member.endpoint.name) for member in members)
    return Family(called, names, parameters, outputs, frozenset(m.imports for m in members))


def _required_form(field: ModelField) -> ModelField:
    """Return a parameter as a member has it that requires it: what may be left out may also be None."""
    annotation = Code(str(field.annotation).removesuffix(" | None"))
    return replace(field, annotation=annotation, default=None)


def _common(lists: list[tuple[ModelField, ...]]) -> tuple[ModelField, ...]:
    shared = {(field.name, str(field.annotation)) for field in lists[0]}
    for fields in lists[1:]:
        shared &= {(field.name, str(field.annotation)) for field in fields}
    # A non-empty `error` is an exception, so nobody reads it.
    return tuple(f for f in lists[0] if (f.name, str(f.annotation)) in shared and f.name != "error")


def _values(family: Family) -> dict[str, object]:
    shown = ", ".join(f"`{member}`" for member in family.members[:MAX_SHOWN_MEMBERS])
    more = len(family.members) - MAX_SHOWN_MEMBERS
    fit = f"These fit: {shown}" + (f" and {more} more." if more > 0 else ".")

    def doc(summary: str) -> Code:
        return docstring([summary, "", *wrapped(fit)], indent=4)

    return {
        "name": name(family.name),
        "result_doc": doc(f"What any `{family.name}` gives."),
        "outputs": family.outputs,
        "parameters": family.parameters,
        "forms": [
            {
                "name": name(ClassName(f"{prefix}{family.name}")),
                "keyword": keyword,
                "doc": doc(f"Any `{family.name}` endpoint of {client} client."),
            }
            for prefix, keyword, client in (
                ("", Code("def"), "a sync"),
                ("Async", Code("async def"), "an async"),
            )
        ],
    }
