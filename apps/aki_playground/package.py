"""A generated package as the playground sees it, chosen at run time: its endpoints, their outputs and its client."""

import importlib
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias, Union, get_args, get_origin

from aki_cli.catalogue import Catalogue, CatalogueEntry, default_of
from aki_cli.exits import CommandError, Exit
from aki_runtime.chat.text import ChatText
from aki_runtime.hub import Address
from aki_runtime.media.objects import Audio, Image, Video
from aki_runtime.metadata import FieldMetadata, field_in_words
from aki_runtime.terminal import one_line
from pydantic import BaseModel

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aki_client import AsyncAki, EndpointInfo, Parameter

Info: TypeAlias = "EndpointInfo[Any, Any]"

OutputKind = Literal["text", "image", "audio", "video", "images", "audios", "videos", "value"]

_KINDS: dict[object, OutputKind] = {
    ChatText: "text",
    Image: "image",
    Audio: "audio",
    Video: "video",
}
_LISTS: dict[OutputKind, OutputKind] = {"image": "images", "audio": "audios", "video": "videos"}

_SETTINGS = ("api_server", "layout", "allow_http")

UNSORTED = "other"
"""The category of endpoints for which the hub names none."""


class PlaygroundError(CommandError):
    """The playground cannot start; the message says what to do."""

    def __init__(self, message: str) -> None:
        super().__init__(message, Exit.CONFIGURATION)


@dataclass(frozen=True)
class EndpointCard:
    """One endpoint, as far as the page needs it.

    Attributes:
        name: Its name in Python, which is an identifier.
        info: What the client knows of it.
        described: What the hub says of it.
    """

    name: str
    info: Info
    described: CatalogueEntry

    @property
    def title(self) -> str:
        """What people call it."""
        return self.info.title or self.info.name

    @property
    def category(self) -> str:
        """Its kind."""
        return self.info.category or UNSORTED

    @property
    def parameters(self) -> "Mapping[str, Parameter]":
        """What it takes, by Python name."""
        return self.info.parameters

    @cached_property
    def chat_parameter(self) -> str | None:
        """The parameter that takes a conversation."""
        return next((n for n, p in self.parameters.items() if p.type == "chat"), None)

    @cached_property
    def image_parameter(self) -> str | None:
        """The parameter that takes a picture; that of the conversation where messages hold pictures."""
        takes = (n for n, p in self.parameters.items() if p.type == "image" or "image" in p.support)
        return next(takes, None)

    @property
    def needs_image(self) -> bool:
        """Whether every call must hold a picture."""
        return any(p.type == "image" and p.required for p in self.parameters.values())

    @cached_property
    def texts(self) -> "Mapping[str, str]":
        """What to say at the field of each parameter, by Python name."""
        fields = self.described.section("input")
        return {name: field_text(field) for name, field in fields.items()}

    @cached_property
    def outputs(self) -> "Mapping[str, OutputKind]":
        """What it gives back, by Python name."""
        return output_kinds(self.info.reading.output)

    @cached_property
    def progress(self) -> "Mapping[str, OutputKind]":
        """What comes of it while it runs, by Python name."""
        return output_kinds(self.info.reading.progress)


class HubPackage:
    """A generated package.

    Args:
        name: The name that it is imported by.
        options: What its clients are made with, beside the key.

    Attributes:
        settings: Those of the options that say which hub is called, and how.

    Raises:
        PlaygroundError: It cannot be imported, or was not generated.
    """

    def __init__(self, name: str, **options: Any) -> None:
        self.name = name
        # A limit of no time is one too, and 0 == False.
        chosen = {n: v for n, v in options.items() if v is not None and v is not False}
        self._options = {n: value for n, value in chosen.items() if n not in _SETTINGS}
        self.settings = {n: value for n, value in chosen.items() if n in _SETTINGS}
        self._client_class = _client_class(name)
        self.cards = {card.name: card for card in _cards(name, self._client_class)}
        if not self.cards:
            raise PlaygroundError(f"the package {name} has no endpoints to play with")

    def client(self, api_key: str | None) -> "AsyncAki":
        """Make a client; the key defaults to AKI_API_KEY."""
        return self._client_class(api_key, **self.settings, **self._options)

    def sandbox(self) -> "AsyncAki":
        """Make a client of a hub that pretends, in this process."""
        return self._client_class.sandbox(**self._options)

    def address(self, server: str) -> Address:
        """Return the address of a hub that has its routes as was said, or else where the package's own has them."""
        own = importlib.import_module(f"{self.name}._hub").HUB.layout
        return Address(server, self.settings.get("layout", own))


def _client_class(package: str) -> "type[AsyncAki]":
    advice = "give the name of a package that aki-codegen generated, such as aki_client"
    try:
        # Any module can be imported; only a generated package has this.
        found: type[AsyncAki] | None = getattr(importlib.import_module(package), "AsyncAki", None)
    except (ImportError, TypeError, ValueError) as error:
        raise PlaygroundError(
            f"the package {package!r} cannot be imported ({error}); {advice}"
        ) from None
    if found is None:
        raise PlaygroundError(f"{package!r} has no client AsyncAki; {advice}")
    return found


def _cards(package: str, client: "type[AsyncAki]") -> Iterator[EndpointCard]:
    catalogue = Catalogue(package)
    for name in importlib.import_module(f"{package}.endpoints").__all__:
        with warnings.catch_warnings():
            # One that the hub has removed warns when it is imported; it is left out.
            warnings.simplefilter("ignore", DeprecationWarning)
            spec = client.load_endpoint(name)
        if not spec.info.removed:
            yield EndpointCard(name, spec.info, catalogue.require(name))


def output_kinds(model: type[BaseModel]) -> dict[str, OutputKind]:
    """Return the kind of each declared output, by its Python name."""
    return {name: _kind(name, info.annotation) for name, info in model.model_fields.items()}


def _kind(name: str, annotation: Any) -> OutputKind:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is list and arguments:
        return _LISTS.get(_kind(name, arguments[0]), "value")
    if origin in (Annotated, Union, UnionType):
        return _kind(name, next(a for a in arguments if a is not NoneType))
    return "text" if name == "text" and annotation is str else _KINDS.get(annotation, "value")


def field_text(field: FieldMetadata) -> str:
    """Say what belongs into a field of the form, and what the hub takes where it stays empty."""
    description = one_line(field.description).rstrip(".")
    sentences = [description] if description else []
    # A box for text shows by itself that it takes text.
    if field.type != "text" or field.max_length is not None:
        sentences.append(field_in_words(field, one_line))
    default = default_of(field)
    sentences += ["Required"] if field.required else [f"Default {default}"] if default else []
    return "".join(f"{sentence}. " for sentence in sentences).rstrip()
