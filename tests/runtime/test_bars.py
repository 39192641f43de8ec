"""A progress bar for calls: drawn by tqdm, else by Rich, else refused with a sentence."""

import sys

import pytest
from aki_runtime.errors import ConfigurationError
from aki_runtime.events import Queued, Running
from aki_runtime.fields.base import ProgressModel
from aki_runtime.jobs.showing import progress_bar


class Painting(ProgressModel):
    """What a model paints."""

    progress_message: str | None = None


class Saying(ProgressModel):
    """What a model says."""

    text: str | None = None


def painting(progress, estimate=None):
    return Running(progress, Painting.read({}), estimate=estimate)


@pytest.fixture(params=["tqdm", "rich"])
def drawn_by(request, monkeypatch):
    """Draw with one of the two."""
    pytest.importorskip(request.param, reason=f"{request.param} is not installed")
    if request.param == "rich":
        hide("tqdm", monkeypatch)
    return request.param


def hide(package, monkeypatch):
    for name in {package, *(n for n in sys.modules if n.startswith(f"{package}."))}:
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setitem(sys.modules, f"{package}.auto", None)
    monkeypatch.setitem(sys.modules, f"{package}.progress", None)


def test_it_shows_queue_progress_and_time_left_and_ends_full(drawn_by, capsys):
    with progress_bar("Painting") as bar:
        bar(Queued(3, 40.0))
        bar(painting(30.0, 12.0))
        bar(painting(80.0))
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "100" in shown.err
    assert "Painting: done" in shown.err
    if (
        drawn_by == "tqdm"
    ):  # Rich draws in place, and the last state only where there is no terminal
        assert "Painting: queued, place 3, about 40 s left" in shown.err
        assert "running, about 12 s left" in shown.err
        assert "30 %" in shown.err


def test_tokens_have_no_upper_bound(drawn_by, capsys):
    with progress_bar() as bar:
        bar(Running(250.0, Saying.read({"text": "Once"})))
    shown = capsys.readouterr().err
    assert "250 tokens" in shown
    assert "%" not in shown.rpartition("250")[2]


def test_a_call_that_failed_leaves_the_bar_where_it_was(drawn_by, capsys):
    def call():
        with progress_bar() as bar:
            bar(painting(40.0))
            raise ValueError("failed")

    with pytest.raises(ValueError, match="failed"):
        call()
    assert "100" not in capsys.readouterr().err


def test_without_either_it_says_what_to_install(monkeypatch):
    hide("tqdm", monkeypatch)
    hide("rich", monkeypatch)
    with pytest.raises(ConfigurationError, match="pip install tqdm"):
        progress_bar()
