"""Who may know Celery and Redis: one module each, and none of them before it is needed."""

import ast
import subprocess
import sys
from pathlib import Path

import aki_runtime
import pytest

RUNTIME = Path(aki_runtime.__file__).parent
FOLDER = RUNTIME / "celery"
MODULES = sorted(FOLDER.glob("*.py"))


def imported(path):
    """Return the foreign packages that a module imports, by whatever means."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            found.add(node.module)
        elif isinstance(node, ast.Call) and node.args and _is_import(node.func):
            found.add(str(ast.literal_eval(node.args[0])) if _is_text(node.args[0]) else "?")
    return {name.partition(".")[0] for name in found}


def _is_import(function):
    return ast.unparse(function) in {"importlib.import_module", "engine.module", "module"}


def _is_text(node):
    return isinstance(node, ast.Constant)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_redis_is_known_where_claims_are_kept_in_it(path):
    assert ("redis" in imported(path)) == (path.stem == "claims")


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_nothing_is_imported_at_once_but_what_the_client_needs_anyway(path):
    tree = ast.parse(path.read_text("utf-8"))
    names = {n.module for n in tree.body if isinstance(n, ast.ImportFrom) and n.level == 0}
    names |= {a.name for n in tree.body if isinstance(n, ast.Import) for a in n.names}
    roots = {name.partition(".")[0] for name in names}
    assert roots <= {*sys.stdlib_module_names, "httpx2", "pydantic"}


def test_importing_the_package_imports_neither_celery_nor_redis():
    program = "import sys, aki_client, aki_runtime.public; sys.exit(bool({'celery', 'redis'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


@pytest.mark.parametrize("missing", ["celery", "redis"])
def test_what_is_missing_is_named_with_the_extra_that_brings_it(missing):
    pytest.importorskip("celery", reason="Celery is not installed: make full")
    program = (
        f"import sys; sys.modules[{missing!r}] = None\n"
        "from aki_client.celery import RedisClaims\n"
        "RedisClaims('redis://localhost')"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], check=False, capture_output=True, text=True
    )
    assert done.stderr.splitlines()[-1].endswith("pip install 'aki-client[celery]'")
