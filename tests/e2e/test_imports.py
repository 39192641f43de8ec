"""What is imported when: nothing heavy before it is used, and of the endpoints only those that are."""

import json
import subprocess
import sys

import pytest

PRELUDE = "import json, sys\nbefore = set(sys.modules)\n"
REPORT = "\nprint(json.dumps(sorted(set(sys.modules) - before)))"
CLIENT = (
    "from aki_client import {kind}\n"
    "aki = {kind}('none', api_server='http://127.0.0.1:9')\n"
    "aki.flux_dev\n"
)


WITHOUT = """
import runpy, sys
sys.modules.update(dict.fromkeys(sys.argv.pop(1).split()))
runpy.run_module("aki_codegen", run_name="__main__", alter_sys=True)
"""
"""The generator's command where some modules are not installed."""
GENERATORS = "datamodel_code_generator filelock jinja2 markupsafe ruff"


def codegen_without(modules: str, *arguments: str) -> tuple[int, str]:
    command = [sys.executable, "-c", WITHOUT, modules, *arguments]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    return run.returncode, run.stderr


def imported_by(program: str, prepared: str = "") -> list[str]:
    """Return the modules that a program imports in a process of its own, beyond a prepared one."""
    source = prepared + PRELUDE + program + REPORT
    run = subprocess.run([sys.executable, "-c", source], capture_output=True, check=True)
    return json.loads(run.stdout)


def endpoints_in(modules: list[str]) -> list[str]:
    return [name for name in modules if name.startswith("aki_client.endpoints._")]


def test_the_bare_package_imports_nothing_but_itself_and_the_standard_library():
    found = {name.partition(".")[0] for name in imported_by("import aki_client")}
    assert found <= {"aki_client", "aki_runtime", *sys.stdlib_module_names}
    modules = {name for name in imported_by("import aki_client") if name.startswith("aki_")}
    runtime = {"aki_runtime", "aki_runtime.lazy", "aki_runtime.packages"}
    assert modules == {"aki_client", "aki_client._version", *runtime}


@pytest.mark.parametrize("kind", ["Aki", "AsyncAki"])
def test_a_client_imports_the_endpoint_that_is_used_and_no_other(kind):
    modules = imported_by(CLIENT.format(kind=kind))
    assert endpoints_in(modules) == ["aki_client.endpoints._flux_dev"]


@pytest.mark.parametrize("kind", ["Aki", "AsyncAki"])
def test_one_endpoint_more_imports_its_module_only(kind):
    modules = imported_by("aki.z_image_turbo", prepared=CLIENT.format(kind=kind))
    assert modules == ["aki_client.endpoints._z_image_turbo"]


def test_one_model_imports_the_endpoint_that_it_is_of_and_no_other():
    modules = imported_by("from aki_client.models import FluxDevInput")
    assert endpoints_in(modules) == ["aki_client.endpoints._flux_dev"]


@pytest.mark.parametrize("missing", GENERATORS.split())
def test_the_generator_names_the_extras_that_it_needs(missing):
    sentence = "aki-codegen: the generator needs extras: pip install 'aki-client[codegen,sandbox]'"
    assert codegen_without(missing, "generate", "--offline") == (1, f"{sentence}\n")


def test_the_sandbox_runs_without_what_the_generator_needs(tmp_path):
    status, said = codegen_without(
        GENERATORS.replace(" markupsafe", ""), "sandbox", "--catalogue", str(tmp_path)
    )
    assert (status, said) == (
        1,
        f"aki-codegen: The catalogue folder {tmp_path} holds no endpoint (*.json).\n",
    )


@pytest.mark.parametrize("missing", ["uvicorn", "typer"])
def test_the_sandbox_names_the_extra_that_it_needs(missing):
    status, said = codegen_without(missing, "sandbox")
    assert status == 1
    assert "the sandbox hub needs the extra 'sandbox': pip install 'aki-client[sandbox]'" in said
