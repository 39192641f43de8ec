"""The journal that the nodes share, as its users see it: where it is, and nothing else, so that it can travel.

With `caller` it is all that uses Ray, whose types are not strict.
"""

import asyncio
import importlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..batch.errors import JournalError
from ..errors import ConfigurationError
from .ledger import Ledger, Operation, Reply
from .mailbox import Deliver

_SHORTEST_LEASE = 1.0
_ENDLESS = -1


def import_ray(name: str = "ray") -> Any:
    """Import a module of Ray.

    Raises:
        ImportError: Ray is not installed.
    """
    try:
        return importlib.import_module(name)
    except ImportError:
        raise ImportError("datasets need Ray: pip install 'aki-client[ray]'") from None


@dataclass(frozen=True)
class RowJournal:
    """A journal in a Ray cluster; `start` makes it, `find` finds one that was started before.

    An actor owns the journal's file, so that there is one writer. It outlives the driver, and Ray starts it anew
    when it dies.

    Attributes:
        name: The actor's name.
        namespace: The Ray namespace of that name.
        lease: Seconds of silence after which a worker is taken for dead.
    """

    name: str
    namespace: str
    lease: float

    @classmethod
    def start(
        cls,
        path: str | os.PathLike[str],
        *,
        name: str = "aki-rows",
        namespace: str = "aki",
        lease: float = 30.0,
        node_id: str | None = None,
        survives_power_loss: bool = True,
    ) -> "RowJournal":
        """Open a journal or make a new one, or find it where it is open already.

        Args:
            path: Its file, on a disk of the node that the driver runs on. A journal of `aki_client.batch`.
            name: What the nodes find it by.
            namespace: The Ray namespace of that name.
            lease: Seconds of silence after which a worker is taken for dead and its rows are taken over; at least 1.
            node_id: Another node whose disk it is on, such as a head node that never goes away.
            survives_power_loss: Wait for the disk with each note; without it the last ones may be lost with the
                power, and rows be paid twice.

        Raises:
            ConfigurationError: A journal of this name is open elsewhere or with another lease.
            JournalError: The journal cannot be used.
        """
        if lease < _SHORTEST_LEASE:
            raise ConfigurationError(
                f"lease={lease} is too short; give at least {_SHORTEST_LEASE} s"
            )
        wanted = str(Path(path).absolute())
        node = node_id or import_ray().get_runtime_context().get_node_id()
        strategies = import_ray("ray.util.scheduling_strategies")
        import_ray().remote(Ledger).options(
            name=name,
            namespace=namespace,
            lifetime="detached",
            get_if_exists=True,
            num_cpus=0,
            max_restarts=_ENDLESS,
            max_task_retries=_ENDLESS,
            # The journal's file is on that node and no other.
            scheduling_strategy=strategies.NodeAffinitySchedulingStrategy(node, soft=False),
        ).remote(path=wanted, lease=lease, survives_power_loss=survives_power_loss)
        journal = cls(name, namespace, lease)
        found, found_lease = _answer(_actor(journal).about.remote())
        if (found, found_lease) != (wanted, lease):
            raise ConfigurationError(
                f"the journal {name!r} of this cluster is {found} with a lease of {found_lease:g} s; "
                "stop that one, or give this one another name"
            )
        return journal

    @classmethod
    def find(cls, name: str = "aki-rows", *, namespace: str = "aki") -> "RowJournal":
        """Find a journal that was started in this cluster, by any driver.

        Raises:
            JournalError: There is none of this name.
        """
        _, lease = _answer(_actor(cls(name, namespace, 0.0)).about.remote())
        return cls(name, namespace, lease)

    def counts(self) -> dict[str, int]:
        """Return how many rows are `submitting`, `submitted`, `done`, `failed` and `uncertain`."""
        return dict(_answer(_actor(self).counts.remote()))

    def stop(self) -> None:
        """Close the journal and end its actor; the file stays, and the same rows go on from there."""
        actor = _actor(self)
        _answer(actor.close.remote())
        import_ray().kill(actor, no_restart=True)


def bind(journal: RowJournal, identity: Mapping[str, str], media: str | None) -> None:
    """Say what the rows are, and which folder their media go to, once for all.

    Raises:
        JournalMismatchError: They are something else already.
        OutputError: Something is in the folder that no run of this journal has put there.
    """
    _answer(_actor(journal).bind.remote(dict(identity), media))


def sender(journal: RowJournal, worker: str) -> Deliver:
    """Return what brings the operations of a worker to the ledger."""
    actor = _actor(journal)

    async def send(operations: Sequence[Operation]) -> Sequence[Reply]:
        reference = actor.carry_out.remote(worker, list(operations))
        try:
            answers: Sequence[Reply] = await asyncio.wrap_future(reference.future())
        except Exception as error:
            raise _cause(error) from None
        return answers

    return send


def _actor(journal: RowJournal) -> Any:
    try:
        return import_ray().get_actor(journal.name, namespace=journal.namespace)
    except ValueError:
        raise JournalError(
            f"there is no journal {journal.name!r} in the cluster; begin it with RowJournal.start"
        ) from None


def _answer(reference: Any) -> Any:
    try:
        return import_ray().get(reference)
    except Exception as error:
        raise _cause(error) from None


def _cause(error: Exception) -> Exception:
    """Return what was raised on the other side, without Ray's own text around it."""
    cause = getattr(error, "cause", None)
    return cause if isinstance(cause, Exception) else error
