"""A laboratory for the corpus, and the figure: how many attacks were survived."""

from collections.abc import Generator

import pytest
from hostile.corpus import BASELINE
from hostile.hub import SandboxedHub
from hostile.trial import Laboratory, Run


@pytest.fixture(scope="session")
def laboratory(tmp_path_factory: pytest.TempPathFactory) -> Generator[Laboratory, None, None]:
    folder = tmp_path_factory.mktemp("laboratory")
    with SandboxedHub(folder) as hub:
        made = Laboratory(folder, hub)
        yield made
        made.close()


@pytest.fixture(scope="session")
def baseline(laboratory: Laboratory) -> Run:
    """A run in which the innocent endpoint has a harmless neighbour."""
    return laboratory.run(BASELINE)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    survived, all_of_them = (
        sum(
            "::test_hostile_case[" in report.nodeid and report.when == "call"
            for kind in kinds
            for report in terminalreporter.stats.get(kind, [])
        )
        for kinds in (("passed",), ("passed", "failed"))
    )
    if all_of_them:
        terminalreporter.write_line(f"{survived} of {all_of_them} hostile cases survived")
