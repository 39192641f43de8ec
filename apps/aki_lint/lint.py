"""Findings of one source text: each call of a generated endpoint is judged, and placed where the fix belongs."""

import ast
import gc
import io
import re
import tokenize
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from aki_runtime.errors import ParameterProblem

from .calls import FoundCall, calls_in
from .judging import code_of, judge, said
from .names import Names
from .packages import Packages
from .scopes import Scopes
from .values import Argument, Values

_IGNORED = re.compile(r"#\s*(?:aki:\s*ignore|noqa)\b(?:\s*[:\[]\s*(?P<codes>[A-Z0-9, ]+))?", re.I)
_IGNORED_FILE = re.compile(r"^\s*#\s*aki:\s*ignore-file\b", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Span:
    """A place in a text: lines from 1, columns from 0 in characters, the end not included."""

    line: int
    column: int
    end_line: int
    end_column: int


@dataclass(frozen=True, slots=True)
class Fix:
    """A text that would be right, and where it belongs."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is wrong with a call.

    Attributes:
        code: Which rule, as in AKI102.
        message: The sentence, in one line and without what a terminal would obey: parts of it are a hub's.
        span: The argument, or what is called.
        fixes: What would be right, the nearest first.
    """

    code: str
    message: str
    span: Span
    fixes: tuple[Fix, ...] = ()

    @property
    def is_warning(self) -> bool:
        """Whether the call works all the same."""
        return self.code == "AKI302"


class UnreadableError(Exception):
    """A text is not Python; the message says why, in one clause."""


class SourceText:
    """A source text, read; raises `UnreadableError` where it is not Python."""

    def __init__(self, text: str, packages: Packages) -> None:
        text = text.removeprefix("\ufeff")
        self.lines = re.split("\r\n|\r|\n", text)
        self.calls: list[FoundCall] = []
        if not any(name in text for name in packages) or _IGNORED_FILE.search(text):
            return
        try:
            with _without_collecting():
                scopes = Scopes(ast.parse(text), packages)
                self._values = Values(Names(scopes, packages))
                self.calls += calls_in(self._values)
        except (SyntaxError, ValueError) as error:
            line = error.lineno if isinstance(error, SyntaxError) else None
            place = f" (line {line})" if line is not None else ""
            # Some messages name the line themselves.
            said = re.sub(r" \(detected at line \d+\)", "", str(getattr(error, "msg", error)))
            raise UnreadableError(f"{said}{place}") from None
        except (MemoryError, RecursionError):
            raise UnreadableError("it is nested too deeply") from None

    def findings(self) -> list[Finding]:
        """Return what is wrong, in the order of the text, without what a comment silences."""
        found = dict.fromkeys(finding for call in self.calls for finding in self._judged(call))
        kept = (finding for finding in found if not self._is_silenced(finding))
        return sorted(kept, key=lambda f: (f.span.line, f.span.column, f.code))

    def span(self, node: ast.expr | ast.keyword) -> Span:
        """Return where a node is."""
        end_line = node.end_lineno or node.lineno
        return Span(
            node.lineno,
            self._column(node.lineno, node.col_offset),
            end_line,
            self._column(end_line, node.end_col_offset or node.col_offset),
        )

    def _column(self, line: int, offset: int) -> int:
        """Turn bytes into characters."""
        text = self.lines[line - 1]
        return offset if text.isascii() else len(text.encode()[:offset].decode(errors="replace"))

    def _judged(self, call: FoundCall) -> Iterator[Finding]:
        given = {n: self._values.evaluate(e.node) for n, e in call.entries.items()}
        for problem in judge(call.endpoint, given, is_whole=call.is_whole):
            entry = call.entries.get(problem.parameter)
            place: ast.expr | ast.keyword = call.node
            place = place.func if isinstance(place, ast.Call) else place
            if entry is not None:
                place = entry.key if problem.kind == "unknown" else entry.node
            fixes = tuple(self._fixes(problem, entry)) if entry is not None else ()
            message = said(problem.message)
            yield Finding(code_of(problem.kind), message, self._shown(place), fixes)
        for value in call.unnamed if not call.endpoint.removed else ():
            span = self.span(value)
            start = Span(span.line, span.column, span.line, span.column)
            fields = call.endpoint.fields.items()
            missing = [name for name, field in fields if field.required and name not in given]
            # Where one parameter is missing, it is what one value is meant for.
            is_clear = len(missing) == len(call.unnamed) == 1
            fixes = (Fix(start, f"{missing[0]}="),) if is_clear else ()
            yield Finding(code_of("unnamed"), call.endpoint.unnamed, span, fixes)

    def _fixes(self, problem: ParameterProblem, entry: Argument) -> Iterator[Fix]:
        # A constant is put right where it stands.
        is_name = problem.kind == "unknown"
        place = entry.key if is_name else self._values.source(entry.node)
        span = self._shown(place)
        quote = self.lines[span.line - 1][span.column : span.column + 1]
        for value in problem.nearest:
            text = str(value) if isinstance(place, ast.keyword) else repr(value)
            is_plain = isinstance(value, str) and quote == '"' and not set(text) & {'"', "\\"}
            yield Fix(span, f'"{value}"' if is_plain else text)

    def _shown(self, place: ast.expr | ast.keyword) -> Span:
        """Return where something is shown to be wrong: of a keyword, the name alone."""
        span = self.span(place)
        if not isinstance(place, ast.keyword):
            return span
        return Span(span.line, span.column, span.line, span.column + len(place.arg or ""))

    def _is_silenced(self, finding: Finding) -> bool:
        lines = {finding.span.line, finding.span.end_line}
        for line in lines:
            found = _IGNORED.search(self.lines[line - 1])
            codes = re.findall(r"[A-Z]+[0-9]+", (found["codes"] or "").upper()) if found else []
            if found and (not codes or any(map(finding.code.startswith, codes))):
                return True
        return False


@contextmanager
def _without_collecting() -> Generator[None]:
    # A tree is many objects that all live: to look for garbage among them takes longer than to make them.
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def decoded(content: bytes) -> str:
    """Return the text of a source file, by its own word of its encoding.

    Raises:
        UnreadableError: It is not text in that encoding.
    """
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(content).readline)
        return content.decode(encoding)
    except (LookupError, SyntaxError, UnicodeError) as error:
        raise UnreadableError(str(error)) from None
