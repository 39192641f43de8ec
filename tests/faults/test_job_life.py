"""What a caller sees of a job from its submit to its end, in both modes over a real socket."""

import json
import math
import sys

import pytest
from aki_client import (
    ConfigurationError,
    DeadlineExceededError,
    InvalidParametersError,
    JobCanceledError,
    JobFailedError,
    JobLapsedError,
    JobUnknownError,
    Queued,
    ResultGoneError,
    Running,
)
from aki_client.models import Llama38bChatProgress
from aki_sandbox.faults import edits
from aki_sandbox.faults.edits import Edit
from aki_sandbox.faults.effects import Forget, Lapse, Raw, Reset, Status
from aki_sandbox.settings import HubSettings
from faults.plain_server import head
from faults.running import states
from faults.table.case import LONG, SHORT, STEADY

NAME = "llama3_8b_chat"


class Overhear:
    """The hub answers as ever, and what it was sent is noted."""

    only_on = None

    def __init__(self):
        self.heard = []

    async def apply(self, exchange):
        self.heard.append(json.loads(await exchange.read()))
        await exchange.forward()

    def told(self, name):
        return [body.get(name) for body in self.heard]


@pytest.fixture
def polls(hub):
    overhear = Overhear()
    hub.faults.add(overhear, on="poll", times=None)
    return overhear


@pytest.fixture
def chat(aki):
    return aki.llama3_8b_chat


class TestOptions:
    """How a call is carried out."""

    def test_a_callback_is_shown_typed_events(self, mode, chat):
        seen = []
        answer = mode.wait(chat.with_options(on_progress=seen.append)(prompt_input=STEADY))
        running = [event for event in seen if isinstance(event, Running)]
        assert len(running) > 1
        assert all(type(event.data) is Llama38bChatProgress for event in running)
        assert "".join(event.text_delta for event in seen) == answer.text

    @pytest.mark.parametrize("settings", [HubSettings(worker_slots=0)], ids=["no_worker"])
    def test_a_callback_is_shown_the_place_in_the_queue(self, mode, chat):
        def show(event):
            raise LookupError(f"{type(event).__name__} at {event.position}")

        with pytest.raises(LookupError, match="Queued at 1"):
            mode.wait(chat.with_options(on_progress=show)(prompt_input="hi"))

    @pytest.mark.parametrize("settings", [HubSettings(worker_slots=1)], ids=["one_worker"])
    def test_a_callback_need_not_ask_which_event_it_was_given(self, mode, chat):
        seen = []

        def show(event):
            figures = (event.progress, event.state, event.position, event.estimate, event.workers)
            seen.append((type(event), event.job_id, figures, event.text_delta, event.rewritten))

        blocker = mode.wait(chat.submit(prompt_input=STEADY))
        mode.wait(chat.with_options(on_progress=show)(prompt_input=SHORT))
        assert {kind for kind, *_ in seen} == {Queued, Running}
        assert seen[0][2][:3] == (0.0, "queued", 1)
        assert len({job_id for _, job_id, *_ in seen} - {"", blocker.id}) == 1

    @pytest.mark.parametrize("settings", [HubSettings(worker_slots=1)], ids=["one_worker"])
    def test_a_callback_may_read_the_outputs_of_a_job_that_waits(self, mode, chat):
        seen = []

        def show(event):
            seen.append((type(event), event.data.text, event.data.num_generated_tokens))

        blocker = mode.wait(chat.submit(prompt_input=STEADY))
        mode.wait(chat.with_options(on_progress=show)(prompt_input=SHORT))
        assert seen[0] == (Queued, None, None)
        assert mode.wait(blocker.result()).text

    def test_an_event_knows_its_job_and_does_not_show_it(self, mode, chat):
        with mode.using(chat.stream(prompt_input=SHORT)) as stream:
            events = list(mode.items(stream))
        assert {event.job_id for event in events} == {stream.job_id}
        assert not any(stream.job_id in repr(event) for event in events)

    def test_the_last_event_keeps_the_figures(self, mode, chat):
        with mode.using(chat.stream(prompt_input="hi [[dur=0.01]]")) as stream:
            *_, last = mode.items(stream)
            output = mode.wait(stream.result())
        assert last.state == "done"
        assert last.data.num_generated_tokens == output.num_generated_tokens > 0

    def test_whoever_asks_hears_of_what_is_tried_again(self, mode, chat, hub):
        hub.faults.add(Status(503), on="poll", times=2)
        hub.faults.add(Status(429), on="submit", times=1)
        heard = []
        mode.wait(chat.with_options(on_retry=heard.append)(prompt_input=SHORT))
        assert [error.status for error in heard] == [429, 503, 503]

    def test_a_time_beyond_any_clock_is_as_good_as_none(self, mode, chat):
        for seconds in (sys.maxsize, 1e10, 10**400):
            long = chat.with_options(
                timeout=seconds, progress_interval=seconds, max_retries=sys.maxsize
            )
            assert mode.wait(long(prompt_input=SHORT)).text
            with mode.using(long.stream(prompt_input=SHORT)) as stream:
                assert mode.wait(stream.result()).text
            job = mode.wait(long.submit(prompt_input=SHORT))
            assert mode.wait(job.status(timeout=seconds))
            assert list(mode.items(job.events(timeout=seconds)))
            assert mode.wait(job.result(timeout=seconds)).text

    @pytest.mark.parametrize("seconds", [math.inf, math.nan, "5"])
    @pytest.mark.parametrize("option", ["timeout", "max_retries"])
    def test_a_time_that_is_not_a_number_is_refused_in_a_sentence(self, chat, option, seconds):
        with pytest.raises(ConfigurationError, match=f"{option}=.* must be a"):
            chat.with_options(**{option: seconds})

    def test_an_async_callback_is_awaited_by_the_async_client_and_refused_by_the_sync_one(
        self, mode, chat
    ):
        seen = []

        async def show(event):
            seen.append(event)

        call = chat.with_options(on_progress=show)
        if mode.is_async:
            answer = mode.wait(call(prompt_input=STEADY))
            assert "".join(event.text_delta for event in seen) == answer.text
            return
        with pytest.raises(ConfigurationError, match="use it with AsyncAki"):
            call(prompt_input=LONG)

    def test_options_add_to_those_before(self, mode, hub):
        seen = []
        with mode.client(hub.url, on_progress=seen.append) as aki:
            chat = aki.with_options(progress_interval=0.05).llama3_8b_chat
            mode.wait(chat.with_options(timeout=60)(prompt_input=SHORT))
        assert seen

    def test_a_parameter_named_like_an_option_is_the_endpoints_own(self, mode, aki):
        with pytest.raises(InvalidParametersError, match="timeout") as caught:
            mode.wait(aki.call(NAME, {"prompt_input": "hi", "timeout": 5}))
        assert caught.value.by_hub


class TestStreams:
    """Typed events, and text that comes once."""

    def test_text_is_the_new_text_only(self, mode, chat):
        with mode.using(chat.stream(prompt_input=STEADY)) as stream:
            pieces = list(mode.items(stream.text()))
            assert "".join(pieces) == mode.wait(stream.result()).text
        assert len(pieces) > 1
        assert all(pieces)

    def test_text_that_is_an_object_streams_its_content(self, mode, chat):
        inputs = {"prompt_input": f"{STEADY} [[think]]", "chat_output_format": "json"}
        with mode.using(chat.stream(**inputs)) as stream:
            pieces = list(mode.items(stream.text()))
            assert "".join(pieces) == mode.wait(stream.result()).text.content
        assert len(pieces) > 1

    def test_rewritten_text_comes_whole_and_says_so(self, mode, chat, hub):
        hub.faults.add(Edit(edits.rewritten_text), on="running", nth=4)
        with mode.using(chat.stream(prompt_input=STEADY)) as stream:
            events = list(mode.items(stream))
            text = mode.wait(stream.result()).text
        first, second = (at for at, event in enumerate(events) if event.rewritten)
        assert events[first].text_delta.startswith("On second thought: ")
        assert "".join(event.text_delta for event in events[second:]) == text

    def test_iterating_to_a_bad_end_raises_it(self, mode, chat):
        stream = chat.stream(prompt_input="hi [[error=no_luck]]")
        with pytest.raises(JobFailedError, match="no luck"), mode.using(stream):
            list(mode.items(stream))

    def test_a_deadline_that_passes_cancels_the_job_without_a_block_too(self, mode, chat, hub):
        stream = chat.with_options(timeout=2.0).stream(prompt_input=LONG)
        with pytest.raises(DeadlineExceededError):
            mode.wait(stream.result())
        assert states(hub) == ["canceled"]

    def test_leaving_before_the_first_event_cancels_the_job(self, mode, chat, hub):
        with mode.using(chat.stream(prompt_input=LONG)):
            pass
        assert states(hub) == ["canceled"]


class TestHandles:
    """A job that was submitted."""

    def test_inputs_ride_on_the_next_poll_and_on_no_other(self, mode, chat, polls):
        job = mode.wait(chat.submit(prompt_input=STEADY))
        job.send(mood="calm")
        mode.wait(job.result())
        assert polls.told("mood")[0] == "calm"
        assert len(polls.heard) > 1
        assert not any(polls.told("mood")[1:])

    def test_inputs_whose_poll_got_lost_ride_again(self, mode, chat, hub):
        hub.faults.add(Reset(), on="poll")
        polls = Overhear()
        hub.faults.add(polls, on="poll", times=None)
        job = mode.wait(chat.submit(prompt_input=SHORT))
        job.send(mood="calm")
        mode.wait(job.result())
        assert polls.told("mood")[0] == "calm"

    def test_the_status_is_what_the_hub_says_now(self, mode, chat):
        job = mode.wait(chat.submit(prompt_input=SHORT))
        mode.wait(job.result())
        assert mode.wait(job.status()) == "done"

    def test_a_status_that_the_hub_does_not_tell_is_waited_for_in_bounds(self, mode, chat, hub):
        hub.faults.add(Status(503), on="poll", times=None)
        job = mode.wait(chat.submit(prompt_input=SHORT))
        with pytest.raises(DeadlineExceededError):
            mode.wait(job.status(timeout=0.3))

    def test_the_events_of_a_job_hold_all_of_its_text(self, mode, chat):
        job = mode.wait(chat.submit(prompt_input=STEADY))
        events = list(mode.items(job.events()))
        assert "".join(event.text_delta for event in events) == mode.wait(job.result()).text

    def test_who_waits_for_events_no_longer_leaves_the_job_alone(self, mode, chat, hub):
        job = mode.wait(chat.submit(prompt_input=LONG))
        with pytest.raises(DeadlineExceededError):
            list(mode.items(job.events(timeout=0.3)))
        assert states(hub) == ["processing"]

    @pytest.mark.parametrize("state", ["processing", "paused"])
    def test_no_state_keeps_one_waiting_longer_than_a_call(self, mode, chat, hub, state):
        hub.faults.add(Edit(edits.put("job_state", state)), on="poll", times=None)
        job = mode.wait(chat.with_options(timeout=2.0).submit(prompt_input=LONG))
        for wait in (lambda: mode.wait(job.result()), lambda: list(mode.items(job.events()))):
            with pytest.raises(DeadlineExceededError, match=state):
                wait()

    def test_a_handle_that_was_made_of_an_id_cancels_the_job(self, mode, hub, chat):
        job_id = mode.wait(chat.submit(prompt_input=LONG)).id
        with mode.client(hub.url) as other:
            mode.wait(other.llama3_8b_chat.job(job_id).cancel())
        assert states(hub) == ["canceled"]

    @pytest.mark.parametrize("given", ["5", float("nan"), True])
    def test_a_wait_that_is_no_number_of_seconds_is_refused(self, mode, chat, given):
        job = chat.job("a-job")
        waits = (job.result, job.status, lambda timeout: next(mode.items(job.events(timeout))))
        for wait in waits:
            with pytest.raises(ConfigurationError, match="must be a number of seconds"):
                mode.wait(wait(timeout=given))

    @pytest.mark.parametrize("given", [None, "", 5])
    def test_what_is_no_id_of_a_job_is_refused(self, chat, given):
        with pytest.raises(InvalidParametersError, match="give the id of a job"):
            chat.job(given)

    def test_cancelling_returns_once_the_hub_has_answered(self, mode, chat, hub, polls):
        job = mode.wait(chat.submit(prompt_input=LONG))
        mode.wait(job.cancel())
        assert polls.told("cancel") == [True]
        assert states(hub) == ["canceled"]


NOT_OF_THIS_JOB = {
    "an id that is a number": {"job_id": 77, "job_state": "done", "job_result": {"text": "not"}},
    "an id that is a list": {"job_id": ["x"], "job_state": "done", "job_result": {"text": "not"}},
    "a result with such an id": {"job_state": "done", "job_result": {"job_id": 7, "text": "not"}},
    "a gateway's failure": {"success": False, "errors": [{"message": "upstream timed out"}]},
    "maintenance": {"success": False, "error": "down for maintenance"},
}


@pytest.mark.parametrize("said", NOT_OF_THIS_JOB.values(), ids=NOT_OF_THIS_JOB)
def test_an_answer_that_is_not_about_the_job_is_asked_again(mode, hub, chat, said):
    body = json.dumps(said).encode()
    hub.faults.add(Raw(head("200 OK", content_length=len(body)) + body), on="poll")
    assert mode.wait(chat(prompt_input=SHORT)).text not in (None, "not")
    assert hub.hub.jobs_submitted == 1


def test_what_says_nothing_of_a_job_is_said_when_nothing_better_comes(mode, hub, chat):
    body = b'{"success": false, "error": "down for maintenance"}'
    hub.faults.add(Raw(head("200 OK", content_length=len(body)) + body), on="poll", times=None)
    job = mode.wait(chat.submit(prompt_input=SHORT))
    with pytest.raises(DeadlineExceededError, match="down for maintenance"):
        mode.wait(job.result(timeout=1.0))


def test_a_handle_shows_nothing_that_a_terminal_obeys(chat):
    shown = repr(chat.job("\x1b[2J\x07\r\n::error::"))
    assert shown.isprintable()


ENDS = {
    "failed": ((), "hi [[errkeep=no_luck]]", JobFailedError, "no luck"),
    "canceled": (
        (Edit(edits.put("job_state", "canceled")),),
        LONG,
        JobCanceledError,
        "was canceled",
    ),
    "lapsed": ((Lapse(),), LONG, JobLapsedError, "lapsed"),
    "unknown": ((Forget(),), LONG, JobUnknownError, "no active request"),
    "gone": ((Reset(reached=True),), SHORT, ResultGoneError, "handed out before"),
}


@pytest.mark.parametrize(("effects", "prompt", "kind", "said"), ENDS.values(), ids=ENDS)
def test_a_bad_end_names_the_job_and_comes_again(mode, hub, chat, effects, prompt, kind, said):
    for effect in effects:
        hub.faults.add(effect, on="final" if kind is ResultGoneError else "poll")
    job = mode.wait(chat.submit(prompt_input=prompt))
    for _ in range(2):
        with pytest.raises(kind, match=said) as caught:
            mode.wait(job.result(timeout=60))
        assert (caught.value.endpoint, caught.value.job_id) == (NAME, job.id)
    if kind in {JobFailedError, JobCanceledError}:
        assert caught.value.partial["text"]


class TestPartial:
    """What had streamed stays with the exception, however the stream ends."""

    def test_a_job_that_the_hub_has_forgotten_leaves_what_had_streamed(self, mode, chat, hub):
        hub.faults.add(Forget(), on="poll", nth=4)
        seen = []
        with (
            mode.using(chat.stream(prompt_input=LONG)) as stream,
            pytest.raises(JobUnknownError) as caught,
        ):
            seen.extend(mode.items(stream))
        shown = "".join(event.text_delta for event in seen)
        assert str(caught.value.partial["text"]) == shown != ""

    def test_a_deadline_leaves_what_had_streamed(self, mode, chat):
        seen = []
        brief = chat.with_options(timeout=5.0)
        with (
            mode.using(brief.stream(prompt_input=LONG)) as stream,
            pytest.raises(DeadlineExceededError) as caught,
        ):
            seen.extend(mode.items(stream))
        shown = "".join(event.text_delta for event in seen)
        # The answer to the cancelling may bring more.
        assert shown
        assert str(caught.value.partial["text"]).startswith(shown)


class TestWaiting:
    """Who waits no longer reads what becomes of the job."""

    def test_a_wait_that_ends_says_that_the_job_goes_on_and_a_call_does_not(self, mode, chat):
        job = mode.wait(chat.submit(prompt_input=LONG))
        for wait in (job.result, lambda seconds: list(mode.items(job.events(seconds)))):
            with pytest.raises(DeadlineExceededError, match="the job goes on"):
                mode.wait(wait(0.3))
        with pytest.raises(DeadlineExceededError) as caught:
            mode.wait(chat.with_options(timeout=2.0)(prompt_input=LONG))
        assert "goes on" not in str(caught.value)

    @pytest.mark.parametrize("settings", [HubSettings(worker_slots=0)], ids=["no_worker"])
    def test_a_wait_that_ends_says_that_no_worker_is_online(self, mode, chat):
        job = mode.wait(chat.submit(prompt_input="hi"))
        with pytest.raises(DeadlineExceededError, match="queued, and no worker is online"):
            mode.wait(job.result(timeout=1.0))


class TestPace:
    """Quick at first, then the interval of the caller, slower in the queue."""

    def test_a_job_that_is_over_at_once_is_asked_for_once(self, mode, chat, polls):
        assert mode.wait(chat(prompt_input="hi [[dur=0.01]]"))
        assert len(polls.heard) == 1

    def test_the_interval_is_the_callers(self, mode, chat, polls):
        counts = []
        for interval in (5.0, 0.05):
            polls.heard.clear()
            patient = chat.with_options(progress_interval=interval)
            mode.wait(patient(prompt_input="hi [[dur=3 steps=8]]"))
            counts.append(len(polls.heard))
        assert 2 * counts[0] < counts[1]

    @pytest.mark.parametrize("settings", [HubSettings(worker_slots=0)], ids=["no_worker"])
    def test_a_job_far_back_in_the_queue_is_asked_for_less_often(self, mode, chat, hub):
        jobs = [mode.wait(chat.submit(prompt_input="hi")) for _ in range(2)]
        seen = []
        with pytest.raises(DeadlineExceededError):
            seen.extend(mode.items(jobs[1].events(timeout=2.0)))
        assert all(isinstance(event, Queued) and event.position == 2 for event in seen)
        assert 2 <= len(seen) <= 9
