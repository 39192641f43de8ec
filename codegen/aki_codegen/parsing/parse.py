"""From metadata to IR: names, overrides, and trouble as values; one bad endpoint never stops the others."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from aki_runtime.metadata import EndpointMetadata, as_settled, read_metadata

from ..ir import Field, NamedEndpoint, Section
from ..literals import visible
from ..naming import ClassName, Identifier, Role, class_names, identifiers
from ..problems import Problem
from .settings import NO_OVERRIDES, EndpointOverride, Overrides, unused

FIX = "correct or remove it in [tool.aki-codegen]"
SECTIONS: tuple[Section, ...] = ("input", "output", "progress")


@dataclass(frozen=True)
class EndpointNames:
    """The Python names once given within one endpoint, by the hub's names.

    Attributes:
        removed: The day on which it was found that the hub has removed the endpoint; empty where it is in the package.
    """

    name: str
    models: str
    fields: Mapping[Section, Mapping[str, str]] = field(
        default_factory=dict[Section, Mapping[str, str]]
    )
    removed: str = ""


@dataclass(frozen=True)
class Parsed:
    """What a hub offers, what is wrong with it, and the names that were given.

    Attributes:
        endpoints: Those that were read, sorted by their Python names.
        problems: What is wrong.
        names: The names by the endpoint's name, those of endpoints that are gone included.
    """

    endpoints: tuple[NamedEndpoint, ...]
    problems: tuple[Problem, ...]
    names: Mapping[str, EndpointNames]


def parse(
    documents: Mapping[str, object],
    remembered: Mapping[str, EndpointNames],
    overrides: Overrides = NO_OVERRIDES,
) -> Parsed:
    """Read the details documents of a hub.

    Args:
        documents: The details by the endpoint's name; their order does not matter.
        remembered: Names given before, endpoints that are gone included.
        overrides: What the user settles against the metadata.
    """
    problems: list[Problem] = unused(overrides, documents)
    wanted = {wire: d for wire, d in documents.items() if not overrides.for_endpoint(wire).skip}
    renamed = {wire: o.rename for wire, o in overrides.endpoints.items() if o.rename}
    names = identifiers(
        wanted, "endpoint", {**{wire: given.name for wire, given in remembered.items()}, **renamed}
    )
    problems += (Problem(wire, "", what, FIX, "unused") for wire, what in _taken(renamed, names))
    models = class_names(
        names, {wire: given.models for wire, given in remembered.items() if wire not in renamed}
    )
    endpoints: list[NamedEndpoint] = []
    given = dict(remembered)
    for wire_name in sorted(wanted):
        override = overrides.for_endpoint(wire_name)
        metadata = read_metadata(as_settled(wanted[wire_name], override.model_dump()))
        if metadata.unreadable:
            why = metadata.unreadable
            problems.append(Problem(wire_name, "", why, "ask the hub's administrator", "skipped"))
            continue
        past = remembered.get(wire_name, EndpointNames("", "")).fields
        fields, unused_here = _named_fields(metadata, models[wire_name], past, override)
        problems += (Problem(wire_name, at, what, FIX, "unused") for at, what in unused_here)
        problems += (
            Problem(wire_name, odd.field, visible(odd.what), odd.remedy, "degraded")
            for odd in metadata.problems
        )
        endpoints.append(
            _endpoint(wire_name, names[wire_name], models[wire_name], metadata, fields)
        )
        given[wire_name] = EndpointNames(
            names[wire_name],
            models[wire_name],
            {s: {**past.get(s, {}), **{f.wire_name: f.name for f in fields[s]}} for s in SECTIONS},
        )
    endpoints.sort(key=lambda endpoint: endpoint.name)
    return Parsed(tuple(endpoints), tuple(sorted(set(problems))), given)


def _endpoint(
    wire_name: str,
    name: Identifier,
    models: ClassName,
    metadata: EndpointMetadata,
    fields: Mapping[Section, tuple[Field, ...]],
) -> NamedEndpoint:
    return NamedEndpoint(
        wire_name=wire_name,
        name=name,
        models=models,
        title=metadata.title or wire_name,
        description=metadata.description,
        category=metadata.category,
        version=metadata.version,
        # Those that every call must name come first; apart from that the hub's order stands.
        inputs=tuple(sorted(fields["input"], key=lambda parameter: not parameter.required)),
        outputs=fields["output"],
        progress=fields["progress"],
    )


def _named_fields(
    metadata: EndpointMetadata,
    models: ClassName,
    past: Mapping[Section, Mapping[str, str]],
    override: EndpointOverride,
) -> tuple[dict[Section, tuple[Field, ...]], list[tuple[str, str]]]:
    """Return the fields of each section with their names, and which overrides of fields are without use, and why."""
    fields: dict[Section, tuple[Field, ...]] = {}
    unused_here: list[tuple[str, str]] = []
    for section in SECTIONS:
        said, settled = metadata.sections[section], override.sections()[section]
        renamed = {wire: field.rename for wire, field in settled.items() if field.rename}
        role: Role = "param" if section == "input" else "field"
        # A function makes the model of its parameters; a protocol makes properties of outputs.
        needed = f"{models}Input" if section == "input" else "property"
        remembered = {**past.get(section, {}), **renamed}
        names = identifiers(said, role, remembered, frozenset({needed}))
        absent = "an override names this field, which the hub does not have"
        unused_here += ((w, absent) for w in settled if w not in said and not settled[w].skip)
        unused_here += _taken(renamed, names)
        fields[section] = tuple(Field(**vars(said[wire]), name=names[wire]) for wire in said)
    return fields, unused_here


def _taken(
    renamed: Mapping[str, str], names: Mapping[str, Identifier]
) -> Iterator[tuple[str, str]]:
    for wire, name in renamed.items():
        if wire in names and names[wire] != name:
            yield wire, f"its new name {name!r} is taken"
