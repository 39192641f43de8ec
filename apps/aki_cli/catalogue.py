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
from typing import TYPE_CHECKING, Any, TypeGuard

from aki_runtime.errors import ConnectionFailedError, NotFoundError, removed_in_words
from aki_runtime.metadata import (
    EndpointMetadata,
    FieldMetadata,
    as_settled,
    field_in_words,
    read_metadata,
)
from aki_runtime.shapes import is_array, is_object, object_or_empty
from aki_runtime.terminal import one_line

from .exits import CommandError, Exit, did_you_mean, no_package

if TYPE_CHECKING:
    from .settings import CliSettings


@dataclass(frozen=True)
class CatalogueEntry:
    """An endpoint and what is said of it.

    Attributes:
        name: Its name on the hub.
        attribute: Its name in the package; empty where the package lacks it.
        fields: By section (input, output, progress) the names in Python by those on the hub.
        document: Its details, as the hub words them.
        removed: What to say where the hub has removed it; empty where it is there.
    """

    name: str
    attribute: str
    fields: Mapping[str, Mapping[str, str]]
    document: Mapping[str, Any]
    removed: str = ""

    @cached_property
    def metadata(self) -> EndpointMetadata:
        """What the details say."""
        return read_metadata(self.document)

    @property
    def title(self) -> str:
        """What people call it."""
        return self.metadata.title or self.name

    @property
    def main_text(self) -> str | None:
        """The parameter that a text without a name is for: the conversation, or the one text that a call needs."""
        fields = self.section("input")
        chat = next((name for name, field in fields.items() if field.type == "chat"), None)
        if chat is not None:
            return chat
        texts = {name: field for name, field in fields.items() if field.type == "text"}
        needed = [name for name, field in texts.items() if field.required]
        usual = [name for name in ("prompt", "text") if name in texts]
        return next(iter(needed or usual), None) if len(needed) < 2 else None

    def section(self, section: str) -> dict[str, FieldMetadata]:
        """Return the fields of a section by their names in Python, as the hub orders them."""
        names = self.fields.get(section, {})
        described = self.metadata.sections[section].items()
        return {names[name]: field for name, field in described if name in names}


class Catalogue:
    """The endpoints of a generated package.

    Args:
        package: Its name.
        folder: Where it is; defaults to where Python finds it.

    Attributes:
        hub: What it says of its hub: `server` and `layout`.

    Raises:
        CommandError: There is no such package.
    """

    def __init__(self, package: str, folder: Path | None = None) -> None:
        self._folder = (folder or _folder(package)) / "spec"
        self._package = package
        try:
            named = _read(self._folder / "names.json")
            self.hub, overrides, state = map(
                self._read_if_any, ("hub.json", "overrides.json", "state.json")
            )
        except (OSError, RecursionError, ValueError):
            raise no_package(package) from None
        # An endpoint whose name begins with a dollar sign has a second one before it.
        self._names = {
            wire[1:] if wire[:2] == "$$" else wire: entry
            for wire, entry in named.items()
            if _is_named(entry)
        }
        self._overrides = object_or_empty(overrides.get("endpoints"))
        self._removed = object_or_empty(state.get("removed"))
        self._alternatives = object_or_empty(state.get("alternatives"))

    @cached_property
    def names(self) -> dict[str, str]:
        """The endpoints' names in Python, by those on the hub, sorted."""
        return {name: entry["name"] for name, entry in sorted(self._names.items())}

    @cached_property
    def models(self) -> dict[str, str]:
        """What the names of the endpoints' models begin with, by their names in Python."""
        return {entry["name"]: entry["models"] for entry in self._names.values()}

    def find(self, name: str) -> CatalogueEntry | None:
        """Return an endpoint by its name in Python or on the hub, None where the package lacks it."""
        if name in self.names:
            return self._described(name)
        return next((self._described(w) for w, known in self.names.items() if known == name), None)

    def all(self) -> list[CatalogueEntry]:
        """Return all endpoints."""
        return [found for name in self.names if (found := self._described(name))]

    def require(self, name: str) -> CatalogueEntry:
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

    def _described(self, wire: str) -> CatalogueEntry | None:
        attribute = self.names[wire]
        try:
            document = _read(self._folder / "endpoints" / f"{attribute}.json")
        except (OSError, RecursionError, ValueError):
            return None
        settled: Any = as_settled(document, self._overrides.get(wire))
        gone = self._removal(wire) if wire in self._removed else ""
        return CatalogueEntry(wire, attribute, self._names[wire]["fields"], settled, gone)

    def _removal(self, wire: str) -> str:
        others = self._alternatives.get(wire)
        named = [each for each in others if isinstance(each, str)] if is_array(others) else []
        return removed_in_words(wire, str(self._removed[wire]), named)

    def _read_if_any(self, name: str) -> dict[str, Any]:
        path = self._folder / name
        return _read(path) if path.exists() else {}


def what_it_takes(field: FieldMetadata) -> str:
    """Say what a field is for and what it takes, without the stop at the end."""
    description = one_line(field.description).rstrip(".")
    return ". ".join([*([description] if description else []), field_in_words(field, one_line)])


def default_of(field: FieldMetadata) -> str:
    """Say what the hub uses in the absence of a field; empty where it names nothing worth saying."""
    value = field.default
    if value is None:
        return ""
    return one_line(value if isinstance(value, str) else json.dumps(value))


def find_endpoint(settings: "CliSettings", name: str, *, live: bool = False) -> CatalogueEntry:
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
    with settings.client() as client:
        try:
            return live_endpoint(wire, client.endpoint_details(wire), found)
        except NotFoundError:
            sentence = f"neither {settings.package} nor the hub has an endpoint"
            raise catalogue.missing(name, sentence) from None
        except ConnectionFailedError as error:
            if found is not None:
                raise
            sentence = f"{error.message}, and {settings.package} has no endpoint"
            raise CommandError(catalogue.missing(name, sentence).message, Exit.HUB) from None


def live_endpoint(
    name: str, document: Mapping[str, Any], known: CatalogueEntry | None
) -> CatalogueEntry:
    """Return an endpoint as the hub describes it today; names that are known stay, others are as on the hub."""
    known = known or CatalogueEntry(name, "", {}, {})
    fields = {
        section: {wire: known.fields.get(section, {}).get(wire, wire) for wire in described}
        for section, described in read_metadata(document).sections.items()
    }
    return CatalogueEntry(name, known.attribute, fields, document)


def _is_named(entry: object) -> TypeGuard[dict[str, Any]]:
    # A name becomes the path of a file, and the snapshot may be of a foreign repository.
    return (
        is_object(entry)
        and str(entry.get("name")).isidentifier()
        and isinstance(entry.get("models"), str)
        and is_object(entry.get("fields"))
    )


def _folder(package: str) -> Path:
    # Found, not imported: importing it would take longer than all of help.
    try:
        found = importlib.util.find_spec(package)
    except (ImportError, ValueError):
        found = None
    places = found.submodule_search_locations if found is not None else None
    if not places:
        raise no_package(package)
    return Path(next(iter(places)))


def _read(path: Path) -> dict[str, Any]:
    document: object = json.loads(path.read_text("utf-8"))
    if not is_object(document):
        raise ValueError(f"{path} holds no object")
    document.pop("$comment", None)  # the generator's own; among the names it would be an endpoint
    return document
