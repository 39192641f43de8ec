"""The page and the tests beside this one say the same.

A test says with `covers` which rows of the tables it proves: a row without a test fails, and so does a replacement
whose words its tests do not use.
"""

import re

import aki_client
import pytest
from e2e.coming_from_aki_io.official import ARGUMENTS_OF_HELPERS, FIRST_NEEDED, OFFICIAL, surface_of
from e2e.coming_from_aki_io.page import (
    PAGE,
    coverage_of_rows,
    name_of,
    row_id,
    spans,
    tables,
    words,
    words_of_test,
)
from e2e.coming_from_aki_io.shared import GREETING

SHORT, *LONG = tables()
ROWS = {row_id(row): row for table in LONG for row in table[2:]}
COVERED = coverage_of_rows()


class TestPage:
    """The page and the tests above say the same."""

    def test_every_row_has_a_test_and_every_test_a_row(self):
        assert set(COVERED) == set(ROWS)
        assert len(ROWS) == sum(len(table) - 2 for table in LONG)

    @pytest.mark.parametrize("row", ROWS)
    def test_the_tests_of_a_row_use_what_it_recommends(self, row):
        used = set().union(*map(words_of_test, COVERED[row]))
        recommended = set().union(*map(words, spans(ROWS[row][2])))
        assert recommended - used == set()

    @pytest.mark.parametrize("row", SHORT[2:], ids=lambda row: row[0])
    def test_the_short_table_says_what_the_long_ones_say(self, row):
        names = set().union(*({name_of(span), *words(span)} for span in spans(row[0])))
        meant = [key for key, long in ROWS.items() if names & set(map(name_of, spans(long[0])))]
        assert meant
        used = set().union(*(words_of_test(test) for key in meant for test in COVERED[key]))
        assert set().union(*map(words, spans(row[1]))) - used == set()

    def test_the_short_table_has_what_calls_options_answers_and_progress_are_made_of(self):
        named = {name_of(span) for row in SHORT[2:] for span in spans(row[0])}
        assert FIRST_NEEDED - named == set()

    def test_nothing_of_the_official_clients_is_left_out(self):
        named = {name_of(span) for row in ROWS.values() for span in spans(row[0] + row[1])}
        assert OFFICIAL - named == set()

    def test_what_is_named_of_the_python_client_is_all_that_it_has(self):
        official = pytest.importorskip("aki_io", reason="needs aki-io: make full")
        assert surface_of(official) - OFFICIAL - ARGUMENTS_OF_HELPERS == set()

    def test_every_exception_on_the_page_exists(self):
        errors = set(re.findall(r"`(\w+Error)`", PAGE.read_text(encoding="utf-8")))
        ours = {name for name in errors if hasattr(aki_client, name)}
        assert errors - ours == {
            *("ConnectionError", "BrokenPipeError", "TimeoutError", "ValueError"),
            "PermissionError",
        }

    def test_the_program_runs(self, tmp_path, monkeypatch, capsys):
        monkeypatch.chdir(tmp_path)
        (program,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.S)
        exec(compile(program, str(PAGE), "exec"), {})  # noqa: S102 the page's own program
        assert capsys.readouterr().out.count(GREETING) == 2
        assert (tmp_path / "robot.jpg").stat().st_size > 0
