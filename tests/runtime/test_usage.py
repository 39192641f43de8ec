"""What a result says of its usage, and what that costs by a price file."""

import json
import pickle
from datetime import UTC, datetime, timedelta
from decimal import Context, Decimal, localcontext

import pytest
from aki_runtime.client.untyped import AnyOutput
from aki_runtime.errors import ConfigurationError
from aki_runtime.fields.base import OutputModel
from aki_runtime.fields.parameters import Parameter
from aki_runtime.json_value import JsonText
from aki_runtime.media.objects import Image
from aki_runtime.usage import EXACT, Prices, Usage, amount_in_words

CHAT = """
format = 1
currency = "EUR"

[[endpoint.chat]]
valid_from = 2026-01-01
input_per_million = 1.00
output_per_million = 3.50
cached_per_million = 0.25
"""


class Chat(OutputModel):
    """A chat with less declared than comes."""

    text: str
    num_generated_tokens: int


class Described:
    """An endpoint with a few parameters."""

    name = "chat"

    def __init__(self, *parameters):
        self.parameters = {each.name: each for each in parameters}


def number(name, **limits):
    return Parameter(name, name, "integer", required=False, **limits)


MAX_TOKENS = number("max_gen_tokens", minimum=1, maximum=1000)
ENDPOINT = Described(MAX_TOKENS)


@pytest.fixture
def load(tmp_path):
    def load(text):
        path = tmp_path / "prices.toml"
        path.write_text(text, encoding="utf-8")
        return Prices.load(path)

    return load


def price(**lines):
    return 'format = 1\ncurrency = "EUR"\n[[endpoint.chat]]\nvalid_from = 2026-01-01\n' + "\n".join(
        f"{name} = {value}" for name, value in lines.items()
    )


def test_declared_and_extra_fields_and_durations_are_the_usage_of_a_result():
    answer = Chat.read(
        {
            "text": "Hi",
            "num_generated_tokens": 7,
            "prompt_length": 40,
            "num_cached_tokens": 16,
            "compute_duration": 0.25,
            "total_duration": 1.5,
        }
    )
    assert answer.usage == Usage(40, 7, 16, 0.25, 1.5)


@pytest.mark.parametrize(
    "value", [-1, 10**400, 1e300, "12", True, float("nan"), float("inf"), None, [1], {"a": 1}, 1.5]
)
def test_what_cannot_be_a_count_is_unknown(value):
    assert AnyOutput.read({"num_generated_tokens": value}).usage.output_tokens is None


@pytest.mark.parametrize("value", [-0.5, 10**400, 1e300, "1.5", True, float("nan"), None, [1]])
def test_what_cannot_be_a_duration_is_unknown(value):
    usage = AnyOutput.read({"compute_duration": value, "total_duration": value}).usage
    assert (usage.compute_seconds, usage.total_seconds) == (None, None)


def test_a_whole_number_with_a_decimal_point_is_a_count():
    usage = AnyOutput.read({"num_generated_tokens": 12.0}).usage
    assert repr(usage.output_tokens) == "12"


def test_pictures_are_counted_in_lists_too():
    uri = "data:image/png;base64,AAAA"
    assert AnyOutput.read({"images": [uri, uri], "mask": uri}).usage.pictures == 3


def wav(seconds, *, declared=None):
    size = int(seconds * 16_000)
    length = size if declared is None else declared
    head = b"RIFF" + (36 + size).to_bytes(4, "little") + b"WAVEfmt " + (16).to_bytes(4, "little")
    rates = (
        b"\1\0\1\0" + (8000).to_bytes(4, "little") + (16_000).to_bytes(4, "little") + b"\2\0\x10\0"
    )
    return head + rates + b"data" + length.to_bytes(4, "little") + bytes(size)


def sounds(*data):
    from base64 import b64encode

    uris = [f"data:audio/wav;base64,{b64encode(each).decode()}" for each in data]
    return AnyOutput.read({"audio": uris}).usage.sound_seconds


def test_seconds_of_sound_are_read_from_wav():
    assert sounds(wav(1.5), wav(0.25)) == 1.75


@pytest.mark.parametrize(
    "data",
    [
        b"ID3 no wav",
        wav(1)[:30],
        wav(1, declared=0xFFFFFFFF),
        wav(1).replace(b"\x80\x3e\0\0", bytes(4)),
    ],
    ids=["mp3", "cut", "stream", "rate 0"],
)
def test_seconds_of_sound_are_unknown_where_the_sound_does_not_show_them(data):
    assert sounds(wav(1), data) is None


def test_usage_and_cost_are_no_fields():
    answer = Chat.read({"text": "Hi", "num_generated_tokens": 7})
    assert answer.model_dump() == {"text": "Hi", "num_generated_tokens": 7}
    assert "usage" not in json.dumps(Chat.model_json_schema())


def test_outputs_that_a_hub_calls_usage_and_cost_are_read_as_items():
    answer = AnyOutput.read({"usage": 1, "cost": 2})
    assert (answer["usage"], answer["cost"], answer.cost) == (1, 2, None)
    assert answer.usage == Usage()


def test_a_cost_is_exact_and_cached_tokens_are_part_of_those_read(load):
    prices = load(CHAT)
    cost = prices.cost("chat", Usage(input_tokens=1000, output_tokens=3, cached_tokens=160))
    assert cost == Decimal("0.000840") + Decimal("0.0000105") + Decimal("0.00004")


def test_tokens_from_a_cache_cost_as_any_where_they_have_no_price_of_their_own(load):
    prices = load(price(input_per_million="2"))
    assert prices.cost("chat", Usage(input_tokens=500, cached_tokens=400)) == Decimal("0.001")


def test_more_tokens_from_a_cache_than_were_read_are_no_more_than_those(load):
    cost = load(CHAT).cost("chat", Usage(input_tokens=100, output_tokens=0, cached_tokens=10**9))
    assert cost == Decimal("0.000025")


def test_a_cost_is_exact_whatever_the_context_of_the_caller(load):
    prices = load(price(input_per_million="123.456789012345"[:-3]))
    usage = Usage(input_tokens=999_999_999_999)
    with localcontext(Context(prec=3)):
        cost = prices.cost("chat", usage)
    assert cost == EXACT.multiply(Decimal("123.456789012"), Decimal("999999.999999"))


@pytest.mark.parametrize("usage", [Usage(), Usage(input_tokens=5), Usage(output_tokens=5)])
def test_a_cost_is_unknown_where_something_with_a_price_is(load, usage):
    assert load(CHAT).cost("chat", usage) is None


def test_a_cost_is_unknown_where_only_tokens_from_a_cache_have_a_price(load):
    """And nothing says how many were read."""
    prices = load(price(cached_per_million="1"))
    assert prices.cost("chat", Usage(cached_tokens=1000)) is None
    assert prices.cost("chat", Usage(input_tokens=1000)) == 0


def test_what_is_free_need_not_be_known(load):
    assert load(price(input_per_million="0")).cost("chat", Usage()) == 0


def test_pictures_seconds_of_sound_and_of_computing_have_prices(load):
    prices = load(
        price(per_picture="0.02", per_second_of_sound="0.1", per_second_of_compute="0.003")
    )
    usage = Usage(pictures=3, sound_seconds=1.25, compute_seconds=0.1)
    assert prices.cost("chat", usage) == Decimal("0.1853")


def test_the_price_is_that_of_the_moment_of_the_submit(load):
    prices = load(
        CHAT + "[[endpoint.chat]]\nvalid_from = 2026-03-01T00:00:00+01:00\noutput_per_million = 1"
    )
    change = datetime(2026, 2, 28, 23, tzinfo=UTC)
    used = Usage(input_tokens=0, output_tokens=1_000_000)
    assert prices.cost("chat", used, at=change) == 1
    assert prices.cost("chat", used, at=change - timedelta(microseconds=1)) == Decimal("3.5")
    assert prices.cost("chat", used, at=datetime(2025, 12, 31, tzinfo=UTC)) is None


def test_endpoints_without_a_price_of_their_own_have_that_of_the_star(load):
    prices = load(CHAT + '[[endpoint."*"]]\nvalid_from = 2026-01-01\nper_picture = 1')
    assert prices.cost("flux", Usage(pictures=2)) == 2
    assert prices.cost("chat", Usage(pictures=2)) is None
    assert load(CHAT).cost("flux", Usage(pictures=2)) is None


def test_a_result_is_priced_by_when_its_job_arrived_at_the_hub(load):
    prices = load(
        price(per_picture="1") + "\n[[endpoint.chat]]\nvalid_from = 2026-06-01\nper_picture = 2"
    )
    picked_up = datetime(2026, 6, 1, 0, 10, tzinfo=UTC)
    fields = {"image": "data:image/png;base64,AAAA"}

    def cost(arrival):
        result = {**fields, "arrival_time": arrival}
        return AnyOutput.read(result, endpoint="chat", prices=prices, since=picked_up).cost

    assert cost(picked_up.timestamp() - 700) == 1
    assert cost(picked_up.timestamp() - 500) == 2
    for nonsense in (0, -1e14, 1e300, float("nan"), "1780272000", True, None):
        assert cost(nonsense) == 2


def test_prices_can_be_pickled(load):
    prices = pickle.loads(pickle.dumps(load(CHAT)))  # noqa: S301
    assert prices.cost("chat", Usage(0, 1_000_000)) == Decimal("3.5")


def test_an_amount_is_shown_to_a_millionth():
    amounts = ("0", "1234.5", "0.00042", "0.0000005", "1E+3")
    shown = [amount_in_words(Decimal(amount), "EUR") for amount in amounts]
    assert shown == ["0.00 EUR", "1,234.50 EUR", "0.00042 EUR", "0.00 EUR", "1,000.00 EUR"]


def test_the_worst_case_is_a_token_for_each_byte_and_all_that_may_be_written(load):
    sent = {"chat_context": JsonText([{"role": "user", "content": "ä"}]), "max_gen_tokens": 10}
    size = len('[{"role":"user","content":"ä"}]'.encode()) + len("10") + 256
    assert load(CHAT).worst_case(ENDPOINT, sent) == Decimal(size) / 10**6 + Decimal("0.000035")


def test_without_max_gen_tokens_its_declared_maximum_counts(load):
    prices = load(price(output_per_million="1"))
    assert prices.worst_case(ENDPOINT, {"prompt": "hi"}) == Decimal("0.001")


@pytest.mark.parametrize(
    ("asked", "tokens"), [(0, 1), (-5, 1), (2.5, 3), (10**6, 10**6), ("5", 1000)]
)
def test_the_worst_case_bears_what_a_hub_that_converts_makes_of_a_number(load, asked, tokens):
    prices = load(price(output_per_million="1000000"))
    assert prices.worst_case(ENDPOINT, {"max_gen_tokens": asked}) == tokens


def test_half_of_a_surrogate_pair_is_counted_too(load):
    prices = load(price(input_per_million="1000000"))
    assert prices.worst_case(ENDPOINT, {"prompt": "\ud800"}) == 256 + len("\\ud800")


def test_pictures_are_bounded_by_the_parameter_that_the_file_names(load):
    prices = load(price(per_picture="0.02", pictures_parameter='"num_samples"'))
    endpoint = Described(number("num_samples", minimum=1, maximum=4))
    assert prices.worst_case(endpoint, {"num_samples": 3}) == Decimal("0.06")
    assert prices.worst_case(endpoint, {}) == Decimal("0.08")


def test_max_per_call_is_the_worst_case_where_it_is_given(load):
    prices = load(price(per_second_of_compute="0.01", max_per_call="0.30"))
    assert prices.worst_case(Described(), {"image": Image(b"\x89PNG")}) == Decimal("0.30")


@pytest.mark.parametrize(
    ("lines", "sent"),
    [
        ({"output_per_million": 1}, {}),
        ({"input_per_million": 1}, {"image": Image(b"x")}),
        ({"input_per_million": 1}, {"chat_context": JsonText([{"image": Image(b"x")}])}),
        ({"per_picture": 1}, {}),
        ({"per_picture": 1, "pictures_parameter": '"num_samples"'}, {}),
        ({"per_second_of_sound": 1}, {}),
        ({"per_second_of_compute": 1}, {}),
    ],
    ids=[
        "text",
        "picture in",
        "picture in a chat",
        "pictures",
        "unknown parameter",
        "sound",
        "computing",
    ],
)
def test_a_call_that_nothing_bounds_is_refused(load, lines, sent):
    with pytest.raises(
        ConfigurationError, match=r"nothing bounds .* add max_per_call to its price in"
    ):
        load(price(**lines)).worst_case(Described(), sent)


def test_an_endpoint_without_a_price_is_refused(load):
    prices = load(CHAT)
    with pytest.raises(ConfigurationError, match=r"no price for it on 2025-12-31; add one under"):
        prices.worst_case(ENDPOINT, {}, at=datetime(2025, 12, 31, 23, 59, tzinfo=UTC))


def test_where_a_price_changes_within_the_hour_the_higher_one_is_reserved(load):
    change = datetime(2026, 3, 1, tzinfo=UTC)
    prices = load(
        price(output_per_million="1000")
        + "\n[[endpoint.chat]]\nvalid_from = 2026-03-01\noutput_per_million = 2000"
        + "\n[[endpoint.chat]]\nvalid_from = 2026-04-01\noutput_per_million = 500"
    )
    moments = [-61, -59, 0, 59, 31 * 1440 - 1, 31 * 1440 + 59, 31 * 1440 + 61]
    worst = [prices.worst_case(ENDPOINT, {}, at=change + timedelta(minutes=m)) for m in moments]
    assert worst == [1, 2, 2, 2, 2, 2, Decimal("0.5")]


BAD = {
    "": "no format; it must begin with format = 1",
    "format = 2": "format=2; it must begin with format = 1",
    "format = true": "format=True; it must begin with format = 1",
    "format = 1": 'currency=None must be three capital letters, as in "EUR"',
    'format = 1\ncurrency = "euros"': "currency='euros' must be three capital letters",
    'format = 1\ncurrency = "EUR"': r"it has no price; they stand under \[\[endpoint.NAME\]\]",
    'format = 1\ncurrency = "EUR"\nendpoints = 1': "unknown 'endpoints'; prices stand under",
    'format = 1\ncurrency = "EUR"\n[endpoint.chat]\na = 1': "endpoint 'chat' must be a list; write",
    "format = 1 2": r"cannot be read: .*line 1",
    price(
        input_per_milion=1
    ): "endpoint 'chat', entry 1: unknown 'input_per_milion'; known are valid_from, ",
    price(max_per_call=1): "endpoint 'chat', entry 1: it has no price; give input_per_million, ",
    price(
        per_picture=-1
    ): "per_picture=-1 must be a number from 0 to 1,000,000,000 with at most 12",
    price(per_picture="0.1234567890123"): "per_picture=0.1234567890123 must be a number",
    price(per_picture="inf"): "per_picture=Infinity must be a number",
    price(per_picture="nan"): "per_picture=NaN must be a number",
    price(per_picture="1e10"): r"per_picture=1E\+10 must be a number",
    price(per_picture="true"): "per_picture=True must be a number",
    price(per_picture='"1"'): "per_picture='1' must be a number",
    price(
        per_picture=1, pictures_parameter=2
    ): "pictures_parameter=2 must be the name of a parameter",
    price(per_picture=1).replace(
        "2026-01-01", "2026-01-01T00:00:00"
    ): "must be a date, .* its offset",
    price(per_picture=1).replace(
        "2026-01-01", "0001-01-01T00:00:00+01:00"
    ): r"valid_from=0001-01-01 00:00:00\+01:00 must be a date",
    price(per_picture="0x" + "f" * 4000): "cannot be read: Exceeds the limit",
    price(per_picture=1).replace("2026-01-01", '"today"'): "valid_from='today' must be a date",
    price(per_picture=1).replace("valid_from = 2026-01-01", ""): "valid_from=None must be a date",
    price(per_picture=1)
    + price(per_picture=2).partition('"EUR"')[2]: "entry 2: valid_from is that of another",
}


@pytest.mark.parametrize(("text", "sentence"), BAD.items(), ids=range(len(BAD)))
def test_a_price_file_with_a_mistake_is_refused_in_a_sentence(load, text, sentence):
    with pytest.raises(ConfigurationError, match=sentence) as caught:
        load(text)
    assert "prices.toml" in caught.value.message


def test_a_price_file_that_is_missing_is_refused(tmp_path):
    with pytest.raises(ConfigurationError, match=r"missing\.toml cannot be read: No such file"):
        Prices.load(tmp_path / "missing.toml")


@pytest.mark.parametrize("path", ["~no-such-user/prices.toml", "a\0b"])
def test_a_price_file_that_no_file_can_be_is_refused(path):
    with pytest.raises(ConfigurationError, match="cannot be read: "):
        Prices.load(path)


def test_a_mistake_in_a_price_file_does_not_reach_the_terminal_as_it_is(load):
    with pytest.raises(ConfigurationError) as caught:
        load(price(per_picture=1) + '\n"\\u001b[2J" = 1')
    assert caught.value.message.isprintable()
