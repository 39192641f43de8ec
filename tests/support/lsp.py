"""A small client of a language server over stdio: it opens a file and asks what an editor asks.

It knows the Language Server Protocol, and nothing of the product.
"""

import json
import os
import queue
import signal
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

ANSWER_SECONDS = 60.0
ASK_AGAIN = {-32802, -32801, -32800}
"""Errors of a server that was busy with something else: it canceled the request, or the file changed meanwhile."""


class LanguageServer:
    """A running server, spoken to over its pipes."""

    def __init__(self, reads: IO[bytes], writes: IO[bytes], settings: Mapping[str, Any]) -> None:
        self._reads = reads
        self._writes = writes
        self._settings = settings
        self._received: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self._asked = 0
        self.reader = threading.Thread(target=self._read, name="language server", daemon=True)

    def ask(self, method: str, params: Any = None) -> Any:
        """Send a request and return its result."""
        while True:
            message = self._ask(method, params)
            if "error" not in message:
                return message.get("result")
            assert message["error"]["code"] in ASK_AGAIN, f"{method} failed: {message['error']}"

    def _ask(self, method: str, params: Any) -> Any:
        self._asked += 1
        self._send({"id": self._asked, "method": method, "params": params})
        while True:
            message = self._next(method)
            if "method" in message:
                self._oblige(message)
            elif message["id"] == self._asked:
                return message

    def await_notification(self, method: str) -> Any:
        """Wait for the next notification of a kind and return its parameters."""
        while True:
            message = self._next(method)
            if message.get("method") == method:
                return message["params"]
            self._oblige(message)

    def _next(self, method: str) -> dict[str, Any]:
        try:
            message = self._received.get(timeout=ANSWER_SECONDS)
        except queue.Empty:
            raise AssertionError(f"{method}: no answer in {ANSWER_SECONDS:.0f} s") from None
        assert message is not None, f"the language server ended before it answered {method}"
        return message

    def tell(self, method: str, params: Any = None) -> None:
        """Send a notification, which has no answer."""
        self._send({"method": method, "params": params})

    def _oblige(self, message: Mapping[str, Any]) -> None:
        """Answer the server's own questions, so that it does not wait."""
        result: Any = None
        if message["method"] == "workspace/configuration":
            sections = [item.get("section") for item in message["params"]["items"]]
            result = [self._settings.get(section) for section in sections]
        if "id" in message:
            self._send({"id": message["id"], "result": result})

    def _send(self, message: Mapping[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self._writes.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        self._writes.flush()

    def _read(self) -> None:
        while header := self._reads.readline():
            name, _, value = header.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
            elif not header.strip():
                self._received.put(json.loads(self._reads.read(length)))
        self._received.put(None)


class Document:
    """An open file. A place in it is a text that occurs once, with a bar where the cursor stands."""

    def __init__(self, server: LanguageServer, path: Path, text: str) -> None:
        self._server = server
        self._text = text
        self.uri = path.as_uri()
        self._file = {"uri": self.uri}
        opened = {**self._file, "languageId": "python", "version": 1, "text": text}
        server.tell("textDocument/didOpen", {"textDocument": opened})

    def completions(self, place: str) -> list[str]:
        """Return the labels that are offered, as an editor orders them."""
        ordered = sorted(
            self._offered(place), key=lambda item: item.get("sortText") or item["label"]
        )
        return [item["label"] for item in ordered]

    def completion_text(self, place: str, label: str) -> str:
        """Return what is shown beside an offered label."""
        item = next((item for item in self._offered(place) if item["label"] == label), None)
        assert item is not None, f"{label} is not offered at {place}"
        return text_of(self._server.ask("completionItem/resolve", item).get("documentation"))

    def hover(self, place: str) -> str:
        """Return what is shown when the mouse rests there."""
        answer = self._ask("hover", place)
        return text_of(answer["contents"]) if answer else ""

    def signature(self, place: str) -> dict[str, Any]:
        """Return the signature that is shown while the call is typed, as the protocol words it; empty if none is."""
        answer = self._ask("signatureHelp", place)
        if not answer or not answer["signatures"]:
            return {}
        signature: dict[str, Any] = answer["signatures"][answer.get("activeSignature") or 0]
        return signature

    def definitions(self, place: str) -> list[str]:
        """Return the files that "go to definition" opens, as URIs."""
        answer = self._ask("definition", place) or []
        found = answer if isinstance(answer, list) else [answer]
        return [one.get("targetUri") or one["uri"] for one in found]

    def _offered(self, place: str) -> list[Any]:
        answer = self._ask("completion", place) or []
        return list(answer["items"] if isinstance(answer, dict) else answer)

    def _ask(self, question: str, place: str) -> Any:
        before_cursor, _, after_cursor = place.partition("|")
        sought = before_cursor + after_cursor
        assert self._text.count(sought) == 1, f"{sought!r} is not once in the document"
        before = self._text[: self._text.index(sought) + len(before_cursor)]
        position = {"line": before.count("\n"), "character": len(before.rpartition("\n")[2])}
        return self._server.ask(
            f"textDocument/{question}", {"textDocument": self._file, "position": position}
        )


def text_of(contents: Any) -> str:
    """Return what one of the protocol's ways to say a text holds."""
    if isinstance(contents, list):
        return "\n".join(map(text_of, contents))
    return str(contents["value"] if isinstance(contents, dict) else contents or "")


@contextmanager
def language_server(
    command: Sequence[str],
    workspace: Path,
    settings: Mapping[str, Any],
    options: Mapping[str, Any] | None = None,
    variables: Mapping[str, str] | None = None,
) -> Iterator[LanguageServer]:
    """Run a language server on a folder, and end it at the end of the block.

    Args:
        command: The server with its arguments.
        workspace: The folder that is opened.
        settings: What an editor's settings say, by section.
        options: What an editor sends when it starts this server.
        variables: The server's environment; that of the tests by default.
    """
    # A group of its own: the command may be a wrapper, whose child would hold the pipes open.
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        cwd=workspace,
        env=variables,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    with process, _killed_at_the_end(process.pid):
        server = LanguageServer(process.stdout, process.stdin, settings)
        server.reader.start()
        server.ask("initialize", {**_editor(workspace), "initializationOptions": options or {}})
        server.tell("initialized", {})
        yield server
        server.ask("shutdown")
        server.tell("exit")
        process.wait(ANSWER_SECONDS)
        server.reader.join(ANSWER_SECONDS)


@contextmanager
def _killed_at_the_end(group: int) -> Iterator[None]:
    try:
        yield
    finally:
        try:
            os.killpg(group, signal.SIGKILL)
        except ProcessLookupError:
            return


def _editor(workspace: Path) -> dict[str, Any]:
    markdown = {"documentationFormat": ["markdown"]}
    return {
        "processId": None,
        "rootUri": workspace.as_uri(),
        "workspaceFolders": [{"uri": workspace.as_uri(), "name": workspace.name}],
        "capabilities": {
            "workspace": {"configuration": True, "workspaceFolders": True},
            "textDocument": {
                "hover": {"contentFormat": ["markdown"]},
                "publishDiagnostics": {"tagSupport": {"valueSet": [1, 2]}},
                "definition": {"linkSupport": True},
                "signatureHelp": {"signatureInformation": markdown},
                "completion": {
                    "completionItem": {
                        **markdown,
                        "resolveSupport": {"properties": ["documentation"]},
                    }
                },
            },
        },
    }
