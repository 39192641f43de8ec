"""Data becomes source text as one literal or one docstring, whatever it holds."""

import ast
import hashlib

import pytest
from aki_codegen.literals import MAX_DOC_TEXT, Code, doc_text, docstring, literal, visible
from hypothesis import given
from hypothesis import strategies as st

ANY_TEXT = st.text(st.characters(codec=None))
"""Any text that JSON can hold, lone surrogates included."""

NASTY = [
    '"',
    "'",
    '"""',
    "'''",
    '""""""',
    'ends with "',
    'ends with """',
    "ends with \\",
    '\\"',
    '\\\\"""',
    "two\nlines\r\n",
    "\x00\x1b[2J",
    "\u202e\u2066 bidi",
    "\ud800 half a pair",
    "{{ template }}",
    "<b>&amp;</b>",
    '"""\nimport os\n"""',
]


def only_string(code):
    """Return the value of a source that is one string expression and nothing else."""
    (statement,) = ast.parse(code).body
    assert isinstance(statement, ast.Expr)
    return ast.literal_eval(statement.value)


class TestLiteral:
    """`literal` and `ast.literal_eval` are each other's reverse."""

    @given(ANY_TEXT | st.integers() | st.booleans() | st.none())
    def test_a_literal_reads_back_as_its_value(self, value):
        read = ast.literal_eval(literal(value))
        assert (type(read), read) == (type(value), value)

    @given(st.floats(allow_nan=False, allow_infinity=False))
    def test_a_number_reads_back_to_the_last_digit(self, value):
        assert repr(ast.literal_eval(literal(value))) == repr(value)

    @pytest.mark.parametrize("text", NASTY)
    def test_a_nasty_text_reads_back(self, text):
        assert only_string(literal(text)) == text

    @given(ANY_TEXT)
    def test_a_literal_is_one_printable_line(self, text):
        assert literal(text).isprintable()

    def test_texts_have_double_quotes_where_they_hold_none(self):
        assert [literal("a"), literal("it's"), literal('"')] == ['"a"', '"it\'s"', "'\"'"]

    @pytest.mark.parametrize("value", [float("nan"), float("inf"), [1], {}, b"x", object()])
    def test_what_no_literal_can_name_is_refused(self, value):
        with pytest.raises(TypeError, match="no literal"):
            literal(value)

    def test_a_literal_is_marked_as_code(self):
        assert isinstance(literal("x"), Code)


class TestEveryPython:
    """What a Python takes for printable grows with each version; what is written does not."""

    def test_a_letter_younger_than_the_oldest_python_is_escaped_and_left_out_of_texts(self):
        assert literal("a \U0001fae8") == '"a \\U0001fae8"'
        assert doc_text("a\U0001fae8b") == "ab"

    def test_the_same_letters_are_left_out_by_every_python(self):
        unseen = [code for code in range(0x34000) if doc_text(f"a{chr(code)}b") == "ab"]
        assert len(unseen) == 5_139

    def test_the_same_letters_are_escaped_by_every_python(self):
        # A Python that is newer than those that are supported fails here: its letters are to be added.
        written = visible("".join(map(chr, range(0x34000)))).encode()
        assert hashlib.sha256(written).hexdigest().startswith("3612c570d8d6af5d")


class TestDocstring:
    """A docstring is one string expression whatever the lines hold."""

    @given(st.lists(ANY_TEXT, min_size=1, max_size=5))
    def test_it_parses_to_one_string_expression(self, lines):
        assert isinstance(only_string(docstring(lines)), str)

    @pytest.mark.parametrize("text", NASTY)
    def test_a_nasty_line_reads_back(self, text):
        assert only_string(docstring([text])) == text.rstrip()

    @pytest.mark.parametrize("text", NASTY)
    def test_a_nasty_last_line_reads_back(self, text):
        assert only_string(docstring(["first", text])) == f"first\n{text.rstrip()}\n"

    @given(st.lists(ANY_TEXT, min_size=1, max_size=5))
    def test_only_our_own_line_breaks_are_in_it(self, lines):
        assert all(line.isprintable() for line in docstring(lines).split("\n"))

    def test_lines_are_indented_and_empty_ones_are_not(self):
        made = docstring(["First.", "", "Args:"], indent=4)
        assert made == '"""First.\n\n    Args:\n    """'

    def test_one_line_stays_on_one_line(self):
        assert docstring(["First."], indent=4) == '"""First."""'


class TestDocText:
    """Texts of the hub are made fit for people."""

    @given(ANY_TEXT)
    def test_it_is_one_printable_line_of_bounded_length(self, text):
        shown = doc_text(text)
        assert shown.isprintable()
        assert len(shown) <= MAX_DOC_TEXT

    def test_white_space_and_what_can_not_be_printed_become_one_space(self):
        assert doc_text(" a\n\t b\x00\u202ec ") == "a b c"

    def test_a_text_that_is_too_long_ends_in_an_ellipsis(self):
        assert doc_text("x" * 5000) == "x" * (MAX_DOC_TEXT - 1) + "…"
