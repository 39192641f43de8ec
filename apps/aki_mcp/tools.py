"""What an agent can call: a tool for each endpoint, or one to search and one to call where there are many.

The texts of a hub are shown to a model here, and nothing in them is obeyed: they are shortened, and lose what is not
text. It must not know how a call is carried out.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from aki_cli.catalogue import Catalogue, CatalogueEntry
from aki_runtime.shapes import is_array, is_object
from aki_runtime.terminal import visible
from mcp_types import Tool, ToolAnnotations

if TYPE_CHECKING:
    from aki_client import AsyncAki
    from aki_runtime.fields.parameters import Parameter

MOST_TOOLS = 40
"""Endpoints up to which each is a tool of its own: every tool costs the agent some of its attention."""

FOUND = 5
"""Endpoints that a search names, each with what it takes."""

Schema = dict[str, Any]

_LONGEST_DESCRIPTION = 600
_LONGEST_ABOUT_PARAMETER = 300
_MOST_CHOICES = 200
_MEDIA = ("image", "audio", "video")
_PAYS = ToolAnnotations(
    read_only_hint=False, destructive_hint=False, idempotent_hint=False, open_world_hint=True
)
_LOOKS = ToolAnnotations(read_only_hint=True, open_world_hint=False)
_ID: Schema = {"type": "string", "description": "The call, as an earlier answer named it."}
_ANSWER: Schema = {
    "type": "object",
    "properties": {
        "call": _ID,
        "status": {"enum": ["running", "done", "failed", "cancelled", "uncertain"]},
        "outputs": {"type": "object", "description": "What the endpoint gave; media as paths."},
        "files": {"type": "array", "items": {"type": "string"}},
        "message": {"type": "string"},
    },
    "required": ["status"],
}

JOBS = Tool(
    name="jobs",
    title="List calls",
    description="List the calls that were made from this machine, the latest first, those of earlier sessions "
    "included. Nothing is paid for this.",
    input_schema={
        "type": "object",
        "properties": {"limit": {"type": "integer", "minimum": 1, "maximum": 100, "default": 20}},
    },
    annotations=_LOOKS,
)
JOB_RESULT = Tool(
    name="job_result",
    title="Result of a call",
    description="Wait for a call that is running and return what came of it; of one that has ended, return it at once. "
    "Nothing is paid for this.",
    input_schema={"type": "object", "properties": {"call": _ID}, "required": ["call"]},
    output_schema=_ANSWER,
    annotations=_LOOKS,
)
JOB_CANCEL = Tool(
    name="job_cancel",
    title="Cancel a call",
    description="Ask the hub to cancel a call that is running. It may end as done all the same.",
    input_schema={"type": "object", "properties": {"call": _ID}, "required": ["call"]},
    output_schema=_ANSWER,
    annotations=ToolAnnotations(read_only_hint=False, destructive_hint=True, idempotent_hint=True),
)
_OF_CALLS = (JOBS, JOB_RESULT, JOB_CANCEL)


class Toolbox:
    """The endpoints of a package that an agent may call.

    Args:
        client: The class of the package's client.
        package: The package's name.
        only: Names of endpoints, in Python or on the hub; none means all.
        category: The hub's word for the kind of those that are meant.

    Raises:
        CommandError: There is no such package, or no endpoint of such a name.
    """

    def __init__(
        self,
        client: "type[AsyncAki]",
        package: str,
        only: tuple[str, ...] = (),
        category: str | None = None,
    ) -> None:
        catalogue = Catalogue(package)
        chosen = [catalogue.require(name) for name in only] or catalogue.all()
        self._client = client
        self._by_name: dict[str, CatalogueEntry] = {}
        for endpoint in sorted(chosen, key=lambda one: one.attribute):
            is_meant = category is None or endpoint.metadata.category == category
            if is_meant and not endpoint.removed:
                self._by_name[endpoint.attribute] = endpoint
        # A hub may call an endpoint as this server calls a tool of its own.
        own = {tool.name for tool in _OF_CALLS}
        self._tools = {n if n not in own else f"{n}_endpoint": n for n in self._by_name}

    def listed(self) -> list[Tool]:
        """Return the tools."""
        if len(self._by_name) > MOST_TOOLS:
            return [self._search(), self._call(), *_OF_CALLS]
        tools = [self._tool(tool, self._by_name[name]) for tool, name in self._tools.items()]
        return [*tools, *_OF_CALLS]

    def endpoint_of(self, tool: str) -> str | None:
        """Return the endpoint that a tool calls; None where it is another tool."""
        return self._tools.get(tool) if len(self._by_name) <= MOST_TOOLS else None

    def require(self, name: object) -> str | None:
        """Return an endpoint by its name in Python or on the hub; None where there is none."""
        return next((n for n, e in self._by_name.items() if name in (n, e.name)), None)

    def search(self, query: str) -> list[Schema]:
        """Return the endpoints that fit words best, with what each takes."""
        words = query.casefold().replace("_", " ").split()
        scores = {name: _score(words, endpoint) for name, endpoint in self._by_name.items()}
        best = sorted((name for name in scores if scores[name]), key=lambda n: (-scores[n], n))
        return [self._described(self._by_name[name]) for name in best[:FOUND]]

    def _described(self, endpoint: CatalogueEntry) -> Schema:
        return {
            "endpoint": endpoint.attribute,
            "about": _about(endpoint),
            "category": endpoint.metadata.category or "",
            "arguments": self._schema(endpoint),
        }

    def _tool(self, name: str, endpoint: CatalogueEntry) -> Tool:
        return Tool(
            name=name,
            title=_line(endpoint.title, 80),
            description=_about(endpoint),
            input_schema=self._schema(endpoint),
            output_schema=_ANSWER,
            annotations=_PAYS,
        )

    def _schema(self, endpoint: CatalogueEntry) -> Schema:
        info = self._client.load_endpoint(endpoint.attribute).info
        schema: Schema = info.input.model_json_schema() if info.input is not None else {}
        shown = _properties(schema.get("properties", {}), info.parameters)
        return {"type": "object", **schema, "properties": shown}

    def _search(self) -> Tool:
        kinds = sorted({e.metadata.category or "" for e in self._by_name.values()} - {""})
        return Tool(
            name="search_endpoints",
            title="Search endpoints",
            description=f"Find endpoints among {len(self._by_name)} by words, with what each takes. "
            f"Their kinds: {_line(', '.join(kinds), 300)}. Nothing is paid for this.",
            input_schema={
                "type": "object",
                "properties": {
                    "query": {"type": "string", "description": "Words, such as 'picture upscale'."}
                },
                "required": ["query"],
            },
            annotations=_LOOKS,
        )

    def _call(self) -> Tool:
        return Tool(
            name="call_endpoint",
            title="Call an endpoint",
            description="Call an endpoint with the arguments that search_endpoints names for it. This is paid for.",
            input_schema={
                "type": "object",
                "properties": {"endpoint": {"type": "string"}, "arguments": {"type": "object"}},
                "required": ["endpoint"],
            },
            output_schema=_ANSWER,
            annotations=_PAYS,
        )


def _properties(shown: Mapping[str, Any], parameters: "Mapping[str, Parameter]") -> Schema:
    """Return what a tool takes: as the model, but in visible text, and media as files that an agent can name."""
    return {
        name: {
            "type": "string",
            "description": f"The path of a file with the {parameters[name].type}, in a folder that is allowed or from "
            "an earlier answer; or a data URI.",
        }
        if name in parameters and parameters[name].type in _MEDIA
        else _seen(schema)
        for name, schema in shown.items()
    }


def _seen(schema: Any) -> Any:
    """Return a schema of which a person who approves of the tool sees all that a model reads."""
    if is_array(schema):
        return [_seen(part) for part in schema if _is_seen(part)][:_MOST_CHOICES]
    if not is_object(schema):
        return schema
    return {
        key: _line(value, _LONGEST_ABOUT_PARAMETER)
        if key in ("title", "description") and isinstance(value, str)
        else _seen(value)
        for key, value in schema.items()
        if _is_seen(value) or key in ("title", "description")
    }


def _about(endpoint: CatalogueEntry) -> str:
    title, text = _line(endpoint.title, 80), endpoint.metadata.description
    about = f"{title}: {_line(text, _LONGEST_DESCRIPTION)}" if text else title
    return f"{about} (each call is paid for)"


def _is_seen(value: object) -> bool:
    return not isinstance(value, str) or visible(value) == value


def _line(text: str, length: int) -> str:
    line = " ".join(visible(text).split())
    return line if len(line) <= length else f"{line[: length - 1]}…"


def _score(words: list[str], endpoint: CatalogueEntry) -> int:
    about = endpoint.metadata
    places = (
        (4, f"{endpoint.attribute} {endpoint.name} {endpoint.title}"),
        (3, about.category or ""),
        (1, about.description),
    )
    return sum(
        weight
        for word in words
        for weight, text in places
        if word in text.casefold().replace("_", " ")
    )
