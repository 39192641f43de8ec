"""A details document: its sections, what stands at its top, and whether it describes an endpoint at all.

Total and tolerant: nothing that a hub can send raises; what is odd is left out and becomes a `MetadataProblem`. The
sandbox hub has a reading of its own, because tests hold this one against it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice

from ..shapes import integer_or_none, is_array, is_object, is_utf8, object_or_empty
from .attributes import Report, shown, text_or_none
from .field import FieldMetadata, read_field

TRANSPORT_PARAMETERS = frozenset({"key", "client_session_auth_key", "wait_for_result"})
"""Parameters that the client itself sets; no user sees them."""

CHAT_PARAMETERS = frozenset({"chat_context", "chat_output_format", "prompt_input"})
"""Parameters that only a chat endpoint has."""

MAX_DEPTH = 64
"""Levels of a details document at most. Real ones have six; printing a value stops at Python's own limit."""

MAX_FIELDS = 1_000
"""Fields of one section at most: a model takes a millisecond for each to be made, and again to be imported."""


@dataclass(frozen=True)
class MetadataProblem:
    """Something odd about a details document.

    Attributes:
        field: The parameter or output; a section in parentheses.
        what: What is wrong, one clause.
        remedy: What was made of it, one clause.
    """

    field: str
    what: str
    remedy: str


@dataclass(frozen=True)
class EndpointMetadata:
    """What a hub says of one endpoint, without figures that change from second to second.

    Attributes:
        title: What people call it; empty where the hub says nothing, as the description is.
        category: The hub's word for its kind.
        version: Counted by the hub.
        inputs: Its parameters by their names on the hub, in its order; those of the transport are left out.
        outputs: Its outputs.
        progress: What it tells of a running job.
        unreadable: Why this describes no endpoint, one clause; empty where it does.
        problems: What is odd.
    """

    title: str = ""
    description: str = ""
    category: str | None = None
    version: int | None = None
    inputs: Mapping[str, FieldMetadata] = field(default_factory=dict[str, FieldMetadata])
    outputs: Mapping[str, FieldMetadata] = field(default_factory=dict[str, FieldMetadata])
    progress: Mapping[str, FieldMetadata] = field(default_factory=dict[str, FieldMetadata])
    unreadable: str = ""
    problems: tuple[MetadataProblem, ...] = ()

    @property
    def sections(self) -> dict[str, Mapping[str, FieldMetadata]]:
        """Its fields by section, in the hub's words: input, output, progress."""
        return {"input": self.inputs, "output": self.outputs, "progress": self.progress}


def read_metadata(document: object) -> EndpointMetadata:
    """Read a details document, whatever it is."""
    top = object_or_empty(document)
    described = object_or_empty(top.get("parameter_description"))
    problems: list[MetadataProblem] = []
    said = {name: described.get(name) for name in ("input", "output")}
    inputs = {
        name: read_field(name, attributes, _reporting(problems, name), is_input=True)
        for name, attributes in _section("input", said["input"], problems)
        if name not in TRANSPORT_PARAMETERS
    }
    is_chat = any(f.type == "chat" for f in inputs.values()) or bool(
        CHAT_PARAMETERS & inputs.keys()
    )

    def outputs(section: str, fields: object) -> dict[str, FieldMetadata]:
        return {
            name: _by_role(
                read_field(name, attributes, _reporting(problems, name)), is_chat=is_chat
            )
            for name, attributes in _section(section, fields, problems)
        }

    return EndpointMetadata(
        title=text_or_none(top.get("title")) or "",
        description=text_or_none(top.get("description")) or "",
        category=text_or_none(top.get("category")),
        version=integer_or_none(top.get("version")),
        inputs=inputs,
        outputs=outputs("output", said["output"]),
        progress=outputs(
            "progress", object_or_empty(object_or_empty(described.get("progress")).get("OUTPUTS"))
        ),
        unreadable=why_unreadable(document),
        problems=tuple(problems),
    )


def as_settled(document: object, overrides: object) -> object:
    """Return a details document as the user wants it read.

    Args:
        document: What the hub says.
        overrides: By section (input, output, progress) and the hub's name of a field: `skip`, or the `type` word that
            stands in for the hub's.
    """
    if not is_object(document) or not is_object(document.get("parameter_description")):
        return document
    settled = object_or_empty(overrides)
    sections = dict(document["parameter_description"])
    for section in ("input", "output"):
        if is_object(sections.get(section)):
            sections[section] = _settled(sections[section], settled.get(section))
    # The fields of progress lie one level deeper than the others.
    progress = sections.get("progress")
    if is_object(progress) and is_object(progress.get("OUTPUTS")):
        outputs = _settled(progress["OUTPUTS"], settled.get("progress"))
        sections["progress"] = {**progress, "OUTPUTS": outputs}
    return {**document, "parameter_description": sections}


def why_unreadable(document: object) -> str:
    """Say why a document describes no endpoint; empty where it does. Quicker than reading it."""
    if not is_object(document):
        return f"its details are a {type(document).__name__} instead of an object"
    if not is_object(document.get("parameter_description")):
        return "its details hold no parameter_description"
    level: list[object] = [document]
    for _ in range(MAX_DEPTH):
        level = [child for parent in level for child in _children(parent)]
    return f"its details are nested deeper than {MAX_DEPTH} levels" if level else ""


def missing_sections(document: object) -> tuple[str, ...]:
    """Return which sections a document lacks; every description of an endpoint has both, be they empty."""
    described = object_or_empty(object_or_empty(document).get("parameter_description"))
    return tuple(name for name in ("input", "output") if not is_object(described.get(name)))


def _section(
    section: str, fields: object, problems: list[MetadataProblem]
) -> Iterable[tuple[str, object]]:
    report = _reporting(problems, f"({section})")
    if not is_object(fields):
        report(f"the section {section!r} is missing", "it is taken as empty")
        return
    if len(fields) > MAX_FIELDS:
        report(
            f"the section {section!r} holds {len(fields):,} fields",
            f"those after the first {MAX_FIELDS:,} are left out",
        )
    for name, attributes in islice(fields.items(), MAX_FIELDS):
        if not is_utf8(name):
            problems.append(MetadataProblem(shown(name), "its name is not text", "it is left out"))
            continue
        if not is_object(attributes):
            _reporting(problems, name)("its attributes are not an object", "it is taken as text")
        yield name, attributes


def _settled(fields: Mapping[str, object], overrides: object) -> dict[str, object]:
    changed: dict[str, object] = {}
    for name, attributes in fields.items():
        override = object_or_empty(object_or_empty(overrides).get(name))
        if override.get("skip"):
            continue
        word = override.get("type")
        is_retyped = word is not None and is_object(attributes)
        changed[name] = {**object_or_empty(attributes), "type": word} if is_retyped else attributes
    return changed


def _reporting(problems: list[MetadataProblem], name: str) -> Report:
    return lambda what, remedy: problems.append(MetadataProblem(name, what, remedy))


def _by_role(output: FieldMetadata, *, is_chat: bool) -> FieldMetadata:
    # These two come as text or as JSON, whatever is declared.
    if output.type not in ("json", "text"):
        return output
    if output.wire_name == "tool_calls":
        return replace(output, type="tool calls")
    return replace(output, type="chat text") if output.wire_name == "text" and is_chat else output


def _children(value: object) -> Iterable[object]:
    if is_object(value):
        return value.values()
    return value if is_array(value) else ()
