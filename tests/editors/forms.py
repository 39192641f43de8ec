"""Every form of a call, every question that an editor asks about it, and how many forms get a right answer.

The endpoint is any of the catalogue's that makes an image of a text; no name of a model is known here.
"""

import ast
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import takewhile
from operator import attrgetter
from pathlib import Path
from time import monotonic

from aki_client import Image
from aki_client import endpoints as functions
from pydantic import BaseModel
from support.lsp import Document, LanguageServer, text_of

PATIENCE = 120.0
"""Seconds within which a server must have read the package; a loaded machine takes its time."""

FORMS = (
    "aki.{name}",
    "aki.{name}.stream",
    "aki.{name}.submit",
    "await aio.{name}",
    "aio.{name}.stream",
    "await aio.{name}.submit",
    "{name}",
    "{name}.stream",
    "endpoints.{name}",
    "await awaitable.{name}",
    "await awaited",
    "aki.{name}.with_options(timeout=5)",
    "aki.with_options(timeout=5).{name}",
)

_PROGRAM = """\
from aki_client import Aki, AsyncAki, endpoints
from aki_client.endpoints import aio as awaitable, {name}
from aki_client.endpoints.aio import {name} as awaited

aki = Aki()
aio = AsyncAki()


async def main() -> None:
    ...
{calls}
    answer = aki.{name}({required})
{outputs}
    answer.
"""


@dataclass(frozen=True)
class Subject:
    """The endpoint that is asked about.

    Attributes:
        name: Its Python name.
        description: The hub's words for it.
        parameters: The names of what it takes.
        required: The arguments without which it cannot be called.
        bounded: A parameter with bounds.
        bounds: Both, as digits.
        output: The model of its results.
    """

    name: str
    description: str
    parameters: frozenset[str]
    required: str
    bounded: str
    bounds: tuple[str, str]
    output: type[BaseModel]

    @property
    def module(self) -> str:
        """The end of the file name in which the endpoint stands."""
        return f"/aki_client/endpoints/_{self.name}.py"

    @property
    def forms(self) -> list[str]:
        """The forms of a call, without its arguments."""
        return [form.format(name=self.name) for form in FORMS]

    @property
    def outputs(self) -> list[str]:
        """The fields of its results."""
        return list(self.documented)

    @cached_property
    def documented(self) -> Mapping[str, str]:
        """What stands below each field of the output, as one line; empty where nothing does."""
        source = ast.parse(inspect.getsource(self.output)).body[0]
        assert isinstance(source, ast.ClassDef)
        below = zip(source.body, [*source.body[1:], None], strict=True)
        return {
            field.target.id: " ".join(text.value.value.split())
            if isinstance(text, ast.Expr)
            and isinstance(text.value, ast.Constant)
            and isinstance(text.value.value, str)
            else ""
            for field, text in below
            if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)
        }


def subject() -> Subject:
    """Return the first endpoint that makes images of a text and takes a number with bounds."""
    for name in functions.__all__:
        endpoint = getattr(functions, name)
        output = inspect.signature(endpoint).return_annotation
        parameters = endpoint.parameters
        required = [one for one in parameters.values() if one.required]
        bounded = [
            one.name
            for one in parameters.values()
            if one.minimum is not None and one.maximum is not None
        ]
        images = any(field.annotation == list[Image] for field in output.model_fields.values())
        if images and bounded and [one.type for one in required] in (["text"], ["prompt"]):
            one = parameters[bounded[0]]
            return Subject(
                name,
                endpoint.info.description,
                frozenset(parameters),
                f'{required[0].name}="x"',
                bounded[0],
                (str(one.minimum), str(one.maximum)),
                output,
            )
    raise AssertionError("the catalogue has no endpoint that makes images of a text")


class Probe:
    """A document with every form, open in a server."""

    def __init__(self, server: LanguageServer, workspace: Path, about: Subject) -> None:
        self.about = about
        self._given = f"{about.required}, {about.bounded}=512"
        calls = [line for form in about.forms for line in (f"{form}()", f"{form}({self._given})")]
        text = _PROGRAM.format(
            name=about.name,
            required=about.required,
            calls="\n".join(f"    {call}" for call in calls),
            outputs="\n".join(f"    answer.{output}" for output in about.outputs),
        )
        self._document = Document(server, workspace / "probe.py", text)
        end = monotonic() + PATIENCE
        while "Aki" not in self._document.hover("\na|ki = "):
            assert monotonic() < end, f"the package was not read within {PATIENCE:.0f} s"

    def short(self) -> dict[str, list[str]]:
        """Return which forms, or outputs, lack each feature.

        What seems to be missing is asked once more when all the rest has been asked.
        """
        short = {name: feature.cases(self.about) for name, feature in FEATURES.items()}
        for _ in range(2):
            short = {
                name: [case for case in cases if not FEATURES[name].shown(self, case)]
                for name, cases in short.items()
            }
        return short

    def names_are_completed(self, form: str) -> bool:
        """Whether every parameter is offered as `name=`."""
        return self._parameters <= set(self._document.completions(f"\n    {form}(|)\n"))

    def signature_is_shown(self, form: str) -> bool:
        """Whether the signature names every parameter."""
        label = self._document.signature(f"\n    {form}(|)\n").get("label", "")
        return all(name in label for name in self.about.parameters)

    def signature_explains_the_endpoint(self, form: str) -> bool:
        """Whether the hub's description stands beside the signature."""
        shown = self._document.signature(f"\n    {form}(|)\n").get("documentation")
        return self.about.description in text_of(shown)

    def hover_explains_the_parameter(self, form: str) -> bool:
        """Whether a parameter's bounds are shown over its name."""
        name = self.about.bounded
        given = self._given.replace(f"{name}=", f"{name[0]}|{name[1:]}=")
        shown = self._document.hover(f"\n    {form}({given})")
        return all(bound in shown for bound in self.about.bounds)

    def hover_explains_the_endpoint(self, form: str) -> bool:
        """Whether the hub's description is shown over the endpoint's name."""
        return self.about.description in self._document.hover(self._over(form))

    def definition_is_in_its_module(self, form: str) -> bool:
        """Whether "go to definition" opens the endpoint's module."""
        found = self._document.definitions(self._over(form))
        return any(uri.endswith(self.about.module) for uri in found)

    def hover_explains_the_output(self, output: str) -> bool:
        """Whether what the package says of an output is shown over its name."""
        text = self.about.documented[output]
        shown = self._document.hover(f"\n    answer.{output[0]}|{output[1:]}\n")
        return bool(text) and text in " ".join(shown.split())

    def outputs_come_first(self, answer: str) -> bool:
        """Whether all outputs are offered, before anything that pydantic has deprecated."""
        offered = self._document.completions(f"\n    {answer}.|\n")
        first = list(takewhile(lambda name: name not in _DEPRECATED, offered))
        return self.about.documented.keys() <= set(first)

    @property
    def _parameters(self) -> set[str]:
        return {f"{name}=" for name in self.about.parameters}

    def _over(self, form: str) -> str:
        name = "awaited" if form.endswith(" awaited") else self.about.name
        before, _, after = form.rpartition(name)
        return f"\n    {before}{name[:2]}|{name[2:]}{after}({self._given})"


@dataclass(frozen=True)
class Feature:
    """Something that an editor can show.

    Attributes:
        cases: What it can be shown for: forms of a call, or outputs.
        shown: Whether it is.
    """

    cases: Callable[[Subject], list[str]]
    shown: Callable[[Probe, str], bool]


_FORMS = attrgetter("forms")
FEATURES = {
    "parameter names": Feature(_FORMS, Probe.names_are_completed),
    "signature": Feature(_FORMS, Probe.signature_is_shown),
    "signature help: endpoint": Feature(_FORMS, Probe.signature_explains_the_endpoint),
    "hover: parameter": Feature(_FORMS, Probe.hover_explains_the_parameter),
    "hover: endpoint": Feature(_FORMS, Probe.hover_explains_the_endpoint),
    "definition: module": Feature(_FORMS, Probe.definition_is_in_its_module),
    "hover: output": Feature(attrgetter("outputs"), Probe.hover_explains_the_output),
    "outputs first": Feature(lambda _: ["answer"], Probe.outputs_come_first),
}

_DEPRECATED = {
    name
    for name in dir(BaseModel)
    if hasattr(inspect.getattr_static(BaseModel, name), "__deprecated__")
}
