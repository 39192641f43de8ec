"""What every part of the page works with, and the check that stands before every run."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aki_runtime.errors import InvalidParametersError

from .faults import place_faults
from .package import EndpointCard, HubPackage
from .running import Runs
from .source import Call, source_of

if TYPE_CHECKING:
    from aki_client import AsyncAki

    from .running import AnyEndpoint


@dataclass(frozen=True)
class Bench:
    """What every part of the page works with.

    Attributes:
        package: The package whose endpoints are shown.
        client: Who calls them.
        folder: Where results are kept while the program runs.
        server: The hub's address as it was asked for; None where the client chose it.
        runs: Who waits for what.
    """

    package: HubPackage
    client: "AsyncAki"
    folder: Path
    server: str | None = None
    runs: Runs = field(default_factory=Runs)

    def endpoint(self, card: EndpointCard) -> "AnyEndpoint":
        """Return an endpoint that can be called."""
        found: AnyEndpoint = getattr(self.client, card.name)
        return found

    def check(
        self, card: EndpointCard, arguments: Mapping[str, Any]
    ) -> tuple[dict[str, str], list[str]]:
        """Check a call without sending anything; return the faults at each field, and all others."""
        try:
            card.info.inputs((), dict(arguments))
        except InvalidParametersError as error:
            return place_faults(error.problems, card.parameters)
        return {}, []

    def source(self, card: EndpointCard, arguments: Mapping[str, Any]) -> str:
        """Return the Python code of a call."""
        return source_of(Call(self.package.name, card.name, arguments, card.outputs, self.server))

    def results_of(self, tab: str) -> Path:
        """Return the folder for the results of one tab."""
        # A tab's name comes from the browser: it must not lead anywhere.
        safe = "".join(char for char in tab if char.isascii() and char.isalnum())
        return self.folder / (safe or "tab")
