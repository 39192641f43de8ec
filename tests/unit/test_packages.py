"""Generated packages and the library under them: skew is one sentence, and two of them live in one process."""

import sys
from types import ModuleType

import pytest
from aki_runtime import packages


@pytest.fixture
def loaded(monkeypatch):
    """Pretend that packages of some names are all that this process has loaded."""

    def load(*names):
        monkeypatch.setattr(packages, "_loaded", {})
        for name in names:
            monkeypatch.setitem(sys.modules, name, ModuleType(name))
            packages.require(name, packages.RUNTIME_API)

    return load


def test_a_package_of_another_runtime_is_refused_in_one_sentence():
    with pytest.raises(
        ImportError, match=r"my_hub was generated for runtime API 0.*run `aki-codegen generate`"
    ):
        packages.require("my_hub", 0)


def test_a_name_alone_means_the_one_package_that_is_loaded(loaded):
    loaded("my_hub")
    assert packages.split_reference("flux_dev") == ("my_hub", "flux_dev")


def test_a_name_with_its_package_means_that_one(loaded):
    loaded("my_hub", "other_hub")
    assert packages.split_reference("other_hub:flux_dev") == ("other_hub", "flux_dev")


@pytest.mark.parametrize(
    ("names", "found"),
    [((), "no generated package is loaded"), (("a_hub", "b_hub"), "a_hub and b_hub are loaded")],
)
def test_a_name_alone_that_could_be_of_no_or_several_packages_is_refused(loaded, names, found):
    loaded(*names)
    with pytest.raises(
        ValueError, match=rf"does not say which package.*{found}.*'package:flux_dev'"
    ):
        packages.split_reference("flux_dev")
