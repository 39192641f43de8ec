"""Which field each fault of a call belongs to. Pure values."""

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aki_client import ParameterProblem


def place_faults(
    problems: "Iterable[ParameterProblem]", names: Collection[str]
) -> tuple[dict[str, str], list[str]]:
    """Sort the problems of a refusal.

    Args:
        problems: One per refused parameter.
        names: The parameters that have a place of their own.

    Returns:
        What to say at each field, by parameter, and the sentences that belong to none.
    """
    placed: dict[str, str] = {}
    rest: list[str] = []
    for problem in problems:
        if problem.parameter not in names:
            rest.append(problem.message)
        elif problem.kind == "missing":
            placed[problem.parameter] = "This is required."
        else:
            placed[problem.parameter] = _sentence(problem.message)
    return placed, rest


def _sentence(text: str) -> str:
    return text if text.endswith((".", "?", "!", "…")) else f"{text}."
