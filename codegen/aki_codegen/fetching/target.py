"""Which hub is asked, and with which key: command line, environment, the package itself, or the sandbox."""

import os
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from aki_runtime.errors import ConfigurationError
from aki_runtime.hub import Address, Layout, http_allowed_by_environment
from aki_runtime.secret import ApiKey, read_key_file

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
    """

    address: Address
    key: ApiKey | None
    recorded: Address
    introduction: str
    is_sandbox: bool = False


@dataclass(frozen=True)
class HubOptions:
    """What the command line says of the hub to ask.

    Attributes:
        server: Its address; else that of the environment, or of the package.
        layout: Its routes; else those of the package where it is the package's hub.
        key_file: The file that holds the key; else AKI_API_KEY does.
        allow_http: Whether the key may go over plain http to another machine.
    """

    server: str | None = None
    layout: Layout | None = None
    key_file: Path | None = None
    allow_http: bool = False

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
    server, layout, key_file = asked.server, asked.layout, asked.key_file
    if server is not None and not server.strip():
        raise GenerationError("--server is empty; give the hub's address, or leave the option out")
    key = _read_key(key_file)
    named = server or os.environ.get("AKI_API_SERVER", "").strip()
    # A package's hub comes before AKI.IO, which must not get a key that is meant for another.
    if not named and own is not None:
        named = own.server
    if not named and key is not None:
        named = AKI_IO
    if not named:
        with _sandbox() as target:
            yield target
        return
    try:
        address = Address.parse(named, layout or "aki")
        if own is not None and own.server == address.server and layout is None:
            address = own
        is_foreign = is_state and address.server not in _hosts_of_key(own)
        withheld = is_foreign and key is not None and key_file is None
        key = None if withheld else key
        address.require_private(key, allow_http=asked.allow_http or http_allowed_by_environment())
    except ConfigurationError as error:
        raise GenerationError(error.message) from None
    with_key = "with a key" if key is not None else "without a key"
    if withheld:
        with_key += (
            ": AKI_API_KEY is for the package's hub or AKI_API_SERVER; --api-key-file sends one"
        )
    yield Target(address, key, address, f"{address.server} ({address.layout} layout, {with_key})")


def _hosts_of_key(own: Address | None) -> set[str]:
    """Return the hubs that the environment's key is meant for."""
    named = os.environ.get("AKI_API_SERVER", "").strip()
    hosts = {Address.parse(named, "aki").server} if named else set[str]()
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


def _read_key(key_file: Path | None) -> ApiKey | None:
    if key_file is not None:
        try:
            return ApiKey(read_key_file(key_file))
        except ConfigurationError as error:
            raise GenerationError(error.message) from None
    text = os.environ.get("AKI_API_KEY", "").strip()
    return ApiKey(text) if text else None
