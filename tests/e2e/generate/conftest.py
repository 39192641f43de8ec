"""A hub of two endpoints that answers from a table, and `aki-codegen generate` for a folder that is not there yet."""

import pytest
from support.command import Generate, two_endpoints, without_environment


@pytest.fixture
def hub():
    with two_endpoints() as running:
        yield running


@pytest.fixture
def generate(tmp_path, capsys, monkeypatch):
    without_environment(monkeypatch)
    return Generate(tmp_path / "out", capsys)
