"""What changed about the limits of media, of a parameter or of a chat's messages.

Owns the comparison of limits. Must not know endpoints, or how grave a kind of change is.
"""

from collections.abc import Callable, Iterator, Sequence

from ..shapes import is_multiple
from .fact_media import MediaLimit, MediaLimits
from .fact_values import Number
from .words import Found, listed, span

SupportLimits = tuple[tuple[str, MediaLimits], ...]


def media_changes(old: MediaLimits, new: MediaLimits, place: str = "") -> Iterator[Found]:
    """Tell what changed about the limits of one medium; `place` says which, where there are several."""
    before, after = dict(old), dict(new)
    for name in sorted(before.keys() | after.keys()):
        was, is_now = before.get(name, MediaLimit()), after.get(name, MediaLimit())
        yield from _limit_changes(f"{place}{name}", was, is_now)


def support_changes(old: SupportLimits, new: SupportLimits) -> Iterator[Found]:
    """Tell what changed about the media that the messages of a chat may hold."""
    before, after = dict(old), dict(new)
    held = f"{_kinds(before)} → {_kinds(after)}"
    for kind in sorted(before.keys() - after.keys()):
        yield Found("chat medium removed", f"messages hold {kind} no longer: {held}")
    for kind in sorted(after.keys() - before.keys()):
        yield Found("chat medium added", f"messages may hold {kind} too: {held}")
    for kind in sorted(before.keys() & after.keys()):
        yield from media_changes(before[kind], after[kind], f"{kind} ")


def _limit_changes(place: str, old: MediaLimit, new: MediaLimit) -> Iterator[Found]:
    if old == new:
        return
    # A limit that comes or goes brings or takes its conversion: that is no news of its own.
    if old.converts != new.converts and _is_limited(old) and _is_limited(new):
        gained = "refused → converted" if new.converts else "converted → refused"
        kind = "media conversion gained" if new.converts else "media conversion lost"
        yield Found(kind, f"media whose {place} does not fit are treated otherwise: {gained}")
    change = f"{_limit(old)} → {_limit(new)}"
    if _is_narrower(old, new):
        message = f"its {place} limit narrows: {change}"
        if new.converts:
            silent = f"{message}; the hub converts other media silently"
            yield Found("media limit narrowed, converted", silent)
        else:
            yield Found("media limit narrowed", message)
    elif _is_narrower(new, old):
        yield Found("media limit widened", f"its {place} limit widens: {change}")


def _is_limited(limit: MediaLimit) -> bool:
    return bool(limit.supported or limit.minimum or limit.maximum or limit.align)


def _is_narrower(old: MediaLimit, new: MediaLimit) -> bool:
    if new.supported and (not old.supported or not set(old.supported) <= set(new.supported)):
        return True
    return (
        _any(new.minimum, old.minimum, lambda now, was: was is None or now > was)
        or _any(new.maximum, old.maximum, lambda now, was: was is None or now < was)
        or _any(new.align, old.align, _is_tighter_step)
    )


def _any(
    new: Sequence[Number],
    old: Sequence[Number],
    is_tighter: Callable[[Number, Number | None], bool],
) -> bool:
    return any(
        is_tighter(now, old[place] if place < len(old) else None) for place, now in enumerate(new)
    )


def _is_tighter_step(new: Number, old: Number | None) -> bool:
    # A step of nothing is no step.
    return new > 0 and new != 1 and (not old or not is_multiple(old, new))


def _kinds(support: dict[str, MediaLimits]) -> str:
    return ", ".join(("text", *sorted(support)))


def _limit(limit: MediaLimit) -> str:
    parts: list[str] = []
    if limit.supported:
        parts.append(listed(limit.supported))
    if limit.minimum or limit.maximum:
        parts.append(span(_figures(limit.minimum), _figures(limit.maximum)))
    if limit.align:
        parts.append(f"multiples of {_figures(limit.align)}")
    return ", ".join(parts) or "any"


def _figures(values: Sequence[Number]) -> str | None:
    return " by ".join(map(str, values)) or None
