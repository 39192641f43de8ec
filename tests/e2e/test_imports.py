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


def imported_by(program: str, prepared: str = "") -> list[str]:
    """Return the modules that a program imports in a process of its own, beyond a prepared one."""
    source = prepared + PRELUDE + program + REPORT
    run = subprocess.run([sys.executable, "-c", source], capture_output=True, check=True)
    return json.loads(run.stdout)


def endpoints_in(modules: list[str]) -> list[str]:
    return [name for name in modules if name.startswith("aki_client.endpoints._")]


def test_the_bare_package_imports_nothing_but_itself_and_the_standard_library():
    found = {name.partition(".")[0] for name in imported_by("import aki_client")}
    assert found <= {"aki_client", *sys.stdlib_module_names}
    modules = {name for name in imported_by("import aki_client") if name.startswith("aki_client")}
    assert modules == {"aki_client", "aki_client._runtime", "aki_client._runtime.lazy"}


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
