"""What users import is what is committed here: names, signatures, bases and members."""

import difflib

import pytest
from public_api.listing import EXPECTED, MODULES, listing


@pytest.mark.parametrize("name", MODULES)
def test_the_public_names_are_those_that_are_listed(name: str, monkeypatch) -> None:
    monkeypatch.setenv("AKI_API_KEY", "any-key")  # the functions of `endpoints` make a client
    if name in ("celery", "ray"):
        pytest.importorskip(name, reason=f"the package {name} is not installed: make full")
    path = EXPECTED / f"{name}.txt"
    expected, found = (
        path.read_text("utf-8").splitlines(True),
        listing(MODULES[name]).splitlines(True),
    )
    difference = "".join(difflib.unified_diff(expected, found, str(path.name), "found"))
    if difference:
        pytest.fail(
            f"{difference}\nThe public names have changed.\n"
            "If that is wanted:  python tests/public_api/accept.py",
            pytrace=False,
        )
