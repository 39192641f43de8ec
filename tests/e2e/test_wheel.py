"""The wheel, installed where there is no checkout: what users get, and with nothing but what it asks for."""

import os
import re
import subprocess
import sys
import venv
from pathlib import Path

import pytest
from aki_sandbox.server import SandboxServer
from aki_sandbox.settings import HubSettings
from support.package import made_package
from support.wheel import built_wheel

ROOT = Path(__file__).parents[2]
REQUIREMENTS = ROOT / "requirements"
pytestmark = pytest.mark.slow

IMPORT_EVERY_MODULE = """
import importlib.util, pkgutil, sys
package = importlib.import_module(sys.argv[1])
for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
    try:
        print(importlib.import_module(module.name).__file__)
    except ImportError as error:
        # What needs an extra says which in one sentence.
        if module.name.split(".")[1] not in ("celery", "ray") or "pip install 'aki-client[" not in str(error):
            raise
        print(importlib.util.find_spec(module.name).origin)
"""

CALL = """
import sys
from aki_client import Aki
with Aki("any", api_server=sys.argv[1]) as aki:
    image = aki.call("z_image_turbo", {"prompt": "a robot", "width": 128, "height": 128}).images[0]
print(image.format, len(image.bytes) > 100)
"""


class Installed:
    """A fresh virtual environment without pip, and an empty folder to run its commands in."""

    def __init__(self, folder: Path) -> None:
        self.bin = folder / "venv" / "bin"
        self.workplace = folder / "empty"
        self.workplace.mkdir()
        venv.create(folder / "venv", with_pip=False, symlinks=True)
        (self.packages,) = folder.glob("venv/lib/python*/site-packages")

    def install(self, *arguments: str | Path) -> None:
        pip = [sys.executable, "-m", "pip", "--python", self.bin / "python", "install", "--quiet"]
        subprocess.run([*pip, *arguments], check=True)

    def run(self, *command: str, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
        # Neither a hub of whoever runs the tests nor a PYTHONPATH into the checkout.
        environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("AKI_", "PYTHON"))
        }
        return subprocess.run(
            [self.bin / command[0], *command[1:]],
            cwd=folder or self.workplace,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def import_all(self, package: str) -> set[Path]:
        """Import every module of a package, with warnings as errors, and return the files they lie in."""
        done = self.run("python", "-W", "error", "-c", IMPORT_EVERY_MODULE, package)
        assert done.returncode == 0, done.stderr
        return {Path(line) for line in done.stdout.splitlines()}


@pytest.fixture(scope="module")
def client_only(tmp_path_factory):
    """What `pip install aki-client` gives."""
    installed = Installed(tmp_path_factory.mktemp("client"))
    installed.install("--require-hashes", "-r", REQUIREMENTS / "runtime.txt")
    installed.install("--no-deps", built_wheel())
    return installed


@pytest.fixture(scope="module")
def with_extras(tmp_path_factory):
    """What `pip install aki-client[codegen,sandbox]` gives."""
    folder = tmp_path_factory.mktemp("extras")
    locked = (REQUIREMENTS / "dev.txt").read_text("utf-8")
    pins = folder / "pins.txt"
    # Without the hashes: with them, pip would ask for one of the wheel just built too.
    pins.write_text("\n".join(re.findall(r"^(\S+==.+?) \\$", locked, re.MULTILINE)))
    installed = Installed(folder)
    installed.install("--constraint", pins, f"{built_wheel()}[codegen,sandbox]")
    return installed


def files_below(folder: Path) -> set[Path]:
    return {
        path.relative_to(folder)
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def modules_below(package: Path) -> set[Path]:
    """Return the files of a package's modules, its own `__init__.py` left out."""
    return set(package.rglob("*.py")) - {package / "__init__.py"}


class TestClientOnly:
    """httpx and pydantic are all that the client needs."""

    def test_every_module_imports_and_is_the_installed_one(self, client_only):
        assert client_only.import_all("aki_client") == modules_below(
            client_only.packages / "aki_client"
        )

    @pytest.mark.parametrize("module", ["jinja2", "ruff", "datamodel_code_generator", "PIL"])
    def test_nothing_of_the_extras_is_there(self, client_only, module):
        done = client_only.run("python", "-c", f"import {module}")
        assert f"No module named '{module}'" in done.stderr

    def test_background_jobs_name_the_extra_that_they_need(self, client_only):
        done = client_only.run("python", "-c", "import aki_client.celery")
        sentence = "ImportError: background jobs need Celery: pip install 'aki-client[celery]'"
        assert done.stderr.splitlines()[-1] == sentence

    def test_the_generators_command_names_the_extras_that_it_needs(self, client_only):
        done = client_only.run("aki-codegen", "generate")
        sentence = (
            "aki-codegen: the generator needs extras: pip install 'aki-client[codegen,sandbox]'"
        )
        assert (done.returncode, done.stderr) == (1, f"{sentence}\n")

    def test_an_endpoint_can_be_called(self, client_only):
        with SandboxServer(settings=HubSettings(job_seconds=0.02)) as hub:
            done = client_only.run("python", "-W", "error", "-c", CALL, hub.url)
        assert done.stdout == "jpeg True\n", done.stderr

    def test_type_checkers_find_the_types_and_users_the_license(self, client_only):
        assert (client_only.packages / "aki_client" / "py.typed").is_file()
        assert list(client_only.packages.glob("aki_client-*.dist-info/licenses/LICENSE"))


class TestWithExtras:
    """The generator and its templates work away from the checkout."""

    def test_a_package_of_another_name_is_generated_and_imports(self, with_extras):
        done = with_extras.run("aki-codegen", "generate", "--out", ".", "--package", "other_client")
        assert done.returncode == 0, done.stderr
        assert with_extras.import_all("other_client") == modules_below(
            with_extras.workplace / "other_client"
        )

    def test_the_same_package_comes_out_as_in_the_checkout(self, with_extras):
        made, here = with_extras.workplace / "same", made_package()
        made.mkdir()
        done = with_extras.run("aki-codegen", "generate", "--out", ".", folder=made)
        assert done.returncode == 0, done.stderr
        assert files_below(made) == files_below(here)
        for path in files_below(here):
            assert (made / path).read_bytes() == (here / path).read_bytes(), path
