"""Attributes of a module that are imported when they are first asked for. It imports nothing itself."""

import importlib
import sys
from collections.abc import Callable, Mapping


def lazy_attributes(
    module_name: str, sources: Mapping[str, str]
) -> tuple[Callable[[str], object], Callable[[], list[str]]]:
    """Return a module's `__getattr__` and `__dir__`.

    Args:
        module_name: The module's `__name__`.
        sources: The module that each attribute is taken from.
    """

    def get(name: str) -> object:
        if name not in sources:
            raise AttributeError(f"module {module_name!r} has no attribute {name!r}")
        value = getattr(importlib.import_module(sources[name]), name)
        setattr(sys.modules[module_name], name, value)
        return value

    def list_names() -> list[str]:
        return sorted({*vars(sys.modules[module_name]), *sources})

    return get, list_names
