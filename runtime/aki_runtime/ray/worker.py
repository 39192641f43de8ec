"""A client and its event loop in a thread of their own, for code that is not async."""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

from ..batch.files import MediaFolder
from ..batch.outcome import Outcome
from ..batch.row_life import AnyEndpoint, KeepForRow
from ..batch.rows import Row
from ..client.async_client import AsyncClient
from .calls import Calls
from .mailbox import Mailbox, Send
from .options import CallOptions

T = TypeVar("T")


class Worker:
    """Carries out rows with one client for all of them. It may be shared by threads.

    Args:
        options: How.
        sender: Returns what brings the operations of a worker to the ledger.

    Raises:
        ConfigurationError: The client cannot be made.
    """

    def __init__(self, options: CallOptions, sender: Callable[[str], Send]) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="aki-ray", daemon=True)
        self._thread.start()
        self._client, self._mailbox, self._calls = self._run(_open(options, sender))

    @property
    def api_server(self) -> str:
        """The hub's address."""
        return self._client.api_server

    def outcomes(self, rows: list[Row]) -> list[Outcome]:
        """Return the outcome of each row.

        Raises:
            AkiError: No further row would succeed.
        """
        return self._run(self._calls.outcomes(rows))

    def close(self) -> None:
        """Close the connections and end the thread."""
        self._run(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _close(self) -> None:
        await self._mailbox.close()
        await self._client.aclose()

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()


async def _open(
    options: CallOptions, sender: Callable[[str], Send]
) -> tuple[AsyncClient, Mailbox, Calls]:
    worker, lease = uuid4().hex, options.journal.lease
    client = options.make_client()
    endpoint: AnyEndpoint = getattr(client, options.found.name)
    mailbox = Mailbox(sender(worker), lease)
    calls = Calls(
        worker,
        endpoint.with_options(timeout=options.timeout),
        mailbox,
        concurrency=options.concurrency,
        outage_timeout=options.outage_timeout,
        lease=lease,
        again=options.again,
        keep=_keeper(options.media),
    )
    mailbox.when_lost(calls.lose)
    return client, mailbox, calls


def _keeper(folder: str | None) -> KeepForRow:
    if folder is None:
        return lambda _, medium, __: medium.as_it_came()
    return MediaFolder(Path(folder), Path(folder), survives_power_loss=True).keep
