"""The plan of a package's files, and their rendering from the IR. It writes nothing."""

import shlex
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote

from aki_runtime import public
from aki_runtime.packages import RUNTIME_API

from .. import __version__
from ..ir import Endpoint
from ..literals import Code, doc_text, docstring, literal, name
from ..naming import DEFAULT_OUT, DEFAULT_PACKAGE, Identifier
from ..parsing.parse import EndpointNames
from ..snapshot.snapshot import Snapshot
from .describe import endpoint_count, endpoint_doc, endpoint_summary
from .entry import Entry
from .models import PARTS, ModelField, ModelSource
from .templates import fill

COMMENT = (
    "Made by aki-codegen from endpoint metadata. Do not edit: spec/hub.json names the command "
    "that makes it anew."
)
"""What a file that is not source says of its making."""


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


def render_endpoint(
    endpoint: Endpoint, source: ModelSource, alternatives: tuple[str, ...] | None, package: str
) -> str:
    """Return the module of one endpoint: its models and its typed function.

    Args:
        endpoint: The endpoint.
        source: Its models.
        alternatives: The endpoints that can stand in for one that the hub has removed; None where it is there.
        package: What the package is imported as.
    """
    models = {part: name(endpoint.models, part) for part in PARTS}
    return fill(
        "endpoint.py.jinja",
        **common_values(package),
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
        input=models["Input"],
        output=models["Output"],
        progress=models["Progress"],
        fields=[field_values(field) for field in source.fields[f"{endpoint.models}Input"]],
        doc=docstring(endpoint_doc(endpoint), indent=4),
    )


def render_shared(
    entries: Sequence[Entry], snapshot: Snapshot, package: str
) -> dict[PurePosixPath, str]:
    """Return the modules that name all endpoints, by their path within the package."""
    common = common_values(package)
    listed = [_listed(entry) for entry in entries]
    return {
        PurePosixPath("__init__.py"): fill(
            "__init__.py.jinja",
            **common,
            doc=_package_doc(entries, snapshot, package),
            version=literal(__version__),
            runtime_api=literal(RUNTIME_API),
            public_names=[Code(public_name) for public_name in public.__all__],
            all_names=[Code(n) for n in sorted({*public.__all__, "Aki", "AsyncAki"})],
        ),
        PurePosixPath("_hub.py"): fill(
            "_hub.py.jinja",
            **common,
            endpoints=listed,
            package_text=literal(package),
            version=literal(__version__),
            server=literal(snapshot.server),
            layout=literal(snapshot.layout),
        ),
        PurePosixPath("batch.py"): fill("batch.py.jinja", **common),
        PurePosixPath("client.py"): fill(
            "client.py.jinja", **common, endpoints=listed, clients=_clients(snapshot)
        ),
        PurePosixPath("celery.py"): fill("celery.py.jinja", **common),
        PurePosixPath("ray.py"): fill("ray.py.jinja", **common),
        PurePosixPath("models.py"): fill("models.py.jinja", **common, endpoints=listed),
        PurePosixPath("endpoints/__init__.py"): fill(
            "endpoints.py.jinja",
            **common,
            endpoints=listed,
            doc=docstring(
                ["The endpoints as functions on a default client, made at the first call."]
            ),
            client=Code("Aki"),
            binder=Code("default_endpoint"),
        ),
        PurePosixPath("endpoints/aio.py"): fill(
            "endpoints.py.jinja",
            **common,
            endpoints=listed,
            doc=docstring(
                [
                    "The endpoints as awaitable functions on a default client, made at the first call."
                ]
            ),
            client=Code("AsyncAki"),
            binder=Code("default_async_endpoint"),
        ),
        PurePosixPath("py.typed"): "",
    }


def endpoint_path(endpoint: Endpoint | Entry | EndpointNames) -> PurePosixPath:
    """Return an endpoint's module within the package.

    The underscore keeps the module from hiding the endpoint: `from … import flux_dev` is never a module.
    """
    return PurePosixPath("endpoints") / f"{_module(endpoint.name)}.py"


def common_values(package: str) -> dict[str, Code]:
    """Return what every template may print."""
    return {"package": name(Identifier(package))}


def _module(endpoint_name: str) -> str:
    return f"_{endpoint_name}"


def _listed(entry: Entry) -> dict[str, Any]:
    return {
        "name": name(entry.name),
        "name_text": literal(str(entry.name)),
        "module": Code(_module(entry.name)),
        "module_text": literal(_module(entry.name)),
        "models": [name(entry.models, part) for part in PARTS],
    }


def field_values(field: ModelField) -> dict[str, Any]:
    """Return a field of a model as templates print it."""
    return {
        "name": Code(field.name),
        "annotation": field.annotation,
        "default": field.default,
        "has_default": field.default is not None,
    }


def _clients(snapshot: Snapshot) -> list[dict[str, Code]]:
    server = doc_text(snapshot.server)
    return [
        {
            "name": Code("Aki"),
            "base": Code("SyncClient"),
            "doc": docstring(
                [f"A client of {server}; see `SyncClient` for its arguments."], indent=4
            ),
        },
        {
            "name": Code("AsyncAki"),
            "base": Code("AsyncClient"),
            "doc": docstring(
                [f"A client of {server} for async code; see `AsyncClient` for its arguments."],
                indent=4,
            ),
        },
    ]


def _package_doc(entries: Sequence[Entry], snapshot: Snapshot, package: str) -> Code:
    first = str(entries[0].name) if entries else "endpoint"
    return docstring(
        [
            f"Typed client of {doc_text(snapshot.server)}, with {endpoint_count(len(entries))}.",
            "",
            f"    from {package} import Aki",
            "",
            "    aki = Aki()  # AKI_API_KEY",
            f"    result = aki.{first}(...)",
            "",
            f"`{package}.endpoints` has the same as functions, `{package}.models` all models.",
        ]
    )
