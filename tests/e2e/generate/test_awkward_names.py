"""Endpoints and parameters that are called as generated modules or their classes are: none is lost, none untyped."""

import ast
import builtins
import json
import subprocess
import sys
from pathlib import Path

import pytest
from aki_client import Aki, AsyncAki
from support.command import two_endpoints
from support.metadata import details
from support.stub_hub import StubHub


def names_of(package):
    """Return every name that the modules of a package use, attributes left out."""
    trees = [ast.parse(path.read_text("utf-8")) for path in package.rglob("*.py")]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    names = {node.id for node in nodes if isinstance(node, ast.Name)}
    names |= {
        alias.asname or alias.name
        for node in nodes
        if isinstance(node, ast.ImportFrom | ast.Import)
        for alias in node.names
    }
    names |= {node.name for node in nodes if isinstance(node, ast.ClassDef | ast.FunctionDef)}
    files = {path.stem for path in package.rglob("*.py")}
    return {name.strip("_") or name for name in names | files} | names


@pytest.fixture
def names(generate):
    """Names that mean something in generated modules, in their classes, or to Python."""
    with two_endpoints() as hub:
        generate("--server", hub.url)
    models = [m for client in (Aki, AsyncAki) for m in (client, type(client))]
    endpoint = Aki("any").endpoint("x")
    return sorted(
        {
            *names_of(generate.package),
            *(name for owner in (*models, type(endpoint)) for name in dir(owner)),
            *dir(builtins),
            *("HUB", "hub", "register", "mro", "__mro__", "__register__", "field", "Models"),
        }
    )


@pytest.fixture
def made(generate, names, tmp_path):
    """A package in which endpoints, parameters and outputs have all of them."""
    fields = {name: {"type": "integer"} for name in names}
    with StubHub.offering({name: details({name: {}}, {name: {}}) for name in names}) as hub:
        hub.answers["/api/endpoints"]["endpoints"].append("with-all")
        hub.answers["/api/endpoints/with-all"] = details(fields, fields, fields)
        status, said, _ = generate("--server", hub.url, package="awkward_client")
    assert (status, "(skipped)" in said) == (0, False)
    return generate.out / "awkward_client"


def given_names(package):
    told = json.loads((package / "spec" / "names.json").read_text("utf-8"))
    return {wire: given for wire, given in told.items() if isinstance(given, dict)}


def test_no_endpoint_is_lost_and_all_can_be_imported(made, names):
    given = given_names(made)
    assert len(given) == len(names) + 1
    program = (
        "import awkward_client as p, awkward_client.models as m, sys, json\n"
        "aki = p.Aki('any')\n"
        "for name, models, wire in json.load(sys.stdin):\n"
        "    assert getattr(aki, name).info.name == wire, name\n"
        "    for part in ('Input', 'Output', 'Progress'):\n"
        "        assert getattr(m, models + part).__name__ == models + part\n"
    )
    told = [(each["name"], each["models"], wire) for wire, each in given.items()]
    ended = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        input=json.dumps(told),
        cwd=made.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (0, "")


def test_every_parameter_and_output_is_there(made, names):
    fields = given_names(made)["with-all"]["fields"]
    assert {section: len(of) for section, of in fields.items()} == dict.fromkeys(
        ("input", "output", "progress"), len(names)
    )


@pytest.mark.slow
def test_type_checkers_know_every_endpoint(made, tmp_path):
    lines = ["from awkward_client import Aki, AsyncAki, models", "aki, aio = Aki(), AsyncAki()"]
    for number, each in enumerate(given_names(made).values()):
        lines.append(f"r{number}: models.{each['models']}Output = aki.{each['name']}()")
        lines.append(f"async def f{number}() -> models.{each['models']}Output:")
        lines.append(f"    return await aio.{each['name']}()")
    (tmp_path / "use.py").write_text("\n".join(lines))
    root = Path(__file__).parents[3]
    ended = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--disallow-any-expr", "use.py"],
        cwd=tmp_path,
        env={"MYPYPATH": f"{made.parent}:{root / 'runtime'}", "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.stdout.startswith("Success"), ended.stdout[:3000]
