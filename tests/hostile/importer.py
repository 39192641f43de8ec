"""A program that imports generated packages one after the other, and tells what doing so did.

It reads the folder of a package's parent from each line, and answers a line of JSON. The runtime is the same in
every package, so it is imported once; so are Celery and Ray, which do much when they are imported.
"""

import importlib
import importlib.util
import json
import math
import os
import sys
from pathlib import Path
from typing import Any

PACKAGE = "hub_client"
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_ENGINES = ("celery", "ray")
_WITHOUT_ENGINE = {
    f"{PACKAGE}.{engine}" for engine in _ENGINES if importlib.util.find_spec(engine) is None
}
_TRIED = 100
"""Endpoints and parameters at most that values are tried at."""
_PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(24)
_VALUES = (
    "",
    "x",
    "\ud800",
    0,
    1,
    -1.5,
    True,
    10**400,
    1e308,
    math.nan,
    [],
    {"a": "\ud800"},
    _PICTURE,
)
_effects: list[str] = []
_watching = False


def _hook(event: str, arguments: tuple[object, ...]) -> None:
    if not _watching:
        return
    writes = event == "open" and isinstance(arguments[2], int) and arguments[2] & _WRITING
    if writes or (
        event.startswith(("socket.", "subprocess.", "os.", "shutil."))
        and event not in ("os.listdir", "os.scandir", "os.fspath")
    ):
        _effects.append(f"{event} {arguments}"[:200])


def _import_all(parent: Path) -> list[str]:
    modules = sorted((parent / PACKAGE).rglob("*.py"))
    names = [
        ".".join((PACKAGE, *path.relative_to(parent / PACKAGE).with_suffix("").parts))
        for path in modules
    ]
    names = [name.removesuffix(".__init__") for name in names]
    names = [name for name in names if name not in _WITHOUT_ENGINE]
    for name in names:
        importlib.import_module(name)
    return names


def _forget() -> None:
    for name in [n for n in sys.modules if n.split(".")[0] == PACKAGE]:
        del sys.modules[name]
    importlib.invalidate_caches()


def _use(parent: Path) -> list[str]:
    """Import everything, and use what a user would touch first."""
    names = _import_all(parent)
    package = sys.modules[PACKAGE]
    with package.Aki(api_key="k", api_server="http://127.0.0.1:9") as client:
        for place, name in enumerate(sys.modules[f"{PACKAGE}._hub"].HUB.endpoints):
            endpoint = getattr(client, name)
            assert callable(endpoint)
            if place < _TRIED:
                _try(endpoint, package.InvalidParametersError)
    return names


def _try(endpoint: Any, refused: type[Exception]) -> None:
    """Give every parameter some values; each is taken, or refused in a sentence that any terminal can show."""
    for parameter in list(endpoint.parameters.values())[:_TRIED]:
        for value in _VALUES:
            parameter.fit(value)
            try:
                endpoint.info.check({parameter.name: value})
            except refused as refusal:
                for sentence in refusal.problems:
                    assert sentence.isprintable(), f"it says {sentence!r}"


def _check(parent: Path) -> dict[str, object]:
    global _watching
    _effects.clear()
    sys.path.insert(0, str(parent))
    before = set(sys.modules), dict(os.environ), sorted(Path().iterdir())
    _watching = True
    try:
        names, error = _use(parent), None
    except BaseException as failure:
        names, error = [], f"{type(failure).__name__}: {failure}"[:500]
    finally:
        _watching = False
    foreign = [
        n for n in set(sys.modules) - before[0] if n.split(".")[0] == PACKAGE and n not in names
    ]
    if error is None and foreign:
        _effects.append(f"modules {foreign}")
    if (dict(os.environ), sorted(Path().iterdir())) != before[1:]:
        _effects.append("the environment or folder changed")
    _forget()
    sys.path.remove(str(parent))
    return {"modules": len(names), "error": error, "effects": list(_effects)}


if __name__ == "__main__":
    for engine in (*_ENGINES, "numpy", "pyarrow"):
        if importlib.util.find_spec(engine) is not None:
            importlib.import_module(engine)
    sys.addaudithook(_hook)
    for line in sys.stdin:
        print(json.dumps(_check(Path(line.rstrip("\n")))), flush=True)
