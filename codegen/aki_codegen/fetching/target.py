"""Which hub is asked, and with which key: command line, environment, the package itself, or the sandbox."""

import os
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from aki_runtime.errors import ConfigurationError
from aki_runtime.hub import Address, http_allowed_by_environment
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


@contextmanager
def choose_target(
    server: str | None,
    layout: str | None,
    key_file: Path | None,
    own: Address | None,
    *,
    allow_http: bool,
    is_state: bool = False,
) -> Generator[Target, None, None]:
    """Decide which hub to ask; the sandbox, where nothing names another, lives as long as the context.

    Args:
        server: The hub of the command line; else that of the environment.
        layout: Its layout; else that of the package where it is the package's hub.
        key_file: A file with the key; else that of the environment.
        own: The hub that the package was made from; None where that is the sandbox, or there is no package.
        allow_http: Send the key over plain http to another machine.
        is_state: `server` is one of the states to compare: the environment's key is for the package's hub and the
            environment's, and goes to no other.

    Raises:
        GenerationError: The address, the key file or the way of sending the key cannot be used.
    """
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
        withheld = (
            is_state
            and key_file is None
            and key is not None
            and address.server not in _hosts_of_key(own)
        )
        if withheld:
            key = None
        address.require_private(key, allow_http=allow_http or http_allowed_by_environment())
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
def _sandbox() -> Generator[Target, None, None]:
    try:
        from aki_sandbox.server import SandboxServer
    except ImportError as error:
        raise GenerationError(
            "no hub is named (--server, AKI_API_SERVER, AKI_API_KEY), and the sandbox hub needs "
            f"the extra 'sandbox': pip install 'aki-client[codegen,sandbox]' ({error})"
        ) from None
    with SandboxServer() as server:
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
