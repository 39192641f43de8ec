"""The global options, and the client that is made of them. The key is never one of them, only the file it is in."""

import importlib
import os
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, cast

from aki_runtime.errors import ConfigurationError

from .exits import CommandError, Exit

if TYPE_CHECKING:
    import typer
    from aki_client import Aki, AsyncAki, Layout

PACKAGE = "aki_client"
NO_KEY = "there is no key; set AKI_API_KEY or say --api-key-file FILE"


@dataclass(frozen=True)
class CliSettings:
    """What the global options say.

    Attributes:
        package: The generated package.
        server: The hub's address; None leaves it to AKI_API_SERVER and the package.
        layout: The hub's routes; None leaves them to the package.
        timeout: Seconds for a call; None leaves them to the client.
        key_file: The file that holds the key; None leaves it to AKI_API_KEY.
        allow_http: Whether the key may go over plain http.
        debug: Whether failures are shown with their tracebacks.
    """

    package: str = PACKAGE
    server: str | None = None
    layout: str | None = None
    timeout: float | None = None
    key_file: str | None = None
    allow_http: bool = False
    debug: bool = False

    def key(self) -> str | None:
        """Return the key in the file that was named; None leaves it to AKI_API_KEY.

        Raises:
            ConfigurationError: The file cannot be read, or is empty.
        """
        if self.key_file is None:
            return None
        from aki_runtime.options import read_key_file  # what help can do without

        return read_key_file(self.key_file)

    def client(self) -> "Aki":
        """Make a client of the package.

        Raises:
            CommandError: There is no such package.
            AkiError: The client's own, where the address or the key cannot be used.
        """
        return cast("Aki", self._client("Aki"))

    def async_client(self) -> "AsyncAki":
        """Make an async client of the package, as `client` does."""
        return cast("AsyncAki", self._client("AsyncAki"))

    def _client(self, kind: str) -> object:
        name = f"{self.package}.client"
        try:
            made: type[Aki] = getattr(importlib.import_module(name), kind)
        except ModuleNotFoundError as error:
            # Where the package is there, something that it imports is missing, which is another matter.
            if not name.startswith(error.name or "\0"):
                raise
            raise no_package(self.package) from None
        options: dict[str, Any] = {} if self.timeout is None else {"timeout": self.timeout}
        layout = cast("Layout | None", self.layout)
        return made(
            self.key(), api_server=self.server, layout=layout, allow_http=self.allow_http, **options
        )

    def secrets(self) -> tuple[str, ...]:
        """Return what must not be shown, whatever goes wrong."""
        keys = [os.environ.get("AKI_API_KEY", "").strip()]
        # A key file that cannot be read is the failure that is being reported.
        with suppress(ConfigurationError):
            keys.append(self.key() or "")
        return tuple(key for key in keys if key)


def no_package(name: str) -> CommandError:
    """Make the failure for a package that is not there, or was not generated."""
    return CommandError(
        f"{name!r} is not a generated package that Python finds; "
        "make one with `aki-codegen generate`, or say --package NAME",
        Exit.CONFIGURATION,
    )


def settings_of(ctx: "typer.Context") -> CliSettings:
    """Return the global options of a command; also while a word is completed, when nothing has run yet."""
    given: dict[str, Any] = ctx.find_root().params
    return CliSettings(
        **{name: given[name] for name in CliSettings.__match_args__ if name in given}
    )


def did_you_mean(name: str, known: Collection[str]) -> str:
    """Ask for the known name that was probably meant, in whatever case and spelling; empty where none is like it."""
    by_form = {_form(one): one for one in known}
    close = get_close_matches(_form(name), by_form, n=1)
    return f"did you mean {by_form[close[0]]}?" if close and name not in known else ""


def _form(name: str) -> str:
    return name.casefold().replace("_", "-")
