"""Findings of one source text: each call of a generated endpoint is judged, and placed where the fix belongs."""

import ast
import gc
import io
import re
import tokenize
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from .bindings import Bindings, Ref, Scope, last_name
from .judging import CODES, Judgement, judge
from .names import Names
from .packages import KnownEndpoint, Packages
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
        message: The sentence, as `Judgement` has it.
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


@dataclass(frozen=True, slots=True)
class Call:
    """What a text gives to an endpoint.

    Attributes:
        endpoint: The endpoint.
        node: The call, or the dict that is declared as its parameters.
        entries: What is given, by name.
        is_whole: Whether nothing else is.
        unnamed: What is given without a name, which is refused.
    """

    endpoint: KnownEndpoint
    node: ast.expr
    entries: Mapping[str, Argument]
    is_whole: bool
    unnamed: tuple[ast.expr, ...] = ()


class SourceText:
    """A source text, read; raises `UnreadableError` where it is not Python."""

    def __init__(self, text: str, packages: Packages) -> None:
        text = text.removeprefix("\ufeff")
        self.lines = re.split("\r\n|\r|\n", text)
        self.calls: list[Call] = []
        if not any(name in text for name in packages) or _IGNORED_FILE.search(text):
            return
        try:
            with _without_collecting():
                bindings = Bindings(ast.parse(text), packages)
                names = Names(bindings, packages)
                self._values = Values(names, bindings)
                self.calls += _Calls(bindings, names, self._values, packages)
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

    def _judged(self, call: Call) -> Iterator[Finding]:
        given = {n: self._values.evaluate(e.node, e.scope) for n, e in call.entries.items()}
        for judgement in judge(call.endpoint, given, is_whole=call.is_whole):
            entry = call.entries.get(judgement.parameter)
            place: ast.expr | ast.keyword = call.node
            place = place.func if isinstance(place, ast.Call) else place
            if entry is not None:
                place = entry.key if judgement.kind == "unknown" else entry.node
            span = self._name_span(place) if isinstance(place, ast.keyword) else self.span(place)
            fixes = tuple(self._fixes(judgement, entry)) if entry is not None else ()
            yield Finding(CODES[judgement.kind], judgement.message, span, fixes)
        for value in call.unnamed if not call.endpoint.removed else ():
            span = self.span(value)
            start = Span(span.line, span.column, span.line, span.column)
            fields = call.endpoint.fields.items()
            missing = [name for name, field in fields if field.required and name not in given]
            # Where one parameter is missing, it is what one value is meant for.
            is_clear = len(missing) == len(call.unnamed) == 1
            fixes = (Fix(start, f"{missing[0]}="),) if is_clear else ()
            yield Finding(CODES["unnamed"], call.endpoint.unnamed, span, fixes)

    def _fixes(self, judgement: Judgement, entry: Argument) -> Iterator[Fix]:
        if judgement.kind == "unknown" and isinstance(entry.key, ast.keyword):
            span = self._name_span(entry.key)
            yield from (Fix(span, str(name)) for name in judgement.nearest)
            return
        # A constant is put right where it stands.
        node, _ = self._values.source(entry.node, entry.scope)
        span = self.span(entry.key if judgement.kind == "unknown" else node)
        quote = self.lines[span.line - 1][span.column : span.column + 1]
        for value in judgement.nearest:
            text = repr(value)
            is_plain = isinstance(value, str) and quote == '"' and not set(text) & {'"', "\\"}
            yield Fix(span, f'"{value}"' if is_plain else text)

    def _name_span(self, keyword: ast.keyword) -> Span:
        start = self.span(keyword)
        return Span(start.line, start.column, start.line, start.column + len(keyword.arg or ""))

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


_HANDING_ON = frozenset({"functools.partial", "asyncio.to_thread"})
"""Functions that call their first argument with the others."""
_CALLED = frozenset({"endpoint", "partial", "input", "params", "validate"})
_OF_BATCHES = frozenset({"columns", "constants", "keep", "ignore_extra"})
"""Settings of a batch by which a row may hold other things than an endpoint's parameters."""


class _Calls:
    """All that a file gives to endpoints."""

    def __init__(
        self, bindings: Bindings, names: Names, values: Values, packages: Packages
    ) -> None:
        self._bindings = bindings
        self._names = names
        self._values = values
        self._packages = packages

    def __iter__(self) -> Iterator[Call]:
        for annotation, value, scope in self._bindings.declared:
            endpoint = self._endpoint(self._names.declared_as(annotation, scope), "params")
            if endpoint is not None:
                entries, _ = self._values.entries(value, scope)
                yield Call(endpoint, value, entries, is_whole=False)
        for target, value, scope in self._bindings.assigned:
            endpoint = self._endpoint(self._names.ref(target.value, scope), "inputs")
            if endpoint is not None:
                entries = self._assigned(endpoint, target, value, scope)
                yield Call(endpoint, target, entries, is_whole=False)
        for call, scope in self._bindings.calls:
            ref = self._names.ref(call.func, scope)
            if ref is None:
                yield from self._handed_on(call, scope)
            elif ref.kind == "rows":
                yield from self._rows(call, scope)
            elif (endpoint := self._endpoint(ref, *_CALLED)) is not None:
                yield self._call(endpoint, ref, call, scope)

    def _endpoint(self, ref: Ref | None, *kinds: str) -> KnownEndpoint | None:
        if ref is None or ref.kind not in kinds or not ref.name:
            return None
        return self._packages[ref.package].endpoint(ref.name)

    def _call(self, endpoint: KnownEndpoint, ref: Ref, call: ast.Call, scope: Scope) -> Call:
        if ref.kind == "validate":
            written = call.args[0] if call.args else call
            return Call(endpoint, call, *self._values.entries(written, scope))
        entries, is_known = self._values.arguments(call, scope)
        is_whole = is_known and not call.args and ref.kind in ("endpoint", "input")
        unnamed = _unnamed(call.args) if ref.kind in ("endpoint", "partial") else ()
        return Call(endpoint, call, entries, is_whole, unnamed)

    def _handed_on(self, call: ast.Call, scope: Scope) -> Iterator[Call]:
        # An executor may have settings of its own beside what it hands on.
        is_submitted = last_name(call.func) == "submit"
        if not call.args or not (is_submitted or self._names.path(call.func, scope) in _HANDING_ON):
            return
        endpoint = self._endpoint(self._names.ref(call.args[0], scope), "endpoint", "partial")
        if endpoint is not None:
            entries, _ = self._values.arguments(call, scope)
            if is_submitted:
                entries = _known_to(endpoint, entries)
            unnamed = () if is_submitted else _unnamed(call.args[1:])
            yield Call(endpoint, call, entries, False, unnamed)

    def _assigned(
        self,
        endpoint: KnownEndpoint,
        target: ast.Attribute | ast.Subscript,
        value: ast.expr,
        scope: Scope,
    ) -> dict[str, Argument]:
        if isinstance(target, ast.Attribute):
            # A model has other attributes than its fields.
            return _known_to(endpoint, {target.attr: Argument(target, value, scope)})
        name = self._values.evaluate(target.slice, scope)
        return {name: Argument(target.slice, value, scope)} if isinstance(name, str) else {}

    def _rows(self, call: ast.Call, scope: Scope) -> Iterator[Call]:
        named = {keyword.arg or "": keyword.value for keyword in call.keywords}
        rows = call.args[1] if len(call.args) > 1 else named.get("rows")
        of = call.args[0] if call.args else named.get("endpoint")
        endpoint = self._endpoint(self._names.ref(of, scope), "endpoint") if of else None
        if endpoint is None or rows is None or {"", "columns"} & named.keys():
            return
        listed, there = self._values.source(rows, scope)
        for row in listed.elts if isinstance(listed, ast.List | ast.Tuple) else ():
            entries, is_whole = self._values.entries(row, there)
            if _OF_BATCHES & named.keys():
                entries, is_whole = _known_to(endpoint, entries), False
            yield Call(endpoint, row, entries, is_whole)


def _known_to(endpoint: KnownEndpoint, entries: Mapping[str, Argument]) -> dict[str, Argument]:
    return {name: entry for name, entry in entries.items() if name in endpoint.parameters}


def _unnamed(args: Sequence[ast.expr]) -> tuple[ast.expr, ...]:
    """Return what is given without a name, as far as it is written out."""
    is_open = any(isinstance(each, ast.Starred) for each in args)
    # What stands for whatever, as in an example, is not meant.
    is_example = any(isinstance(each, ast.Constant) and each.value is ... for each in args)
    return () if is_open or is_example else tuple(args)
