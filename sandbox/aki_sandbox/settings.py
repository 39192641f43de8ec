"""How a sandbox hub behaves: its speed, its limits and who may use it.

Owns the settings and their defaults. Must not know how any of them is applied.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Tariff:
    """What a sandbox charges for, in EUR; decimal text, so that it is exact.

    Attributes:
        million_read: A million tokens that are read, and come from no cache.
        million_cached: A million of those that do.
        million_written: A million tokens that are written.
        picture: A picture.
        second_of_sound: A second of sound that is made.
        second_of_computing: A second of computing.
    """

    million_read: str = "1.00"
    million_cached: str = "0.25"
    million_written: str = "3.50"
    picture: str = "0.02"
    second_of_sound: str = "0.001"
    second_of_computing: str = "0"


@dataclass(frozen=True, slots=True, kw_only=True)
class HubSettings:
    """Everything about a hub that is not its catalogue.

    The timers default to those of a real server.

    Attributes:
        job_seconds: How long a worker takes for one job, unless the prompt asks otherwise.
        worker_slots: Jobs that one endpoint processes at the same time; further ones wait in its
            queue. With 0 there is no worker, and jobs wait until they lapse.
        max_queue_length: Jobs that may wait per endpoint; None leaves it to the catalogue.
        max_time_in_queue: Seconds a job may wait before it lapses; None leaves it to the catalogue.
        job_timeout: Seconds without word from the worker after which a job lapses. A finished
            result that nobody fetched lapses after the same time.
        forget_after: Seconds after its end at which a job becomes unknown.
        response_timeout: Seconds after which a call with `wait_for_result` is given up with 503.
        keys: The keys that are valid. None lets in every key but "bad-key" and the empty one.
        gated: Endpoints that every key may look at and none may call (402).
        honour_cancel: Whether `cancel: true` ends a job, as the live service does. The public server ignores it.
        cancel_delay: Seconds between a `cancel: true` and its effect; the live service takes its
            time, so that a job may still end as done.
        counted_job_ids: Whether a job id is `uuid#counter` or a plain UUID; both have been seen.
        public_server_defects: Whether inputs are checked with the known defects of the public
            server instead of what its metadata declares.
        replacement_model: The model id that answers in place of an unknown one on the OpenAI and
            Anthropic interfaces, as on the public server. None refuses those, as seen live.
        max_body_bytes: Size from which a request body is refused with 413.
        tariffs: What each endpoint costs; "*" stands for those that are not named.
        billed_ends: Ends of jobs that are billed, of done, failed, canceled and lapsed: each for what was made until
            then, and only where a worker had started.
    """

    job_seconds: float = 0.02
    worker_slots: int = 4
    max_queue_length: int | None = None
    max_time_in_queue: float | None = None
    job_timeout: float = 360.0
    forget_after: float = 900.0
    response_timeout: float = 60.0
    keys: frozenset[str] | None = None
    gated: frozenset[str] = frozenset({"minimax_m3"})
    honour_cancel: bool = True
    cancel_delay: float = 0.0
    counted_job_ids: bool = True
    public_server_defects: bool = False
    replacement_model: str | None = None
    max_body_bytes: int = 100_000_000
    tariffs: Mapping[str, Tariff] = field(default_factory=lambda: {"*": Tariff()})
    billed_ends: frozenset[str] = frozenset({"done", "canceled"})

    def accepts(self, key: str) -> bool:
        """Say whether a key is valid."""
        return key not in {"", "bad-key"} if self.keys is None else key in self.keys
