"""A hub that waits with an answer until a test lets it go: no test has to guess how long something takes."""

import threading
import time
from typing import Any


class Held:
    """An effect of a fault plan: the hub acts at once, and answers when `go` is set, or after half a minute."""

    only_on = None

    def __init__(self) -> None:
        self.go = threading.Event()

    async def apply(self, exchange: Any) -> None:
        await exchange.answer()
        until = time.monotonic() + 30
        while not self.go.is_set() and time.monotonic() < until:
            await exchange.sleep(0.01)
        await exchange.forward()
