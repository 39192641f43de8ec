"""The files around the code: the lock, the Makefile, the set-up script, and what no file may say."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterable
from itertools import chain
from pathlib import Path

import pytest
from aki_sandbox.catalogue import load_catalogue
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
APART = {name: ROOT / "requirements" / f"{name}.txt" for name in ("frameworks", "openapi")}
LOCKS = sorted({*(ROOT / "requirements").glob("*.txt")} - {*APART.values()})
EXTRAS_AND_GROUPS: dict[str, tuple[Iterable[str], Iterable[str]]] = {
    "dev.txt": (["cli", "codegen", "sandbox"], ["dev"]),
    "full.txt": (
        PROJECT["project"]["optional-dependencies"],
        [group for group in PROJECT["dependency-groups"] if group not in APART],
    ),
    "runtime.txt": ([], []),
}
"""What each lock file is made of."""
each_lock = pytest.mark.parametrize("lock", [*LOCKS, *APART.values()], ids=lambda lock: lock.name)
SAFE = {
    "aiohttp": "3.14.4",
    "filelock": "4.2.1",
    "gradio": "6.16",
    "httpx2": "2.12",
    "jinja2": "3.1.6",
    "pillow": "12.3",
    "pyarrow": "23.0.1",
    "ray": "2.56",
    "starlette": "1.3.1",
}
"""Where the last known vulnerability ends of what this package uses, by the advisories of November 2026."""

# Spelt so that these lines do not match themselves.
MACHINE_FOLDER = r"(?<![\w.~>-])/(?:work|root|home|Users)/\w"
REGISTRY = r"pypi[.]org|pythonhosted[.]org|npmjs[.]org"


def run(*command: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    # MAKEFLAGS: the options of the make that runs these tests are not those of the make under test.
    return subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, "MAKEFLAGS": "", **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def executable(path: Path, script: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def locked_requirements(lock: Path) -> list[str]:
    """Return the entries of a lock file, each with its hashes, as one line."""
    text = re.sub(r"^ *#.*\n", "", lock.read_text("utf-8"), flags=re.MULTILINE)
    return text.replace("\\\n", "").splitlines()


def pins_of(lock: Path) -> dict[str, str]:
    """Return the version of each package."""
    return dict(entry.split()[0].split("==", 1) for entry in locked_requirements(lock))


class TestLock:
    """requirements/: exact, with hashes, the same on every machine."""

    def test_there_is_one_for_everything_one_for_development_and_one_for_users(self):
        assert list(EXTRAS_AND_GROUPS) == [lock.name for lock in LOCKS]

    @each_lock
    def test_every_requirement_has_one_version_and_hashes(self, lock):
        requirements = locked_requirements(lock)
        assert requirements
        for requirement in requirements:
            assert re.match(r"[a-z0-9-]+==\S+ .*--hash=sha256:[0-9a-f]{64}", requirement)

    @each_lock
    def test_it_names_no_index_and_no_address_and_tells_how_it_is_made(self, lock):
        text = lock.read_text("utf-8")
        assert not re.search(r"index-url|find-links|trusted-host|://|@", text)
        assert "make lock" in text.splitlines()[1]

    @pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
    def test_it_answers_what_pyproject_asks_for(self, lock):
        extras, groups = EXTRAS_AND_GROUPS[lock.name]
        asked = chain(
            PROJECT["project"]["dependencies"],
            *(PROJECT["project"]["optional-dependencies"][extra] for extra in extras),
            *(PROJECT["dependency-groups"][group] for group in groups),
        )
        versions = pins_of(lock)
        for requirement in map(Requirement, asked):
            version = versions[canonicalize_name(requirement.name)]
            assert requirement.specifier.contains(version), f"{requirement}: run make lock"

    @pytest.mark.parametrize(
        ("group", "package"), [("frameworks", "litellm"), ("openapi", "openapi-python-client")]
    )
    def test_what_is_locked_apart_holds_back_nothing_of_what_users_get(self, group, package):
        assert package in pins_of(APART[group])
        assert package not in pins_of(ROOT / "requirements" / "full.txt")

    @pytest.mark.parametrize("name", SAFE)
    def test_no_version_with_a_known_vulnerability_is_allowed(self, name):
        extras = PROJECT["project"]["optional-dependencies"].values()
        asked = map(Requirement, chain(PROJECT["project"]["dependencies"], *extras))
        floors = [
            Version(bound.version)
            for requirement in asked
            if canonicalize_name(requirement.name) == name
            for bound in requirement.specifier
            if bound.operator in (">=", "==")
        ]
        assert floors
        assert min(floors) >= Version(SAFE[name])

    def test_users_get_the_versions_that_are_tested(self):
        development, everything, runtime = (pins_of(lock) for lock in LOCKS)
        assert runtime.items() <= development.items() <= everything.items()


class TestMakefile:
    """Its targets, as far as they do more than name a command."""

    def test_help_is_the_default_and_lists_every_target(self):
        makefile = (ROOT / "Makefile").read_text("utf-8")
        (phony,) = re.findall(r"^\.PHONY: (.+)$", makefile, re.MULTILINE)
        listed = re.findall(r"^  make (\S+) +\S", run("make").stdout, re.MULTILINE)
        assert listed == phony.split()
        assert set(listed) == set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))

    @pytest.mark.parametrize(("status", "succeeds"), [(0, True), (1, False), (2, False), (3, True)])
    def test_generate_succeeds_where_the_generator_wrote(self, tmp_path, status, succeeds):
        executable(tmp_path / "bin" / "aki-codegen", f'echo "$@"; exit {status}')
        (tmp_path / "ready").touch()
        done = run("make", "generate", f"VENV={tmp_path}", "ARGS=--strict")
        assert "generate --strict\n" in done.stdout
        assert (done.returncode == 0) is succeeds

    def test_an_environment_that_was_not_finished_is_set_up_again(self, tmp_path):
        assert "setup-venv.sh" in run("make", "--dry-run", "test", f"VENV={tmp_path}").stdout
        (tmp_path / "ready").touch()
        assert "setup-venv.sh" not in run("make", "--dry-run", "test", f"VENV={tmp_path}").stdout

    @pytest.mark.parametrize("file", ["requirements/dev.txt", "pyproject.toml"])
    def test_an_environment_older_than_what_it_is_made_of_is_set_up_again(self, tmp_path, file):
        ready = tmp_path / "ready"
        ready.touch()
        older = (ROOT / file).stat().st_mtime - 1
        os.utime(ready, (older, older))
        assert "setup-venv.sh" in run("make", "--dry-run", "test", f"VENV={tmp_path}").stdout


class TestSetUp:
    """What scripts/setup-venv.sh says where it cannot go on."""

    @pytest.fixture
    def set_up(self, tmp_path):
        def refused(**environment: str) -> str:
            venv = tmp_path / "venv"
            done = run("/bin/sh", "scripts/setup-venv.sh", venv, **environment)
            assert done.returncode == 1
            assert not venv.exists()
            (sentence,) = done.stderr.splitlines()
            return sentence

        return refused

    def test_a_shim_with_nothing_behind_it_is_no_python(self, set_up, tmp_path):
        executable(tmp_path / "bin" / "python3.13", "exit 127")
        executable(tmp_path / "bin" / "python3", "exit 1")
        said = set_up(PYTHON="", PATH=f"{tmp_path / 'bin'}")
        assert said.startswith("setup-venv: no Python 3.11 or newer is found")

    def test_the_python_that_is_asked_for_must_be_suitable(self, set_up, tmp_path):
        old = executable(tmp_path / "python3.9", "exit 1")
        assert set_up(PYTHON=f"{old}") == (
            f"setup-venv: PYTHON={old} does not run as Python 3.11 or newer."
        )

    def test_a_python_without_venv_names_the_package_to_install(self, set_up, tmp_path):
        (tmp_path / "ensurepip.py").write_text("raise ImportError")
        said = set_up(PYTHON=sys.executable, PYTHONPATH=f"{tmp_path}")
        assert f"install python3-venv or python3.{sys.version_info.minor}-venv" in said


class TestRepository:
    """What the files are for users is in them, and nothing of the machine they were made on."""

    def test_the_wheel_takes_the_templates_to_where_the_generator_looks_for_them(self):
        wheel = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]
        assert wheel["force-include"] == {"templates": "aki_codegen/templates"}
        assert list((ROOT / "templates").glob("*.jinja"))

    @pytest.mark.skipif(
        not (ROOT / ".git").exists() or shutil.which("git") is None, reason="needs a git checkout"
    )
    def test_no_file_names_a_folder_of_a_machine_or_a_registry(self):
        listed = run("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
        forbidden = re.compile(f"{MACHINE_FOLDER}|{REGISTRY}".encode())
        files = [ROOT / name for name in listed.stdout.split("\0") if name]
        assert files
        found = {
            f"{path.relative_to(ROOT)}: {match[0].decode()}"
            for path in files
            if path.is_file()
            for match in forbidden.finditer(path.read_bytes())
        }
        assert not found


PRIVATE = re.compile(
    r"\b(?:asyncio|threading|ssl|socket|signal|sqlite3|inspect|logging|importlib|httpx2?|httpcore2?|h11|anyio)"
    r"(?:\.\w+)*\._[a-z]\w*"
)


@pytest.mark.parametrize("folder", ["apps", "codegen", "runtime", "sandbox"])
def test_no_private_name_of_python_or_of_the_http_library_is_used(folder):
    """They change with any release, as those of asyncio have in Python 3.14."""
    used = {
        f"{path.relative_to(ROOT)}: {match[0]}"
        for path in (ROOT / folder).rglob("*.py")
        for match in PRIVATE.finditer(path.read_text("utf-8"))
    }
    assert used == set()


class TestAnotherHub:
    """Whoever generates a client of a hub with other endpoints can still run the tests and the examples."""

    def test_no_page_or_example_leans_on_an_endpoint_past_its_end_of_life(self) -> None:
        pages = chain([ROOT / "README.md"], *map(ROOT.glob, ("docs/**/*.md", "examples/**/*.*")))
        assert [page for page in pages if b"llama3_8b_chat" in page.read_bytes()] == []

    def test_an_example_names_its_endpoint_in_one_place(self) -> None:
        names = {name.replace("-", "_") for name in load_catalogue()}
        for example in (ROOT / "examples").glob("*.py"):
            words = re.findall(r"\w+", example.read_text("utf-8"))
            assert [name for name in names if words.count(name) > 1] == [], example

    @pytest.mark.slow
    def test_the_tests_find_a_client_whatever_else_is_generated(self, tmp_path: Path) -> None:
        package = tmp_path / "aki_client"
        package.mkdir()
        (package / "__init__.py").touch()
        collect = (
            sys.executable,
            "-m",
            "pytest",
            "--collect-only",
            "-q",
            "tests/batch/test_run.py",
        )
        collected = run(*collect, PYTHONPATH=str(tmp_path))
        assert collected.returncode == 0, collected.stdout
