"""A package with a snapshot of its own, and the command that compares it with others."""

import pytest
from aki_codegen.cli import main
from e2e.diff.states import FIRST, store
from support.command import KEY, without_environment


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out"


@pytest.fixture
def package(out):
    return store(FIRST, out / "hub_client")


@pytest.fixture
def diff(out, capsys, monkeypatch):
    without_environment(monkeypatch)

    def run(*arguments):
        words = ["--out", str(out), "--package", "hub_client", *map(str, arguments)]
        try:
            status = main(["diff", *words])
        except SystemExit as stopped:
            status = int(stopped.code or 0)
        told = capsys.readouterr()
        assert KEY not in told.out + told.err
        return status, told.out, told.err

    return run
