"""The global options, and the client that is made of them. The key is never one of them, only the file it is in.

An option holds in this order: as it is written, by its variable, by `[tool.aki]` of the nearest pyproject.toml.
"""

import importlib
import os
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from aki_runtime.errors import ConfigurationError
from aki_runtime.secret import how_to_give_a_key
from aki_runtime.shapes import is_number, is_object

from .exits import CommandError, Exit

if TYPE_CHECKING:
    import typer
    from aki_client import Aki, AsyncAki, Layout
    from aki_runtime.usage import Prices

PACKAGE = "aki_client"

VARIABLES = {
    "package": "AKI_PACKAGE",
    "server": "AKI_API_SERVER",
    "layout": "AKI_LAYOUT",
    "timeout": "AKI_TIMEOUT",
    "key_file": "AKI_API_KEY_FILE",
    "prices": "AKI_PRICES",
}
"""What `[tool.aki]` may hold too, by the option's name in Python, with the variable that goes before it."""
OF_LINT = ("ignore", "packages")
"""What else it may hold: the settings of `aki lint`, which reads them itself."""
PROJECT = "pyproject.toml"


@dataclass(frozen=True)
class CliSettings:
    """What the global options say.

    Attributes:
        package: The generated package.
        server: The hub's address; None leaves it to AKI_API_SERVER and the package.
        layout: The hub's routes; None leaves them to the package.
        timeout: Seconds for a call; None leaves them to the client.
        key_file: The file that holds the key; None leaves it to AKI_API_KEY.
        prices: The price file that says what calls cost.
        allow_http: Whether the key may go over plain http.
        debug: Whether failures are shown with their tracebacks.
        sources: By an option's name where it came from: its variable, or the pyproject.toml; not where it was written.
    """

    package: str = PACKAGE
    server: str | None = None
    layout: str | None = None
    timeout: float | None = None
    key_file: str | None = None
    prices: str | None = None
    allow_http: bool = False
    debug: bool = False
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
        return cast("Aki", self._client("Aki", http_client))

    def async_client(self) -> "AsyncAki":
        """Make an async client of the package, as `client` does."""
        return cast("AsyncAki", self._client("AsyncAki"))

    def _client(self, kind: str, http_client: Any = None) -> object:
        name = f"{self.package}.client"
        try:
            made: type[Aki] = getattr(importlib.import_module(name), kind)
        except ModuleNotFoundError as error:
            # Where the package is there, something that it imports is missing, which is another matter.
            if not name.startswith(error.name or "\0"):
                raise
            raise no_package(self.package) from None
        options: dict[str, Any] = {} if self.timeout is None else {"timeout": self.timeout}
        if prices := self.read_prices():
            options["prices"] = prices
        layout = cast("Layout | None", self.layout)
        return made(
            self.key(),
            api_server=self.server,
            layout=layout,
            allow_http=self.allow_http,
            http_client=http_client,
            **options,
        )

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
                f"if you trust it: export AKI_API_SERVER={server}"
            )

    def secrets(self) -> tuple[str, ...]:
        """Return what must not be shown, whatever goes wrong."""
        keys = [os.environ.get("AKI_API_KEY", "").strip()]
        # A key file that cannot be read is the failure that is being reported.
        with suppress(ConfigurationError):
            keys.append(self.key() or "")
        return tuple(key for key in keys if key)


def no_key() -> str:
    """Say that there is no key, and where to put one."""
    return f"there is no key; {how_to_give_a_key(' or say --api-key-file FILE')}"


def no_package(name: str) -> CommandError:
    """Make the failure for a package that is not there, or was not generated."""
    return CommandError(
        f"{name!r} is not a generated package that Python finds; "
        "make one with `aki-codegen generate`, or say --package NAME",
        Exit.CONFIGURATION,
    )


def settings_of(ctx: "typer.Context") -> CliSettings:
    """Return the global options of a command; also while a word is completed, when nothing has run yet."""
    root = ctx.find_root()
    given: dict[str, Any] = root.params
    sources: dict[str, str] = {}
    for name, variable in VARIABLES.items():
        source = root.get_parameter_source(name)
        if source is not None and source.name in ("ENVIRONMENT", "DEFAULT_MAP"):
            sources[name] = variable if source.name == "ENVIRONMENT" else str(_project_table()[0])
    named = {name: given[name] for name in CliSettings.__match_args__ if name in given}
    return CliSettings(**named, sources=sources)


def project_options() -> dict[str, Any]:
    """Return what `[tool.aki]` says, by the options' names in Python.

    Raises:
        CommandError: It cannot be read, or holds what is not an option.
    """
    path, table = _project_table()
    options = (name for name in table if name not in OF_LINT)
    return {_option_named(name, path): _checked(name, table[name], path) for name in options}


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


def _option_named(name: str, path: Path) -> str:
    known = {"api-key-file" if n == "key_file" else n: n for n in VARIABLES}
    if name not in known:
        hint = did_you_mean(name, known) or f"known are {', '.join((*known, *OF_LINT))}"
        raise CommandError(
            f"{path}: unknown option {name!r} in [tool.aki]; {hint}", Exit.CONFIGURATION
        )
    return known[name]


def _checked(name: str, value: object, path: Path) -> Any:
    if name == "timeout":
        if is_number(value):
            return value
        raise CommandError(
            f"{path}: timeout={value!r} must be a number of seconds", Exit.CONFIGURATION
        )
    if not isinstance(value, str) or not value:
        raise CommandError(f"{path}: {name}={value!r} must be text", Exit.CONFIGURATION)
    if name not in ("api-key-file", "prices"):
        return value
    # A foreign repository must not have another file of this user sent as the key.
    file = (path.parent / value).resolve()
    if not file.is_relative_to(path.parent.resolve()):
        variable = VARIABLES[_option_named(name, path)]
        raise CommandError(
            f"{path}: {name}={value!r} must lie in this file's folder; {variable} or --{name} may name any other",
            Exit.CONFIGURATION,
        )
    return str(file)


def did_you_mean(name: str, known: Collection[str]) -> str:
    """Ask for the known name that was probably meant, in whatever case and spelling; empty where none is like it."""
    by_form = {_form(one): one for one in known}
    close = get_close_matches(_form(name), by_form, n=1)
    return f"did you mean {by_form[close[0]]}?" if close and name not in known else ""


def _form(name: str) -> str:
    return name.casefold().replace("_", "-")
