"""What an agent can call: a tool for each endpoint, or one to search and one to call where there are many.

The texts of a hub are shown to a model here, and nothing in them is obeyed: they are shortened, and lose what is not
text. It must not know how a call is carried out.
"""

from typing import TYPE_CHECKING, Any

from aki_cli.catalogue import Catalogue, CatalogueEntry
from aki_runtime.errors import ConfigurationError
from aki_runtime.shapes import is_array, is_object
from aki_runtime.terminal import visible
from mcp_types import Tool, ToolAnnotations

if TYPE_CHECKING:
    from aki_client import AsyncAki

MOST_TOOLS = 40
"""Endpoints up to which each is a tool of its own: every tool costs the agent some of its attention."""

FOUND = 5
"""Endpoints that a search names, each with what it takes."""

Schema = dict[str, Any]

_LONGEST_TITLE = 80
_LONGEST_DESCRIPTION = 600
_LONGEST_ABOUT_PARAMETER = 300
_MOST_CHOICES = 200
_MEDIA = ("image", "audio", "video")
_PAYS = ToolAnnotations(
    read_only_hint=False, destructive_hint=False, idempotent_hint=False, open_world_hint=True
)
_LOOKS = ToolAnnotations(read_only_hint=True, open_world_hint=False)
_ENDS = ToolAnnotations(read_only_hint=False, destructive_hint=True, idempotent_hint=True)
_TEXT: Schema = {"type": "string"}
_OBJECT: Schema = {"type": "object"}
_CALL: Schema = {"type": "string", "description": "The call, as an earlier answer named it."}
_LIMIT: Schema = {"type": "integer", "minimum": 1, "maximum": 100, "default": 20}
_WORDS: Schema = {"type": "string", "description": "Words, such as 'picture upscale'."}
_STATUS: Schema = {"enum": ["running", "done", "failed", "cancelled", "uncertain"]}


def _taking(required: tuple[str, ...] = (), **properties: Schema) -> Schema:
    return {"type": "object", "properties": properties, "required": [*required]}


_ANSWER = _taking(
    ("status",),
    call=_CALL,
    status=_STATUS,
    outputs={**_OBJECT, "description": "What the endpoint gave; media as paths."},
    files={"type": "array", "items": _TEXT},
    message=_TEXT,
)

OF_CALLS = (
    Tool(
        name="jobs",
        title="List calls",
        description="List the calls that were made from this machine, the latest first, those of earlier sessions "
        "included. Nothing is paid for this.",
        input_schema=_taking(limit=_LIMIT),
        annotations=_LOOKS,
    ),
    Tool(
        name="job_result",
        title="Result of a call",
        description="Wait for a call that is running and return what came of it; of one that has ended, return it at "
        "once. Nothing is paid for this.",
        input_schema=_taking(("call",), call=_CALL),
        output_schema=_ANSWER,
        annotations=_LOOKS,
    ),
    Tool(
        name="job_cancel",
        title="Cancel a call",
        description="Ask the hub to cancel a call that is running. It may end as done all the same.",
        input_schema=_taking(("call",), call=_CALL),
        output_schema=_ANSWER,
        annotations=_ENDS,
    ),
)
"""The tools for calls that were made."""

CALL = Tool(
    name="call_endpoint",
    title="Call an endpoint",
    description="Call an endpoint with the arguments that search_endpoints names for it. This is paid for.",
    input_schema=_taking(("endpoint",), endpoint=_TEXT, arguments=_OBJECT),
    output_schema=_ANSWER,
    annotations=_PAYS,
)


class Toolbox:
    """The endpoints of a package that an agent may call.

    Args:
        client: The class of the package's client.
        package: The package's name.
        only: Names of endpoints, in Python or on the hub; none means all.
        category: The hub's word for the kind of those that are meant.

    Attributes:
        endpoints: The tools that call an endpoint each, with its name; none where they are searched.

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
        self._by_name = {
            endpoint.attribute: endpoint
            for endpoint in sorted(chosen, key=lambda one: one.attribute)
            if not endpoint.removed and category in (None, endpoint.metadata.category)
        }
        self._is_searched = len(self._by_name) > MOST_TOOLS
        # A hub may call an endpoint as this server calls a tool of its own.
        own = {tool.name for tool in (*OF_CALLS, CALL)} | {"search_endpoints"}
        names = () if self._is_searched else self._by_name
        self.endpoints = {name if name not in own else f"{name}_endpoint": name for name in names}

    def listed(self) -> list[Tool]:
        """Return the tools."""
        if self._is_searched:
            return [self._search(), CALL, *OF_CALLS]
        return [*(self._tool(*names) for names in self.endpoints.items()), *OF_CALLS]

    def require(self, name: object) -> str:
        """Return an endpoint by its name in Python or on the hub.

        Raises:
            ConfigurationError: There is none.
        """
        for attribute, endpoint in self._by_name.items():
            if name in (attribute, endpoint.name):
                return attribute
        raise ConfigurationError("unknown endpoint; search_endpoints finds those there are")

    def search(self, query: str) -> list[Schema]:
        """Return the endpoints that fit words best, with what each takes."""
        words = query.casefold().replace("_", " ").split()
        scores = {name: _score(words, endpoint) for name, endpoint in self._by_name.items()}
        best = sorted((name for name in scores if scores[name]), key=lambda n: (-scores[n], n))
        return [
            {
                "endpoint": name,
                "about": _about(self._by_name[name]),
                "category": self._by_name[name].metadata.category or "",
                "arguments": self._schema(name),
            }
            for name in best[:FOUND]
        ]

    def _search(self) -> Tool:
        kinds = sorted({e.metadata.category or "" for e in self._by_name.values()} - {""})
        return Tool(
            name="search_endpoints",
            title="Search endpoints",
            description=f"Find endpoints among {len(self._by_name)} by words, with what each takes. "
            f"Their kinds: {_line(', '.join(kinds), 300)}. Nothing is paid for this.",
            input_schema=_taking(("query",), query=_WORDS),
            annotations=_LOOKS,
        )

    def _tool(self, name: str, endpoint: str) -> Tool:
        return Tool(
            name=name,
            title=_line(self._by_name[endpoint].title, _LONGEST_TITLE),
            description=_about(self._by_name[endpoint]),
            input_schema=self._schema(endpoint),
            output_schema=_ANSWER,
            annotations=_PAYS,
        )

    def _schema(self, endpoint: str) -> Schema:
        """Return what an endpoint takes: as its model, but in visible text, and media as files an agent can name."""
        info = self._client.load_endpoint(endpoint).info
        schema: Schema = info.input.model_json_schema() if info.input is not None else {}
        shown: Schema = _seen(schema.get("properties", {}))
        for name, parameter in info.parameters.items():
            if parameter.type in _MEDIA:
                about = f"The path of a file with the {parameter.type}, in a folder that is allowed or from an earlier "
                shown[name] = {**_TEXT, "description": f"{about}answer; or a data URI."}
        return {"type": "object", **schema, "properties": shown}


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


def _is_seen(value: object) -> bool:
    return not isinstance(value, str) or visible(value) == value


def _about(endpoint: CatalogueEntry) -> str:
    title, text = _line(endpoint.title, _LONGEST_TITLE), endpoint.metadata.description
    about = f"{title}: {_line(text, _LONGEST_DESCRIPTION)}" if text else title
    return f"{about} (each call is paid for)"


def _line(text: str, length: int) -> str:
    line = " ".join(visible(text).split())
    return line if len(line) <= length else f"{line[: length - 1]}…"


def _score(words: list[str], endpoint: CatalogueEntry) -> int:
    about = endpoint.metadata
    names = f"{endpoint.attribute} {endpoint.name} {endpoint.title}"
    places = (names, 4), (about.category or "", 3), (about.description, 1)
    return sum(
        weight * (word in place.casefold().replace("_", " "))
        for place, weight in places
        for word in words
    )
