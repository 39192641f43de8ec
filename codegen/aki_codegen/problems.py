"""Trouble as values: one bad endpoint or parameter never stops the others."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from .literals import doc_text

Effect = Literal["skipped", "kept", "degraded", "unused"]
"""What trouble did: an endpoint is left out, kept from an earlier snapshot, one field is typed loosely, or an
override is without use."""


@dataclass(frozen=True, order=True)
class Problem:
    """One piece of trouble with the metadata of a hub.

    Attributes:
        endpoint: The endpoint's name on the hub.
        field: The parameter or output; empty for the whole endpoint.
        what: What is wrong, one clause.
        remedy: What to do about it, one clause.
        effect: What it did to the generated package.
    """

    endpoint: str
    field: str
    what: str
    remedy: str
    effect: Effect

    @property
    def where(self) -> str:
        """The endpoint and the field, as people name them."""
        return f"{self.endpoint}.{self.field}" if self.field else self.endpoint

    def __str__(self) -> str:
        # What the hub worded can hold what a terminal obeys or cannot show.
        return doc_text(f"{self.where}: {self.what} ({self.effect}); {self.remedy}")


class GenerationError(Exception):
    """The generation cannot go on; the message is one sentence for a person.

    Attributes:
        reasons: What led to it, a line each.
    """

    def __init__(self, message: str, reasons: Iterable[object] = ()) -> None:
        self.reasons = [f"  - {reason}" for reason in reasons]
        super().__init__("\n".join([message, *self.reasons]))
        self.message = message
