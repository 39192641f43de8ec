"""Hubs of any size for the benchmarks: the sandbox catalogue's endpoints, renamed and varied by a seed.

An endpoint depends on its number alone, so that a small hub is the beginning of a larger one.
"""

import copy
import json
import os
import random
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from aki_sandbox.catalogue import load_catalogue

SIZES = (20, 200, 1000)
"""Endpoints of the hubs that the benchmarks make."""

SEED = 6
_TASKS = ("draft", "portrait", "studio", "mobile", "legal", "nordic", "night", "fast")
_ADDED: tuple[tuple[str, dict[str, Any]], ...] = (
    ("style", {"type": "selection", "supported": ["plain", "vivid", "film"], "default": "plain"}),
    ("strength", {"type": "float", "minimum": 0.0, "maximum": 1.0, "default": 0.5}),
    ("repeats", {"type": "integer", "minimum": 1, "maximum": 8, "default": 1}),
    ("negative_prompt", {"type": "string", "max_length": 2000}),
    ("tile", {"type": "bool", "default": False}),
    ("extra_settings", {"type": "json"}),
)

Document = dict[str, Any]


def make_documents(count: int, seed: int = SEED) -> dict[str, Document]:
    """Return the details documents of a hub, by the endpoint's name.

    Args:
        count: Endpoints of the hub.
        seed: Another one gives other parameters.
    """
    patterns = [endpoint.document for endpoint in load_catalogue().values()]
    made = (
        _varied(patterns[number % len(patterns)], number, random.Random(f"{seed}.{number}"))  # noqa: S311
        for number in range(count)
    )
    return {document["name"]: document for document in made}


def write_catalogue(folder: Path, documents: Mapping[str, Document]) -> None:
    """Write details documents as `aki-codegen sandbox --catalogue` reads them."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, document in documents.items():
        (folder / f"{name}.json").write_text(json.dumps(document, indent=2), "utf-8")


@contextmanager
def served(catalogue: Path, port: int = 0) -> Iterator[str]:
    """Serve a catalogue by a sandbox hub in a process of its own, and give its address.

    Args:
        catalogue: The folder of details documents.
        port: Where it listens; 0 takes any free port.
    """
    command = [sys.executable, "-m", "aki_codegen", "sandbox", "--port", str(port)]
    with subprocess.Popen(
        [*command, "--catalogue", str(catalogue)],
        stdout=subprocess.PIPE,
        text=True,
        env={name: value for name, value in os.environ.items() if not name.startswith("AKI_")},
    ) as hub:
        try:
            first = hub.stdout.readline() if hub.stdout is not None else ""
            if " at http" not in first:
                raise RuntimeError(f"the sandbox hub did not start: {first!r}")
            yield first.split(" at ")[1].split()[0]
        finally:
            hub.terminate()


def _varied(pattern: Mapping[str, Any], number: int, dice: random.Random) -> Document:
    document = copy.deepcopy(dict(pattern))
    task = dice.choice(_TASKS)
    document["name"] = f"{pattern['name']}_{task}_{number:04d}"
    document["title"] = f"{pattern['title']} {task} {number}"
    document["version"] = dice.randint(0, 9)
    inputs: dict[str, Any] = document["parameter_description"]["input"]
    for name, attributes in list(inputs.items()):
        if not attributes.get("required") and "context" not in name and dice.random() < 0.15:
            del inputs[name]
        elif attributes.get("type") == "integer" and "maximum" in attributes:
            attributes["maximum"] += dice.randint(0, 4) * attributes.get("align", 1)
    for name, attributes in dice.sample(_ADDED, dice.randint(0, 3)):
        inputs[name] = {**attributes, "description": f"The {name.replace('_', ' ')} of {task}."}
    return document
