"""A hub that a script can edit: its state as a value, and a sandbox server on one port that shows any state.

Owns the state and how it is served. Must not know the script, or what the command makes of a state.
"""

from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, Self, cast

from aki_sandbox.catalogue import HubEndpoint
from aki_sandbox.faults.edits import Edit, put
from aki_sandbox.faults.plan import Effect
from aki_sandbox.server import SandboxServer
from aki_sandbox.settings import HubSettings

Document = dict[str, Any]


@dataclass
class State:
    """What a hub offers, and what goes wrong there.

    Attributes:
        documents: The details, in the order of the list.
        failing: What happens to those who ask for details, by the endpoint's name.
        list_fault: What happens to those who ask for the list.
        hidden: Endpoints that the list leaves out though the hub has them.
        oddities: What the list holds beside names of endpoints.
        attic: The details of endpoints that were withdrawn.
    """

    documents: dict[str, Document] = field(default_factory=dict)
    failing: dict[str, Effect] = field(default_factory=dict)
    list_fault: Effect | None = None
    hidden: set[str] = field(default_factory=set)
    oddities: list[Any] = field(default_factory=list)
    attic: dict[str, Document] = field(default_factory=dict)

    def copy(self) -> Self:
        """Return a state that can be edited without this one."""
        return deepcopy(self)

    def section(self, endpoint: str, section: str) -> dict[str, Document]:
        """Return the fields of an endpoint's "input", "output" or "progress"."""
        described = self.documents[endpoint]["parameter_description"]
        if section == "progress":
            return cast("dict[str, Document]", described["progress"].setdefault("OUTPUTS", {}))
        return cast("dict[str, Document]", described[section])


class YearHub:
    """Serves one state after the other at one address, within a `with` block."""

    def __init__(self) -> None:
        self._server = SandboxServer(catalogue={}, settings=HubSettings(job_seconds=0.0))

    @property
    def url(self) -> str:
        """The base URL, the same for all states."""
        return self._server.url

    def show(self, state: State) -> None:
        """Be in a state from now on."""
        self._server.hub.catalogue = {
            name: _endpoint(name, document) for name, document in state.documents.items()
        }
        faults = self._server.faults
        faults.clear()
        for name, effect in state.failing.items():
            faults.add(effect, on="details", endpoint=name, times=None)
        if state.list_fault is not None:
            faults.add(state.list_fault, on="list", times=None)
        elif state.hidden or state.oddities:
            listed = [name for name in state.documents if name not in state.hidden]
            faults.add(Edit(put("endpoints", [*listed, *state.oddities])), on="list", times=None)

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop()


def _endpoint(name: str, document: Document) -> HubEndpoint:
    # As the real hubs do, each document lists the parameters of the transport too.
    described = deepcopy(document["parameter_description"])
    described["input"] |= {"key": {"type": "string"}, "wait_for_result": {"type": "bool"}}
    return HubEndpoint(
        name=name,
        document={"http_methods": ["GET", "POST"], **document, "name": name}
        | {"parameter_description": described},
        inputs=described["input"],
        outputs=described["output"],
        progress_outputs=described["progress"].get("OUTPUTS", {}),
    )
