"""Which hub is asked, and with which key: command line, environment, the package itself, or the sandbox."""

import os
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from aki_runtime.errors import ConfigurationError
from aki_runtime.hub import Address, Layout, is_set
from aki_runtime.secret import ApiKey, read_key_file

from ..parsing.settings import Project, ProjectSettings
from ..problems import GenerationError

AKI_IO = "https://aki.io"


@dataclass(frozen=True)
class Target:
    """A hub to ask.

    Attributes:
        address: Where it is.
        key: What it is asked with; None asks for what anybody may see.
        recorded: The address that the generated client will use by default.
        introduction: Who is asked, in words.
        is_sandbox: Whether it is the sandbox hub that stands in for one.
        layout_is_asked_for: Whether the address has the layout that somebody named, not one that is likely.
    """

    address: Address
    key: ApiKey | None
    recorded: Address
    introduction: str
    is_sandbox: bool = False
    layout_is_asked_for: bool = False


@dataclass(frozen=True)
class HubOptions:
    """What the command line says of the hub to ask, and behind it the project.

    Attributes:
        server: Its address; else that of the environment, the project or the package.
        layout: Its routes; else those that the project settles, or that are found out.
        key_file: The file that holds the key; else AKI_API_KEY does, or the project's file.
        allow_http: Whether the key may go over plain http to another machine.
        project: What the project settles about the package.
    """

    server: str | None
    layout: Layout | None
    key_file: Path | None
    allow_http: bool
    project: Project

    def __bool__(self) -> bool:
        return bool(self.server or self.layout or self.key_file)


@contextmanager
def choose_target(
    asked: HubOptions, own: Address | None, *, is_state: bool = False
) -> Generator[Target]:
    """Decide which hub to ask; the sandbox, where nothing names another, lives as long as the context.

    Args:
        asked: What the command line says.
        own: The hub that the package was made from; None where that is the sandbox, or there is no package.
        is_state: The server is one of the states to compare: the environment's key is for the package's hub and the
            environment's, and goes to no other.

    Raises:
        GenerationError: The address, the key file or the way of sending the key cannot be used.
    """
    server, settled = asked.server, asked.project.settings
    if server is not None and not server.strip():
        raise GenerationError("--server is empty; give the hub's address, or leave the option out")
    key = _read_key(asked)
    # A package's hub comes before AKI.IO, which must not get a key that is meant for another.
    named = server or os.environ.get("AKI_API_SERVER", "").strip() or settled.server
    named = named or (own.server if own is not None else AKI_IO if key is not None else None)
    if not named:
        with _sandbox() as target:
            yield target
        return
    try:
        address = Address.parse(named, "aki")
        layout = asked.layout or (settled.layout if is_settled(address.server, settled) else None)
        if layout is not None:
            address = Address(address.server, layout)
        elif own is not None and own.server == address.server:
            address = own
        is_foreign = is_state and address.server not in _hosts_of_key(own, settled)
        withheld = is_foreign and key is not None and asked.key_file is None
        key = None if withheld else key
        address.require_private(key, allow_http=asked.allow_http or is_set("AKI_ALLOW_HTTP"))
    except ConfigurationError as error:
        raise GenerationError(error.message) from None
    with_key = "with a key" if key is not None else "without a key"
    if withheld:
        with_key += (
            ": AKI_API_KEY is for the package's hub or AKI_API_SERVER; --api-key-file sends one"
        )
    introduction = f"{address.server} ({f'{layout} layout, ' if layout else ''}{with_key})"
    yield Target(address, key, address, introduction, layout_is_asked_for=layout is not None)


def is_settled(server: str, settings: ProjectSettings) -> bool:
    """Whether an address is that of the hub that a project settles, or the project leaves it to others."""
    return settings.server is None or Address.parse(settings.server, "aki").server == server


def _hosts_of_key(own: Address | None, settings: ProjectSettings) -> set[str]:
    """Return the hubs that the key of the environment or the project is meant for."""
    named = (os.environ.get("AKI_API_SERVER", "").strip(), settings.server)
    hosts = {Address.parse(server, "aki").server for server in named if server}
    return hosts | ({own.server} if own is not None else set()) or {AKI_IO}


@contextmanager
def _sandbox() -> Generator[Target]:
    try:
        from aki_sandbox.server import SandboxServer
    except ImportError as error:
        raise GenerationError(
            "no hub is named (--server, AKI_API_SERVER, AKI_API_KEY), and the sandbox hub needs "
            f"the extra 'sandbox': pip install 'aki-client[codegen,sandbox]' ({error})"
        ) from None
    with SandboxServer() as server:
        # The port is another one each time; the client is recorded for AKI.IO.
        address = Address.parse(server.url, "aki")
        yield Target(
            address,
            None,
            Address.parse(AKI_IO, "aki"),
            f"the sandbox hub at {address.server} (set AKI_API_KEY to ask {AKI_IO}, "
            "or AKI_API_SERVER to ask another hub)",
            is_sandbox=True,
        )


def _read_key(asked: HubOptions) -> ApiKey | None:
    text, file = os.environ.get("AKI_API_KEY", "").strip(), asked.key_file
    folder, settled = asked.project.folder, asked.project.settings
    if file is None and not text and settled.key_file is not None:
        file = folder / settled.key_file
    try:
        text = read_key_file(file) if file is not None else text
    except ConfigurationError as error:
        raise GenerationError(error.message) from None
    return ApiKey(text) if text else None
