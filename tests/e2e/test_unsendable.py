"""What JSON cannot carry is refused before anything is sent: no job is made, and nothing is uncertain."""

import asyncio
import math
import traceback
from decimal import Decimal
from typing import Annotated, Literal

import pytest
from aki_client import Aki, AsyncAki, InputModel, InvalidParametersError, batch
from pydantic import Field, ValidationError
from support.recorder import Recorder

np = pytest.importorskip("numpy", reason="NumPy is not installed: make full")
pd = pytest.importorskip("pandas", reason="pandas is not installed: make full")

HUGE = 10**5000
HOLDS_ITSELF: list[object] = []
HOLDS_ITSELF.append(HOLDS_ITSELF)
DEEP: list[object] = []
for _ in range(100_000):
    DEEP = [DEEP]

NO_NUMBERS = {
    "NaN": math.nan,
    "infinity": math.inf,
    "minus infinity": -math.inf,
    "numpy's NaN": np.float64("nan"),
    "numpy's small NaN": np.float32("nan"),
    "pandas' NA": pd.NA,
    "pandas' NaT": pd.NaT,
    "a Decimal": Decimal("NaN"),
    "5,001 digits": HUGE,
}


class Fitted(InputModel):
    """A parameter of each type that a hub converts, and one without bounds."""

    unbounded: int | None = None
    whole: Annotated[int | None, Field(json_schema_extra={"converted": {"step": 32}})] = None
    number: Annotated[float | None, Field(json_schema_extra={"converted": {}})] = None
    truth: Annotated[bool | None, Field(json_schema_extra={"converted": {}})] = None
    text: Annotated[str | None, Field(json_schema_extra={"converted": {}})] = None
    choice: Annotated[
        Literal[1, 2] | int | None, Field(json_schema_extra={"converted": {"choices": [1, 2]}})
    ] = None


@pytest.mark.parametrize("name", Fitted.model_fields)
def test_no_type_of_parameter_takes_what_is_not_a_number_in_json(name):
    taken = []
    for words, value in NO_NUMBERS.items():
        try:
            Fitted.model_validate({name: value})
        except ValidationError:
            continue
        taken.append(words)
    assert taken == []


@pytest.mark.parametrize("value", [HUGE, DEEP], ids=["5,001 digits", "too deep"])
def test_an_untyped_call_sends_nothing_that_has_no_json_form(value):
    hub = Recorder()
    with hub.client() as http, Aki("test-key", http_client=http) as aki:
        for given in (value, [value]):
            with pytest.raises(InvalidParametersError):
                aki.call("anything", {"x": given})
    assert hub.submits == []


@pytest.mark.parametrize("value", [math.nan, np.float64("inf"), HUGE], ids=["nan", "inf", "huge"])
def test_a_parameter_that_the_hub_converts_is_refused_in_a_sentence(value, aki, async_aki, hub):
    before = hub.hub.jobs_submitted
    with pytest.raises(InvalidParametersError) as caught:
        aki.flux_dev(prompt="a lake", width=value)
    assert [str(said).partition("=")[0] for said in caught.value.problems] == ["width"]

    async def call():
        async with async_aki:
            await async_aki.flux_dev(prompt="a lake", width=value)

    with pytest.raises(InvalidParametersError):
        asyncio.run(call())
    assert hub.hub.jobs_submitted == before


def test_a_gap_in_a_table_is_found_before_the_first_row(hub, tmp_path):
    rows = [{"prompt": "a lake", "width": 512}, {"prompt": "a lake", "width": math.nan}]
    before = hub.hub.jobs_submitted
    client = AsyncAki("test-key", api_server=hub.url)
    with pytest.raises(batch.InvalidRowsError, match="width"):
        batch.run("flux_dev", rows, tmp_path / "out.jsonl", client=client)
    assert hub.hub.jobs_submitted == before


def test_what_cannot_be_encoded_after_all_was_not_sent(monkeypatch):
    """A value may change between the check of a call and its encoding."""
    hub = Recorder()
    monkeypatch.setattr(InputModel, "to_wire", lambda _: {"settings": HOLDS_ITSELF})
    with hub.client() as http, Aki("secret-key-of-a-test", http_client=http) as aki:
        with pytest.raises(InvalidParametersError, match="cannot be encoded") as caught:
            aki.flux_dev(prompt="a lake")
        shown = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    assert hub.submits == []
    frames = [frame for frame in shown.stack if "aki_" in frame.filename]
    assert not any("secret-key" in str(frame.locals) for frame in frames)
