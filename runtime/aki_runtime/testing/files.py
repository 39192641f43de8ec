"""The file of a cassette: JSON that reads as what happened, with media as files beside it. It knows no flow.

    {"format": 1,
     "calls": [{"call": "llama3_chat", "parameters": {…}, "snapshot": "version 3, 1f2e…", "id": "job-1",
                "answers": [{"at": 0.02, "status": 200, "body": {"job_id": "job-1", …}}, …]}]}

The first answer of a call is that to the submit, the others are those to its polls. `at` is in seconds from the submit.
Instead of "call" there is "job" for one that was submitted elsewhere, and "ask" for a question that costs nothing.
A data URI `data:image/png;base64,@<name>` means the file of that name in the folder beside, `<cassette>.media`.
"""

import base64
import binascii
import json
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import chain
from pathlib import Path
from typing import Any, Literal

from ..files import replacing
from ..media.formats import FORMATS, normal_name, suffix_of
from ..protocol.explain import CREDENTIAL_FIELDS
from ..secret import ApiKey
from ..shapes import is_array, is_number, is_object, is_utf8, object_or_empty
from .keyless import HIDDEN, KeyGuard

FORMAT = 1
"""What this library writes and reads; raised when what an older one wrote no longer reads."""

HOW_TO_RECORD = (
    "record it with `pytest --aki-record` or AKI_RECORD=1, which pays for its jobs once more"
)
"""What to do about a cassette that does not fit."""

Kind = Literal["call", "job", "ask"]
_KINDS: tuple[Kind, ...] = ("call", "job", "ask")
_SMALL_MEDIUM = 120
_LONG_ID = 8
_DATA_URI = re.compile(r"data:(\w*)/?([\w.+-]*)[^,]*;base64,", re.ASCII)
_IN_FILE = re.compile(r"(data:[^,]*;base64,)@([0-9a-f]{16}\.\w{1,8})", re.ASCII)
_MEDIA_FILE = re.compile(r"[0-9a-f]{16}\.\w{1,8}", re.ASCII)


class CassetteError(AssertionError):
    """A call does not fit the cassette that is replayed, or the cassette cannot be used.

    Not an `AkiError`: code under test that handles those must not take it for a hub's failure.
    """


@dataclass
class RecordedCall:
    """What was sent once, and all that the hub answered.

    Attributes:
        kind: Whether a job was submitted, one of elsewhere was followed, or a free question was asked.
        name: The endpoint's name on the hub; of a question, the path.
        parameters: What was submitted, comparable: see `comparable`.
        snapshot: Which description of the endpoint the package was made from; empty where that is unknown.
        answers: What came, each with its time.
        job_id: The hub's id of the job.
    """

    kind: Kind
    name: str
    parameters: dict[str, Any] = field(default_factory=dict[str, Any])
    snapshot: str = ""
    answers: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    job_id: str = ""

    @property
    def order(self) -> tuple[str, str, str]:
        """Where it stands in the file: the same in every recording, however threads and tasks took turns."""
        return self.kind, self.name, as_text(self.parameters)


def as_text(value: Any) -> str:
    """Return JSON that is the same for equal values."""
    return json.dumps(value, sort_keys=True)


def rewritten(value: Any, change: Callable[[str], str]) -> Any:
    """Return a JSON value with each text changed, without what a hub says of its workers' credentials."""
    if isinstance(value, str):
        return change(value)
    if is_array(value):
        return [rewritten(each, change) for each in value]
    if is_object(value):
        items = ((k, v) for k, v in value.items() if k not in CREDENTIAL_FIELDS)
        return {change(name): rewritten(each, change) for name, each in items}
    return value


def medium_of(text: str) -> tuple[str, str, bytes] | None:
    """Return the header, file name and content of a data URI that is not small; None for any other text."""
    header = _DATA_URI.match(text)
    if header is None or len(text) < _SMALL_MEDIUM:
        return None
    try:
        content = base64.b64decode(text[header.end() :], validate=True)
    except binascii.Error:
        return None
    if base64.b64encode(content).decode() != text[header.end() :]:
        return None  # it could not be written as it came
    kind: Any = header[1].lower()
    suffix = suffix_of(normal_name(header[2]), kind) if kind in FORMATS else ".bin"
    return header[0], sha256(content).hexdigest()[:16] + suffix, content


def comparable(value: Any) -> Any:
    """Return parameters so that a recording can be compared with a call: a medium is the hash of its content."""

    def change(text: str) -> str:
        medium = medium_of(text)
        return text if medium is None else f"{medium[0]}@{medium[1]}"

    return rewritten(value, change)


def media_folder(path: Path) -> Path:
    """Return where the media of a cassette are."""
    return path.with_name(f"{path.stem}.media")


def write(path: Path, calls: Iterable[RecordedCall], keys: Iterable[ApiKey]) -> None:
    """Write a cassette, without keys, credentials of workers and ids of jobs.

    Args:
        path: The file; what it held is replaced, and media of it that are no longer needed are removed.
        calls: What was recorded.
        keys: The keys that were used.

    Raises:
        CassetteError: A key would be in the file.
    """
    guard, media = KeyGuard(keys), dict[str, bytes]()
    ordered = sorted(calls, key=lambda call: call.order)
    numbers: dict[str, str] = {}
    for job_id in chain((call.job_id for call in ordered), *map(_ids, ordered)):
        if job_id:
            numbers.setdefault(job_id, f"job-{len(numbers) + 1}")
    long = sorted((i for i in numbers if len(i) >= _LONG_ID), key=len, reverse=True)
    ids = re.compile("|".join(map(re.escape, long)) or r"(?!)")

    def change(text: str) -> str:
        text = numbers.get(text) or ids.sub(lambda found: numbers[found[0]], text)
        medium = medium_of(text)
        if medium is None:
            return guard.hide(text)
        header, name, content = medium
        if guard.holds(text.encode()) or guard.holds(content):
            return HIDDEN
        media[name] = content
        return f"{header}@{name}"

    entries = [rewritten(_entry(call), change) for call in ordered]
    document = {"format": FORMAT, "calls": entries}
    text = json.dumps(document, indent=2, ensure_ascii=False)
    encoded = (text if is_utf8(text) else json.dumps(document, indent=2)).encode() + b"\n"
    # What stands between the texts is ours, so this finds nothing, unless a key looks like a piece of it.
    if guard.holds(encoded):
        raise CassetteError(f"{path} was not written: the API key would be in it")
    path.parent.mkdir(parents=True, exist_ok=True)
    folder = media_folder(path)
    for name, content in media.items():
        folder.mkdir(exist_ok=True)
        with replacing(folder / name) as part:
            part.write_bytes(content)
    with replacing(path) as part:
        part.write_bytes(encoded)
    for old in folder.glob("*"):
        if _MEDIA_FILE.fullmatch(old.name) and old.name not in media:
            old.unlink()
    with suppress(OSError):  # it is not there, or not empty
        folder.rmdir()


def _entry(call: RecordedCall) -> dict[str, Any]:
    about: dict[str, Any] = {call.kind: call.name}
    if call.kind == "call":
        about["parameters"] = call.parameters
    about |= {"snapshot": call.snapshot} if call.snapshot else {}
    about |= {"id": call.job_id} if call.job_id else {}
    return {**about, "answers": call.answers}


def _ids(call: RecordedCall) -> Iterator[str]:
    """Go through the ids that answers name, of other jobs too."""
    for answer in call.answers:
        document = object_or_empty(answer.get("body"))
        for part in (document, object_or_empty(document.get("job_result"))):
            if isinstance(part.get("job_id"), str):
                yield part["job_id"]


def read(path: Path) -> Iterator[RecordedCall]:
    """Go through the calls of a cassette.

    Raises:
        CassetteError: It cannot be read.
    """

    def fetched(text: str) -> str:
        found = _IN_FILE.fullmatch(text)
        if found is None:
            return text
        return found[1] + base64.b64encode((media_folder(path) / found[2]).read_bytes()).decode()

    if not path.exists():
        raise CassetteError(f"there is no cassette {path}; {HOW_TO_RECORD}")
    try:
        document = json.loads(path.read_bytes())
        if document["format"] != FORMAT:
            raise CassetteError(
                f"the cassette {path} has format {document['format']!r}, and this aki-client reads {FORMAT}: "
                "install the one that wrote it, or record it anew"
            )
        for entry in document["calls"]:
            kind: Kind = next(kind for kind in _KINDS if kind in entry)
            answers = rewritten(entry["answers"], fetched)
            parameters, snapshot = entry.get("parameters", {}), entry.get("snapshot", "")
            call = RecordedCall(
                kind, entry[kind], parameters, snapshot, answers, entry.get("id", "")
            )
            if not _is_whole(call):
                raise ValueError(f"{kind} {call.name!r} is not as it was written")
            yield call
    except (
        OSError,
        ValueError,
        LookupError,
        TypeError,
        StopIteration,
        RecursionError,
    ) as error:
        raise CassetteError(
            f"the cassette {path} cannot be read: {error!r}; {HOW_TO_RECORD}"
        ) from None


def _is_whole(call: RecordedCall) -> bool:
    """Whether a call is as one is written: people edit cassettes."""
    texts: tuple[Any, ...] = (call.name, call.snapshot, call.job_id)
    answers: Any = call.answers
    return (
        all(isinstance(text, str) for text in texts)
        and is_object(call.parameters)
        and is_array(answers)
        and bool(answers)
        and all(map(_is_answer, answers))
    )


def _is_answer(entry: Any) -> bool:
    if not is_object(entry) or not is_number(entry.get("at")):
        return False
    if "failure" in entry:
        return isinstance(entry["failure"], str) and isinstance(entry.get("sent"), bool)
    if "body" not in entry and "text" not in entry:
        base64.b64decode(entry["bytes"], validate=True)
    is_text = isinstance(entry.get("text", ""), str)
    return is_text and is_number(entry.get("status")) and is_number(entry.get("retry_after", 0))
