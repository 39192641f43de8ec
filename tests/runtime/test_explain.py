"""Any error body becomes clean sentences."""

import json
import time

import pytest
from aki_runtime.errors import UnexpectedAnswerError
from aki_runtime.protocol.answers import Answer, read_submit, status_error
from aki_runtime.protocol.explain import MAX_SENTENCE, sentences, status_phrase
from hypothesis import given, settings
from hypothesis import strategies as st
from support.driver import answer

PAGE = (
    "<html>\n<head><title>502 Bad Gateway</title></head>\n<body>\n<center><h1>502</h1></center>\n"
    "</body>\n</html>\n"
)
BARE_PAGE = "<!DOCTYPE html><body><style>p {color: red}</style><p>Down &amp; out</p></body>"

SHAPES = {
    "a list": ({"success": False, "error": ["One.", "Two."]}, ["One.", "Two."]),
    "a string": ({"success": False, "error": "Endpoint disabled!"}, ["Endpoint disabled!"]),
    "a message": ({"description": "Bad Request", "status": 400, "message": "No JSON"}, ["No JSON"]),
    "a message alone": ({"message": "No JSON"}, ["No JSON"]),
    "a description alone": ({"description": "Gone"}, ["Gone"]),
    "an object with a message": ({"error": {"message": "Bad", "code": 7}}, ["Bad"]),
    "a list of objects": ({"error": [{"message": "A"}, {"message": "B"}]}, ["A", "B"]),
    "an object of another kind": ({"error": {"code": 7}}, ['{"code": 7}']),
    "plain text": ("Not Found\n=====\nno such page", ["Not Found no such page"]),
    "a page with a title": (PAGE, ["502 Bad Gateway"]),
    "a page without a title": (BARE_PAGE, ["Down & out"]),
    "the same text twice": ({"error": ["Twice", "Twice"]}, ["Twice"]),
    "a number": ({"error": 5}, ["5"]),
    "text that compares": ("top_k < 5 is too low", ["top_k < 5 is too low"]),
}

SAYING_NOTHING = {
    "an empty body": "",
    "blanks": " \n ",
    "null": None,
    "an empty object": {},
    "an empty list": [],
    "an empty text": {"error": ""},
    "a list of nothing": {"error": ["", None]},
    "an error that is null": {"error": None},
    "nothing but the envelope": {"success": False, "job_id": "the-job", "ep_version": 3},
    "an empty page": "<html><body></body></html>",
}


@pytest.mark.parametrize(("body", "said"), SHAPES.values(), ids=SHAPES)
def test_a_body_of_any_shape_says_its_reasons(body, said):
    assert sentences(body) == said


@pytest.mark.parametrize("body", SAYING_NOTHING.values(), ids=SAYING_NOTHING)
def test_a_body_that_says_nothing_leaves_the_status(body):
    assert sentences(body, 502) == ["HTTP 502 Bad Gateway"]


@pytest.mark.parametrize("body", SAYING_NOTHING.values(), ids=SAYING_NOTHING)
def test_a_body_that_says_nothing_of_no_status_says_so(body):
    assert sentences(body) == ["no reason was given"]


def test_advice_to_the_hubs_administrator_is_left_out():
    text = "Too high!\n\nSet auto_convert = true for top_k in the [INPUT] section of the file.\n"
    assert sentences({"error": [text]}) == ["Too high!"]


def test_control_characters_do_not_reach_the_terminal():
    assert sentences({"error": "red \x1b[31malert\x07\r\n\u202egnp"}) == ["red [31malert gnp"]


def test_a_very_long_text_is_cut():
    (said,) = sentences({"error": "x" * 1_000_000})
    assert len(said) == MAX_SENTENCE


def test_a_long_text_keeps_its_end_where_programs_put_the_reason():
    text = "ffmpeg version 6.1 " + "built with gcc " * 10_000 + "moov atom not found"
    (said,) = sentences({"error": text})
    assert said.startswith("ffmpeg version 6.1")
    assert said.endswith(" moov atom not found")


@pytest.mark.parametrize("word", [lambda number: f"word {number}", lambda number: " " * 8_000])
def test_a_list_without_end_is_neither_read_nor_said_whole(word):
    body = {"error": [word(number) for number in range(100_000)]}
    begin = time.process_time()
    said = sentences(body)
    assert time.process_time() - begin < 3
    assert sum(map(len, said)) < 10_000


def test_what_is_left_out_is_said_to_be():
    assert "left out" in sentences({"error": [f"word {number}" for number in range(1_000)]})[-1]


def test_a_jobs_id_is_not_said_whole_however_long_it_is():
    job_id = "secret" * 100_000
    (said,) = sentences(f"no job {job_id} here", job_id=job_id)
    assert said == "no job secretse… here"


@pytest.mark.parametrize(
    "hostile",
    [
        "<html>" + "<script" * 100_000,
        "<html>" + "<title" * 100_000,
        "<html>" + "<" * 1_000_000,
        "x" + " " * 1_000_000 + "x",
    ],
    ids=["scripts", "titles", "angles", "blanks"],
)
def test_a_hostile_text_costs_no_time(hostile):
    begin = time.process_time()
    sentences(hostile)
    assert time.process_time() - begin < 3


@pytest.mark.parametrize(
    "wrap", [lambda inner: [inner], lambda inner: {"a": inner}, lambda inner: {"error": inner}]
)
def test_a_body_nested_too_deep_is_no_crash(wrap):
    body = "x"
    for _ in range(5_000):
        body = wrap(body)
    assert sentences(body, 500)


@pytest.mark.parametrize("status", [500, 503])
def test_a_raw_answer_shows_neither_credentials_nor_the_job(status):
    body = {"progress": {"auth": "WORKER", "auth_key": "SECRET"}, "job_id": "the-job", "odd": 1}
    body["worker"] = {"auth_key": "SECRET"}
    body["workers"] = [{"name": "one", "auth": "WORKER"}, [{"auth_key": "SECRET"}]]
    said = str(status_error(answer(status, body), "chat"))
    assert "SECRET" not in said
    assert "WORKER" not in said
    assert "the-job" not in said


def test_a_submit_without_a_job_shows_no_credentials():
    with pytest.raises(UnexpectedAnswerError) as caught:
        read_submit(answer(200, {"success": True, "auth_key": "SECRET"}), "chat")
    assert "SECRET" not in str(caught.value)


@pytest.mark.parametrize(
    ("status", "phrase"),
    [(502, "HTTP 502 Bad Gateway"), (599, "HTTP 599"), (None, "no reason was given")],
)
def test_a_status_is_named(status, phrase):
    assert status_phrase(status) == phrase


def test_a_status_is_not_named_twice():
    error = status_error(Answer(502, b""), "chat")
    assert str(error) == "chat: HTTP 502 Bad Gateway"


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@settings(max_examples=150, deadline=None)
@given(JSON_VALUES | st.fixed_dictionaries({"error": JSON_VALUES}))
def test_whatever_came_there_is_one_printable_sentence_at_least(body):
    said = sentences(Answer(500, json.dumps(body).encode()).document, 500)
    assert said
    assert all(text.isprintable() and text == text.strip() for text in said)
