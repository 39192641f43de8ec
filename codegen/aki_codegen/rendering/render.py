"""The modules of a package as text, from the IR, not yet formatted. It writes nothing."""

import shlex
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote

from aki_runtime import public
from aki_runtime.packages import RUNTIME_API

from .. import __version__
from ..ir import NamedEndpoint
from ..literals import Code, doc_text, docstring, literal, name
from ..naming import DEFAULT_OUT, DEFAULT_PACKAGE, Identifier
from ..parsing.parse import EndpointNames
from ..snapshot.snapshot import Snapshot
from .describe import endpoint_count, endpoint_doc, endpoint_summary
from .models import ModelSource
from .templates import fill

COMMENT = (
    "Made by aki-codegen from endpoint metadata. Do not edit: spec/hub.json names the command "
    "that makes it anew."
)
"""What a file that is not source says of its making."""

PARTS = ("Input", "Output", "Progress")
"""What the names of an endpoint's models end in."""


def command_for(snapshot: Snapshot, package: str) -> str:
    """Return the command that makes a package anew, as a shell takes it."""
    words = ["aki-codegen", "generate"]
    if not snapshot.is_sandbox:
        # What only a shell or a reader of Markdown would make something of has a form without it.
        server = quote(snapshot.server, safe=":/[]-._~%")
        words += ["--server", server, "--layout", snapshot.layout]
    if snapshot.out != DEFAULT_OUT:
        words += ["--out", snapshot.out]
    if package != DEFAULT_PACKAGE:
        words += ["--package", package]
    return shlex.join(words)


def endpoint_path(endpoint: NamedEndpoint | EndpointNames) -> PurePosixPath:
    """Return an endpoint's module within the package.

    The underscore keeps the module from hiding the endpoint: `from … import flux_dev` is never a module.
    """
    return PurePosixPath(f"endpoints/_{endpoint.name}.py")


def render_endpoint(
    endpoint: NamedEndpoint, source: ModelSource, alternatives: Iterable[str] | None
) -> str:
    """Return the module of one endpoint: its models and its typed function.

    Args:
        endpoint: The endpoint.
        source: Its models.
        alternatives: The endpoints that can stand in for one that the hub has removed; None where it is there.
    """
    return fill(
        "endpoint.py.jinja",
        module_doc=docstring([endpoint_summary(endpoint)]),
        imports=source.imports,
        classes=source.classes,
        wire_name=literal(endpoint.wire_name),
        title=literal(doc_text(endpoint.title)),
        description=literal(doc_text(endpoint.description)),
        category=literal(endpoint.category),
        version=literal(endpoint.version),
        is_removed=alternatives is not None,
        alternatives=[literal(name) for name in alternatives or ()],
        name=name(endpoint.name),
        fields=source.fields[f"{endpoint.models}Input"],
        doc=docstring(endpoint_doc(endpoint), indent=4),
        **{part.lower(): name(endpoint.models, part) for part in PARTS},
    )


def render_shared(
    endpoints: Sequence[NamedEndpoint], snapshot: Snapshot, package: str
) -> dict[PurePosixPath, str]:
    """Return the modules that name all endpoints, by their path within the package."""
    server = doc_text(snapshot.server)
    values: dict[str, Any] = {
        "package": name(Identifier(package)),
        "package_text": literal(package),
        "version": literal(__version__),
        "runtime_api": literal(RUNTIME_API),
        "server": literal(snapshot.server),
        "layout": literal(snapshot.layout),
        "public_names": [Code(public_name) for public_name in public.__all__],
        "all_names": [Code(n) for n in sorted({*public.__all__, "Aki", "AsyncAki"})],
        "endpoints": [
            {
                "name": name(endpoint.name),
                "name_text": literal(str(endpoint.name)),
                "module": Code(endpoint_path(endpoint).stem),
                "module_text": literal(endpoint_path(endpoint).stem),
                "models": [name(endpoint.models, part) for part in PARTS],
            }
            for endpoint in endpoints
        ],
    }
    sync = docstring([f"A client of {server}; see `SyncClient` for its arguments."], indent=4)
    asynchronous = f"A client of {server} for async code; see `AsyncClient` for its arguments."
    values["clients"] = [
        {"name": Code("Aki"), "base": Code("SyncClient"), "doc": sync},
        {
            "name": Code("AsyncAki"),
            "base": Code("AsyncClient"),
            "doc": docstring([asynchronous], indent=4),
        },
    ]
    alike = ("_hub.py", "batch.py", "celery.py", "client.py", "models.py", "ray.py")
    texts = {PurePosixPath(path): fill(f"{path}.jinja", **values) for path in alike}
    package_doc = _package_doc(endpoints, server, package)
    texts[PurePosixPath("__init__.py")] = fill("__init__.py.jinja", **values, doc=package_doc)
    texts[PurePosixPath("py.typed")] = ""
    for module, kind, client in (
        ("__init__.py", "functions", "Aki"),
        ("aio.py", "awaitable functions", "AsyncAki"),
    ):
        texts[PurePosixPath("endpoints", module)] = fill(
            "endpoints.py.jinja",
            **values,
            doc=docstring(
                [f"The endpoints as {kind} on a default client, made at the first call."]
            ),
            client=Code(client),
        )
    return texts


def _package_doc(endpoints: Sequence[NamedEndpoint], server: str, package: str) -> Code:
    return docstring(
        [
            f"Typed client of {server}, with {endpoint_count(len(endpoints))}.",
            "",
            f"    from {package} import Aki",
            "",
            "    aki = Aki()  # AKI_API_KEY",
            f"    result = aki.{endpoints[0].name}(...)",
            "",
            f"`{package}.endpoints` has the same as functions, `{package}.models` all models.",
        ]
    )
