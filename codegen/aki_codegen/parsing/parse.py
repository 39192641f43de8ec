"""From what the hub says to what it means; trouble is collected, and one bad endpoint never stops the others."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import islice

from aki_runtime.shapes import is_object

from ..ir import (
    ChatType,
    ChoiceType,
    Endpoint,
    Output,
    Parameter,
    Section,
)
from ..naming import ClassName, Identifier, Role, class_names, identifiers
from ..problems import Effect, Problem
from .defaults import default_of, is_refused
from .fieldtypes import field_type
from .fieldvalues import shown
from .overrides import NO_OVERRIDES, EndpointOverride, Overrides, apply_to_document, unused
from .roles import CHAT_PARAMETERS, input_by_role, output_by_role
from .wire import Attributes, Details, is_utf8, read_details

FIX = "correct or remove it in [tool.aki-codegen]"

TRANSPORT_PARAMETERS = frozenset({"key", "client_session_auth_key", "wait_for_result"})
"""Parameters that the client itself sets; no user sees them."""

MAX_FIELDS = 1_000
"""Fields of one section at most: a model takes a millisecond for each to be made, and again to be imported."""


@dataclass(frozen=True)
class EndpointNames:
    """The Python names once given within one endpoint, by the hub's names."""

    name: str
    models: str
    fields: Mapping[Section, Mapping[str, str]] = field(
        default_factory=dict[Section, Mapping[str, str]]
    )


@dataclass(frozen=True)
class Parsed:
    """What a hub offers, what is wrong with it, and the names that were given.

    Attributes:
        endpoints: Those that were read, sorted by their Python names.
        problems: What is wrong.
        names: The names by the endpoint's name, those of endpoints that are gone included.
    """

    endpoints: tuple[Endpoint, ...]
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
    endpoints: list[Endpoint] = []
    given = dict(remembered)
    for wire_name in sorted(wanted):
        override = overrides.for_endpoint(wire_name)
        details = read_details(apply_to_document(wanted[wire_name], override))
        if isinstance(details, str):
            problems.append(
                Problem(wire_name, "", details, "ask the hub's administrator", "skipped")
            )
            continue
        before = remembered.get(wire_name)
        reader = _EndpointReader(
            wire_name,
            names[wire_name],
            models[wire_name],
            before.fields if before is not None else {},
            override,
        )
        endpoint, given[wire_name] = reader.read(details)
        problems += reader.problems
        endpoints.append(endpoint)
    endpoints.sort(key=lambda endpoint: endpoint.name)
    return Parsed(tuple(endpoints), tuple(sorted(set(problems))), given)


class _EndpointReader:
    """Reads one endpoint; keeps the names it gives, and in `problems` what is wrong."""

    def __init__(
        self,
        wire_name: str,
        name: Identifier,
        models: ClassName,
        remembered: Mapping[Section, Mapping[str, str]],
        override: EndpointOverride,
    ) -> None:
        self._wire_name = wire_name
        self._name = name
        self._models = models
        self._remembered = remembered
        self._override = override
        self.problems: list[Problem] = []
        self._given: dict[Section, Mapping[str, str]] = {}

    def read(self, details: Details) -> tuple[Endpoint, EndpointNames]:
        sections = details.parameter_description
        inputs = {
            name: attributes
            for name, attributes in self._section("input", sections.input).items()
            if name not in TRANSPORT_PARAMETERS
        }
        parameters = self._parameters(inputs)
        is_chat = any(
            isinstance(p.type, ChatType) or p.wire_name in CHAT_PARAMETERS for p in parameters
        )
        endpoint = Endpoint(
            wire_name=self._wire_name,
            name=self._name,
            models=self._models,
            title=details.title or self._wire_name,
            description=details.description or "",
            category=details.category,
            version=details.version,
            inputs=parameters,
            outputs=self._outputs("output", sections.output, is_chat=is_chat),
            progress=self._outputs("progress", sections.progress, is_chat=is_chat),
        )
        return endpoint, EndpointNames(self._name, self._models, self._given)

    def _section(
        self, section: Section, fields: Mapping[str, object] | None
    ) -> dict[str, Attributes]:
        if fields is None:
            self._tell(
                f"({section})", f"the section {section!r} is missing", "it is taken as empty"
            )
            return {}
        if len(fields) > MAX_FIELDS:
            self._tell(
                f"({section})",
                f"the section {section!r} holds {len(fields):,} fields",
                f"those after the first {MAX_FIELDS:,} are left out",
            )
        usable: dict[str, Attributes] = {}
        for name, attributes in islice(fields.items(), MAX_FIELDS):
            if not is_utf8(name):
                self._tell(shown(name), "its name is no text", "it is left out")
            elif is_object(attributes):
                usable[name] = attributes
            else:
                self._tell(name, "its attributes are no object", "it is taken as text")
                usable[name] = {}
        return usable

    def _parameters(self, inputs: Mapping[str, Attributes]) -> tuple[Parameter, ...]:
        names = self._names("input", "param", inputs)
        parameters = [self._parameter(wire, names[wire], inputs[wire]) for wire in inputs]
        # Those that every call must name come first; apart from that the hub's order stands.
        return tuple(sorted(parameters, key=lambda parameter: not parameter.required))

    def _parameter(self, wire: str, name: Identifier, attributes: Attributes) -> Parameter:
        def tell(what: str, remedy: str) -> None:
            self._tell(wire, what, remedy)

        kind = input_by_role(wire, field_type(attributes, tell))
        default = default_of(attributes, kind, tell)
        refused = is_refused(attributes, kind)
        required = (
            bool(attributes.get("required"))
            or refused
            # The hub refuses the absence of a choice for which it knows no stand-in.
            or (isinstance(kind, ChoiceType) and default is None and kind.enforced)
        )
        return Parameter(
            wire_name=wire,
            name=name,
            type=kind,
            required=required,
            default=None if required else default,
            default_refused=refused,
            description=_description(attributes),
        )

    def _outputs(
        self, section: Section, declared: Mapping[str, object] | None, *, is_chat: bool
    ) -> tuple[Output, ...]:
        fields = self._section(section, declared)
        names = self._names(section, "field", fields)

        def read(wire: str) -> Output:
            def tell(what: str, remedy: str) -> None:
                self._tell(wire, what, remedy)

            kind = output_by_role(wire, field_type(fields[wire], tell), is_chat=is_chat)
            return Output(wire, names[wire], kind, _description(fields[wire]))

        return tuple(map(read, fields))

    def _names(
        self, section: Section, role: Role, fields: Mapping[str, Attributes]
    ) -> Mapping[str, Identifier]:
        remembered = self._remembered.get(section, {})
        settled = self._override.sections()[section]
        renamed = {wire: field.rename for wire, field in settled.items() if field.rename}
        for wire in settled:
            if wire not in fields and not settled[wire].skip:
                self._tell(
                    wire, "an override names this field, which the hub does not have", FIX, "unused"
                )
        # A function makes the model of its parameters; a protocol makes properties of outputs.
        needed = f"{self._models}Input" if section == "input" else "property"
        names = identifiers(fields, role, {**remembered, **renamed}, frozenset({needed}))
        for wire, name in renamed.items():
            if wire in names and names[wire] != name:
                self._tell(wire, f"its new name {name!r} is taken", FIX, "unused")
        self._given[section] = {**remembered, **names}
        return names

    def _tell(self, field_name: str, what: str, remedy: str, effect: Effect = "degraded") -> None:
        self.problems.append(Problem(self._wire_name, field_name, what, remedy, effect))


def _description(attributes: Attributes) -> str:
    text = attributes.get("description")
    return text if isinstance(text, str) else ""
