"""Which field each fault of a call belongs to, and how it is worded there. Pure text."""

import re
from collections.abc import Collection, Iterable

# The value is shown as Python writes it, cut with an ellipsis where it is long; a text may hold a colon.
_VALUE = r"""=(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|[^…]*…|[^:]*): (?P<value>.*)"""
_SUBJECT = re.compile(rf"^(\w+)(?:(?P<missing> is required)|{_VALUE}|: (?P<large>.*))$", re.DOTALL)


def place_faults(
    problems: Iterable[str], names: Collection[str]
) -> tuple[dict[str, str], list[str]]:
    """Sort the sentences of a refusal.

    Args:
        problems: One sentence per refused parameter, as the client words them: "width=5: 128 to 2048; nearest 128".
        names: The parameters that have a place of their own.

    Returns:
        What to say at each field, by parameter, and the sentences that belong to none.
    """
    placed: dict[str, str] = {}
    rest: list[str] = []
    for problem in problems:
        found = _SUBJECT.match(problem)
        if found is None or found[1] not in names:
            rest.append(problem)
        elif found["missing"]:
            placed[found[1]] = "This is required."
        else:
            placed[found[1]] = _sentence(f"Not taken: {found['value'] or found['large']}")
    return placed, rest


def _sentence(text: str) -> str:
    return text if text.endswith((".", "?", "!", "…")) else f"{text}."
