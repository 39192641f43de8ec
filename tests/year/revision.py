"""One revision of a hub, as data: what it does, and what a refresh must say and leave behind.

Owns the words in which the script is written. Must not know how a year is played.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from aki_sandbox.faults.plan import Effect
from year.hub import Document, State

Step = Callable[[State], None]
Section = Literal["input", "output", "progress"]


@dataclass(frozen=True)
class Told:
    """A change that the report must name.

    Attributes:
        endpoint: The endpoint's name on the hub.
        where: Section and field, as in "input steps"; empty for the endpoint itself.
        kind: A key of the table of rules.
        words: What the sentence must hold: what was, and what is.
    """

    endpoint: str
    where: str
    kind: str
    words: str


@dataclass(frozen=True)
class Revision:
    """A revision of a hub.

    Attributes:
        name: What happens, in words.
        does: The steps that make it of the state before.
        tells: All changes that the report names, and no other.
        status: The exit status of the refresh.
        problems: What is said beside the changes, by the endpoint's name.
        refused: What a refresh says that changes nothing, status 1.
        comes: Endpoints that are new in the package.
        goes: Endpoints that leave a tombstone.
        instead: By endpoint that goes, the attributes of those that its tombstone names in its stead.
    """

    name: str
    does: tuple[Step, ...]
    tells: tuple[Told, ...] = ()
    status: int = 0
    problems: Mapping[str, str] = field(default_factory=dict)
    refused: str = ""
    comes: frozenset[str] = frozenset()
    goes: frozenset[str] = frozenset()
    instead: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def sets(endpoint: str, section: Section, name: str, **attributes: Any) -> Step:
    """Set attributes of a field; None takes one away."""

    def step(hub: State) -> None:
        said = hub.section(endpoint, section)[name]
        said.update(attributes)
        for attribute in [key for key, value in said.items() if value is None]:
            del said[attribute]

    return step


def adds(endpoint: str, section: Section, name: str, **attributes: Any) -> Step:
    """Add a field."""
    return lambda hub: hub.section(endpoint, section).update({name: attributes})


def drops(endpoint: str, section: Section, name: str) -> Step:
    """Take a field away."""
    return lambda hub: hub.section(endpoint, section).__delitem__(name)


def renames(endpoint: str, section: Section, name: str, new: str) -> Step:
    """Give a field another name, and its place."""

    def step(hub: State) -> None:
        fields = hub.section(endpoint, section)
        renamed = {new if key == name else key: said for key, said in fields.items()}
        fields.clear()
        fields.update(renamed)

    return step


def says(endpoint: str, **attributes: Any) -> Step:
    """Set what the document says at its top."""
    return lambda hub: hub.documents[endpoint].update(attributes)


def offers(endpoint: str, document: Document) -> Step:
    """Put an endpoint on the hub."""
    return lambda hub: hub.documents.update({endpoint: document})


def withdraws(*endpoints: str) -> Step:
    """Take endpoints off the hub."""

    def step(hub: State) -> None:
        for endpoint in endpoints:
            hub.attic[endpoint] = hub.documents.pop(endpoint)

    return step


def returns(*endpoints: str) -> Step:
    """Put endpoints back that were withdrawn, as they were."""

    def step(hub: State) -> None:
        for endpoint in endpoints:
            hub.documents[endpoint] = hub.attic.pop(endpoint)

    return step


def moves(endpoint: str, name: str) -> Step:
    """Give an endpoint another name."""

    def step(hub: State) -> None:
        hub.documents = {name if key == endpoint else key: d for key, d in hub.documents.items()}

    return step


def reverses() -> Step:
    """Turn the order of endpoints, of their fields, and of their choices."""

    def step(hub: State) -> None:
        hub.documents = dict(reversed(hub.documents.items()))
        for endpoint in hub.documents:
            for section in ("input", "output", "progress"):
                fields = hub.section(endpoint, section)
                turned = dict(reversed(fields.items()))
                fields.clear()
                fields.update(turned)
                for said in fields.values():
                    if "supported" in said:
                        said["supported"].reverse()

    return step


def fails(**effects: Effect) -> Step:
    """Let the details of endpoints fail; an underscore stands for a hyphen in `flux_dev`."""
    names = {name.replace("flux_dev", "flux-dev"): effect for name, effect in effects.items()}
    return lambda hub: hub.failing.update(names)


def list_fails(effect: Effect) -> Step:
    """Let the list fail."""
    return lambda hub: setattr(hub, "list_fault", effect)


def hides(*endpoints: str) -> Step:
    """Leave endpoints out of the list that the hub still has."""
    return lambda hub: hub.hidden.update(endpoints)


def lists_oddly(*entries: object) -> Step:
    """Put something into the list that is no name."""
    return lambda hub: hub.oddities.extend(entries)


def recovers() -> Step:
    """Let nothing go wrong any more."""

    def step(hub: State) -> None:
        hub.failing, hub.list_fault, hub.hidden, hub.oddities = {}, None, set(), []

    return step
