"""Rows from files: what cannot be read is named with its line, and does not hide the rows behind it."""

import json
import sys

import pytest
from aki_runtime.batch.errors import Fault, UnreadableInputError
from aki_runtime.batch.rows import InputFile, RawRow


@pytest.fixture
def items(tmp_path):
    """Write a file and read it."""

    def write_and_read(name, content):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return [
            (i.where, dict(i.values)) if isinstance(i, RawRow) else str(i)
            for i in InputFile(path).items()
        ]

    return write_and_read


class TestJsonLines:
    """A JSON object in each line."""

    def test_each_line_is_a_row(self, items):
        assert items("a.jsonl", '{"a": 1}\n{"a": "zwei"}\n') == [
            ("line 1", {"a": 1}),
            ("line 2", {"a": "zwei"}),
        ]

    def test_empty_lines_are_none(self, items):
        assert items("a.jsonl", '\ufeff{"a": 1}\r\n\n  \n{"a": 2}') == [
            ("line 1", {"a": 1}),
            ("line 4", {"a": 2}),
        ]

    def test_what_is_no_row_is_a_fault_and_the_next_is_read(self, items):
        found = items("a.jsonl", b'[1]\n{"a": \n\xff{}\n{"a": 1}\n')
        assert found[0] == "line 1: is not a JSON object"
        assert found[1].startswith("line 2: is not JSON: ")
        assert found[2] == "line 3: is not UTF-8"
        assert found[3] == ("line 4", {"a": 1})

    def test_nesting_without_end_is_a_fault(self, items):
        assert items("a.jsonl", "[" * 100_000 + "\n")[0].startswith("line 1: is not JSON: ")


class TestCsv:
    """Cells under a head."""

    def test_cells_are_named_by_the_head(self, items):
        assert items("a.csv", "\ufeffa,b\n1,two\n") == [("line 2", {"a": "1", "b": "two"})]

    def test_an_empty_cell_is_an_absent_value(self, items):
        assert items("a.csv", "a,b\n1,\n") == [("line 2", {"a": "1", "b": None})]

    def test_a_cell_may_go_over_several_lines(self, items):
        assert items("a.csv", 'a,b\n1,"x\ny"\n2,z\n') == [
            ("line 2", {"a": "1", "b": "x\ny"}),
            ("line 4", {"a": "2", "b": "z"}),
        ]

    def test_tabs_separate_in_a_tsv(self, items):
        assert items("a.tsv", "a\tb\n1,5\t2\n") == [("line 2", {"a": "1,5", "b": "2"})]

    def test_a_row_of_another_length_is_a_fault(self, items):
        assert items("a.csv", "a,b\n1\n1,2\n") == [
            "line 2: has 1 cells where the head has 2 columns",
            ("line 3", {"a": "1", "b": "2"}),
        ]

    def test_a_row_that_is_not_utf8_is_a_fault(self, items):
        assert items("a.csv", b"a\ncaf\xe9\ncaf\xc3\xa9\n") == [
            "line 2: is not UTF-8",
            ("line 3", {"a": "café"}),
        ]

    def test_a_cell_may_hold_a_whole_picture(self, items):
        assert len(items("a.csv", f"a\n{'x' * 1_000_000}\n")[0][1]["a"]) == 1_000_000

    @pytest.mark.parametrize(
        ("content", "reason"), [("", "is empty"), ("a,b,a\n", "names a column twice: a")]
    )
    def test_a_head_that_tells_nothing_is_refused(self, items, content, reason):
        with pytest.raises(UnreadableInputError, match=reason):
            items("a.csv", content)


class TestParquet:
    """Columns with types."""

    @pytest.fixture(autouse=True)
    def _pyarrow(self):
        pytest.importorskip("pyarrow", reason="pyarrow is not installed")

    def test_values_keep_their_types(self, tmp_path):
        import pyarrow as pa
        import pyarrow.parquet as pq

        table = pa.table({"prompt": ["A cat", None], "width": [128, 256], "image": [b"\x89", b""]})
        pq.write_table(table, tmp_path / "a.parquet")
        file = InputFile(tmp_path / "a.parquet")
        rows = list(file.items())
        assert file.header() == ["prompt", "width", "image"]
        assert rows[1] == RawRow(2, "row 2", {"prompt": None, "width": 256, "image": b""})

    def test_what_is_no_parquet_is_refused(self, items):
        with pytest.raises(UnreadableInputError, match="cannot be read as Parquet") as refused:
            items("a.parquet", b"PAR1 and nothing else")
        assert refused.value.message.count("a.parquet") == 1


def test_without_pyarrow_the_extra_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    (tmp_path / "a.parquet").write_bytes(b"PAR1")
    with pytest.raises(UnreadableInputError, match=r"pip install 'aki-client\[parquet\]'"):
        InputFile(tmp_path / "a.parquet").header()


def test_a_file_of_another_kind_is_refused(tmp_path):
    with pytest.raises(UnreadableInputError, match=r"give a \.jsonl, \.csv, \.tsv or \.parquet"):
        InputFile(tmp_path / "a.xlsx")


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(UnreadableInputError, match="is not there"):
        InputFile(tmp_path / "a.csv")


def test_another_content_has_another_fingerprint(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text('{"a": 1}\n')
    before = InputFile(path).fingerprint()
    path.write_text('{"a": 2}\n')
    assert before.startswith("9 bytes, sha256 ")
    assert InputFile(path).fingerprint() != before


def test_a_fault_tells_its_place():
    assert str(Fault("line 3", "is not JSON")) == "line 3: is not JSON"


def test_rows_are_numbered_over_faults(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text("\n".join([json.dumps({"a": 1}), "no", json.dumps({"a": 2})]))
    assert [item.number for item in InputFile(path).items() if isinstance(item, RawRow)] == [1, 3]
