"""The generated input models accept what the hub accepts, and refuse what it refuses."""

from collections.abc import Iterator
from typing import Any

import pytest

from .compare import captured_documents, catalogue_documents, compare, generated, made_up_documents

EXAMPLES = 60
"""Per endpoint; `make figures` draws many more."""

CATALOGUE = catalogue_documents()
CAPTURED = captured_documents()
MADE_UP = made_up_documents()


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with generated(CATALOGUE, tmp_path_factory.mktemp("agreement"), "catalogue_client") as infos:
        yield infos


@pytest.fixture(scope="module")
def made_up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with generated(MADE_UP, tmp_path_factory.mktemp("agreement"), "made_up_client") as infos:
        yield infos


@pytest.fixture(scope="module")
def captured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with generated(CAPTURED, tmp_path_factory.mktemp("agreement"), "recorded_client") as infos:
        yield infos


@pytest.mark.parametrize("name", sorted(CATALOGUE))
def test_client_and_hub_agree_on_the_catalogue(catalogue: Any, name: str) -> None:
    tally = compare(catalogue[name], CATALOGUE[name], EXAMPLES)
    assert tally.disagreements == []
    assert tally.tells_something(EXAMPLES)


@pytest.mark.parametrize("name", sorted(MADE_UP))
def test_client_and_hub_agree_on_every_rule(made_up: Any, name: str) -> None:
    tally = compare(made_up[name], MADE_UP[name], 3 * EXAMPLES)
    assert tally.disagreements == []
    assert tally.tells_something(3 * EXAMPLES)


@pytest.mark.skipif(not CAPTURED, reason="the recorded metadata is not beside this checkout")
@pytest.mark.parametrize("name", sorted(CAPTURED))
def test_client_and_hub_agree_on_recorded_metadata(captured: Any, name: str) -> None:
    tally = compare(captured[name], CAPTURED[name], EXAMPLES)
    assert tally.disagreements == []
