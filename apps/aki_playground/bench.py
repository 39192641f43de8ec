"""What every part of the page works with: the client, the check before every run, and who waits for what."""

import asyncio
import tempfile
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aki_runtime.errors import InvalidParametersError

from .calls import CalledHub, calls_of
from .package import EndpointCard, HubPackage
from .running import Runs

if TYPE_CHECKING:
    from aki_client import AsyncAki, ParameterProblem

REQUIRED = "This is required."
"""What is said at a field that is still to be filled in."""


def problems_by_field(
    problems: "Iterable[ParameterProblem]", names: Collection[str]
) -> tuple[dict[str, str], list[str]]:
    """Sort the problems of a refusal.

    Args:
        problems: One per refused parameter.
        names: The parameters that have a field of their own.

    Returns:
        What to say at each field, by parameter, and the sentences that belong to none.
    """
    by_field: dict[str, str] = {}
    others: list[str] = []
    for problem in problems:
        if problem.parameter not in names:
            others.append(problem.message)
        elif problem.kind == "missing":
            by_field[problem.parameter] = REQUIRED
        else:
            end = "" if problem.message.endswith((".", "?", "!", "…")) else "."
            by_field[problem.parameter] = problem.message + end
    return by_field, others


@dataclass
class Bench:
    """What every part of the page works with.

    Attributes:
        package: The package whose endpoints are shown.
        client: Who calls them.
        folder: Where results are kept while the program runs.
        is_sandbox: Whether the hub is the sandbox in this process.
        runs: Who waits for what.
    """

    package: HubPackage
    client: "AsyncAki"
    folder: Path
    is_sandbox: bool = False
    runs: Runs = field(default_factory=Runs)

    def check(
        self, card: EndpointCard, arguments: Mapping[str, Any]
    ) -> tuple[dict[str, str], list[str]]:
        """Check a call without sending anything; return the problem at each field, and all others."""
        try:
            card.info.check(dict(arguments), True)
        except InvalidParametersError as error:
            return problems_by_field(error.problems, card.parameters)
        return {}, []

    def calls(self, card: EndpointCard, arguments: Mapping[str, Any]) -> dict[str, str]:
        """Return a call as text, in each of the languages."""
        address = self.package.address(self.client.api_server)
        target = CalledHub(self.package.name, address, self.package.settings, self.is_sandbox)
        return calls_of(target, card, arguments)

    async def use_sandbox(self) -> None:
        """Call a hub that pretends from now on, in this process.

        Raises:
            ConfigurationError: The extra `sandbox` is not installed.
        """
        # Starting the hub takes a while.
        client = await asyncio.to_thread(self.package.sandbox)
        await self.runs.cancel_all()
        await self.client.aclose()
        self.client, self.is_sandbox = client, True

    def owns(self, path: str) -> bool:
        """Whether a path leads to an upload or a result of this program: the browser may name any other."""
        place = Path(path).resolve()
        return place.is_relative_to(self.folder.parent.resolve()) and place.is_file()

    def new_folder(self) -> Path:
        """Make a folder for the result of a run."""
        self.folder.mkdir(exist_ok=True)
        return Path(tempfile.mkdtemp(dir=self.folder))
