"""What can happen to a job, beside the connection: refused, failed, lapsed, forgotten.

Owns one class per effect, each a value with its own settings. When it happens is decided in
`faults`; must not know that.
"""

import dataclasses
from dataclasses import dataclass
from typing import ClassVar

from aki_sandbox.faults.exchange import HubResponse, PendingRequest
from aki_sandbox.faults.plan import On
from aki_sandbox.workers.work import WorkItem

_SUBMITS: frozenset[On] = frozenset({"submit"})
_POLLS: frozenset[On] = frozenset({"poll"})


@dataclass(frozen=True, slots=True)
class QueueFull:
    """A call is refused because too many jobs wait. The hub knows nothing of it.

    Attributes:
        length: The length of the queue that the refusal tells.
    """

    only_on: ClassVar[frozenset[On] | None] = _SUBMITS
    length: int = 10

    async def apply(self, exchange: PendingRequest) -> None:
        """Refuse."""
        await exchange.read()
        endpoint = exchange.hub.catalogue.get(exchange.context.endpoint or "")
        error = f"Job queue reached max length {self.length}!"
        version = endpoint.version if endpoint else None
        await exchange.send(
            HubResponse.of_json(400, {"success": False, "error": error, "ep_version": version})
        )


@dataclass(frozen=True, slots=True)
class WorkerFails:
    """The call is taken, and its worker will fail. The directives in a prompt can do the same.

    Attributes:
        error: What it fails with.
        keeps_outputs: Whether it gives the outputs it has.
    """

    only_on: ClassVar[frozenset[On] | None] = _SUBMITS
    error: str = "CUDA out of memory"
    keeps_outputs: bool = False

    async def apply(self, exchange: PendingRequest) -> None:
        """Let the hub take the call, as work that fails."""
        exchange.context.alter_work = self._failing
        await exchange.forward()

    def _failing(self, work: WorkItem) -> WorkItem:
        return dataclasses.replace(work, error=self.error, keeps_outputs=self.keeps_outputs)


@dataclass(frozen=True, slots=True)
class Lapse:
    """The job of a poll lapses, as when its worker is seen offline. An ended job stays ended."""

    only_on: ClassVar[frozenset[On] | None] = _POLLS

    async def apply(self, exchange: PendingRequest) -> None:
        """Let the job lapse, and answer."""
        await exchange.read()
        exchange.hub.lapse(exchange.context.job_id or "")
        await exchange.forward()


@dataclass(frozen=True, slots=True)
class Forget:
    """The hub forgets all jobs before it answers, as a restart makes it do."""

    only_on: ClassVar[frozenset[On] | None] = None

    async def apply(self, exchange: PendingRequest) -> None:
        """Forget, and answer."""
        await exchange.read()
        exchange.hub.forget_jobs()
        await exchange.forward()
