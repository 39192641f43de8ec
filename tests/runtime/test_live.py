"""A stream that shows itself: in place in a notebook, as growing text in a terminal."""

import sys
from types import ModuleType, SimpleNamespace

import pytest
from aki_runtime.events import Queued, Running
from aki_runtime.fields.base import OutputModel, ProgressModel
from aki_runtime.jobs.showing import open_view, printable


class Said(OutputModel):
    """What a model says."""

    text: str


class Saying(ProgressModel):
    """What a model says."""

    text: str | None = None


def running(delta, *, rewritten=False, text=None):
    return Running(1.0, Saying.read({"text": text or delta}), delta, rewritten)


@pytest.fixture
def notebook(monkeypatch):
    """Stand in for IPython in a kernel; returns what was displayed, in order."""
    seen = []

    def display(bundle, **how):
        assert how == {"raw": True, "display_id": True}
        seen.append(("new", bundle))
        return SimpleNamespace(update=lambda bundle, raw: seen.append(("update", bundle)))

    ipython, module = ModuleType("IPython"), ModuleType("IPython.display")
    ipython.get_ipython = lambda: SimpleNamespace(kernel=object())
    module.display = display
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    monkeypatch.setitem(sys.modules, "IPython.display", module)
    return seen


class TestNotebook:
    """One output of the cell changes in place."""

    def test_one_output_is_made_and_then_updated(self, notebook):
        view = open_view()
        view.update(Queued(2, 8.0))
        view.update(running("Once"))
        view.finish(Said.read({"text": "Once upon a time"}))
        assert [how for how, _ in notebook] == ["new", "update", "update"]
        assert "queued, place 2, about 8 s left" in notebook[0][1]["text/html"]
        assert "Once upon a time" in notebook[-1][1]["text/html"]

    def test_text_of_the_hub_is_escaped(self, notebook):
        open_view().update(running("<script>alert(1)</script>"))
        assert "<script" not in notebook[0][1]["text/html"]


class TestTerminal:
    """Text is written as it comes."""

    def test_text_grows(self, capsys):
        view = open_view()
        for event in (Queued(1), running("Once "), running("upon")):
            view.update(event)
        view.finish(Said.read({"text": "Once upon"}))
        assert capsys.readouterr().out == "Once upon\n"

    def test_text_that_was_rewritten_begins_anew(self, capsys):
        view = open_view()
        view.update(running("Onse"))
        view.update(running("Once", rewritten=True))
        assert capsys.readouterr().out == "Onse\nOnce"

    def test_a_result_without_text_is_shown_at_the_end(self, capsys):
        open_view().finish(Said.read({}))
        assert capsys.readouterr().out.startswith("Said(")

    def test_a_hub_commands_no_terminal(self):
        assert printable("a\x1b[2Jb\r\nc\x07") == "a\ufffd[2Jb\ufffd\nc\ufffd"
