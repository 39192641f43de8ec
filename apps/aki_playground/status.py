"""How a run stands, in words, and the small pieces of HTML that show it. Everything is escaped here."""

import math
from html import escape
from typing import TYPE_CHECKING, Any, Literal

from aki_runtime.events import Queued

from .running import Cancelled, Failed, Finished

if TYPE_CHECKING:
    from .running import Sight

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


def sight_html(sight: "Sight", *, counts_tokens: bool) -> str:
    """Show how a run stands."""
    match sight:
        case Finished(output):
            return status_html(_done(output), "good")
        case Failed(error):
            return status_html(failure_words(error), "bad")
        case Cancelled():
            return status_html("Cancelled. The hub was asked to stop the job.", "quiet")
        case _:
            return _event_html(sight, counts_tokens=counts_tokens)


def failure_words(error: Exception) -> str:
    """Say why a run has no result."""
    message = str(getattr(error, "message", "")) or f"{type(error).__name__}: {error}"
    return " ".join(message.split())


def note_html(text: str, fault: str = "") -> str:
    """Return what stands below a field: its text, and what is wrong with what it holds."""
    said = f'<p class="aki-help">{escape(text)}</p>' if text else ""
    wrong = f'<p class="aki-fault" role="alert">{escape(fault)}</p>' if fault else ""
    return f'<div class="aki-note">{wrong}{said}</div>' if said or wrong else ""


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


def _event_html(event: Any, *, counts_tokens: bool) -> str:
    progress = event.progress
    if isinstance(event, Queued):
        return status_html(_waiting(event), "busy")
    told = getattr(event.data, "progress_message", None)
    words = [f"{progress:,.0f} tokens" if counts_tokens else f"{min(progress, 100):.0f} %"]
    words += [told] if isinstance(told, str) and told else []
    words += _left(event.estimate)
    return status_html(
        "Running · " + " · ".join(words), "busy", None if counts_tokens else progress
    )


def _waiting(event: Any) -> str:
    words = ["Waiting in the queue"]
    if event.position is not None:
        words.append(f"place {event.position}")
    if event.workers is not None:
        words.append("1 worker" if event.workers == 1 else f"{event.workers} workers")
    return " · ".join([*words, *_left(event.estimate)])


def _left(seconds: float | None) -> list[str]:
    if seconds is None or not math.isfinite(seconds) or seconds < 0:
        return []
    return [f"about {seconds:.0f} s left" if seconds >= 1 else "less than a second left"]


def _done(output: Any) -> str:
    meta = output.meta
    words = [f"{meta.total_duration:.1f} s altogether"] if meta.total_duration is not None else []
    words += (
        [f"{meta.compute_duration:.1f} s of computing"] if meta.compute_duration is not None else []
    )
    return " · ".join(["Done", *words])
