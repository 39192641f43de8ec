"""The modules of a package as text, from the IR, not yet formatted. It writes nothing."""

import ast
from collections.abc import Iterable, Mapping, Sequence
from importlib.resources import files
from pathlib import PurePosixPath
from typing import Any

from aki_runtime.packages import RUNTIME_API

from ..ir import Field, NamedEndpoint, Section
from ..literals import Code, doc_text, docstring, literal, name
from ..naming import Identifier
from ..parsing.parse import EndpointNames
from ..snapshot.snapshot import Snapshot
from .describe import endpoint_count, endpoint_docs, endpoint_summary, field_doc, removal, wrapped
from .models import ModelField, ModelSource
from .templates import fill

MADE_BY = (
    "Made by aki-codegen from endpoint metadata. Do not edit: spec/hub.json names the command "
    "that makes it anew."
)
"""What a file that is not source says of its making."""

PARTS = ("Input", "Output", "Progress", "Params")
"""What the names of an endpoint's models end in; the last is a dict of what the first holds."""

WAYS = {
    "call": ("__call__", "Called"),
    "stream": ("stream", "Streamed"),
    "submit": ("submit", "Submitted"),
}
"""The method of each way to use an endpoint, and what stands for its result."""

OFFERED = {
    "package": "public.py",
    "batch": "batch/public.py",
    "celery": "celery/__init__.py",
    "ray": "ray/public.py",
}
"""The file of the runtime whose `__all__` a module of a package offers."""

MODULE_DOC = (
    "Its models and its function come first. Below them is what editors and type checkers see instead of the",
    "function: its sync and its async form, as clients have them.",
)


def endpoint_path(endpoint: NamedEndpoint | EndpointNames) -> PurePosixPath:
    """Return an endpoint's module within the package.

    The underscore keeps the module from hiding the endpoint: `from … import flux_dev` is never a module.
    """
    return PurePosixPath(f"endpoints/_{endpoint.name}.py")


def render_endpoint(
    endpoint: NamedEndpoint, source: ModelSource, alternatives: Sequence[str] | None, day: str = ""
) -> str:
    """Return the module of one endpoint: its models, its typed function, and its forms as type checkers see them.

    Args:
        endpoint: The endpoint.
        source: Its models.
        alternatives: The endpoints that can stand in for one that the hub has removed; None where it is there.
        day: The day on which that was found.
    """
    removed = "" if alternatives is None else removal(alternatives)
    docs = endpoint_docs(endpoint, removed)
    parts = {part: name(endpoint.models, part) for part in PARTS}
    sections: tuple[tuple[Section, tuple[Field, ...]], ...] = (
        ("input", endpoint.inputs),
        ("output", endpoint.outputs),
        ("progress", endpoint.progress),
    )
    models = [
        {
            "name": model,
            "base": Code(f"{part}Model"),
            "fields": [
                {**vars(made), "doc": docstring(field_doc(field, section), indent=4)}
                for field, made in zip(fields, source.fields[model], strict=True)
            ],
        }
        for (section, fields), (part, model) in zip(sections, parts.items(), strict=False)
    ]
    return fill(
        "endpoint.py.jinja",
        module_doc=docstring([endpoint_summary(endpoint), "", *MODULE_DOC]),
        imports=source.imports,
        models=models,
        wire_name=literal(endpoint.wire_name),
        title=literal(doc_text(endpoint.title)),
        description=literal(doc_text(endpoint.description)),
        category=literal(endpoint.category),
        version=literal(endpoint.version),
        is_removed=alternatives is not None,
        alternatives=[literal(name) for name in alternatives or ()],
        removed=literal(removed),
        removal_day=literal(day),
        name=name(endpoint.name),
        signature=_signature(source.fields[parts["Input"]]),
        doc=docstring(docs["call"], indent=8),
        params_doc=docstring([f"The parameters of `{endpoint.name}`, as a dict."]),
        summary_doc=docstring(wrapped(endpoint_summary(endpoint)), indent=8),
        forms_name=Code(f"_{form_name(endpoint, '')}"),
        ways=[
            (Code(method), Code(returned), docstring(docs[way], indent=12))
            for way, (method, returned) in WAYS.items()
        ],
        kinds=_kinds(endpoint, parts),
        **{part.lower(): made for part, made in parts.items()},
    )


def _signature(fields: Iterable[ModelField]) -> Code:
    """Return the parameters of a function, all by name."""
    shown = [
        f"{field.name}: {field.annotation}"
        + ("" if field.default is None else f" = {field.default}")
        for field in fields
    ]
    return Code(", ".join(["*", *shown, ""]) if shown else "")


def _kinds(endpoint: NamedEndpoint, parts: Mapping[str, Code]) -> list[dict[str, Code]]:
    """Return the sync and the async class of an endpoint, for type checkers."""
    both = f"[{parts['Progress']}, {parts['Output']}]"
    return [
        {
            "name": form_name(endpoint, prefix),
            "base": Code(f"{prefix}Endpoint"),
            "call": Code(waited.format(parts["Output"])),
            "stream": Code(f"{prefix}Stream{both}"),
            "submit": Code(waited.format(f"{prefix}Job{both}")),
        }
        for prefix, waited in (("", "{}"), ("Async", "CoroutineType[None, None, {}]"))
    ]


def form_name(endpoint: NamedEndpoint, prefix: str) -> Code:
    """Return the name of an endpoint's class for type checkers, of its sync form or, with "Async", the other."""
    return Code(f"{prefix}{name(endpoint.models, 'Endpoint')}")


def render_shared(
    endpoints: Sequence[NamedEndpoint], snapshot: Snapshot, package: str, removed: Mapping[str, str]
) -> dict[PurePosixPath, str]:
    """Return the modules that name all endpoints, by their path within the package.

    Args:
        endpoints: The endpoints.
        snapshot: What they are of.
        package: What the package is imported as.
        removed: What to say of those that the hub has removed, by their names on the hub.
    """
    server = doc_text(snapshot.server)
    offered = {module: _offered(path) for module, path in OFFERED.items()}
    values: dict[str, Any] = {
        "package": name(Identifier(package)),
        "package_text": literal(package),
        "runtime_api": literal(RUNTIME_API),
        "server": literal(snapshot.server),
        "layout": literal(snapshot.layout),
        "offered": offered,
        "all_names": sorted([Code("Aki"), Code("AsyncAki"), *offered["package"]]),
        "endpoints": [
            {
                "name": name(endpoint.name),
                "name_text": literal(str(endpoint.name)),
                "module": Code(endpoint_path(endpoint).stem),
                "module_text": literal(endpoint_path(endpoint).stem),
                "models": [name(endpoint.models, part) for part in PARTS],
                "forms": {prefix: form_name(endpoint, prefix) for prefix in ("", "Async")},
                "docs": {
                    depth: docstring(_attribute_doc(endpoint, removed), indent=depth)
                    for depth in (4, 8)
                },
            }
            for endpoint in endpoints
        ],
    }
    alike = ("_hub.py", "batch.py", "celery.py", "models.py", "ray.py")
    texts = {PurePosixPath(path): fill(f"{path}.jinja", **values) for path in alike}
    package_doc = _package_doc(endpoints, server, package)
    texts[PurePosixPath("__init__.py")] = fill("__init__.py.jinja", **values, doc=package_doc)
    texts[PurePosixPath("py.typed")] = ""
    clients: list[dict[str, Any]] = []
    for prefix, use, module, kind in (
        ("", "", "__init__.py", "functions"),
        ("Async", " for async code", "aio.py", "awaitable functions"),
    ):
        base, client = Code(f"{prefix or 'Sync'}Client"), Code(f"{prefix}Aki")
        about = f"A client of {server}{use}; see `{base}` for its arguments."
        doc = docstring([about], indent=8)
        clients.append({"name": client, "prefix": prefix, "base": base, "doc": doc})
        texts[PurePosixPath("endpoints", module)] = fill(
            "endpoints.py.jinja",
            **values,
            doc=docstring(
                [f"The endpoints as {kind} on a default client, made at the first call."]
            ),
            client=client,
            prefix=prefix,
        )
    texts[PurePosixPath("client.py")] = fill("client.py.jinja", **values, clients=clients)
    return texts


def _offered(path: str) -> list[Code]:
    """Return the names that a file of the runtime ends with; to import it may need an extra that is not there."""
    *_, last = ast.parse(files("aki_runtime").joinpath(path).read_text("utf-8")).body
    match last:
        case ast.Assign(targets=[ast.Name("__all__")], value=names):
            return [Code(public_name) for public_name in ast.literal_eval(names)]
        case _:
            raise RuntimeError(f"aki_runtime/{path} does not end with what it offers")


def _attribute_doc(endpoint: NamedEndpoint, removed: Mapping[str, str]) -> tuple[str, ...]:
    gone = removed.get(endpoint.wire_name, "")
    return wrapped(f"{endpoint_summary(endpoint)} {gone}".rstrip())


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
