"""A generated package as the playground sees it, chosen at run time: its endpoints and its client."""

import importlib
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from types import ModuleType
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from .docstrings import parameter_texts
from .outputs import OutputKind, output_kinds

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aki_client import AsyncAki, EndpointInfo, Parameter

Info: TypeAlias = "EndpointInfo[Any, Any]"

UNSORTED = "other"
"""The category of endpoints for which the hub names none."""


class PackageError(Exception):
    """There is no such generated package; the message says what to do."""


@dataclass(frozen=True)
class EndpointCard:
    """One endpoint, as far as the page needs it.

    Attributes:
        name: Its name in Python, which is an identifier.
        info: What the client knows of it.
        texts: What to say about each parameter.
    """

    name: str
    info: Info
    texts: "Mapping[str, str]"

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
    def outputs(self) -> "Mapping[str, OutputKind]":
        """What it gives back, by Python name."""
        return output_kinds(self.info.reading.output)

    @property
    def streams_text(self) -> bool:
        """Whether its progress tells text, so that it counts tokens and not percent."""
        return "text" in output_kinds(self.info.reading.progress)


class HubPackage:
    """A generated package.

    Args:
        name: The name that it is imported by.

    Raises:
        PackageError: It cannot be imported, or is none.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._module = _imported(name)
        self.cards = {card.name: card for card in _cards(name, self._client_class)}
        if not self.cards:
            raise PackageError(f"the package {name} has no endpoints to play with")

    def client(self, api_key: str | None, api_server: str | None) -> "AsyncAki":
        """Make a client; what is None comes from the environment."""
        return self._client_class(api_key, api_server=api_server)

    @property
    def _client_class(self) -> "type[AsyncAki]":
        return cast("type[AsyncAki]", self._module.AsyncAki)


def _imported(name: str) -> ModuleType:
    advice = "give the name of a package that aki-codegen generated, such as aki_client"
    try:
        module = importlib.import_module(name)
    except (ImportError, TypeError, ValueError) as error:
        raise PackageError(f"the package {name!r} cannot be imported ({error}); {advice}") from None
    if not hasattr(module, "AsyncAki"):
        raise PackageError(f"{name!r} has no client AsyncAki; {advice}")
    return module


def _cards(package: str, client: "type[AsyncAki]") -> Iterator[EndpointCard]:
    listed = importlib.import_module(f"{package}.endpoints")
    for name in cast("list[str]", listed.__all__):
        with warnings.catch_warnings():
            # One that the hub has removed warns when it is imported; it is left out.
            warnings.simplefilter("ignore", DeprecationWarning)
            spec = client.load_endpoint(name)
        if not spec.info.removed:
            yield EndpointCard(name, spec.info, parameter_texts(spec.__doc__ or ""))
