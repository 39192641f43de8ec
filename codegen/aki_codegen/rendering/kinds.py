"""Which family an endpoint may belong to: kinds that everybody has a word for by shape, others by category."""

from collections.abc import Callable

from ..ir import ChatType, Endpoint, MediaListType, MediaType
from ..naming import ClassName, category_name


def family_name(endpoint: Endpoint) -> ClassName | None:
    """Return what the family of an endpoint would be called, None where it can have none."""
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
