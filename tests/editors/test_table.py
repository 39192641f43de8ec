"""What the engine of every editor shows of the package, feature by feature: `python -m editors.table` prints it."""

from functools import cache

import pytest

from .engines import ENGINES
from .forms import FEATURES, FORMS, subject
from .table import asked

pytestmark = pytest.mark.slow

ALL = len(FORMS)
_EVERYWHERE = {
    "parameter names": ALL,
    "signature": ALL,
    "signature help: endpoint": ALL,
    "hover: endpoint": ALL,
    "hover: output": len(subject().outputs),
}
LEAST = {
    "pyright": {**_EVERYWHERE, "outputs first": 1},
    "basedpyright": {**_EVERYWHERE, "outputs first": 1},
    "ty": {**_EVERYWHERE, "hover: parameter": ALL, "definition: module": 7},
    "pyrefly": {
        **_EVERYWHERE,
        "signature help: endpoint": 12,
        "hover: endpoint": 12,
        "hover: parameter": 12,
        "definition: module": 7,
        "outputs first": 1,
    },
    # It shows no documentation beside a signature, of whatever.
    "zuban": {**_EVERYWHERE, "signature help: endpoint": 0},
    "jedi": _EVERYWHERE,
}
"""How many forms, or outputs, of those that each feature is tried for."""


@pytest.fixture(scope="module")
def short(tmp_path_factory):
    """Ask an engine once, whatever is tested of it."""

    @cache
    def once(engine):
        if not ENGINES[engine].program:
            pytest.skip(f"{ENGINES[engine].command[0]} is not installed beside this Python")
        return asked(engine, tmp_path_factory.mktemp(engine))

    return once


@pytest.mark.parametrize(
    ("engine", "feature"), [(name, feature) for name in ENGINES for feature in LEAST[name]]
)
def test_is_shown(engine, feature, short):
    missing = short(engine)[feature]
    cases = FEATURES[feature].cases(subject())
    assert len(cases) - len(missing) >= LEAST[engine][feature], f"not for {', '.join(missing)}"
