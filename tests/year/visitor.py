"""Uses a package as its users do: imports it, calls its endpoints, and forgets it again."""

import importlib
import io
import sys
import warnings
from collections.abc import Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import PIL.Image
from support.package import importable


def picture() -> bytes:
    """Return a small picture."""
    buffer = io.BytesIO()
    PIL.Image.new("RGB", (64, 64)).save(buffer, "JPEG")
    return buffer.getvalue()


def value(said: dict[str, Any]) -> object:
    """Return the value farthest from the default that a parameter takes."""
    if "supported" in said:
        return said["supported"][-1]
    match said.get("type", "string"):
        case "integer" | "float":
            return said.get("maximum", 7)
        case "boolean":
            return True
        case "chat_context":
            return [{"role": "user", "content": "hello"}]
        case "image":
            return picture()
        case _:
            return "a fox"


def arguments(document: dict[str, Any], *, needed: bool) -> dict[str, object]:
    """Return arguments by the hub's names: all, or those without which a call is refused."""
    return {
        name: value(said)
        for name, said in document["parameter_description"]["input"].items()
        if not needed
        or said.get("required")
        or said.get("type") == "chat_context"
        or ("supported" in said and "default" not in said)
    }


def call(client: Any, names: dict[str, str], documents: dict[str, Any]) -> dict[str, list[str]]:
    """Call every endpoint with what it needs and with all it takes; return the outputs by endpoint."""

    def one(name: str) -> list[str]:
        document = documents[name]
        endpoint = getattr(client, names[name])
        results = [endpoint(**arguments(document, needed=needed)) for needed in (True, False)]
        declared = document["parameter_description"]["output"]
        return sorted(o for o in declared if getattr(results[1], o, None) is not None)

    with ThreadPoolExecutor(len(documents) or 1) as pool:
        return dict(zip(documents, pool.map(one, documents), strict=True))


def knock(client: Any, attribute: str) -> list[str]:
    """Return what an endpoint says that is gone: when it is looked up, and when it is called."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        endpoint = getattr(client, attribute)
    said = [str(warning.message) for warning in caught if warning.category is DeprecationWarning]
    try:
        endpoint(prompt="hello")
    except Exception as error:
        said.append(f"{type(error).__name__}: {error}")
    return said


def visit(
    folder: Path,
    package: str,
    url: str,
    names: dict[str, str],
    documents: dict[str, Any],
    gone: Collection[str],
    *,
    check: bool,
) -> dict[str, Any]:
    """Call what the hub has, knock where it has gone, and ask whether the package is stale.

    Args:
        folder: Where the package lies; it is imported anew, and forgotten afterwards.
        package: What it is imported as.
        url: The hub.
        names: The endpoints' names in Python, by those on the hub.
        documents: The details of the endpoints that are called.
        gone: The endpoints that the hub has no more.
        check: Ask; while details cannot be had, the client cannot compare them either.
    """
    with imported(folder, package) as client, client("test-key", api_server=url) as aki:
        return {
            "gave": call(aki, names, documents),
            "gone": {name: knock(aki, names[name]) for name in gone},
            "stale": [(c.endpoint, c.kind) for c in aki.check()] if check else [],
        }


@contextmanager
def imported(folder: Path, package: str) -> Iterator[Any]:
    """Import a package with warnings as errors, and give its client."""
    with importable(folder, package), warnings.catch_warnings():
        warnings.simplefilter("error")
        for module in ("client", "models", "protocols"):
            importlib.import_module(f"{package}.{module}")
        yield sys.modules[package].Aki
