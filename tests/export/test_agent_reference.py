"""What endpoints.md says of parameters, against the hub: calls made of its words alone, and ones just beside them."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from agreement.compare import catalogue_documents, generated, made_up_documents, plainly_encoded
from aki_sandbox.validation.validate import validate_inputs
from support import golden

from .agent_text import FITS, Said, Section, read_sections


def golden_documents() -> dict[str, Any]:
    """Return the details documents of the goldens, which no hub offers together."""
    files = golden.FOLDER.glob("*/spec/*.json")
    return {document["name"]: document for document in map(json.loads, map(Path.read_text, files))}


HUBS = {
    "catalogue": catalogue_documents(),
    "goldens": {n: d for n, d in golden_documents().items() if n != "odd"},
    "rules": made_up_documents(),
}


class Trial:
    """The endpoints of one hub, with what is said of them."""

    def __init__(self, infos: dict[str, Any], documents: dict[str, Any], text: str) -> None:
        self.sections = read_sections(text)
        self.by_name = {i.origin.attribute: (i, documents[wire]) for wire, i in infos.items()}

    def accepts(self, section: Section, call: dict[str, Any]) -> dict[str, Any]:
        """Return what the worker would get of a call, which the client and the hub must accept."""
        info, _ = self.by_name[section.name]
        info.check(dict(call))
        values, refusals = self._asked(section, call)
        assert refusals == [], (section.name, call)
        return values

    def refuses(self, section: Section, call: dict[str, Any]) -> bool:
        """Whether the client and the hub refuse a call."""
        info, _ = self.by_name[section.name]
        try:
            info.check(dict(call))
        except Exception as error:
            is_refusal = type(error).__name__ == "InvalidParametersError"
            return is_refusal and bool(self._asked(section, call)[1])
        return False

    def _asked(self, section: Section, call: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
        info, document = self.by_name[section.name]
        inputs = document["parameter_description"].get("input", {})
        named = {info.parameters[name].wire_name: value for name, value in call.items()}
        return validate_inputs(inputs, plainly_encoded(named, inputs))


@pytest.fixture(scope="module", params=sorted(HUBS))
def trial(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Trial]:
    documents, folder = HUBS[request.param], tmp_path_factory.mktemp("hub")
    with generated(documents, folder, f"{request.param}_client") as infos:
        reference = next(folder.glob("*/.agents/skills/*/references/endpoints.md"))
        yield Trial(infos, documents, reference.read_text("utf-8"))


def cases(trial: Trial) -> Iterator[tuple[Section, Said, dict[str, Any]]]:
    """Give every parameter with what a call must hold beside it."""
    for section in trial.sections.values():
        first = arguments(section)
        for said in section.parameters:
            required = {p.name: first[p.name] for p in section.parameters if p.required}
            yield section, said, {n: v for n, v in required.items() if n != said.name}


def arguments(section: Section) -> dict[str, Any]:
    """Return the first call's arguments, with media where it names files."""
    by_name = {said.name: said for said in section.parameters}

    def given(name: str, value: Any) -> Any:
        of_media = re.search("image|audio|video", by_name[name].takes.lower())
        is_file = of_media and re.search(r"\.(png|wav|mp4)", str(value))
        return by_name[name].allowed()[0] if is_file else value

    return {name: given(name, value) for name, value in section.first_arguments().items()}


def test_every_endpoint_has_a_section_with_every_parameter(trial: Trial) -> None:
    named = {n: {p.name for p in s.parameters} for n, s in trial.sections.items()}
    assert named == {n: set(info.parameters) for n, (info, _) in trial.by_name.items()}


def test_the_first_call_is_accepted(trial: Trial) -> None:
    for section in trial.sections.values():
        trial.accepts(section, arguments(section))


def test_what_is_required_is_and_nothing_else(trial: Trial) -> None:
    for section, said, others in cases(trial):
        assert trial.refuses(section, others) == said.required, (section.name, said)


def test_values_that_the_words_allow_are_accepted(trial: Trial) -> None:
    for section, said, others in cases(trial):
        assert said.allowed()
        for value in said.allowed():
            trial.accepts(section, {**others, said.name: value})


def test_values_outside_of_what_the_words_allow_are_refused(trial: Trial) -> None:
    refused = 0
    for section, said, others in cases(trial):
        for value in said.refused():
            refused += 1
            assert trial.refuses(section, {**others, said.name: value}), (section.name, said, value)
    assert refused > 10


def test_each_default_is_what_the_hub_fills_in(trial: Trial) -> None:
    for section, said, others in cases(trial):
        if said.required:
            continue
        info, _ = trial.by_name[section.name]
        filled = trial.accepts(section, others).get(info.parameters[said.name].wire_name)
        # Of choices that the hub fits it takes the first, where it names no default.
        is_fitted = said.choices and said.takes.endswith(FITS) and not said.default
        expected = said.choices[0] if is_fitted else said.default_value
        assert filled == expected, (section.name, said)
