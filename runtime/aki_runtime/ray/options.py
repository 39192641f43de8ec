"""How the rows of a dataset are carried out: every option, its default and its check. It travels to all nodes."""

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..batch.journal import RowState, as_text, states_started_again
from ..batch.limits import require_concurrency
from ..batch.outcome import Outcome
from ..batch.rows import Columns
from ..client.async_client import AsyncClient
from ..client.resolving import BoundEndpoint, Resolved, resolve
from ..errors import ConfigurationError
from ..hub import Layout
from ..options import Options
from ..secret import read_key_file
from .journal import RowJournal

OUTCOME_COLUMNS: Mapping[str, Callable[[Outcome], str | None]] = {
    "outcome": lambda outcome: outcome.status,
    "outputs": lambda outcome: as_text(dict(outcome.outputs)) if outcome.outputs else None,
    "error_type": lambda outcome: outcome.error.type if outcome.error else None,
    "error": lambda outcome: outcome.error.message if outcome.error else None,
    "job_id": lambda outcome: outcome.job_id,
}
"""The columns that every outcome has, without their prefix, and what is in their cells."""


@dataclass(frozen=True, kw_only=True)
class CallOptions:
    """How an endpoint is called for the rows of a dataset. It holds no key, because it is pickled and logged.

    Attributes:
        endpoint: The endpoint, as in `aki.z_image_turbo`, whose hub and options are taken over (never its key); or text
            that names it, as "package:name", or its Python name where one generated package is loaded. It is kept as
            text.
        journal: The journal that all nodes share.
        row_id: The column that tells rows apart, whatever is in it as text. Without it a row is what it asks for:
            rows with the same parameters are one row, called and paid once.
        columns: The parameter that a column of another name is for; a column that is called like a parameter is
            for that one, any other goes to the output as it is.
        constants: Values of parameters, for all rows that have none of their own.
        fields: The column of the output that an output of the endpoint goes to, by the output's name. All outputs
            are in the JSON column besides.
        prefix: What the names of the other new columns begin with.
        concurrency: Jobs at a time per actor at most, 1 to 100.
        timeout: Seconds for each job, from when it was submitted or picked up; None waits as long as the hub does;
            defaults to that of the endpoint.
        outage_timeout: Seconds that the hub may be out of reach before the dataset fails.
        media: A folder that all nodes see, for images, audio and video; omitted, they are data URIs in the JSON column,
            and in the journal. It belongs to one journal: what it holds has to be of its earlier runs.
        resubmit_uncertain: Send rows again that may have been paid for: they may be paid twice.
        retry_failed: Send rows again that ended without a result.
        key_file: A file on each node that holds the key; defaults to AKI_API_KEY of the worker's environment.
        api_server: The hub's address; defaults to that of the endpoint, AKI_API_SERVER or the package's hub.
        layout: How the hub lays out its routes; defaults to that of the endpoint, or as generated.
        allow_http: Let the key go over plain http to another machine.
        client_options: Further options of each worker's client, such as `max_retries`; default to the endpoint's.

    Raises:
        ConfigurationError: There is no such endpoint or parameter, or a number is out of its range.
    """

    endpoint: BoundEndpoint | str
    journal: RowJournal
    row_id: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict[str, str])
    constants: Mapping[str, Any] = field(default_factory=dict[str, Any], repr=False)
    fields: Mapping[str, str] = field(default_factory=dict[str, str])
    prefix: str = "aki_"
    concurrency: int = 16
    timeout: float | None = Options.timeout
    outage_timeout: float = 300.0
    media: str | None = None
    resubmit_uncertain: bool = False
    retry_failed: bool = False
    key_file: str | None = None
    api_server: str | None = None
    layout: Layout | None = None
    allow_http: bool = False
    client_options: Mapping[str, Any] = field(default_factory=dict[str, Any])

    def __post_init__(self) -> None:
        """Refuse what could fit no row, where the dataset is described and not on some node later."""
        require_concurrency(self.concurrency)
        if self.timeout is not None and self.timeout <= 0:
            raise ConfigurationError(
                f"timeout={self.timeout} must be more than 0; give seconds, or None"
            )
        self._take_over(resolve(self.endpoint))
        outputs = self.found.info.reading.output.model_fields
        for name in self.fields:
            if name not in outputs:
                raise ConfigurationError(
                    f"{name} is not an output of {self.found.name}; it has {', '.join(outputs)}"
                )
        names = new_columns(self)
        twice = [name for name in names if names.count(name) > 1]
        if twice:
            raise ConfigurationError(
                f"two new columns would be called {twice[0]!r}; choose another prefix, or other fields"
            )
        self.reader()

    @property
    def found(self) -> Resolved:
        """The endpoint."""
        return resolve(self.endpoint)

    @property
    def again(self) -> frozenset[RowState]:
        """The states of rows that are started again."""
        return states_started_again(failed=self.retry_failed, uncertain=self.resubmit_uncertain)

    def reader(self) -> Columns:
        """Return what becomes of each column."""
        return Columns(
            parameters=self.found.info.parameters,
            mapping=self.columns,
            constants=self.constants,
            ignore_extra=True,
        )

    def make_client(self) -> AsyncClient:
        """Make the client of a worker, with the key that is there.

        Raises:
            ConfigurationError: The key file cannot be read, or the address cannot be used.
        """
        made: AsyncClient = importlib.import_module(f"{self.found.package}.client").AsyncAki(
            self._key(),
            api_server=self.api_server,
            layout=self.layout,
            allow_http=self.allow_http,
            **self.client_options,
        )
        return made

    def _take_over(self, found: Resolved) -> None:
        """Keep the endpoint as the text that names it on every node, and what is not secret of its client."""
        changes: dict[str, Any] = {"endpoint": found.reference}
        # Every worker has a folder of its own to run in.
        for name, path in (("media", self.media), ("key_file", self.key_file)):
            changes[name] = str(Path(path).absolute()) if path is not None else None
        if found.options is not None and found.address is not None:
            # A function for events may not be one that can travel.
            taken = {**vars(found.options), "on_progress": None}
            changes["client_options"] = {**taken, **self.client_options}
            if self.timeout == Options.timeout:
                changes["timeout"] = found.options.timeout
            if self.api_server is None:
                changes["api_server"] = found.address.server
                changes["layout"] = self.layout or found.address.layout
                changes["allow_http"] = self.allow_http or found.has_key
        for name, value in changes.items():
            object.__setattr__(self, name, value)

    def _key(self) -> str | None:
        try:
            return read_key_file(self.key_file) if self.key_file is not None else None
        except ConfigurationError as error:
            raise ConfigurationError(
                f"{error.message} (on this node; the file must be on every node)"
            ) from None


def new_columns(options: CallOptions) -> list[str]:
    """Return the names of the columns that are added."""
    return [*(f"{options.prefix}{name}" for name in OUTCOME_COLUMNS), *options.fields.values()]
