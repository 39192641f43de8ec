"""All that is used of Ray, whose types are not strict: nothing else here imports it."""

import asyncio
import importlib
from collections.abc import Mapping, Sequence
from typing import Any

from ..batch.errors import JournalError
from .ledger import Ledger
from .mailbox import Send
from .operations import Answer, Operation

_ENDLESS = -1


def module(name: str) -> Any:
    """Import a module of Ray.

    Raises:
        ImportError: Ray is not installed.
    """
    try:
        return importlib.import_module(name)
    except ImportError:
        raise ImportError("datasets need Ray: pip install 'aki-client[ray]'") from None


class LedgerActor:
    """The ledger as it is reached from any node.

    Args:
        name: The actor's name.
        namespace: The namespace of the name, the same for all who share the ledger.

    Raises:
        JournalError: There is no such actor.
    """

    def __init__(self, name: str, namespace: str) -> None:
        try:
            self._actor = module("ray").get_actor(name, namespace=namespace)
        except ValueError:
            raise JournalError(
                f"there is no journal {name!r} in the cluster; begin it with RowJournal.start"
            ) from None

    @classmethod
    def start(
        cls,
        name: str,
        namespace: str,
        node_id: str | None,
        **arguments: Any,
    ) -> "LedgerActor":
        """Find the ledger of a name or start it, to stay when its driver ends and to come back when it dies.

        Args:
            name: The actor's name.
            namespace: The namespace of the name.
            node_id: The node that it always runs on, because the journal's file is there; the driver's, where it is
                not given.
            arguments: Those of `Ledger`.
        """
        ray, strategies = module("ray"), module("ray.util.scheduling_strategies")
        here = node_id or ray.get_runtime_context().get_node_id()
        ray.remote(Ledger).options(
            name=name,
            namespace=namespace,
            lifetime="detached",
            get_if_exists=True,
            num_cpus=0,
            max_restarts=_ENDLESS,
            max_task_retries=_ENDLESS,
            scheduling_strategy=strategies.NodeAffinitySchedulingStrategy(here, soft=False),
        ).remote(**arguments)
        return cls(name, namespace)

    def about(self) -> tuple[str, float]:
        """Return the journal's path and the lease."""
        path, lease = self._get(self._actor.about.remote())
        return str(path), float(lease)

    def bind(self, identity: Mapping[str, str]) -> None:
        """Say what the rows are, once for all."""
        self._get(self._actor.bind.remote(dict(identity)))

    def counts(self) -> dict[str, int]:
        """Return how many rows are in each state."""
        return dict(self._get(self._actor.counts.remote()))

    def stop(self) -> None:
        """Close the journal and end the actor for good."""
        self._get(self._actor.close.remote())
        module("ray").kill(self._actor, no_restart=True)

    def sender(self, worker: str) -> Send:
        """Return what brings the operations of a worker here."""

        async def send(operations: Sequence[Operation]) -> Sequence[Answer]:
            reference = self._actor.carry_out.remote(worker, list(operations))
            try:
                answers: Sequence[Answer] = await asyncio.wrap_future(reference.future())
            except Exception as error:
                raise _cause(error) from None
            return answers

        return send

    def _get(self, reference: Any) -> Any:
        try:
            return module("ray").get(reference)
        except Exception as error:
            raise _cause(error) from None


def call_with_actors(
    dataset: Any, kind: type, arguments: tuple[Any, ...], actors: int, batch_size: int, **ray: Any
) -> Any:
    """Call a class for the rows of a dataset, as actors that come back when their node is lost."""
    return dataset.map_batches(
        kind,
        fn_constructor_args=arguments,
        batch_format="pyarrow",
        batch_size=batch_size,
        compute=module("ray.data").ActorPoolStrategy(size=actors),
        **ray,
    )


def _cause(error: Exception) -> Exception:
    """Return what was raised on the other side, without Ray's own text around it."""
    cause = getattr(error, "cause", None)
    return cause if isinstance(cause, Exception) else error
