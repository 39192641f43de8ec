"""How a run stands, in words, and the small pieces of HTML that show it. Everything is escaped here."""

from html import escape
from typing import Any, Literal

from aki_runtime.events import Event, Queued, in_words
from aki_runtime.fields.base import spent_in_words

from .running import Cancelled, Failed, Finished, RunState

Tone = Literal["quiet", "busy", "good", "bad"]


def status_html(words: str, tone: Tone = "quiet", percent: float | None = None) -> str:
    """Return the line that says how a run stands, with a bar where it is known how far it is.

    Args:
        words: What to say; plain text.
        tone: How it is coloured.
        percent: 0 to 100.
    """
    bar = ""
    if percent is not None:
        width = min(max(percent, 0.0), 100.0)
        bar = f'<div class="aki-bar"><div style="width:{width:.1f}%"></div></div>'
    return (
        f'<div class="aki-status aki-{tone}" role="status"><span>{escape(words)}</span>{bar}</div>'
    )


def state_html(state: RunState, *, counts_tokens: bool) -> str:
    """Show how a run stands."""
    match state:
        case Finished(output):
            return status_html(_done(output), "good")
        case Failed(error):
            return status_html(failure_words(error), "bad")
        case Cancelled():
            return status_html("Cancelled. The hub was asked to stop the job.", "quiet")
        case _:
            return _event_html(state, counts_tokens=counts_tokens)


def failure_words(error: Exception) -> str:
    """Say why a run has no result, in one line."""
    message = str(getattr(error, "message", "")) or f"{type(error).__name__}: {error}"
    return " ".join(message.split())


def note_html(text: str, problem: str = "") -> str:
    """Return what stands below a field: its text, and what is wrong with what it holds."""
    help_ = f'<p class="aki-help">{escape(text)}</p>' if text else ""
    alert = f'<p class="aki-fault" role="alert">{escape(problem)}</p>' if problem else ""
    return f'<div class="aki-note">{alert}{help_}</div>' if help_ or alert else ""


def heading_html(title: str, name: str, description: str, category: str) -> str:
    """Return the head of an endpoint's form."""
    return (
        f'<div class="aki-head"><h2>{escape(title)}</h2>'
        f'<p class="aki-name"><code>{escape(name)}</code><span>{escape(category)}</span></p>'
        f"<p>{escape(description)}</p></div>"
    )


def facts_html(facts: dict[str, str]) -> str:
    """Return a list of names and values."""
    rows = "".join(
        f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in facts.items()
    )
    return f'<dl class="aki-facts">{rows}</dl>' if rows else ""


def refusal_html(problems: dict[str, str], others: list[str]) -> str:
    """Say that nothing was sent, and why."""
    words = [f"look at {', '.join(problems)}"] if problems else []
    return status_html("Nothing was sent: " + "; ".join([*words, *others]) + ".", "bad")


def _event_html(event: Event[Any], *, counts_tokens: bool) -> str:
    words = in_words(event)
    words = words[:1].upper() + words[1:]
    if isinstance(event, Queued):
        workers = {None: "", 1: " · 1 worker"}.get(event.workers, f" · {event.workers} workers")
        return status_html(words + workers, "busy")
    if counts_tokens:
        return status_html(f"{words} · {event.progress:,.0f} tokens", "busy")
    return status_html(f"{words} · {min(event.progress, 100):.0f} %", "busy", event.progress)


def _done(output: Any) -> str:
    return " · ".join(["Done", *spent_in_words(output)])
