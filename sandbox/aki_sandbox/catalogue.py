"""The endpoints a hub offers, read from a folder of details documents.

Owns the reading and the errors it can meet. Must not know what an endpoint's parameters mean.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from aki_sandbox.jsontypes import Json, JsonObject, as_object

BUNDLED = Path(__file__).parent / "catalogue"

Parameters = dict[str, JsonObject]


class CatalogueError(Exception):
    """A catalogue folder cannot be used; the message says in one sentence why."""


@dataclass(frozen=True, slots=True)
class HubEndpoint:
    """One endpoint as its details document describes it.

    Attributes:
        name: The name in the routes.
        document: The details document without the figures that change while the hub runs.
        inputs: Attributes of each input parameter, in the order of the document.
        outputs: Attributes of each output.
        progress_outputs: Attributes of each output that a running job may report.
    """

    name: str
    document: JsonObject
    inputs: Parameters
    outputs: Parameters
    progress_outputs: Parameters

    @property
    def version(self) -> Json:
        """The endpoint's version, which every answer repeats as `ep_version`."""
        return self.document.get("version")

    @property
    def title(self) -> str:
        """The name for people."""
        title = self.document.get("title")
        return title if isinstance(title, str) else self.name

    @property
    def methods(self) -> list[str]:
        """The HTTP methods a call may use."""
        methods = self.document.get("http_methods")
        if not isinstance(methods, list):
            return ["POST"]
        return [method for method in methods if isinstance(method, str)]

    def describes_by(self, method: str) -> bool:
        """Whether the details can be asked for by a method: one that calls are limited to, or any."""
        return method in {*self.methods, "HEAD"} or "http_methods" not in self.document

    def number(self, key: str, default: float) -> float:
        """Return a number at the top of the document, or the default."""
        value = self.document.get(key)
        return value if isinstance(value, int | float) else default


Catalogue = dict[str, HubEndpoint]


def load_catalogue(folder: Path | None = None) -> Catalogue:
    """Read every details document in a folder.

    A saved answer of the list route (`{"endpoints": [...]}`) may lie beside them; it is left out.

    Args:
        folder: Where the `*.json` files are; None takes the catalogue that comes with the package.

    Raises:
        CatalogueError: The folder is missing or empty, or a file in it is not a details document.
    """
    folder = folder or BUNDLED
    if not folder.is_dir():
        raise CatalogueError(f"There is no catalogue folder {folder}.")
    catalogue: Catalogue = {}
    for path in sorted(folder.glob("*.json")):
        document = _read_object(path)
        if document.keys() == {"endpoints"}:
            continue
        endpoint = _endpoint(path, document)
        if endpoint.name in catalogue:
            raise CatalogueError(f"{path} describes {endpoint.name} a second time.")
        catalogue[endpoint.name] = endpoint
    if not catalogue:
        raise CatalogueError(f"The catalogue folder {folder} holds no endpoint (*.json).")
    return catalogue


def _read_object(path: Path) -> JsonObject:
    try:
        document = cast("Json", json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise CatalogueError(f"{path} is not readable as JSON: {error}.") from error
    if not isinstance(document, dict):
        raise CatalogueError(f"{path} is not a details document: it holds no JSON object.")
    return document


def _endpoint(path: Path, document: JsonObject) -> HubEndpoint:
    name = document.get("name")
    if not isinstance(name, str) or not name:
        raise CatalogueError(f"{path} is not a details document: it has no name.")
    description = document.get("parameter_description")
    if not isinstance(description, dict):
        raise CatalogueError(f"{path} is not a details document: it has no parameter_description.")
    return HubEndpoint(
        name=name,
        document=document,
        inputs=_parameters(path, "input", description.get("input")),
        outputs=_parameters(path, "output", description.get("output")),
        progress_outputs=_parameters(
            path, "progress", as_object(description.get("progress")).get("OUTPUTS")
        ),
    )


def _parameters(path: Path, section: str, value: Json) -> Parameters:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise CatalogueError(f"{path}: the section {section} is not a JSON object.")
    parameters: Parameters = {}
    for name, attributes in value.items():
        if not isinstance(attributes, dict):
            raise CatalogueError(f"{path}: {section} {name} is not a JSON object.")
        parameters[name] = attributes
    return parameters
