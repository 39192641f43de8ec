"""The sandbox hub beside a client, in its own process: one for each package, started when it is first asked for."""

import importlib
import importlib.resources
import os
import threading
from pathlib import Path
from typing import Any

from ..errors import ConfigurationError

# A forked process has its parent's sockets, but not the thread that serves them.
_servers: dict[tuple[int, str], Any] = {}
_lock = threading.Lock()


def sandbox_url(package: str) -> str:
    """Return the address of a sandbox hub that serves the endpoints of a package.

    Args:
        package: The generated package.

    Raises:
        ConfigurationError: The extra `sandbox` is not installed.
    """
    try:
        kind = importlib.import_module("aki_sandbox.server").SandboxServer
    except ImportError as error:
        raise ConfigurationError(
            f"the sandbox needs the extra 'sandbox': pip install 'aki-client[sandbox]' ({error})"
        ) from None
    documents = importlib.resources.files(package) / "spec" / "endpoints"
    place = (os.getpid(), package)
    with _lock:
        if place not in _servers:
            _servers[place] = kind(catalogue=Path(str(documents))).start()
        url: str = _servers[place].url
    return url
