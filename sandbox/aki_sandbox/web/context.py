"""What the sandbox knows of a request beside its HTTP.

Owns the one place in an ASGI scope where that is kept, and the kinds of requests. Must not know
what is done with it.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias, cast, get_args

from starlette.routing import BaseRoute, Match, Route
from starlette.types import Scope

from aki_sandbox.workers.work import AlterWork

RouteKind: TypeAlias = Literal[
    "list", "details", "validate_key", "submit", "poll", "models", "chat", "unknown"
]
"""The kinds of requests; `models` and `chat` are those of the OpenAI interface."""

TRANSPORT = "sandbox.transport"
"""Under this name among the `extensions` of a scope the server puts the connection's transport."""

_CONTEXT = "sandbox.context"
_KINDS: frozenset[str] = frozenset(get_args(RouteKind))


@dataclass(slots=True, eq=False)
class RequestContext:
    """One request, as the sandbox sees it.

    Attributes:
        kind: What is asked for.
        endpoint: The endpoint in the path, or None where the path has none.
        transport: The connection; None when the application is not behind the sandbox's server.
        job_id: The job that a poll asks after, once its request has been read.
        alter_work: Changes the work that a call leads to.
    """

    kind: RouteKind
    endpoint: str | None
    transport: asyncio.Transport | None
    job_id: str | None = None
    alter_work: AlterWork | None = None

    def is_gone(self) -> bool:
        """Say whether nobody is there any more who could read an answer."""
        return self.transport is not None and self.transport.is_closing()


def context_of(scope: Scope) -> RequestContext:
    """Return the context of a request, which `add_context` put there."""
    return cast("RequestContext", scope[_CONTEXT])


def add_context(scope: Scope, routes: Iterable[BaseRoute]) -> RequestContext:
    """Find out which route a request will take, and keep that in its scope."""
    kind, endpoint = _target(scope, routes)
    transport = scope.get("extensions", {}).get(TRANSPORT)
    context = RequestContext(kind, endpoint, transport)
    scope[_CONTEXT] = context
    return context


def _target(scope: Scope, routes: Iterable[BaseRoute]) -> tuple[RouteKind, str | None]:
    for route in routes:
        match, child = route.matches(scope)
        if match is Match.FULL and isinstance(route, Route) and route.name in _KINDS:
            return cast("RouteKind", route.name), child["path_params"].get("name")
    return "unknown", None
