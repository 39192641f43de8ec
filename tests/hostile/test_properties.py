"""Whatever JSON a hub sends: nothing is raised, nothing but text comes of it, and names once given stay."""

import ast
import json
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from unittest import mock

import pytest
from aki_codegen.generation.package import Package, make_package, report_of
from aki_codegen.ir import Field, NamedEndpoint
from aki_codegen.naming import identifiers
from aki_codegen.parsing.parse import parse
from aki_codegen.rendering.render import endpoint_path
from aki_codegen.snapshot import snapshot as snapshots
from aki_codegen.snapshot.snapshot import Snapshot, canonical
from aki_runtime.hub import is_endpoint_name
from hostile import audit, texts
from hostile.corpus import document
from hostile.trial import OFFERED
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from support.metadata import snapshot_of

NAMES = PurePosixPath("spec/names.json")
# A smaller example is not worth the minutes that its search takes.
PHASES = (Phase.explicit, Phase.reuse, Phase.generate)
CHECKS = (HealthCheck.too_slow, HealthCheck.data_too_large)
QUICK = settings(
    max_examples=40, deadline=None, derandomize=True, phases=PHASES, suppress_health_check=CHECKS
)
LONG = settings(QUICK, max_examples=2_000, derandomize=False)


def package_of(documents: dict[str, object]) -> Package:
    """Make a package; the layout is ruff's business, and ruff takes most of the time."""
    with mock.patch("aki_codegen.rendering.modules.formatted", lambda sources, _: dict(sources)):
        return make_package(snapshot_of(documents), "hub_client")


def nothing_but_text_comes_of(documents: dict[str, object]) -> None:
    made = package_of(documents)
    remembered = json.loads(made.files[NAMES]) if made.files else {}
    told = {wire: names for wire, names in remembered.items() if isinstance(names, dict)}
    assert audit.faults_of_names(told) == []
    given_names = audit.given_identifiers(told) | OFFERED
    for path, content in made.files.items():
        if path.suffix == ".py":
            assert audit.faults_of_module(content.decode(), given_names, "hub_client") == []
    assert audit.hidden(report_of(made)) == []
    assert not any("report this" in problem.remedy for problem in made.problems)
    for endpoint in parse(made.snapshot.documents, made.snapshot.names).endpoints:
        source = made.files[endpoint_path(endpoint)].decode()
        assert wire_values(source, endpoint) == told_values(endpoint)


class TestAnyJson:
    """Generation raises nothing, and the module holds what the metadata says, as text."""

    @QUICK
    @given(texts.hubs)
    def test_a_hub_of_any_json(self, hub: dict[str, object]) -> None:
        nothing_but_text_comes_of(hub)

    @pytest.mark.slow
    @LONG
    @given(texts.hubs)
    def test_a_hub_of_any_json_at_length(self, hub: dict[str, object]) -> None:
        nothing_but_text_comes_of(hub)

    @QUICK
    @given(st.dictionaries(texts.names, st.just({"type": "json"}), max_size=8), texts.texts)
    def test_parameters_of_any_name(self, fields: dict[str, object], description: str) -> None:
        shape = document(input=fields, output=fields, progress={"OUTPUTS": fields})
        nothing_but_text_comes_of({"hostile": {**shape, "description": description}})


ENDPOINT_NAMES = texts.names.filter(is_endpoint_name)
"""Any other name is left out of a hub's list, with a word."""


class TestNamesStay:
    """A newcomer never takes or changes a name that was given."""

    @settings(max_examples=300, deadline=None, derandomize=True)
    @given(
        st.lists(texts.names),
        st.lists(texts.names),
        st.sampled_from(["endpoint", "param", "field"]),
    )
    def test_of_one_scope(self, old: list[str], new: list[str], role: str) -> None:
        before = identifiers(old, role, {})  # type: ignore[arg-type]
        after = identifiers([*new, *old], role, before)  # type: ignore[arg-type]
        assert {wire: after[wire] for wire in before} == before
        assert len({name.casefold() for name in after.values()}) == len(after)

    @settings(max_examples=300, deadline=None, derandomize=True)
    @given(st.lists(texts.names))
    def test_no_name_is_what_the_hub_calls_another(self, wire_names: list[str]) -> None:
        for wire, name in identifiers(wire_names, "param", {}).items():
            assert wire == name or name not in wire_names

    @settings(max_examples=60, deadline=None, derandomize=True)
    @given(
        st.dictionaries(ENDPOINT_NAMES, st.lists(texts.names, max_size=4), max_size=4),
        st.dictionaries(ENDPOINT_NAMES, st.lists(texts.names, max_size=4), max_size=4),
    )
    def test_of_a_whole_hub_through_its_snapshot(
        self, old: dict[str, list[str]], new: dict[str, list[str]]
    ) -> None:
        before = parse(_documents(old), {})
        kept = _written_and_read(
            Snapshot("https://hub.example", "aki", _documents(old), before.names)
        )
        together = {name: [*old.get(name, []), *new.get(name, [])] for name in {*old, *new}}
        after = parse(_documents(together), kept.names)
        assert _names(after.names, old) == _names(before.names, old)


def wire_values(source: str, endpoint: NamedEndpoint) -> dict[str, tuple[str, object]]:
    """Return each parameter's name on the hub and its choices, as a module has them."""
    found: dict[str, tuple[str, object]] = {}
    for node in ast.parse(source).body:
        if isinstance(node, ast.ClassDef) and node.name == f"{endpoint.models}Input":
            for line in node.body:
                if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name):
                    found[line.target.id] = (
                        _alias(line, line.target.id),
                        _literal_of(line.annotation),
                    )
    return found


def told_values(endpoint: NamedEndpoint) -> dict[str, tuple[str, object]]:
    """Return the same as the metadata has it; choices where they are a literal type."""
    return {
        str(p.name): (p.wire_name, _literal_choices(p) if p.choices else None)
        for p in endpoint.inputs
    }


def _literal_choices(parameter: Field) -> object:
    named = list(parameter.choices)
    if any(
        isinstance(choice, float) or abs(choice) >= 2**63
        for choice in named
        if not isinstance(choice, str)
    ):
        # There is no literal for a float or a huge number; beside one, numbers are told by their type.
        named = [choice for choice in named if isinstance(choice, str | bool)]
    return [(type(choice).__name__, choice) for choice in named] or None


def _alias(line: ast.AnnAssign, name: str) -> str:
    for node in ast.walk(line.annotation):
        if isinstance(node, ast.keyword) and node.arg == "alias":
            return str(ast.literal_eval(node.value))
    return name


def _literal_of(annotation: ast.expr) -> object:
    for node in ast.walk(annotation):
        if isinstance(node, ast.Subscript) and ast.unparse(node.value) == "Literal":
            values = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
            read = [ast.literal_eval(value) for value in values]
            return [(type(value).__name__, value) for value in read]
    return None


def _documents(shape: dict[str, list[str]]) -> dict[str, object]:
    shaped = {name: document(input={f: {} for f in fields}) for name, fields in shape.items()}
    return {name: canonical(name, details) for name, details in shaped.items()}


def _written_and_read(snapshot: Snapshot) -> Snapshot:
    with TemporaryDirectory() as folder:
        for path, content in snapshots.to_files(snapshot, "comment").items():
            file = Path(folder) / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        read = snapshots.read(Path(folder))
    assert read is not None
    return read


def _names(names: object, of: dict[str, list[str]]) -> dict[str, object]:
    assert isinstance(names, dict)
    return {
        wire: (
            names[wire].name,
            names[wire].models,
            {f: names[wire].fields["input"].get(f) for f in of[wire]},
        )
        for wire in of
    }
