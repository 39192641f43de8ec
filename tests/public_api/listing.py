"""The public names of the tests' client as text: signatures, bases and members, wherever the code of each lies.

It looks at the imported objects, writes the same on every supported Python, and decides nothing about pass or fail.
"""

import importlib
import inspect
import re
import typing
from collections.abc import Callable, Iterator
from functools import cache, cached_property
from pathlib import Path
from types import ModuleType

EXPECTED = Path(__file__).parent / "expected"
PACKAGE = "aki_client"
MODULES = {
    PACKAGE: PACKAGE,
    **{m: f"{PACKAGE}.{m}" for m in ("batch", "celery", "endpoints", "protocols", "ray")},
}
"""Modules that users import, by the name of the file that lists them."""

SPECIAL = re.compile(
    "__(call|enter|exit|aenter|aexit|await|iter|next|aiter|anext|len|getitem|contains|str|bool)__"
)
"""Methods that users reach through syntax; what a Python version adds by itself is left out."""


MADE_BY_THE_CLIENT = [
    "AsyncEndpoint",
    "AsyncJob",
    "AsyncStream",
    "Endpoint",
    "EndpointInfo",
    "Job",
    "Stream",
]
"""Classes whose arguments are of no concern to users."""


class Text(str):
    """An annotation as it is printed: without the module that something lies in today."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def listing(module: str) -> str:
    """Return the public names of a module and what each is, one below the other."""
    loaded = importlib.import_module(module)
    return "".join(f"{line}\n" for name in _names(loaded) for line in _described(loaded, name))


def accept() -> None:
    """Replace what is expected by what is there."""
    EXPECTED.mkdir(exist_ok=True)
    for name, module in MODULES.items():
        (EXPECTED / f"{name}.txt").write_text(listing(module), "utf-8", newline="\n")


def _names(module: ModuleType) -> list[str]:
    listed = _exported() if module.__name__ != PACKAGE else set()
    own = [
        name for name, value in [*vars(module).items()] if _is_own(value) and value not in listed
    ]
    return sorted(n for n in getattr(module, "__all__", own) if not n.startswith("_"))


@cache
def _exported() -> set[object]:
    package = importlib.import_module(PACKAGE)
    return {value for name in package.__all__ if inspect.isclass(value := getattr(package, name))}


def _described(module: ModuleType, name: str) -> Iterator[str]:
    value = getattr(module, name)
    if inspect.isclass(value):
        yield from _class(name, value)
    elif callable(value) and not typing.get_origin(value):
        yield _function(name, value)
    else:
        yield f"{name} = {_text(value)}"


def _class(name: str, cls: type) -> Iterator[str]:
    lineage = [c for c in cls.__mro__[1:] if not c.__name__.startswith("_")]
    bases = ", ".join(c.__name__ for c in lineage if c not in (object, typing.Generic))
    yield f"class {name}({bases})"
    maker = next(c for c in cls.__mro__ if "__init__" in vars(c))
    own = _is_own(maker) and not getattr(cls, "_is_protocol", False)
    if (own or hasattr(cls, "model_fields")) and name not in MADE_BY_THE_CLIENT:
        yield f"    {_function('__init__', cls)}"
    members: dict[str, str] = {}
    for owner in cls.__mro__:
        # A base that is exported has a listing of its own.
        if not _is_own(owner) or (owner is not cls and owner in _exported()):
            continue
        for member in [*inspect.get_annotations(owner), *vars(owner)]:
            if _is_public(member, vars(owner).get(member)):
                members.setdefault(member, _member(owner, member))
    yield from (f"    {members[member]}" for member in sorted(members))


def _is_public(name: str, value: object) -> bool:
    if name.startswith("_"):
        return bool(SPECIAL.fullmatch(name)) and inspect.isfunction(value)
    return not name.startswith("model_")  # pydantic's


def _member(owner: type, name: str) -> str:
    value = vars(owner).get(name)
    if not isinstance(value, classmethod | staticmethod):
        value = inspect.unwrap(value)
    if isinstance(value, property | cached_property):
        function = value.fget if isinstance(value, property) else value.func
        return f"{name}: {_text(inspect.signature(function).return_annotation)} (property)"
    if isinstance(value, classmethod | staticmethod):
        return f"{type(value).__name__} {_function(name, value.__func__)}"
    if inspect.isfunction(value):
        return _function(name, value)
    annotation = inspect.get_annotations(owner).get(name, type(value))
    return f"{name}: {_text(annotation)}"


def _function(name: str, function: Callable[..., object]) -> str:
    signature = inspect.signature(function)
    parameters = [
        p if p.annotation is p.empty else p.replace(annotation=Text(_text(p.annotation)))
        for p in signature.parameters.values()
    ]
    returned = signature.return_annotation
    if returned is not signature.empty:
        returned = Text(_text(returned))
    plain = signature.replace(parameters=parameters, return_annotation=returned)
    prefix = "async def" if inspect.iscoroutinefunction(function) else "def"
    return _without_addresses(f"{prefix} {name}{plain}")


def _text(value: object) -> str:
    shown = value.__qualname__ if isinstance(value, type) and not typing.get_args(value) else value
    text = re.sub(r"<class '(.+?)'>", r"\1", shown if isinstance(shown, str) else repr(shown))
    text = re.sub(r"^\*(.+)", r"Unpack[\1]", text)  # as Python 3.12 and newer print it
    return _without_addresses(re.sub(r"(?<![\w'\"])(?:[A-Za-z_]\w*\.)+(?=[A-Za-z_])", "", text))


def _without_addresses(text: str) -> str:
    return re.sub(
        r" at 0x[0-9a-f]+", "", re.sub(r"<(?:\w+\.)*(\w+) object at", r"<\1 object at", text)
    )


def _is_own(value: object) -> bool:
    return (getattr(value, "__module__", None) or "").startswith("aki_")
