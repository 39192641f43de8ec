"""The sandbox hub of one test: a server on a free port of this machine, whose faults have names."""

import importlib.resources
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path

from aki_sandbox.catalogue import Catalogue, load_catalogue
from aki_sandbox.faults.named import FAULTS
from aki_sandbox.faults.plan import FaultRule
from aki_sandbox.server import SandboxServer


class AkiHub(SandboxServer):
    """A sandbox hub with the endpoints of a generated package.

    Args:
        package: The package.
    """

    def __init__(self, package: str) -> None:
        super().__init__(catalogue=_catalogue(package))

    @property
    def jobs(self) -> int:
        """How many jobs it was given."""
        return self.hub.jobs_submitted

    def fault(self, name: str) -> FaultRule:
        """Let something go wrong, from now on.

        Args:
            name: What; docs/faults.md lists the names, such as "queue full once", and how each one ends.

        Returns:
            The rule, whose `hits` count how often it struck.

        Raises:
            ValueError: There is no fault of this name.
        """
        if name not in FAULTS:
            near = get_close_matches(name, FAULTS, n=1, cutoff=0.3)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise ValueError(f"unknown fault {name!r}{hint} There are: {', '.join(FAULTS)}")
        return FAULTS[name](self.faults)


@lru_cache(maxsize=8)
def _catalogue(package: str) -> Catalogue:
    """Read the endpoints of a package once in a process."""
    return load_catalogue(Path(str(importlib.resources.files(package) / "spec" / "endpoints")))
