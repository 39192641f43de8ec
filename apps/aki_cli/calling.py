"""One call from what was written to its result: values read, the job followed, and cancelled where somebody stops it.

A text that cannot be read as its parameter's type stays a text: the client's own check, or the hub, says what is wrong
with it, together with everything else that is wrong.
"""

import json
import sys
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from aki_runtime.metadata import FieldMetadata
from aki_runtime.shapes import is_object

from .catalogue import CatalogueEntry
from .exits import CommandError, Exit, StoppedError
from .job_notes import JobNote
from .settings import CliSettings
from .showing import Watch
from .terminal import say, write

if TYPE_CHECKING:
    from aki_client import Aki, AnyOutput, AnyProgress, Endpoint, OutputModel

    AnyEndpoint: TypeAlias = Endpoint[..., AnyOutput, AnyProgress]

FILE = "@"
"""Before a file's name: its content is the value. Twice for a text that begins with it."""
_PLAIN = ("text", "prompt", "integer", "number", "boolean", "choice")


def input_of(
    found: CatalogueEntry, json_file: str | None, written: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the input of a call: the JSON document, overridden by what was written for each parameter.

    Raises:
        CommandError: Something cannot be read; a line for each.
    """
    names, fields = found.fields.get("input", {}), found.section("input")
    document = _document(json_file) if json_file is not None else {}
    # Those of the hub are taken too.
    given = {names.get(name, name): value for name, value in document.items()}
    problems: list[str] = []
    for name, text in written.items():
        if not isinstance(text, str):
            given[name] = text
            continue
        try:
            given[name] = read_value(name, text, fields[name])
        except ValueError as error:
            problems.append(str(error))
    if problems:
        raise CommandError(
            "\n  - ".join([f"invalid parameters for {found.name}:", *problems]), Exit.USAGE
        )
    return given


def with_main_text(
    found: CatalogueEntry, given: dict[str, Any], text: str | None
) -> dict[str, Any]:
    """Return the input of a call with the text that stands without a name, or with stdin where one is needed.

    Raises:
        CommandError: The text cannot be read, or stands twice; or a chat has nothing to answer, and would be paid for.
    """
    name, fields = found.main_text, found.section("input")
    if name is None:
        return given
    is_chat = fields[name].type == "chat"
    # A hub takes one of these, and refuses a second one.
    alike = [name, *(n for n, f in fields.items() if f.type == "prompt"), "prompt_input"]
    twice = next((one for one in (alike if is_chat else [name]) if one in given), None)
    if text is None:
        if twice or not (is_chat or (fields[name].required and not sys.stdin.isatty())):
            return given
        text = "" if sys.stdin.isatty() else "-"
    elif twice:
        raise CommandError(
            f"the text stands twice: once alone, once as {twice}; write one of them", Exit.USAGE
        )
    try:
        text = _text_of("TEXT", FILE + text if text == "-" else text)
    except ValueError as error:
        raise CommandError(str(error), Exit.USAGE) from None
    if not text.strip():
        if is_chat:
            known = found.attribute or found.name
            raise CommandError(f'nothing is asked: aki call {known} "Hello"', Exit.USAGE)
        return given
    return {**given, name: [{"role": "user", "content": text}] if is_chat else text}


def bound(client: "Aki", found: CatalogueEntry) -> "AnyEndpoint":
    """Return an endpoint of a client: the generated one with its checks, or the hub's by name."""
    if found.attribute:
        return cast("AnyEndpoint", getattr(client, found.attribute))
    return client.endpoint(found.name)


def follow(
    settings: CliSettings,
    client: "Aki",
    found: CatalogueEntry,
    given: Mapping[str, Any],
    watch: Watch,
) -> "OutputModel":
    """Submit a job, show its events and return its result; `aki jobs` lists it where this process is killed.

    Raises:
        AkiError: The client's own.
        StoppedError: Somebody stopped it; the hub was asked to cancel the job.
    """
    endpoint = bound(client, found)
    with cancelling(found), endpoint.stream(**given) as stream:
        job = endpoint.job(str(stream.job_id))
        note = new_note(settings, client, found, job.id)
        # Before the first poll: from here on a kill would leave a job that is paid and that nobody knows.
        with note.until_ended(job, is_cancelled=True):
            watch.follow(note.watching(stream))
            return stream.result()


def detach(
    settings: CliSettings, client: "Aki", found: CatalogueEntry, given: Mapping[str, Any]
) -> None:
    """Submit a job, print its id and say how its result is fetched."""
    with cancelling(found):
        job = bound(client, found).submit(**given)
    note = new_note(settings, client, found, job.id)
    note.write()
    # Scripts take the id from stdout, so that what people read goes elsewhere.
    write(f"{job.id}\n")
    say(note.left("submitted"))


def new_note(settings: CliSettings, client: "Aki", found: CatalogueEntry, job_id: str) -> JobNote:
    """Make the note of a job that is on the hub now, whatever was noted of an earlier one with its id."""
    now, name = time.time(), found.attribute or found.name
    return JobNote(
        settings.package, client.api_server, settings.layout, name, job_id, submitted=now, alive=now
    )


@contextmanager
def cancelling(found: CatalogueEntry) -> Generator[None, None, None]:
    """Say that a job was cancelled where Ctrl-C or SIGTERM ended the waiting; the stream has asked the hub by then.

    Raises:
        StoppedError: In place of the interruption.
    """
    try:
        yield
    except KeyboardInterrupt as reason:
        status = Exit.after(reason)
        raise StoppedError(
            f"{status.name.lower()}; the hub was asked to cancel the job of {found.name}", status
        ) from None


def read_value(name: str, text: str, field: FieldMetadata) -> Any:
    """Return the value of a parameter, which a sentence names where it cannot be read.

    Raises:
        ValueError: A file cannot be read, or is not JSON where it has to be.
    """
    if field.medium == field.type:
        return text if text[:5].lower() == "data:" else Path(text.removeprefix(FILE))
    text = _text_of(name, text)
    if field.type in ("json", "chat"):
        try:
            return json.loads(text)
        except (ValueError, RecursionError) as error:
            raise ValueError(f"{name} must be JSON: {error}") from None
    from aki_runtime.fields.parameters import Parameter  # what help can do without

    # A type that nobody has met: JSON where it is one.
    kind = field.type if field.type in _PLAIN else "json"
    return Parameter(name, name, kind, False, choices=field.choices).parse(text)


def _document(source: str) -> dict[str, Any]:
    """Read the JSON object in a file, or on stdin for `-`."""
    try:
        document: object = json.loads(_bytes_of(source))
    except OSError as error:
        raise CommandError(f"--json {source}: {error.strerror or error}", Exit.USAGE) from None
    except (ValueError, RecursionError) as error:
        raise CommandError(f"--json {source} must be JSON: {error}", Exit.USAGE) from None
    if is_object(document):
        return document
    raise CommandError(
        f'--json {source} must hold an object such as {{"prompt": "A lake"}}', Exit.USAGE
    )


def _text_of(name: str, text: str) -> str:
    if text.startswith(FILE * 2):
        return text.removeprefix(FILE)
    if not text.startswith(FILE) or text == FILE:
        return text
    source = text.removeprefix(FILE)
    try:
        return _bytes_of(source).decode("utf-8-sig")
    except OSError as error:
        reason = f"{error.strerror or error}"
    except UnicodeDecodeError:
        reason = "it must be text in UTF-8"
    raise ValueError(
        f"{name}: the file {source} cannot be read: {reason} (@@ begins a text with an at sign)"
    )


def _bytes_of(source: str) -> bytes:
    # Whatever the encoding of stdin is said to be, JSON is UTF-8, and text of a file is.
    return sys.stdin.buffer.read() if source == "-" else Path(source).read_bytes()
