"""The journal that the nodes share, as its users see it: where it is, and nothing else, so that it can travel."""

import os
from dataclasses import dataclass
from pathlib import Path

from ..errors import ConfigurationError
from .engine import LedgerActor

_SHORTEST_LEASE = 1.0


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
        actor = LedgerActor.start(
            name,
            namespace,
            node_id,
            path=wanted,
            lease=lease,
            survives_power_loss=survives_power_loss,
        )
        found, found_lease = actor.about()
        if (found, found_lease) != (wanted, lease):
            raise ConfigurationError(
                f"the journal {name!r} of this cluster is {found} with a lease of {found_lease:g} s; "
                "stop that one, or give this one another name"
            )
        return cls(name, namespace, lease)

    @classmethod
    def find(cls, name: str = "aki-rows", *, namespace: str = "aki") -> "RowJournal":
        """Find a journal that was started in this cluster, by any driver.

        Raises:
            JournalError: There is none of this name.
        """
        _, lease = LedgerActor(name, namespace).about()
        return cls(name, namespace, lease)

    def counts(self) -> dict[str, int]:
        """Return how many rows are `submitting`, `submitted`, `done`, `failed` and `uncertain`."""
        return self.actor().counts()

    def stop(self) -> None:
        """Close the journal and end its actor; the file stays, and the same rows go on from there."""
        self.actor().stop()

    def actor(self) -> LedgerActor:
        """Return the actor, from any node."""
        return LedgerActor(self.name, self.namespace)
