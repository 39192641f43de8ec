"""Whether the generated input models accept what the hub accepts: one comparison, counted.

The hub's side is the sandbox's validator, which follows the declared meaning; what a caller gives is encoded
for it as plainly as possible, without the client.
"""

import base64
import importlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aki_client import InvalidParametersError
from aki_codegen.generation.package import make_package
from aki_codegen.snapshot.snapshot import Snapshot, canonical
from aki_sandbox.catalogue import load_catalogue
from aki_sandbox.validation.validate import validate_inputs
from hypothesis import given
from support.drawing import drawn
from support.package import importable

from .inputs import TRANSPORT, calls

CAPTURES = Path(__file__).parents[3] / "shared" / "captures" / "metadata"
"""Metadata recorded from a real server; no part of the product, and not always there."""


EVERY_RULE = Path(__file__).parent / "every_rule.json"


@dataclass
class Tally:
    """What came out of a comparison.

    Attributes:
        inputs: Calls that were drawn.
        accepted: Those that both sides accept.
        disagreements: The others that were not refused by both, a sentence each.
    """

    inputs: int = 0
    accepted: int = 0
    disagreements: list[str] = field(default_factory=list)

    def tells_something(self, wanted: int) -> bool:
        """Whether enough calls were drawn, and enough of either kind."""
        share = self.accepted / max(self.inputs, 1)
        return self.inputs >= 0.9 * wanted and 0.1 < share < 0.9


def catalogue_documents() -> dict[str, dict[str, Any]]:
    """Return the details documents of the sandbox."""
    return {name: endpoint.document for name, endpoint in load_catalogue().items()}


def made_up_documents() -> dict[str, dict[str, Any]]:
    """Return documents with every rule, whether or not an endpoint that we know has it.

    They have few parameters each: of many, one is hardly ever wrong alone.
    """
    sections = json.loads(EVERY_RULE.read_text("utf-8"))
    return {name: {"parameter_description": {"input": s}} for name, s in sections.items()}


def captured_documents() -> dict[str, dict[str, Any]]:
    """Return the recorded details documents; none where they are not there."""
    files = CAPTURES.glob("*.json") if CAPTURES.is_dir() else ()
    documents = [json.loads(path.read_text()) for path in files if "with-worker" not in path.name]
    return {document["name"]: document for document in documents if "name" in document}


@contextmanager
def generated(documents: Mapping[str, Any], folder: Path, name: str) -> Iterator[Any]:
    """Generate a package and import its clients' endpoints by the hub's names."""
    snapshot = Snapshot(
        "https://hub.example", "aki", {n: canonical(n, d) for n, d in documents.items()}
    )
    package = make_package(snapshot, name)
    for path, content in package.files.items():
        target = folder / name / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    with importable(folder, name):
        client = importlib.import_module(f"{name}.client").Aki
        yield {e.wire_name: client.load_endpoint(str(e.name)).info for e in package.endpoints}


def compare(info: Any, document: Mapping[str, Any], examples: int) -> Tally:
    """Draw calls of one endpoint and count on which of them client and hub agree."""
    parameters = document["parameter_description"]["input"]
    tally = Tally()

    @drawn(examples)
    @given(calls(parameters))
    def draw(call: dict[str, Any]) -> None:
        tally.inputs += 1
        refusals = validate_inputs(parameters, plainly_encoded(call, parameters))[1]
        problems = _client_problems(info, call)
        if bool(refusals) == bool(problems):
            tally.accepted += not refusals
        else:
            tally.disagreements.append(f"{call!r}\n  hub: {refusals}\n  client: {problems}")

    draw()
    return tally


def _client_problems(info: Any, call: dict[str, Any]) -> tuple[str, ...]:
    try:
        info.check(dict(call))
    except InvalidParametersError as error:
        return error.problems
    except Exception as error:
        if type(error).__name__ == "InvalidParametersError":  # that of the generated package
            return tuple(error.problems)  # type: ignore[attr-defined]
        raise
    return ()


def plainly_encoded(call: dict[str, Any], parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a caller without a client would send."""
    return {
        name: _encoded(value, (parameters.get(name) or {}).get("type", "string"))
        for name, value in call.items()
        if name not in TRANSPORT
    }


def _encoded(value: Any, word: str) -> Any:
    if value is None:
        return None
    if word in ("json", "chat_context"):
        return json.dumps(_without_bytes(value))
    if word in ("image", "audio", "video", "image_list"):
        return _without_bytes(value)
    return value


def _without_bytes(value: Any) -> Any:
    if isinstance(value, bytes):
        return _data_uri(value)
    if isinstance(value, list):
        return [_without_bytes(item) for item in value]
    if isinstance(value, dict):
        return {name: _without_bytes(item) for name, item in value.items()}
    return value


def _data_uri(data: bytes) -> str:
    return "data:image/any;base64," + base64.b64encode(data).decode()
