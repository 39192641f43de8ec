"""From metadata to IR: names, overrides, and trouble as values; one bad endpoint never stops the others."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from aki_runtime.metadata import EndpointMetadata, FieldMetadata, as_settled, read_metadata

from ..ir import Field, NamedEndpoint, Section
from ..literals import visible
from ..naming import ClassName, Identifier, Role, class_names, identifiers
from ..problems import Effect, Problem
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
    problems += [
        Problem(wire, "", f"its new name {name!r} is taken", FIX, "unused")
        for wire, name in renamed.items()
        if wire in names and names[wire] != name
    ]
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
        before = remembered.get(wire_name)
        named = _Names(
            wire_name, models[wire_name], before.fields if before is not None else {}, override
        )
        endpoints.append(named.endpoint(names[wire_name], metadata))
        given[wire_name] = EndpointNames(names[wire_name], models[wire_name], named.given)
        problems += named.problems
    endpoints.sort(key=lambda endpoint: endpoint.name)
    return Parsed(tuple(endpoints), tuple(sorted(set(problems))), given)


class _Names:
    """Names the fields of one endpoint; keeps the names it gives, and in `problems` what is wrong."""

    def __init__(
        self,
        wire_name: str,
        models: ClassName,
        remembered: Mapping[Section, Mapping[str, str]],
        override: EndpointOverride,
    ) -> None:
        self._wire_name = wire_name
        self._models = models
        self._remembered = remembered
        self._override = override
        self.problems: list[Problem] = []
        self.given: dict[Section, Mapping[str, str]] = {}

    def endpoint(self, name: Identifier, metadata: EndpointMetadata) -> NamedEndpoint:
        """Return an endpoint with its fields named."""
        for problem in metadata.problems:
            self._report(problem.field, visible(problem.what), problem.remedy)
        inputs, outputs, progress = (
            self._fields(section, metadata.sections[section]) for section in SECTIONS
        )
        return NamedEndpoint(
            wire_name=self._wire_name,
            name=name,
            models=self._models,
            title=metadata.title or self._wire_name,
            description=metadata.description,
            category=metadata.category,
            version=metadata.version,
            # Those that every call must name come first; apart from that the hub's order stands.
            inputs=tuple(sorted(inputs, key=lambda parameter: not parameter.required)),
            outputs=outputs,
            progress=progress,
        )

    def _fields(self, section: Section, said: Mapping[str, FieldMetadata]) -> tuple[Field, ...]:
        remembered = self._remembered.get(section, {})
        settled = self._override.sections()[section]
        renamed = {wire: field.rename for wire, field in settled.items() if field.rename}
        for wire in settled:
            if wire not in said and not settled[wire].skip:
                self._report(
                    wire, "an override names this field, which the hub does not have", FIX, "unused"
                )
        role: Role = "param" if section == "input" else "field"
        # A function makes the model of its parameters; a protocol makes properties of outputs.
        needed = f"{self._models}Input" if section == "input" else "property"
        names = identifiers(said, role, {**remembered, **renamed}, frozenset({needed}))
        for wire, name in renamed.items():
            if wire in names and names[wire] != name:
                self._report(wire, f"its new name {name!r} is taken", FIX, "unused")
        self.given[section] = {**remembered, **names}
        return tuple(Field(**vars(said[wire]), name=names[wire]) for wire in said)

    def _report(self, field_name: str, what: str, remedy: str, effect: Effect = "degraded") -> None:
        self.problems.append(Problem(self._wire_name, field_name, what, remedy, effect))
