"""Rows with values that no request can carry: found before the first is sent, and never uncertain."""

import csv
import math

import pytest
from aki_client import batch

IMAGE = "flux_dev"


@pytest.mark.parametrize("gap", [math.nan, math.inf, -math.inf])
class TestAGapInATable:
    """What pandas puts where there is no number."""

    def test_is_found_before_the_first_row_is_sent(self, hub, output, gap):
        rows = [{"prompt": "a lake"}, {"prompt": "a hill", "width": gap}]
        with pytest.raises(batch.InvalidRowsError, match=f"row 2: width={gap}"):
            batch.run(IMAGE, rows, output)
        assert hub.hub.request_count == 0

    def test_fails_its_row_alone_where_rows_come_once_only(self, hub, output, gap):
        rows = [{"prompt": "a lake"}, {"prompt": "a hill", "width": gap}]
        summary = batch.run(IMAGE, iter(rows), output)
        assert (summary.done, summary.failed, summary.uncertain) == (1, 1, 0)


def test_a_number_of_too_many_digits_fails_its_row_alone(hub, output):
    rows = [{"prompt": "a lake"}, {"prompt": "a hill", "seed": 10**5000}]
    summary = batch.run(IMAGE, iter(rows), output)
    assert (summary.done, summary.failed, summary.uncertain) == (1, 1, 0)


def test_a_value_with_keys_of_several_kinds_is_kept(run, read):
    run([{"prompt_input": "row 1;", "id": {1: "a", "b": 2}}])
    assert read()[0]["input"] == {"id": {"1": "a", "b": 2}}


def test_a_row_of_csv_with_a_cell_too_many_fails_alone(hub, output):
    rows = csv.DictReader(["prompt", "a lake", "a hill,a dale", "a wood"])
    summary = batch.run(IMAGE, rows, output)
    assert (summary.done, summary.failed, summary.uncertain) == (2, 1, 0)
    assert "column None is for no parameter" in summary.faults[0].problem
