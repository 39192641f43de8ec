"""Which hub is asked, and with which key: command line, environment, or the sandbox."""

import os
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from aki_runtime.errors import ConfigurationError
from aki_runtime.hub import Address, http_allowed_by_environment
from aki_runtime.secret import ApiKey

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
    server: str | None, layout: str | None, key_file: Path | None, *, allow_http: bool
) -> Generator[Target, None, None]:
    """Decide which hub to ask; the sandbox, where nothing names another, lives as long as the context.

    Raises:
        GenerationError: The address, the key file or the way of sending the key can not be used.
    """
    if server is not None and not server.strip():
        raise GenerationError("--server is empty; give the hub's address, or leave the option out")
    key = _read_key(key_file)
    named = server or os.environ.get("AKI_API_SERVER") or (AKI_IO if key is not None else None)
    if named is None:
        with _sandbox() as target:
            yield target
        return
    try:
        address = Address.parse(named, layout or "aki")
        address.require_private(key, allow_http=allow_http or http_allowed_by_environment())
    except ConfigurationError as error:
        raise GenerationError(error.message) from None
    with_key = "with a key" if key is not None else "without a key"
    yield Target(address, key, address, f"{address.server} ({address.layout} layout, {with_key})")


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
    text = os.environ.get("AKI_API_KEY", "")
    if key_file is not None:
        try:
            text = key_file.read_text("utf-8")
        except OSError as error:
            raise GenerationError(
                f"the key file {key_file} can not be read: {error.strerror or error}"
            ) from None
        except UnicodeDecodeError:
            raise GenerationError(f"the key file {key_file} holds no text") from None
        if not text.strip():
            raise GenerationError(f"the key file {key_file} is empty; put the API key into it")
    return ApiKey(text.strip()) if text.strip() else None
