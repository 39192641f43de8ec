"""The bill of a hub: what each key has used of each endpoint, counted as jobs end, and what that costs.

Tests hold clients against it, so it shares no arithmetic with any: it adds up counts first, in whole numbers and
fractions, and prices the sums. Must not know what a client is answered.
"""

from collections import defaultdict
from dataclasses import dataclass, field, fields
from fractions import Fraction

from aki_sandbox.hub.jobs import SandboxJob, WireState
from aki_sandbox.jsontypes import Json, JsonObject
from aki_sandbox.settings import HubSettings, Tariff
from aki_sandbox.validation.validate import type_word
from aki_sandbox.workers.media import spoken_seconds
from aki_sandbox.workers.outputs import picture_count, tokens

_PLACES = 18
"""Decimals in which every amount is exact: prices have few, and a price of tokens is for a million."""


@dataclass(slots=True)
class Consumption:
    """What was used of one endpoint.

    Attributes:
        jobs: Jobs that are billed.
        input_tokens: Tokens read, those from a cache among them.
        cached_tokens: Tokens read that came from a cache.
        output_tokens: Tokens written.
        pictures: Pictures made.
        sound_seconds: Seconds of sound made.
        compute_seconds: Seconds of computing.
    """

    jobs: int = 0
    input_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    pictures: int = 0
    sound_seconds: Fraction = field(default_factory=Fraction)
    compute_seconds: Fraction = field(default_factory=Fraction)

    def add(self, job: SandboxJob) -> None:
        """Count a job that has ended."""
        work, steps = job.work, job.steps_done(job.ends_at)
        kinds = [type_word(attributes) for attributes in work.endpoint.outputs.values()]
        is_whole = steps == work.steps and (work.error is None or work.keeps_outputs)
        self.jobs += 1
        if "prompt_length" in work.endpoint.outputs:
            self.input_tokens += work.prompt_tokens
            self.cached_tokens += work.cached_tokens
            self.output_tokens += tokens(work, steps)
        if is_whole:
            self.pictures += kinds.count("image") + kinds.count("image_list") * picture_count(work)
            self.sound_seconds += kinds.count("audio") * spoken_seconds(work.prompt)
        if job.started_at is not None:
            self.compute_seconds += Fraction(str(round(job.ends_at - job.started_at, 3)))

    def amount(self, tariff: Tariff) -> Fraction:
        """Return what it costs."""
        per_million = (
            Fraction(tariff.million_read) * (self.input_tokens - self.cached_tokens)
            + Fraction(tariff.million_cached) * self.cached_tokens
            + Fraction(tariff.million_written) * self.output_tokens
        )
        return (
            per_million / 10**6
            + Fraction(tariff.picture) * self.pictures
            + Fraction(tariff.second_of_sound) * self.sound_seconds
            + Fraction(tariff.second_of_computing) * self.compute_seconds
        )


class Bill:
    """What has been used so far, by key and endpoint."""

    def __init__(self, settings: HubSettings) -> None:
        self._settings = settings
        self._used: defaultdict[str, defaultdict[str, Consumption]] = defaultdict(
            lambda: defaultdict(Consumption)
        )

    def add(self, job: SandboxJob) -> None:
        """Count a job that has ended, where its end is one that is billed; one that never started costs nothing."""
        end = "failed" if job.work.error and job.state is WireState.DONE else job.state.value
        if job.started_at is not None and end in self._settings.billed_ends:
            self._used[job.key][job.endpoint.name].add(job)

    def of(self, key: str) -> JsonObject:
        """Return the bill of a key: exact amounts as text, and the whole to the cent."""
        tariffs, lines, whole = self._settings.tariffs, dict[str, Json](), Fraction()
        for name, used in sorted(self._used[key].items()):
            amount = used.amount(tariffs.get(name) or tariffs["*"])
            counts = {each.name: getattr(used, each.name) for each in fields(used)} | {
                "amount": amount
            }
            lines[name] = {
                what: figure if isinstance(figure, int) else _decimal(figure)
                for what, figure in counts.items()
            }
            whole += amount
        cents = int(whole * 100 + Fraction(1, 2))
        return {
            "currency": "EUR",
            "amount": _decimal(whole),
            "to_the_cent": f"{cents // 100}.{cents % 100:02d}",
            "endpoints": lines,
        }


def _decimal(amount: Fraction) -> str:
    scaled = amount * 10**_PLACES
    if scaled.denominator != 1:
        raise ValueError(f"{amount} has more than {_PLACES} decimals; the tariffs have too many")
    whole, digits = divmod(int(scaled), 10**_PLACES)
    return f"{whole}.{digits:0{_PLACES}d}".rstrip("0").removesuffix(".")
