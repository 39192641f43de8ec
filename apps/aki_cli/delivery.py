"""A result handed to whoever called: text and paths, one JSON document, or nothing; media become files.

A result was paid for and comes once, so that nothing here loses it: a file is never overwritten, and where a folder
cannot be written to, another one is found.
"""

import math
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

from aki_runtime.errors import MediaError

from .exits import Exit
from .problems import CommandError
from .terminal import one_line, readable, say, write, write_json

if TYPE_CHECKING:
    from aki_client import Media, OutputModel

Json = dict[str, Any]
Form = Literal["text", "json", "quiet"]
FORMS: dict[str, Form] = {"text": "text", "json": "json", "quiet": "quiet"}
LONGEST_FIGURE = 40
"""Characters of an output that the line of figures shows."""


@dataclass
class Sink:
    """Where results go.

    Attributes:
        form: How they are shown.
        save_to: A folder, which is made if it ends with a slash, or a file.
    """

    form: Form = "text"
    save_to: str = "."
    _faults: list[str] = field(default_factory=list[str], init=False, repr=False)

    def check(self) -> None:
        """Refuse a place that cannot be written to, while nothing has been paid.

        Raises:
            CommandError: There is no such folder.
        """
        if self.save_to.endswith("/"):
            return
        target = Path(self.save_to)
        folder = target if target.is_dir() else target.parent
        if not folder.is_dir():
            raise CommandError(f"--save-to {self.save_to}: there is no folder {folder}", Exit.USAGE)

    def deliver(self, result: "OutputModel", *, streamed: bool = False) -> None:
        """Save what is to be saved and show the rest.

        Args:
            result: The outputs.
            streamed: Whether the text has been shown already.

        Raises:
            CommandError: A medium is none; all else has been delivered.
        """
        outputs = {name: value for name, value in result if name != "error" or value}
        plain = {name: self._plain(value) for name, value in outputs.items()}
        match self.form:
            case "json":
                meta = {name: _jsonable(value) for name, value in asdict(result.meta).items()}
                document = {"outputs": plain, "meta": meta}
                write_json(document)
            case "text":
                self._show(outputs, plain, streamed=streamed)
            case "quiet":
                pass
        if self._faults:
            raise CommandError(f"{self._faults[0]}; it is not saved, all else is here", Exit.HUB)

    def _show(
        self, outputs: Mapping[str, Any], plain: Mapping[str, Any], *, streamed: bool
    ) -> None:
        told: set[str] = set()
        for name, value in outputs.items():
            if name == "text" and isinstance(value, str):
                told.add(name)
                if not streamed and value:
                    write(value if value.endswith("\n") else f"{value}\n")
            elif (paths := list(self._paths(value, plain[name]))) or self._holds_media(value):
                told.add(name)
                write("".join(f"{path}\n" for path in paths))
            elif value and isinstance(value, list | dict):
                told.add(name)
                write_json(plain[name])
        rest = {name: value for name, value in plain.items() if name not in told}
        if not told:
            write("".join(f"{one_line(name)}: {value}\n" for name, value in rest.items()))
        elif sys.stderr.isatty() and sys.stdout.isatty():
            _show_figures(rest)

    def _plain(self, value: Any) -> Any:
        """Return a value as JSON has it; media are saved, and their paths stand for them."""
        if isinstance(value, _media()):
            return self._saved(value)
        if isinstance(value, list | tuple):
            return [self._plain(item) for item in cast("list[Any]", value)]
        if isinstance(value, dict):
            return {name: self._plain(inner) for name, inner in cast("Json", value).items()}
        if isinstance(value, float) and not math.isfinite(value):
            return str(value)  # JSON has no number for it
        data = getattr(value, "data", None) if isinstance(value, str) else None
        raw = getattr(value, "raw", None)  # a call of a tool, as the hub sent it
        return data if data is not None else raw if raw is not None else value

    def _paths(self, value: Any, plain: Any) -> Iterator[str]:
        for medium, path in zip(_items(value), _items(plain), strict=True):
            if isinstance(medium, _media()) and path is not None:
                yield path

    def _holds_media(self, value: Any) -> bool:
        return any(isinstance(item, _media()) for item in _items(value))

    def _saved(self, medium: "Media") -> str | None:
        """Return the path of a saved medium; where the hub sent none, what it sent, as far as JSON is wanted."""
        try:
            return str(self._save(medium))
        except MediaError as error:
            self._faults.append(str(error))
            return medium.as_it_came() if self.form == "json" else None

    def _save(self, medium: "Media") -> Path:
        try:
            return _save(medium, self.save_to)
        except OSError as error:
            import tempfile

            shelter = Path(tempfile.mkdtemp(prefix="aki-"))
            say(f"{self.save_to} cannot be written ({error.strerror}); saved in {shelter} instead")
            return medium.save(shelter)


def _items(value: Any) -> Sequence[Any]:
    return cast("Sequence[Any]", value) if isinstance(value, list) else [value]


def _save(medium: "Media", place: str) -> Path:
    target = Path(place)
    if place.endswith("/") or target.is_dir():
        return medium.save(place if place.endswith("/") else target)
    number = 1
    while True:
        try:
            return medium.save(target)
        except FileExistsError:
            number += 1
            target = Path(place).with_stem(f"{Path(place).stem}-{number}")


def _media() -> "type[Media]":
    from aki_runtime.media.objects import Media  # what help can do without

    return Media


def _show_figures(rest: Mapping[str, Any]) -> None:
    from .terminal import console

    shown = [
        f"{one_line(name).replace('_', ' ')} {one_line(str(value))}"
        for name, value in rest.items()
        if value not in (None, "") and len(str(value)) <= LONGEST_FIGURE
    ]
    if shown:
        console(sys.stderr).print(readable(" · ".join(shown)), style="dim")


def _jsonable(value: Any) -> Any:
    return dict(cast("Json", value)) if isinstance(value, Mapping) else value
