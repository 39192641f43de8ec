"""What `aki` itself has to refuse, and that it was stopped. Values only."""

from .exits import Exit


class CommandError(Exception):
    """The command cannot go on.

    Attributes:
        message: One sentence, or a line for each of several problems.
        status: The exit status.
    """

    def __init__(self, message: str, status: Exit = Exit.FAILED) -> None:
        super().__init__(message)
        self.message = message
        self.status = status


class StoppedError(CommandError):
    """Somebody stopped the command, and everything that had to be done about it is done."""
