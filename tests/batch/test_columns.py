"""From the cells of a row to the parameters of a call."""

import base64

import pytest
from aki_client import AsyncAki
from aki_runtime.batch.rows import Columns, RawRow
from aki_runtime.errors import ConfigurationError

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def parameters(endpoint):
    return AsyncAki.load_endpoint(endpoint).info.parameters


PAINT = parameters("z_image_turbo")
CHAT = parameters("qwen_vl_chat")
EDIT = parameters("qwen_image_edit")


def read(columns, **values):
    return columns.read(RawRow(1, "line 1", values))


class TestNames:
    """Which column is for which parameter."""

    def test_a_column_called_like_a_parameter_is_for_it(self):
        assert read(Columns(PAINT), prompt="A cat").parameters == {"prompt": "A cat"}

    def test_a_column_can_be_mapped(self):
        columns = Columns(PAINT, mapping={"text": "prompt"})
        assert read(columns, text="A cat").parameters == {"prompt": "A cat"}

    def test_a_column_of_no_use_is_a_fault(self):
        row = read(Columns(PAINT), prompt="A cat", promt="A dog")
        assert row.problems == (
            "column promt is for no parameter (did you mean prompt for promt?); map, keep or ignore what is extra",
        )

    def test_a_column_of_no_use_can_be_ignored(self):
        row = read(Columns(PAINT, ignore_extra=True), prompt="A cat", note="x")
        assert (row.parameters, row.kept, row.problems) == ({"prompt": "A cat"}, {}, ())

    def test_a_column_can_be_kept(self):
        row = read(Columns(PAINT, keep=frozenset({"note", "prompt"})), prompt="A cat", note="x")
        assert row.kept == {"prompt": "A cat", "note": "x"}
        assert row.parameters == {"prompt": "A cat"}

    def test_two_columns_for_one_parameter_are_a_fault(self):
        row = read(Columns(PAINT, mapping={"text": "prompt"}), text="A cat", prompt="A dog")
        assert row.problems == (
            "two columns are for prompt; leave one out with --map or rename it",
        )

    @pytest.mark.parametrize("given", [{"mapping": {"text": "promt"}}, {"constants": {"promt": 1}}])
    def test_a_parameter_that_is_none_is_refused_at_once(self, given):
        with pytest.raises(
            ConfigurationError, match=r"unknown parameter 'promt'; did you mean 'prompt'\?"
        ):
            Columns(PAINT, **given)


class TestConstants:
    """Values for all rows."""

    def test_are_for_rows_that_have_none_of_their_own(self):
        columns = Columns(PAINT, constants={"width": 512, "height": 512})
        assert read(columns, prompt="A cat", width=128, height=None).parameters == {
            "prompt": "A cat",
            "width": 128,
            "height": 512,
        }


class TestText:
    """Cells of files that know nothing but text."""

    @pytest.mark.parametrize(
        ("endpoint", "name", "text", "value"),
        [
            (PAINT, "width", "512", 512),
            (PAINT, "width", "5.5", "5.5"),
            (PAINT, "width", "wide", "wide"),
            (PAINT, "prompt", "512", "512"),
            (PAINT, "prompt", "true", "true"),
            (PAINT, "provide_progress_images", "none", "none"),
            (CHAT, "temperature", "0.5", 0.5),
            (CHAT, "chat_context", '[{"role": "user"}]', [{"role": "user"}]),
            (CHAT, "chat_context", "[{", "[{"),
            (EDIT, "image", "cat.png", "cat.png"),
        ],
    )
    def test_becomes_what_the_parameter_takes(self, endpoint, name, text, value):
        assert endpoint[name].parse(text) == value

    def test_is_converted_only_where_all_is_text(self):
        assert read(Columns(PAINT), width="512").parameters == {"width": "512"}
        assert read(Columns(PAINT, from_text=True), width="512").parameters == {"width": 512}


class TestMedia:
    """Pictures and sounds as paths."""

    def test_paths_begin_at_the_inputs_folder(self, tmp_path):
        columns = Columns(EDIT, folder=tmp_path)
        assert read(columns, image="a/cat.png").parameters == {"image": str(tmp_path / "a/cat.png")}

    def test_absolute_paths_stay(self, tmp_path):
        columns = Columns(EDIT, folder=tmp_path / "elsewhere")
        path = str(tmp_path / "cat.png")
        assert read(columns, image=path).parameters == {"image": path}

    @pytest.mark.parametrize(
        "value", ["data:image/png;base64,AAAA", "https://a.example/b.png", PNG]
    )
    def test_what_is_no_path_stays(self, tmp_path, value):
        assert read(Columns(EDIT, folder=tmp_path), image=value).parameters == {"image": value}

    def test_paths_in_a_chat_begin_there_too(self, tmp_path):
        message = {"role": "user", "content": [{"text": "What is it?"}, {"image": "cat.png"}]}
        row = read(Columns(CHAT, folder=tmp_path), chat_context=[message])
        assert row.parameters["chat_context"][0]["content"] == [
            {"text": "What is it?"},
            {"image": str(tmp_path / "cat.png")},
        ]
