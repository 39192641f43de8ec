"""Reads what a package says to coding agents as an agent does: by its text alone.

It must not know the metadata, the models or the generator: what a call may hold is taken from the words.
"""

import ast
import html
import io
import json
import re
import wave
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from math import ceil, floor
from pathlib import Path
from typing import Any

from agreement.inputs import media_samples
from PIL import Image

FITS = "; the hub fits other values"
CONVERTS = " (the hub converts others)"
FORMATS = {
    "image": {"jpeg", "png", "webp", "tiff", "gif", "bmp"},
    "audio": {"wav", "mp3"},
    "video": {"mp4"},
}
"""Formats of which there are samples."""


@dataclass(frozen=True)
class Said:
    """A row of an endpoint's table.

    Attributes:
        name: The parameter.
        takes: What it takes, in words.
        default: As it stands there; "required" where the call must name it.
        choices: All that it is one of; empty for other kinds.
    """

    name: str
    takes: str
    default: str
    choices: tuple[Any, ...]

    @property
    def required(self) -> bool:
        return self.default == "required"

    @property
    def default_value(self) -> Any:
        """The default as a value; None where none is named."""
        if self.required or not self.default:
            return None
        if self.takes.startswith("Any JSON value"):
            return json.loads(self.default)
        return _text(self.default) if self.default[0] == '"' else ast.literal_eval(self.default)

    def allowed(self) -> list[Any]:
        """Values that the words allow, at the ends of every range that they name and far off where they name none."""
        match self.takes.split(maxsplit=1)[0].rstrip(",;"):
            case "Whole" | "Number":
                low, high, step = self._range()
                low, high = (-960_000 if low is None else low), (960_000 if high is None else high)
                if step is not None:
                    low, high = ceil(low / step) * step, floor(high / step) * step
                return [self._number(low), self._number(high)]
            case "One":
                return list(self.choices)
            case "Text" | "Raw":
                longest = self._longest()
                return ["", "x" * (longest if longest is not None else 5000)]
            case "True":
                return [True, False]
            case "Messages":
                kinds = re.findall("image|audio|video", self._held().pop("kinds"))
                parts = [{k: m} for k in kinds for m in media(k, self._held().get(k, ""))]
                return [_message("Hello"), *(_message([part]) for part in parts)]
            case "Any" | "Tools":
                return [[], {"a": [1, None]}] if "Tools" not in self.takes else [[]]
            case "A" if self.takes.startswith("A list"):
                return [[medium] for medium in media("image", self.takes)]
            case _:
                return media(self._kind(), self.takes)

    def refused(self) -> list[Any]:
        """Values just outside of what the words allow; none where they say that others are fitted."""
        if self.takes.endswith(FITS):
            return []
        match self.takes.split(maxsplit=1)[0].rstrip(",;"):
            case "Whole" | "Number":
                low, high, step = self._range()
                off = [end + by for end, by in ((low, -1), (high, 1)) if end is not None]
                if step is not None:
                    off.append((ceil((low or 0) / step) + Fraction(1, 2)) * step)
                is_whole = self.takes.startswith("Whole")
                return [self._number(n) for n in off if not is_whole or n.denominator == 1]
            case "One":
                return ["no such choice", 12345]
            case "Text":
                longest = self._longest()
                return [] if longest is None else ["x" * (longest + 1)]
            case "True":
                return ["maybe", []]
            case "Messages":
                held = self._held()
                kinds = held.pop("kinds")
                wrong = [{k: media(k, "")[0]} for k in FORMATS if k not in kinds]
                wrong += [{k: m} for k, words in held.items() for m in other_media(k, words)]
                return [_message([part]) for part in wrong]
            case "An" | "Audio":
                return other_media(self._kind(), self.takes)
            case "A" if self.takes.startswith("A video"):
                return other_media("video", self.takes)
            case _:
                return []

    def _range(self) -> tuple[Fraction | None, Fraction | None, Fraction | None]:
        number = r"(-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)"
        words = self.takes.removesuffix(FITS)

        def found(*forms: str) -> Fraction | None:
            matches = (re.search(form, words) for form in forms)
            return next((Fraction(match[1]) for match in matches if match), None)

        low = found(rf", {number}(?:–| to )", rf"at least {number}")
        high = found(rf"(?:\d–| to ){number}", rf"at most {number}")
        return low, high, found(rf"in multiples of {number}", rf"a multiple of {number}")

    def _number(self, value: Fraction | int) -> float:
        return int(value) if self.takes.startswith("Whole") else float(value)

    def _longest(self) -> int | None:
        found = re.search(r"of at most ([\d,]+) characters", self.takes)
        return int(found[1].replace(",", "")) if found else None

    def _held(self) -> dict[str, str]:
        """Return what is said of each kind of medium that messages may hold, and which kinds these are."""
        _, _, rest = self.takes.partition("; messages may hold ")
        kinds, *clauses = re.split(r"; (?=(?:image|audio|video): )", rest)
        return {"kinds": kinds} | dict(clause.split(": ", 1) for clause in clauses)

    def _kind(self) -> str:
        found = re.search("image|audio|video", self.takes.lower())
        assert found, f"{self.takes!r} names no medium"
        return found[0]


@dataclass(frozen=True)
class Section:
    """An endpoint's section.

    Attributes:
        name: The endpoint.
        call: Its first call, as Python.
        outputs: The names of a result's attributes.
        parameters: The rows of its table.
    """

    name: str
    call: str
    outputs: tuple[str, ...]
    parameters: tuple[Said, ...]

    def first_arguments(self) -> dict[str, Any]:
        """The arguments of the first call."""
        call = ast.parse(self.call, mode="eval").body
        assert isinstance(call, ast.Call)
        return {str(word.arg): ast.literal_eval(word.value) for word in call.keywords}


def read_sections(text: str) -> dict[str, Section]:
    """Return the sections of endpoints.md by their endpoint."""
    _, *parts = re.split(r"^## (\w+)$", text, flags=re.MULTILINE)
    return {n: _section(n, t) for n, t in zip(parts[::2], parts[1::2], strict=True)}


def media(kind: str, words: str) -> list[bytes]:
    """Return media that these words allow, of every format and size that they name."""
    formats = _formats(words, kind) & FORMATS[kind]
    if kind != "image":
        samples = {**media_samples(), "audio_wav": _sound(words)}
        return [samples[f"{kind}_{name}"] for name in sorted(formats)]
    return [_picture(*size, name) for name in sorted(formats) for size in _sizes(words)]


def other_media(kind: str, words: str) -> list[bytes]:
    """Return media just outside of what these words allow."""
    fixed = "; ".join(c for c in words.split("; ") if not c.endswith(CONVERTS))
    others = FORMATS[kind] - _formats(fixed, kind) if "format " in fixed else set()
    if kind != "image":
        return [media_samples()[f"{kind}_{name}"] for name in sorted(others)]
    named = sorted(_formats(words, kind) & FORMATS[kind])[0]
    found = [_picture(*_sizes(words)[0], name) for name in sorted(others)]
    if "size " in fixed:
        (low, *_, high) = _sizes(fixed)
        if low != (64, 48):
            found.append(_picture(low[0] - 1, low[1], named))
        if high != low:
            found.append(_picture(high[0], high[1] + 1, named))
    return found


def _formats(words: str, kind: str) -> set[str]:
    found = re.search(
        r"format ([a-z0-9, ]+?)(?=, [a-z]+ [a-z]*\s?[\dA-Z]|, (?:color|size)|;| \(|$)", words
    )
    return set(re.split(", | or ", found[1])) if found else FORMATS[kind]


def _sizes(words: str) -> list[tuple[int, int]]:
    found = re.search(r"size ([^;(]*?) pixels", words)
    pairs = re.findall(r"(\d+) by (\d+)", found[1]) if found else []
    return [(int(width), int(height)) for width, height in pairs] or [(64, 48)]


@cache
def _picture(width: int, height: int, name: str) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (width, height), "navy").save(buffer, format=name.upper())
    return buffer.getvalue()


def _sound(words: str) -> bytes:
    found = re.search(r"duration (?:at least )?(\d+)", words)
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(16_000)
        sound.writeframes(bytes(32_000 * max(1, int(found[1]) if found else 1)))
    return buffer.getvalue()


def _message(content: Any) -> list[dict[str, Any]]:
    return [{"role": "user", "content": content}]


def _section(name: str, text: str) -> Section:
    facts = dict(re.findall(r"^- (First call|Result): (.*)$", text, re.MULTILINE))
    all_choices = dict(re.findall(r"^- All choices of `(\w+)`: (.*)$", text, re.MULTILINE))
    rows = re.findall(r"^\| `(\w+)` \| (.*?) \| (.*?) \| .*? ?\|$", text, re.MULTILINE)
    parameters = [
        Said(
            p,
            html.unescape(takes),
            html.unescape(default),
            tuple(_choices(takes, all_choices.get(p, ""))),
        )
        for p, takes, default in rows
    ]
    return Section(
        name,
        facts["First call"].strip("`"),
        tuple(re.findall(r"`(\w+)`", facts["Result"])),
        tuple(parameters),
    )


def _choices(takes: str, all_choices: str) -> Iterator[Any]:
    if takes.startswith("One of "):
        listed = html.unescape(all_choices or takes.removeprefix("One of ")).removesuffix(FITS)
        for choice in re.findall(r'"[^"]*"|[^ ",]+', listed):
            yield _text(choice) if choice[0] == '"' else ast.literal_eval(choice)


def _text(quoted: str) -> str:
    return quoted[1:-1]


def package_texts(package: Path) -> dict[str, str]:
    """Return the files for agents in a package's folder, by their names."""
    (skill,) = package.glob(".agents/skills/*/SKILL.md")
    files = [
        package / "AGENTS.md",
        package / "llms.txt",
        skill,
        skill.parent / "references" / "endpoints.md",
    ]
    return {file.name: file.read_text("utf-8") for file in files}
