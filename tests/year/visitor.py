"""A program that uses a package as its users do, in a process of its own.

What it is asked comes as JSON on standard input, what it found goes as JSON to standard output.
It imports what every client needs before it reads, so that it can be started in advance.
"""

import importlib
import io
import json
import sys
import warnings
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import PIL.Image
import pydantic

LOADED = (httpx.__name__, pydantic.__name__)


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


def visit(asked: dict[str, Any]) -> dict[str, Any]:
    """Import a package, call what the hub has, knock where it has gone, and ask whether the package is stale."""
    sys.path.insert(0, asked["folder"])
    package = importlib.import_module(asked["package"])
    for module in ("client", "models", "protocols"):
        importlib.import_module(f"{asked['package']}.{module}")
    with package.Aki("test-key", api_server=asked["url"]) as client:
        names = asked["names"]
        return {
            "gave": call(client, names, asked["documents"]),
            "gone": {name: knock(client, names[name]) for name in asked["gone"]},
            "stale": [[c.endpoint, c.kind] for c in client.check()] if asked["check"] else [],
        }


if __name__ == "__main__":
    print(json.dumps(visit(json.loads(sys.stdin.readline()))), flush=True)
