"""The answer of a chat as it comes: its text and what was thought before it."""

from pathlib import Path

from .outcome import ResultParts, outcome_of, told_by
from .outputs import output_kinds
from .package import EndpointCard
from .running import Failed, Finished, Sight


class AnswerReader:
    """Reads the answer of one run.

    Args:
        card: The endpoint.
        folder: Where media in the answer go.

    Attributes:
        finished: Whether the run has ended with a result.
    """

    def __init__(self, card: EndpointCard, folder: Path) -> None:
        self._card = card
        self._folder = folder
        self._seen = ResultParts()
        self.finished = False

    @property
    def text(self) -> str:
        """The answer as far as it has come, without the thinking."""
        return self._seen.text or ""

    @property
    def thinking(self) -> str:
        """What was thought before it."""
        return self._seen.thinking

    def take(self, sight: Sight) -> None:
        """Take in how the run stands; what was seen stays where a later sight has no text."""
        kinds = self._card.outputs
        match sight:
            case Finished(output):
                self.finished = True
                told = told_by(output)
            case Failed(error):
                told = dict(getattr(error, "partial", {}))
            case _:
                data = getattr(sight, "data", None)
                kinds = output_kinds(self._card.info.reading.progress)
                told = told_by(data) if data is not None else {}
        seen = outcome_of(told, kinds, self._folder, self._card.name)
        if seen.text is not None:
            self._seen = seen
