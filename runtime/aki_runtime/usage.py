"""What a call used, and what that costs by a price file of the user's: figures of the hub's in, exact decimals out.

No price stands in code: they change, and differ from contract to contract. Nothing is rounded here but seconds, to the
microsecond, and what people are shown. It must not know models, nor how a call is carried out.
"""

import os
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, fields
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_CEILING, Context, Decimal, localcontext
from pathlib import Path
from typing import Any, Protocol, Self

from .errors import ConfigurationError, shorten
from .shapes import encode_json, integer_or_none, is_array, is_number, is_object, number_or_none

FORMAT = 1
"""The number that a price file begins with."""

EXACT = Context(prec=100)
"""In which sums of money are made: whatever the caller's own context is, no digit is lost."""

ANY_ENDPOINT = "*"
"""The name under which a price file holds what endpoints cost that it does not name."""

TEMPLATE_TOKENS = 256
"""Input tokens that are reserved beside one for each byte of text: a chat's template has some that nobody sent."""

CLOCKS_DIFFER = timedelta(hours=1)
"""How far the hub's clock may be from this one, where a price changes."""

_MOST = Decimal(10) ** 9
_MOST_DECIMALS = 12
_PER_MILLION = "input_per_million", "output_per_million", "cached_per_million"
_PER_UNIT = "per_picture", "per_second_of_sound", "per_second_of_compute"
_AMOUNTS = (*_PER_MILLION, *_PER_UNIT, "max_per_call")


@dataclass(frozen=True, slots=True)
class Usage:
    """What a call used, as far as the hub says and its outputs show; None is unknown, not 0."""

    input_tokens: int | None = None
    """Tokens read, those from a cache among them (`prompt_length`)."""
    output_tokens: int | None = None
    """Tokens written (`num_generated_tokens`)."""
    cached_tokens: int | None = None
    """Tokens read that came from a cache (`num_cached_tokens`)."""
    compute_seconds: float | None = None
    """Seconds of computing (`compute_duration`)."""
    total_seconds: float | None = None
    """Seconds from the job's arrival to its end (`total_duration`)."""
    pictures: int | None = None
    """Pictures that came."""
    sound_seconds: float | None = None
    """Seconds of sound that came, where it is WAV; no other format shows them without being decoded."""

    @classmethod
    def read(
        cls,
        fields: Mapping[str, Any],
        *,
        pictures: int | None = None,
        sound_seconds: float | None = None,
    ) -> Self:
        """Make it of a result's fields, by the hub's names; what cannot be a figure of the kind counts as unknown."""
        return cls(
            count_or_none(fields.get("prompt_length")),
            count_or_none(fields.get("num_generated_tokens")),
            count_or_none(fields.get("num_cached_tokens")),
            _seconds(fields.get("compute_duration")),
            _seconds(fields.get("total_duration")),
            pictures,
            _seconds(sound_seconds),
        )

    def in_words(self) -> list[str]:
        """Say what is known, as in "40 tokens read" and "0.3 s of computing"."""
        counted = {"tokens read": self.input_tokens, "tokens written": self.output_tokens}
        timed = {"altogether": self.total_seconds, "of computing": self.compute_seconds}
        words = [f"{count:,} {what}" for what, count in counted.items() if count is not None]
        return words + [f"{s:.1f} s {what}" for what, s in timed.items() if s is not None]


class Described(Protocol):
    """An endpoint as far as its price is concerned; `EndpointInfo` is one."""

    @property
    def name(self) -> str:
        """Its name on the hub."""
        ...

    @property
    def parameters(self) -> Mapping[str, Any]:
        """Its parameters."""
        ...


@dataclass(frozen=True, slots=True)
class Price:
    """What an endpoint costs from some moment on, in the file's currency; what is None costs nothing of its own.

    Attributes:
        valid_from: The moment; a date is the beginning of that day, UTC.
        input_per_million: For a million tokens that are read.
        output_per_million: For a million tokens that are written.
        cached_per_million: For a million of those read that came from a cache; None takes them as any other.
        per_picture: For each picture that comes.
        per_second_of_sound: For each second of sound that comes.
        per_second_of_compute: For each second of computing.
        pictures_parameter: The parameter, by the hub's name, that says how many pictures come.
        max_per_call: What one call costs at most: the worst case, whatever else says.
    """

    valid_from: datetime
    input_per_million: Decimal | None = None
    output_per_million: Decimal | None = None
    cached_per_million: Decimal | None = None
    per_picture: Decimal | None = None
    per_second_of_sound: Decimal | None = None
    per_second_of_compute: Decimal | None = None
    pictures_parameter: str | None = None
    max_per_call: Decimal | None = None

    def cost(self, usage: Usage) -> Decimal | None:
        """Return what a call costs, exactly; None where something that has a price is unknown."""
        cached, read = self.cached_per_million, usage.input_tokens
        from_cache = None
        if read is not None:
            from_cache = min(usage.cached_tokens or 0, read)
            read -= from_cache if cached is not None else 0
        return _sum(
            (self.input_per_million, read, -6),
            (self.output_per_million, usage.output_tokens, -6),
            (cached, from_cache, -6),
            (self.per_picture, usage.pictures, 0),
            (self.per_second_of_sound, usage.sound_seconds, 0),
            (self.per_second_of_compute, usage.compute_seconds, 0),
        )

    def worst_case(self, endpoint: Described, sent: Mapping[str, Any]) -> Decimal | None:
        """Return what a call can cost at most; None where nothing says."""
        if self.max_per_call is not None:
            return self.max_per_call
        dearer = max(self.input_per_million or Decimal(0), self.cached_per_million or Decimal(0))
        pictures = _most_asked_for(self.pictures_parameter, endpoint, sent)
        return _sum(
            (dearer, _most_input(sent), -6),
            (self.output_per_million, _most_asked_for("max_gen_tokens", endpoint, sent), -6),
            (self.per_picture, pictures, 0),
            (self.per_second_of_sound, None, 0),
            (self.per_second_of_compute, None, 0),
        )


@dataclass(frozen=True, eq=False)
class Prices:
    """What endpoints cost, as a file of yours says; `Prices.load` reads one.

    Attributes:
        source: The file.
        currency: Three letters, as in "EUR".
        entries: The prices of each endpoint by its name on the hub, the earliest first.
    """

    source: str
    currency: str
    entries: Mapping[str, tuple[Price, ...]] = field(repr=False)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Read a price file: TOML that begins with `format = 1` and `currency = "EUR"`.

        Args:
            path: The file. Each `[[endpoint.NAME]]`, or `[[endpoint."*"]]` for endpoints without one of their own, has
                `valid_from` and what else `Price` names.

        Raises:
            ConfigurationError: It cannot be used; says where, and what to do.
        """
        import tomllib  # which few programs need

        source = os.fspath(path)
        try:
            text = Path(path).expanduser().read_text("utf-8-sig")
            table = tomllib.loads(text, parse_float=Decimal)
            return cls(source, _currency(table), _entries(table))
        except ConfigurationError as fault:
            raise ConfigurationError(f"the price file {source}: {fault}") from None
        except (OSError, ValueError, ArithmeticError, RuntimeError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise ConfigurationError(f"the price file {source} cannot be read: {reason}") from None

    def cost(self, endpoint: str, usage: Usage, *, at: datetime | None = None) -> Decimal | None:
        """Return what a call costs, exactly; None where the file has no price, or what was used is unknown.

        Args:
            endpoint: The endpoint's name on the hub.
            usage: What the call used.
            at: When it was submitted; defaults to now.
        """
        current = [price for price in self._of(endpoint) if price.valid_from <= (at or _now())]
        return current[-1].cost(usage) if current else None

    def worst_case(
        self, endpoint: Described, params: Mapping[str, Any], *, at: datetime | None = None
    ) -> Decimal:
        """Return what a call can cost at most: what to reserve before it is sent.

        Args:
            endpoint: The endpoint, as in `aki.llama3_chat.info`.
            params: What is sent, by the hub's names, as `EndpointInfo.check` returns it. Each byte of it counts as a
                token, and 256 more for a chat's template.
            at: When it is submitted; defaults to now. Of prices that change within an hour the higher one counts.

        Raises:
            ConfigurationError: The file has no price for the endpoint, or nothing bounds what the call can cost.
        """
        moment, name = at or _now(), endpoint.name
        prices = self._of(name)
        if not any(price.valid_from <= moment for price in prices):
            raise ConfigurationError(
                f"{name}: the price file {self.source} has no price for it on {moment:%Y-%m-%d}; "
                f'add one under [[endpoint."{name}"]]',
                endpoint=name,
            )
        near = [price for price in prices if price.valid_from <= moment - CLOCKS_DIFFER][-1:]
        near += [p for p in prices if abs(p.valid_from - moment) < CLOCKS_DIFFER]
        worst = [price.worst_case(endpoint, params) for price in near]
        known = [amount for amount in worst if amount is not None]
        if len(known) < len(worst):
            raise ConfigurationError(
                f"{name}: nothing bounds what this call can cost; send max_gen_tokens where text is written, or add "
                f"max_per_call to its price in {self.source}",
                endpoint=name,
            )
        return max(known)

    def _of(self, endpoint: str) -> tuple[Price, ...]:
        return self.entries.get(endpoint) or self.entries.get(ANY_ENDPOINT, ())


def amount_in_words(amount: Decimal, currency: str) -> str:
    """Say an amount as people read it, rounded to a millionth of the currency."""
    with localcontext(EXACT):
        whole, _, digits = f"{amount.quantize(Decimal('0.000001')):,f}".partition(".")
    return f"{whole}.{digits.rstrip('0'):0<2} {currency}"


def submitted_at(fields: Mapping[str, Any], since: datetime | None) -> datetime:
    """Return when a job was submitted: as the hub says, whose bill it is, or else since when it is known here."""
    known, arrival = since or _now(), number_or_none(fields.get("arrival_time"))
    # No hub keeps a job for a day: what is further off is not a time, or of a clock that is wrong.
    if arrival is None or abs(arrival - known.timestamp()) > 86_400:
        return known
    return datetime.fromtimestamp(arrival, UTC)


def _now() -> datetime:
    return datetime.now(UTC)


def _sum(*parts: tuple[Decimal | None, int | float | None, int]) -> Decimal | None:
    """Add up prices times counts, each by a power of ten; None where something that has a price is unknown."""
    total = Decimal(0)
    with localcontext(EXACT):
        for price, count, exponent in parts:
            if not price:
                continue
            if count is None:
                return None
            total += (price * Decimal(str(count))).scaleb(exponent)
    return total


def count_or_none(value: object) -> int | None:
    """Return how many tokens a hub says there are; None where that is not a number of a sane size."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    count = integer_or_none(value)
    return count if count is not None and 0 <= count < 1e15 else None


def _seconds(value: object) -> float | None:
    seconds = number_or_none(value)
    return round(seconds, 6) if seconds is not None and seconds >= 0 else None


def _most_input(sent: Mapping[str, Any]) -> int | None:
    """Return how many tokens a call can be to read; None where there are media in it, which may be any number."""
    from .json_value import JsonText  # it knows pydantic, which options do without

    tokens, media = TEMPLATE_TOKENS, list[object]()
    for value in sent.values():
        inner = value.value if isinstance(value, JsonText) else value
        # Media alone have no JSON form.
        text = value if isinstance(value, str) else encode_json(inner, media.append)
        tokens += len(text.encode("utf-8", "backslashreplace"))
    return None if media else tokens


def _most_asked_for(name: str | None, endpoint: Described, sent: Mapping[str, Any]) -> int | None:
    """Return the number that a parameter asks for at most: what is sent, or else its declared maximum."""
    parameter = next((p for p in endpoint.parameters.values() if p.wire_name == name), None)
    asked, least = sent.get(name or ""), getattr(parameter, "minimum", None)
    asked = asked if is_number(asked) else getattr(parameter, "maximum", None)
    if asked is None:
        return None
    # A hub that converts makes of a number that is too small the smallest one.
    most = max(asked, least or 0, 0)
    return int(Decimal(str(most)).to_integral_value(ROUND_CEILING))


def _shown(value: object) -> str:
    return shorten(ascii(value) if isinstance(value, str) else ascii(str(value))[1:-1], 60)


def _currency(table: Mapping[str, Any]) -> str:
    if table.get("format") != FORMAT or table["format"] is True:
        said = f"format={_shown(table['format'])}" if "format" in table else "no format"
        raise ConfigurationError(
            f"it has {said}; it must begin with format = {FORMAT}, which this version reads"
        )
    unknown = [name for name in table if name not in ("format", "currency", "endpoint")]
    if unknown:
        raise ConfigurationError(
            f"unknown {_shown(unknown[0])}; prices stand under [[endpoint.NAME]]"
        )
    currency = table.get("currency")
    if not isinstance(currency, str) or not re.fullmatch("[A-Z]{3}", currency):
        raise ConfigurationError(
            f'currency={_shown(currency)} must be three capital letters, as in "EUR"'
        )
    return currency


def _entries(table: Mapping[str, Any]) -> dict[str, tuple[Price, ...]]:
    endpoints = table.get("endpoint")
    if not is_object(endpoints) or not endpoints:
        raise ConfigurationError("it has no price; they stand under [[endpoint.NAME]]")
    return {name: _prices_of(name, entries) for name, entries in endpoints.items()}


def _prices_of(name: str, entries: object) -> tuple[Price, ...]:
    if not is_array(entries) or not all(map(is_object, entries)):
        raise ConfigurationError(
            f"endpoint {_shown(name)} must be a list; write [[endpoint.NAME]], in two brackets"
        )
    prices: dict[datetime, Price] = {}
    for number, entry in enumerate(entries, 1):
        try:
            price = _price(entry)
            if price.valid_from in prices:
                raise ConfigurationError(
                    "valid_from is that of another entry; leave one of them out"
                )
        except ConfigurationError as fault:
            raise ConfigurationError(f"endpoint {_shown(name)}, entry {number}: {fault}") from None
        prices[price.valid_from] = price
    return tuple(prices[moment] for moment in sorted(prices))


def _price(entry: Mapping[str, Any]) -> Price:
    known = [f.name for f in fields(Price)]
    for name in entry:
        if name not in known:
            raise ConfigurationError(f"unknown {_shown(name)}; known are {', '.join(known)}")
    amounts = {name: _amount(name, entry[name]) for name in _AMOUNTS if name in entry}
    if not {*_PER_MILLION, *_PER_UNIT} & amounts.keys():
        raise ConfigurationError(
            f"it has no price; give {', '.join((*_PER_MILLION, *_PER_UNIT))}, or 0 for one of them"
        )
    parameter = entry.get("pictures_parameter")
    if parameter is not None and not isinstance(parameter, str):
        raise ConfigurationError(
            f"pictures_parameter={_shown(parameter)} must be the name of a parameter"
        )
    return Price(_moment(entry.get("valid_from")), pictures_parameter=parameter, **amounts)


def _amount(name: str, value: object) -> Decimal:
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        amount = Decimal(value)
        exponent = amount.as_tuple().exponent  # a letter where it is not finite
        if isinstance(exponent, int) and exponent >= -_MOST_DECIMALS and 0 <= amount <= _MOST:
            return amount.copy_abs()  # of a negative zero too
    raise ConfigurationError(
        f"{name}={_shown(value)} must be a number from 0 to {_MOST:,f} with at most {_MOST_DECIMALS} decimals"
    )


def _moment(value: object) -> datetime:
    if isinstance(value, datetime):
        with suppress(OverflowError):  # in UTC it is before the year 1, or after 9999
            if value.tzinfo is not None:
                return value.astimezone(UTC)
    elif isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    raise ConfigurationError(
        f"valid_from={_shown(value)} must be a date, as in 2026-11-01, "
        "or a time with its offset, as in 2026-11-01T00:00:00+01:00"
    )
