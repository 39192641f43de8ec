"""The class for `map_batches`, and the way to it that sets the rest of Ray's arguments."""

from typing import Any

from . import engine
from .cells import rows_of, with_outcomes
from .options import CallOptions
from .worker import Worker


class EndpointCaller:
    """Calls an endpoint for every row of a dataset and adds the outcomes as columns.

        dataset.map_batches(
            EndpointCaller, fn_constructor_args=(options,), batch_format="pyarrow", batch_size=64, concurrency=2
        )

    Ray makes one in each actor; its rows share a client, and run side by side. `call_endpoint` writes the same down.

    Args:
        options: How the endpoint is called. The key is taken from where the actor runs.

    Raises:
        ConfigurationError: The client cannot be made.
        JournalError: There is no such journal, or it belongs to other rows.
    """

    def __init__(self, options: CallOptions) -> None:
        self._options = options
        self._reader = options.reader()
        journal = options.journal.actor()
        self._worker = Worker(options, journal.sender)
        journal.bind(
            {
                "endpoint": options.found.info.name,
                "hub": self._worker.api_server,
                "row ids": options.row_id or "the parameters of each row",
            }
        )

    def __call__(self, batch: Any) -> Any:
        """Carry out the rows of an Arrow table, and return it with the columns of their outcomes.

        Raises:
            ConfigurationError: The table has not the columns that were promised.
            AkiError: No further row would succeed: the key is refused, the hub stays away, the journal is full.
        """
        rows = rows_of(batch, self._options, self._reader)
        return with_outcomes(batch, self._worker.outcomes(rows), self._options)


def call_endpoint(
    dataset: Any, options: CallOptions, *, actors: int = 2, batch_size: int = 128, **ray: Any
) -> Any:
    """Call an endpoint for every row of a Ray dataset; the columns of the outcomes are added to those it has.

    Args:
        dataset: A `ray.data.Dataset`.
        options: How the endpoint is called.
        actors: Actors, each with a client of its own; all of them together have `actors * options.concurrency` jobs
            at a time at most.
        batch_size: Rows that an actor is given at a time. Each batch waits for its last row, so that several times
            `options.concurrency` is a good size.
        ray: Further arguments of `map_batches`, such as `num_cpus` or `runtime_env`.

    Returns:
        A `ray.data.Dataset`; nothing is called before it is consumed.
    """
    return engine.call_with_actors(
        dataset, EndpointCaller, (options,), actors, batch_size, **{"num_cpus": 0.25, **ray}
    )
