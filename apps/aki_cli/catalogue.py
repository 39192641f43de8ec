"""What a generated package says of its endpoints, read from its committed snapshot alone.

Imports neither the package's models nor its client, so that help and completion are quick. Endpoints that the package
lacks are described by the live hub, in the same form.
"""

import importlib.util
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import typer
from aki_runtime.changes.fact_values import as_text, json_text, object_or_empty
from aki_runtime.changes.facts import EndpointFacts, FieldFacts, endpoint_facts
from aki_runtime.errors import NotFoundError

from .exits import CommandError, Exit
from .settings import CliSettings, did_you_mean, no_package, settings_of


@dataclass(frozen=True)
class Described:
    """An endpoint and what is said of it.

    Attributes:
        name: Its name on the hub.
        attribute: Its name in the package; empty where the package lacks it.
        fields: By section (input, output, progress) the names in Python by those on the hub.
        document: Its details, as the hub words them.
    """

    name: str
    attribute: str
    fields: Mapping[str, Mapping[str, str]]
    document: Mapping[str, Any]

    @cached_property
    def facts(self) -> EndpointFacts:
        """What the details say."""
        return endpoint_facts(self.document)

    @property
    def title(self) -> str:
        """What people call it."""
        return self.facts.title or self.name

    def section(self, section: str) -> dict[str, FieldFacts]:
        """Return the fields of a section by their names in Python, as the hub orders them."""
        said: Mapping[str, FieldFacts] = getattr(self.facts, section)
        names = self.fields.get(section, {})
        return {names[name]: facts for name, facts in said.items() if name in names}

    def choices(self, name: str, facts: FieldFacts) -> list[Any]:
        """Return the values of a choice as the hub orders them; none where it is not one."""
        if not facts.choices:
            return []
        sections = object_or_empty(self.document.get("parameter_description"))
        said = object_or_empty(object_or_empty(sections.get("input")).get(self.wire_name(name)))
        supported: list[Any] = said.get("supported") or []
        return [value for value in supported if json_text(value) in facts.choices]

    def wire_name(self, name: str) -> str:
        """Return the hub's name of a parameter."""
        wire = {ours: theirs for theirs, ours in self.fields.get("input", {}).items()}
        return wire.get(name, name)


class Catalogue:
    """The endpoints of a generated package.

    Args:
        package: Its name.

    Raises:
        CommandError: There is no such package.
    """

    def __init__(self, package: str) -> None:
        self._folder = _folder(package) / "spec"
        self._package = package
        try:
            self._names = _read(self._folder / "names.json")
        except (OSError, ValueError):
            raise no_package(package) from None

    @cached_property
    def names(self) -> dict[str, str]:
        """The endpoints' names in Python, by those on the hub, sorted."""
        said = {n: as_text(object_or_empty(entry).get("name")) for n, entry in self._names.items()}
        return {name: attribute for name, attribute in sorted(said.items()) if attribute}

    def find(self, name: str) -> Described | None:
        """Return an endpoint by its name in Python or on the hub, None where the package lacks it."""
        by_attribute = {attribute: wire for wire, attribute in self.names.items()}
        wire = name if name in self.names else by_attribute.get(name)
        return None if wire is None else self._described(wire)

    def all(self) -> list[Described]:
        """Return all endpoints."""
        return [found for name in self.names if (found := self._described(name))]

    def require(self, name: str) -> Described:
        """Return an endpoint by its name in Python or on the hub.

        Raises:
            CommandError: The package lacks it.
        """
        found = self.find(name)
        if found is None:
            raise self.missing(name, f"{self._package} has no endpoint")
        return found

    def missing(self, name: str, sentence: str) -> CommandError:
        """Make the failure for an endpoint that is not there, with the one that was probably meant."""
        hint = did_you_mean(name, [*self.names, *self.names.values()])
        hint = hint or "`aki endpoints` lists those there are"
        return CommandError(f"{sentence} {name!r}; {hint}", Exit.NO_ENDPOINT)

    def _described(self, wire: str) -> Described | None:
        attribute = self.names[wire]
        try:
            document = _read(self._folder / "endpoints" / f"{attribute}.json")
        except (OSError, ValueError):
            return None
        return Described(
            wire, attribute, object_or_empty(self._names[wire].get("fields")), document
        )


def _names(ctx: typer.Context, incomplete: str) -> list[str]:
    names = Catalogue(settings_of(ctx).package).names.values()
    return [name for name in names if name.startswith(incomplete)]


ENDPOINT = typer.Argument(
    metavar="NAME", help="An endpoint, by its name in Python or on the hub.", autocompletion=_names
)
"""The argument that several commands share."""


def find_endpoint(settings: CliSettings, name: str, *, live: bool = False) -> Described:
    """Return an endpoint of the package, or one that only the hub knows.

    Args:
        settings: Which package and hub.
        name: Its name in Python or on the hub.
        live: Whether the hub is asked for the details of today even where the package has the endpoint.

    Raises:
        CommandError: Neither has it.
        AkiError: The hub could not be asked.
    """
    catalogue = Catalogue(settings.package)
    found = catalogue.find(name)
    if found is not None and not live:
        return found
    wire = found.name if found is not None else name
    document = _ask(settings, wire)
    if document is None:
        raise catalogue.missing(name, f"neither {settings.package} nor the hub has an endpoint")
    return live_endpoint(wire, document, found)


def live_endpoint(name: str, document: Mapping[str, Any], known: Described | None) -> Described:
    """Return an endpoint as the hub describes it today.

    Args:
        name: Its name on the hub.
        document: What the hub says.
        known: The same endpoint in the package, whose names in Python stay; newcomers are called as on the hub.
    """
    facts = endpoint_facts(document)
    before: Mapping[str, Mapping[str, str]] = known.fields if known is not None else {}
    said = {"input": facts.input, "output": facts.output, "progress": facts.progress}
    fields = {
        section: {wire: before.get(section, {}).get(wire, wire) for wire in names}
        for section, names in said.items()
    }
    return Described(name, known.attribute if known is not None else "", fields, document)


def _ask(settings: CliSettings, name: str) -> Mapping[str, Any] | None:
    with settings.client() as client:
        try:
            return client.endpoint_details(name)
        except NotFoundError:
            return None


def _folder(package: str) -> Path:
    try:
        found = importlib.util.find_spec(package)
    except (ImportError, ValueError):
        found = None
    places = found.submodule_search_locations if found is not None else None
    if not places:
        raise no_package(package)
    return Path(next(iter(places)))


def _read(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(path.read_text("utf-8"))
    document.pop("$comment", None)
    return document
