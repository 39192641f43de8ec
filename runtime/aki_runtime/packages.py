"""The generated packages of this process: whether they fit this runtime, and which of them a text means.

It imports no package, and knows no endpoint: only names.
"""

import sys

RUNTIME_API = 1
"""What generated text expects of this library; raised when older text would no longer work."""

_loaded: dict[str, None] = {}


def require(package: str, api: int) -> None:
    """Note that a generated package is in use, and refuse one that was made for another runtime.

    Args:
        package: What it is imported as.
        api: The `RUNTIME_API` that it was generated for.

    Raises:
        ImportError: This runtime speaks another one.
    """
    if api != RUNTIME_API:
        raise ImportError(
            f"{package} was generated for runtime API {api}, and the installed aki_runtime has "
            f"{RUNTIME_API}: run `{renewal_of(package)}`, or install the aki-client that it was made with"
        )
    _loaded[package] = None


def renewal_of(package: str) -> str:
    """Return the command that brings a package up to date: of an installed wheel, or of the project that makes it."""
    # Imported where something went wrong: every program that uses a package imports this file.
    from importlib.metadata import packages_distributions
    from importlib.util import find_spec
    from pathlib import PurePath

    try:
        spec = find_spec(package)
    except (ImportError, ValueError):
        spec = None
    # Whoever installed a wheel has neither the generator nor its project.
    installed = PurePath(spec.origin).parts if spec is not None and spec.origin else ()
    if not {"site-packages", "dist-packages"} & {*installed}:
        return "aki-codegen generate"
    distributions = packages_distributions().get(package) or [package.replace("_", "-")]
    return f"pip install -U {distributions[0]}"


def split_reference(text: str) -> tuple[str, str]:
    """Return the package and the endpoint's Python name of "package:name", or of a name alone.

    A name alone means the one generated package that is loaded.

    Raises:
        ValueError: None or several are loaded, so that a name alone says too little.
    """
    package, colon, name = text.rpartition(":")
    if colon:
        return package, name
    loaded = [package for package in _loaded if package in sys.modules]
    if len(loaded) != 1:
        found = f"{' and '.join(loaded)} are loaded" if loaded else "no generated package is loaded"
        raise ValueError(
            f"{text!r} does not say which package it is of, and {found}; give the endpoint itself, "
            f"or 'package:{text}'"
        )
    return loaded[0], text
