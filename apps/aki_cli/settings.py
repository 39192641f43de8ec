"""The global options, and the client that is made of them. The key is never one of them, only the file it is in.

An option holds in this order: as it is written, by its variable, by `[tool.aki]` of the nearest pyproject.toml.
"""

import importlib
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints
from urllib.parse import urlsplit

import typer
from aki_runtime.errors import ConfigurationError
from aki_runtime.secret import how_to_give_a_key
from aki_runtime.shapes import is_number, is_object

from .exits import CommandError, Exit, did_you_mean, no_package
from .terminal import shell_line

if TYPE_CHECKING:
    from aki_client import Aki, AsyncAki
    from aki_runtime.usage import Prices

PACKAGE = "aki_client"
OF_LINT = ("ignore", "packages")
"""What else `[tool.aki]` may hold: the settings of `aki lint`, which reads them itself."""
PROJECT = "pyproject.toml"


@dataclass(frozen=True)
class CliSettings:
    """What the global options say: each field but the last is one; None leaves it to the client and the package.

    Attributes:
        sources: By an option's name where it came from: its variable, or the pyproject.toml; not where it was written.
    """

    package: Annotated[
        str,
        typer.Option(metavar="NAME", envvar="AKI_PACKAGE", help="The generated package to use."),
    ] = PACKAGE
    server: Annotated[
        str | None,
        typer.Option(
            metavar="URL", envvar="AKI_API_SERVER", help="The hub's address (the package's)."
        ),
    ] = None
    layout: Annotated[
        str | None,
        typer.Option(
            metavar="aki|aime",
            envvar="AKI_LAYOUT",
            help="The hub's routes: AKI.IO's or an AIME API Server's (as generated).",
            autocompletion=lambda: ["aki", "aime"],
        ),
    ] = None
    timeout: Annotated[
        float | None,
        typer.Option(
            metavar="SECONDS", envvar="AKI_TIMEOUT", help="Longest time for a call (3600)."
        ),
    ] = None
    key_file: Annotated[
        str | None,
        typer.Option(
            "--api-key-file",
            metavar="FILE",
            envvar="AKI_API_KEY_FILE",
            help="Read the key from a file.",
        ),
    ] = None
    prices: Annotated[
        str | None,
        typer.Option(
            metavar="FILE", envvar="AKI_PRICES", help="Say what calls cost by a price file."
        ),
    ] = None
    allow_http: Annotated[
        bool, typer.Option("--allow-http", help="Send the key over plain http to another machine.")
    ] = False
    debug: Annotated[
        bool, typer.Option("--debug", help="Show tracebacks and the log on stderr.")
    ] = False
    sources: Mapping[str, str] = field(default_factory=dict[str, str])

    def key(self) -> str | None:
        """Return the key in the file that was named; None leaves it to AKI_API_KEY.

        Raises:
            ConfigurationError: The file cannot be read, or is empty; or the key is not for this hub.
        """
        self._require_trust()
        if self.key_file is None:
            return None
        from aki_runtime.options import read_key_file  # what help can do without

        return read_key_file(self.key_file)

    def client(self, http_client: Any = None) -> "Aki":
        """Make a client of the package.

        Args:
            http_client: What it sends by; defaults to a client of its own.

        Raises:
            CommandError: There is no such package.
            AkiError: The client's own, where the address or the key cannot be used.
        """
        client: Aki = self._client("Aki", http_client)
        return client

    def async_client(self) -> "AsyncAki":
        """Make an async client of the package, as `client` does."""
        client: AsyncAki = self._client("AsyncAki")
        return client

    def _client(self, kind: str, http_client: Any = None) -> Any:
        name = f"{self.package}.client"
        try:
            made: Any = getattr(importlib.import_module(name), kind)
        except ModuleNotFoundError as error:
            # Where the package is there, something that it imports is missing, which is another matter.
            if not name.startswith(error.name or "\0"):
                raise
            raise no_package(self.package) from None
        return made(self.key(), http_client=http_client, **self.client_options())

    def client_options(self) -> dict[str, Any]:
        """Return what clients are made with, beside the key, as far as it was said.

        Raises:
            ConfigurationError: The price file cannot be used.
        """
        given = {
            "timeout": self.timeout,
            "prices": self.read_prices(),
            "api_server": self.server,
            "layout": self.layout,
            "allow_http": self.allow_http or None,
        }
        return {option: value for option, value in given.items() if value is not None}

    def read_prices(self) -> "Prices | None":
        """Read the price file that was named; None where none was.

        Raises:
            ConfigurationError: It cannot be used.
        """
        if self.prices is None:
            return None
        from aki_runtime.usage import Prices  # what help can do without

        return Prices.load(self.prices)

    def _require_trust(self) -> None:
        """Refuse to send a key of this user to a hub that only a file names, which may be of a foreign repository.

        Raises:
            ConfigurationError: The key came from the environment, and the hub from the file.
        """
        project = self.sources.get("server", "")
        variable = self.sources.get("key_file", "" if self.key_file else "AKI_API_KEY")
        if not project.endswith(PROJECT) or not os.environ.get(variable, "").strip():
            return
        from aki_runtime.hub import Address, is_loopback

        server = Address.parse(self.server or "", self.layout or "aki").server
        if not is_loopback(urlsplit(server).hostname):
            raise ConfigurationError(
                f"the key in {variable} does not go to {server}, which only {project} names; "
                f"if you trust it: {shell_line('export', f'AKI_API_SERVER={server}')}"
            )

    def secrets(self) -> tuple[str, ...]:
        """Return what must not be shown, whatever goes wrong."""
        keys = [os.environ.get("AKI_API_KEY", "").strip()]
        # A key file that cannot be read is the failure that is being reported.
        with suppress(ConfigurationError):
            keys.append(self.key() or "")
        return tuple(key for key in keys if key)


OPTIONS: dict[str, Any] = get_type_hints(CliSettings, include_extras=True)
"""The types of the global options, with what is said of each, by its name in Python."""
del OPTIONS["sources"]
VARIABLES: dict[str, str] = {
    name: kind.__metadata__[0].envvar
    for name, kind in OPTIONS.items()
    if kind.__metadata__[0].envvar
}
"""What `[tool.aki]` may hold too, by the option's name in Python, with the variable that goes before it."""


def no_key() -> str:
    """Say that there is no key, and where to put one."""
    return f"there is no key; {how_to_give_a_key(' or say --api-key-file FILE')}"


def settings_of(ctx: typer.Context) -> CliSettings:
    """Return the global options of a command; also while a word is completed, when nothing has run yet."""
    root = ctx.find_root()
    given: dict[str, Any] = root.params
    sources: dict[str, str] = {}
    for name, variable in VARIABLES.items():
        source = root.get_parameter_source(name)
        if source is not None and source.name in ("ENVIRONMENT", "DEFAULT_MAP"):
            sources[name] = variable if source.name == "ENVIRONMENT" else str(_project_table()[0])
    return CliSettings(**{n: given[n] for n in OPTIONS if n in given}, sources=sources)


def project_options() -> dict[str, Any]:
    """Return what `[tool.aki]` says, by the options' names in Python.

    Raises:
        CommandError: It cannot be read, or holds what is not an option.
    """
    path, table = _project_table()
    known = {"api-key-file" if name == "key_file" else name: name for name in VARIABLES}
    options: dict[str, Any] = {}
    for name in (name for name in table if name not in OF_LINT):
        if name not in known:
            hint = did_you_mean(name, known) or f"known are {', '.join((*known, *OF_LINT))}"
            raise _wrong(path, f"unknown option {name!r} in [tool.aki]; {hint}")
        options[known[name]] = _checked(name, table[name], path)
    return options


def standing(name: str) -> Any:
    """Return what an option is where it is not written; None where nothing names it."""
    return os.environ.get(VARIABLES[name]) or project_options().get(name)


def _project_table() -> tuple[Path, Mapping[str, Any]]:
    """Find the nearest pyproject.toml with `[tool.aki]`, up to the top of the git repository; return both."""
    with suppress(OSError):  # the current folder may be gone
        here = Path.cwd()
        for folder in (here, *here.parents):
            table = _table_of(folder / PROJECT)
            if table is not None:
                return folder / PROJECT, table
            if (folder / ".git").exists():
                break  # what lies above is somebody else's
    return Path(PROJECT), {}


def _table_of(path: Path) -> dict[str, Any] | None:
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return None
    if "tool.aki" not in text:
        return None
    import tomllib  # what help can do without

    try:
        table: object = tomllib.loads(text)["tool"].get("aki")
    except (tomllib.TOMLDecodeError, KeyError) as error:
        raise CommandError(f"{path} is not TOML: {error}", Exit.CONFIGURATION) from None
    return table if is_object(table) else None


def _checked(name: str, value: object, path: Path) -> Any:
    if name == "timeout":
        if is_number(value):
            return value
        raise _wrong(path, f"timeout={value!r} must be a number of seconds")
    if not isinstance(value, str) or not value:
        raise _wrong(path, f"{name}={value!r} must be text")
    if name not in ("api-key-file", "prices"):
        return value
    # A foreign repository must not have another file of this user sent as the key.
    file = (path.parent / value).resolve()
    if not file.is_relative_to(path.parent.resolve()):
        others = f"AKI_{name.replace('-', '_').upper()} or --{name} may name any other"
        raise _wrong(path, f"{name}={value!r} must lie in this file's folder; {others}")
    return str(file)


def _wrong(path: Path, what: str) -> CommandError:
    return CommandError(f"{path}: {what}", Exit.CONFIGURATION)
