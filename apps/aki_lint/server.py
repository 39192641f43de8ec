"""`aki lint` as a language server: findings while one types, quick fixes, and what a parameter takes on hover."""

import asyncio
from pathlib import Path

from aki_cli.catalogue import default_of
from aki_runtime.metadata import field_in_words
from aki_runtime.terminal import one_line
from lsprotocol import types as lsp
from pygls.lsp.server import LanguageServer

from .calls import FoundCall
from .files import forget_packages, known_to, unignored
from .judging import said
from .lint import Finding, SourceText, Span, UnreadableError

PAUSE_SECONDS = 0.2
"""How long nothing is typed before a text is judged."""


_NOTHING: tuple[SourceText, list[Finding]] = (SourceText("", {}), [])


class Server(LanguageServer):
    """The server, and what it last made of each open text."""

    def __init__(self, python: Path | None) -> None:
        super().__init__("aki-lint", "1")  # pyright: ignore[reportUnknownMemberType]
        self.python = python
        self.read: dict[str, tuple[SourceText, list[Finding]]] = {}

    def check(self, uri: str) -> None:
        """Judge a text and send what is wrong; while it is not Python, the last findings stay."""
        document = self.workspace.get_text_document(uri)
        # What is not saved yet is as if it lay in the workspace.
        path = Path(document.path or f"{self.workspace.root_path or '.'}/untitled.py")
        try:
            packages, ignored = known_to(path, self.python)
            source = SourceText(document.source, packages)
            findings = unignored(source.findings(), ignored)
        except UnreadableError:
            return
        self.read[uri] = source, findings
        shown = [self._diagnostic(finding, source) for finding in findings]
        sent = lsp.PublishDiagnosticsParams(uri, shown, document.version)
        self.text_document_publish_diagnostics(sent)

    def range_of(self, span: Span, source: SourceText) -> lsp.Range:
        """Return a place as the editor counts it."""
        start = lsp.Position(span.line - 1, span.column)
        end = lsp.Position(span.end_line - 1, span.end_column)
        codec = self.workspace.position_codec
        return codec.range_to_client_units(source.lines, lsp.Range(start, end))

    def actions(self, uri: str, wanted: lsp.Range) -> list[lsp.CodeAction]:
        """Return the fixes of what is wrong in a range."""
        source, findings = self.read.get(uri, _NOTHING)
        return [
            lsp.CodeAction(
                f"Use {fix.text}"
                + (f" in line {fix.span.line}" if fix.span.line != finding.span.line else ""),
                lsp.CodeActionKind.QuickFix,
                [self._diagnostic(finding, source)],
                is_preferred=place == 0,
                edit=lsp.WorkspaceEdit(
                    {uri: [lsp.TextEdit(self.range_of(fix.span, source), fix.text)]}
                ),
            )
            for finding in findings
            if _meet(self.range_of(finding.span, source), wanted)
            for place, fix in enumerate(finding.fixes)
        ]

    def hover(self, uri: str, position: lsp.Position) -> lsp.Hover | None:
        """Say what the parameter at a place takes."""
        source, _ = self.read.get(uri, _NOTHING)
        here = lsp.Range(position, position)
        for call in source.calls:
            for name, entry in call.entries.items():
                for node in (entry.key, entry.node):
                    place = self.range_of(source.span(node), source)
                    if _meet(place, here) and name in call.endpoint.fields:
                        # Plain text: the words are a hub's, and Markdown could fetch a picture.
                        content = lsp.MarkupContent(lsp.MarkupKind.PlainText, _in_words(call, name))
                        return lsp.Hover(content, place)
        return None

    def _diagnostic(self, finding: Finding, source: SourceText) -> lsp.Diagnostic:
        severity = lsp.DiagnosticSeverity
        return lsp.Diagnostic(
            self.range_of(finding.span, source),
            finding.message,
            severity.Warning if finding.is_warning else severity.Error,
            finding.code,
            source="aki",
            tags=[lsp.DiagnosticTag.Deprecated] if finding.code == "AKI301" else None,
        )


def serve(python: Path | None) -> None:
    """Serve an editor on stdin and stdout until it ends.

    Args:
        python: The interpreter or environment of the projects, as in `find_packages`.
    """
    server = Server(python)

    @server.feature(lsp.TEXT_DOCUMENT_DID_OPEN)
    def _opened(params: lsp.DidOpenTextDocumentParams) -> None:
        server.check(params.text_document.uri)

    @server.feature(lsp.TEXT_DOCUMENT_DID_CHANGE)
    async def _changed(params: lsp.DidChangeTextDocumentParams) -> None:
        await asyncio.sleep(PAUSE_SECONDS)
        document = server.workspace.get_text_document(params.text_document.uri)
        if document.version == params.text_document.version:
            server.check(document.uri)

    @server.feature(lsp.TEXT_DOCUMENT_DID_SAVE)
    def _saved(params: lsp.DidSaveTextDocumentParams) -> None:
        forget_packages()  # one may have been generated anew
        server.check(params.text_document.uri)

    @server.feature(lsp.TEXT_DOCUMENT_DID_CLOSE)
    def _closed(params: lsp.DidCloseTextDocumentParams) -> None:
        server.read.pop(params.text_document.uri, None)
        server.text_document_publish_diagnostics(
            lsp.PublishDiagnosticsParams(params.text_document.uri, [])
        )

    kinds = lsp.CodeActionOptions([lsp.CodeActionKind.QuickFix])

    @server.feature(lsp.TEXT_DOCUMENT_CODE_ACTION, kinds)
    def _asked_for_fixes(params: lsp.CodeActionParams) -> list[lsp.CodeAction]:
        return server.actions(params.text_document.uri, params.range)

    @server.feature(lsp.TEXT_DOCUMENT_HOVER)
    def _hovered(params: lsp.HoverParams) -> lsp.Hover | None:
        return server.hover(params.text_document.uri, params.position)

    server.start_io()


def _in_words(call: FoundCall, name: str) -> str:
    field = call.endpoint.fields[name]
    default = default_of(field)
    more = "required" if field.required else f"default {default}" if default else ""
    taken = f"{name}: {field_in_words(field, one_line, quoted=True)}"
    lines = ["; ".join(filter(None, [taken, more])), field.description]
    return "\n".join(filter(None, map(said, lines)))


def _meet(one: lsp.Range, other: lsp.Range) -> bool:
    return one.start <= other.end and other.start <= one.end
