"""A reader of a job's events sees every character of its text once, however the text comes."""

import pytest
from aki_runtime.client.untyped import AnyOutput, AnyProgress
from aki_runtime.events import Queued, Running
from aki_runtime.protocol.job import EventReader, JobState, Reading
from hypothesis import example, given, settings
from hypothesis import strategies as st
from support.driver import CHAT, JOB, answer, done, pending

UNTYPED = Reading("any", AnyOutput, AnyProgress)


class Watched:
    """A job that is told its answers, and a reader of its events."""

    def __init__(self, reading=CHAT):
        self.job = JobState(reading.endpoint, JOB)
        self.reading = reading
        self.reader = EventReader(self.job, reading)

    def hear(self, *answers):
        for one in answers:
            self.job.observe(one, 0.0, 0.2)
        return self.reader.read()


def assemble(events):
    """Put the text together as a reader would: append, or begin anew where it was rewritten."""
    text = ""
    for event in events:
        if event is not None:
            text = (
                event.text_delta if getattr(event, "rewritten", False) else text + event.text_delta
            )
    return text


def test_before_anything_is_known_there_is_nothing_to_read():
    assert Watched().hear() is None


def test_a_queued_job_tells_its_place():
    event = Watched().hear(pending("queued", 2))
    assert event == Queued(position=2, estimate=5, workers=1, data=event.data)


def test_a_running_job_tells_figures_and_typed_data():
    event = Watched().hear(pending(text="a", num_generated_tokens=1))
    assert (event.progress, event.estimate, event.state) == (7, 5, "processing")
    assert (event.data.text, event.data.num_generated_tokens) == ("a", 1)


def test_a_state_that_nobody_knows_is_shown_by_its_name():
    assert Watched().hear(pending("paused")).state == "paused"


def test_the_same_observation_is_read_once():
    watched = Watched()
    watched.hear(pending(text="a"))
    assert watched.hear() is None


def test_a_delta_is_what_follows_the_text_so_far():
    watched = Watched()
    watched.hear(pending(text="the quick"))
    assert watched.hear(pending(text="the quick brown")).text_delta == " brown"


def test_text_that_did_not_grow_has_no_delta():
    watched = Watched()
    watched.hear(pending(text="a"))
    event = watched.hear(pending(text="a"))
    assert (event.text_delta, event.rewritten) == ("", False)


def test_rewritten_text_comes_whole_and_says_so():
    watched = Watched()
    watched.hear(pending(text="the quack"))
    event = watched.hear(pending(text="the quick"))
    assert (event.text_delta, event.rewritten) == ("the quick", True)


def test_progress_without_text_forgets_nothing():
    watched = Watched()
    watched.hear(pending(text="a"))
    watched.hear(pending())
    assert watched.hear(pending(text="ab")).text_delta == "b"


@pytest.mark.parametrize("reading", [CHAT, UNTYPED], ids=["typed", "untyped"])
def test_text_that_only_the_result_holds_is_still_delivered(reading):
    watched = Watched(reading)
    watched.hear(pending(text="the quick"))
    event = watched.hear(done(text="the quick brown"))
    assert (event.text_delta, event.state, event.data.text) == (" brown", "done", "the quick brown")


def test_a_result_without_new_text_is_no_event():
    watched = Watched()
    watched.hear(pending(text="a"))
    assert watched.hear(done(text="a")) is None


@pytest.mark.parametrize("outputs", [{}, {"text": None}, {"text": 5}])
def test_a_result_without_text_is_no_event(outputs):
    watched = Watched()
    watched.hear(pending(text="a"))
    assert watched.hear(done(**outputs)) is None


def test_a_result_that_takes_the_text_back_says_so():
    watched = Watched()
    watched.hear(pending(text="a"))
    event = watched.hear(done(text=""))
    assert (event.text_delta, event.rewritten) == ("", True)


def test_a_bad_end_is_no_event():
    assert Watched().hear(answer(200, {"job_state": "canceled"})) is None


def test_text_objects_stream_their_content():
    watched = Watched()
    states = [{"thinking": "hm"}, {"thinking": "hm", "content": "Hel"}, {"content": "Hello"}]
    events = [watched.hear(pending(text=state)) for state in states]
    assert [event.text_delta for event in events] == ["", "Hel", "lo"]
    assert events[1].data.text.thinking == "hm"


def test_a_late_reader_gets_the_whole_text():
    watched = Watched()
    watched.hear(pending(text="a"))
    watched.hear(pending(text="ab"))
    late = EventReader(watched.job, watched.reading)
    assert late.read().text_delta == "ab"


def test_two_readers_do_not_take_from_each_other():
    watched = Watched()
    other = EventReader(watched.job, watched.reading)
    watched.hear(pending(text="a"))
    assert other.read().text_delta == "a"


def test_a_slow_reader_loses_no_text():
    assert Watched().hear(pending(text="a"), pending(text="ab"), pending(text="abc")) == Running(
        7, Watched().hear(pending(text="abc")).data, "abc", False, 5, "processing", workers=1
    )


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.tuples(st.text("ab\n🙂é", max_size=6), st.booleans()), max_size=12),
    st.lists(st.booleans(), min_size=13, max_size=13),
    st.booleans(),
)
@example([("ab", True)], [True] * 13, True)
def test_deltas_always_put_the_last_text_together(steps, reads, as_object):
    """Each step appends to the text or replaces it; the reader looks at some steps only."""
    watched = Watched()
    text, events = "", []
    for (piece, replaces), read in zip(steps, reads, strict=False):
        text = piece if replaces else text + piece
        told = {"content": text} if as_object else text
        watched.job.observe(pending(text=told), 0.0, 0.2)
        if read:
            events.append(watched.reader.read())
    events.append(watched.hear(done(text=text)))
    assert assemble(events) == text


@settings(max_examples=100, deadline=None)
@given(st.text(min_size=1, max_size=30), st.lists(st.integers(0, 30), max_size=8))
def test_growing_text_is_never_called_rewritten(text, cuts):
    watched = Watched()
    events = [watched.hear(pending(text=text[:cut])) for cut in sorted(cuts)]
    events.append(watched.hear(done(text=text)))
    shown = [event for event in events if event is not None]
    assert not any(event.rewritten for event in shown)
    assert "".join(event.text_delta for event in shown) == text
