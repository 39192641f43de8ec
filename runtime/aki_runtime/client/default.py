"""The endpoint functions: endpoints of a default client, which is made when the first call needs it, then shared."""
# pyright: reportPrivateUsage=false
# The functions are endpoints of a client that is made late.

from functools import partial
from typing import Any

from ..jobs.ref import shared_client
from ..options import Options
from .core import ClientCore, LateDriver


def default_endpoint(kind: type[ClientCore], name: str) -> Any:
    """Return an endpoint function of the default client, awaitable where that is async."""
    driver = LateDriver(partial(shared_client, kind))
    return kind._endpoint_type(driver, kind.load_endpoint(name), Options())
