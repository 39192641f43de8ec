"""`aki lint` as a plugin of flake8, which selects, silences and prints."""

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

from .files import findings_of_text
from .lint import UnreadableError


class Plugin:
    """What flake8 makes of each file: it hands over the arguments that are named as it knows them."""

    name = "aki-lint"
    version = "1"

    def __init__(self, tree: ast.AST, filename: str, lines: Iterable[str]) -> None:
        self._path = Path(filename)
        self._text = "".join(lines)

    def run(self) -> Iterator[tuple[int, int, str, type]]:
        """Return line, column, text and this class for each finding."""
        try:
            for found in findings_of_text(self._text, self._path):
                said = f"{found.code} {found.message}"
                yield found.span.line, found.span.column, said, type(self)
        except UnreadableError:
            return  # flake8 says so itself
