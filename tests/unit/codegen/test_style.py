"""Sources are formatted in memory where there is room, and where the environment says where it says so."""

from pathlib import Path, PurePosixPath

import pytest
from aki_codegen.rendering import style

SOURCES = {PurePosixPath("a.py"): "x=1\n"}


@pytest.fixture
def folders(monkeypatch, tmp_path):
    """Return where each run of the formatter works; a folder of the test stands for memory."""
    for name in ("TMPDIR", "TEMP", "TMP"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "memory").mkdir()
    monkeypatch.setattr(style, "MEMORY", tmp_path / "memory")
    found: list[Path] = []
    ruff = style._ruff

    def noted(command, *arguments):
        found.append(Path(arguments[-1]))
        ruff(command, *arguments)

    monkeypatch.setattr(style, "_ruff", noted)
    return found


def test_sources_are_formatted_in_memory_and_nothing_stays_there(folders):
    assert style.formatted(SOURCES, "pkg") == {PurePosixPath("a.py"): "x = 1\n"}
    assert {folder.parent for folder in folders} == {style.MEMORY}
    assert list(style.MEMORY.iterdir()) == []


def test_without_such_a_folder_they_are_formatted_on_disk(folders, monkeypatch, tmp_path):
    monkeypatch.setattr(style, "MEMORY", tmp_path / "none")
    assert style.formatted(SOURCES, "pkg") == {PurePosixPath("a.py"): "x = 1\n"}
    assert tmp_path not in folders[0].parents


def test_a_folder_that_the_environment_names_is_used(folders, monkeypatch, tmp_path):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    style.formatted(SOURCES, "pkg")
    assert style.MEMORY not in folders[0].parents


def test_where_nothing_is_to_be_formatted_the_formatter_is_not_started(folders):
    assert style.formatted({}, "pkg") == {}
    assert folders == []
