"""What was recorded comes again, whoever asks for it: as it came, in no time, from no hub."""

import asyncio
import json
import shutil
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from aki_client import (
    Aki,
    AsyncAki,
    DeadlineExceededError,
    JobCanceledError,
    JobFailedError,
    Queued,
    QueueFullError,
    ResultGoneError,
    Running,
    batch,
)
from aki_runtime.testing import CassetteError, cassette
from aki_sandbox.faults.effects import QueueFull, Reset, Status
from aki_sandbox.server import SandboxServer
from aki_sandbox.settings import HubSettings

KEY = "the-key-of-the-tests"
LIVE = "https://aki.io"
"""Where no test can get, and where no call goes without a key."""


def recorded(path: Any, hub: SandboxServer, use: Any) -> Any:
    with cassette(path, record=True), Aki(KEY, api_server=hub.url) as aki:
        return use(aki)


def replayed(path: Any, use: Any) -> Any:
    with cassette(path, record=False), Aki(api_server=LIVE) as aki:
        return use(aki)


def same(path: Any, hub: SandboxServer, use: Any) -> Any:
    """Return what came twice: from the hub, and from its recording."""
    first = recorded(path, hub, use)
    assert replayed(path, use) == first
    return first


def text_of(aki: Aki, prompt: str = "Hello") -> str:
    return str(aki.llama3_chat(prompt_input=prompt).text)


class TestOneJob:
    """A job alone, sync."""

    def test_its_result_is_the_same_without_a_socket_and_a_key(self, path, hub, request):
        first = recorded(path, hub, text_of)
        request.getfixturevalue("offline")
        assert replayed(path, text_of) == first

    def test_sixty_seconds_pass_in_a_moment(self, path, hub):
        recorded(path, hub, text_of)
        document = json.loads(path.read_text("utf-8"))
        document["calls"][0]["answers"][-1]["at"] = 60.0
        path.write_text(json.dumps(document))
        began = time.monotonic()
        assert replayed(path, text_of)
        assert time.monotonic() - began < 10

    def test_who_waits_less_than_it_took_sees_the_deadline_pass(self, path, hub):
        recorded(path, hub, text_of)
        document = json.loads(path.read_text("utf-8"))
        document["calls"][0]["answers"][-1]["at"] = 60.0
        path.write_text(json.dumps(document))
        with pytest.raises(DeadlineExceededError):
            replayed(
                path, lambda aki: aki.llama3_chat.with_options(timeout=30)(prompt_input="Hello")
            )

    def test_its_place_in_the_queue_and_its_previews_are_seen_again(self, path):
        def seen(aki: Aki) -> list[str]:
            events: list[Any] = []
            aki.flux_dev.submit(prompt="[[dur=0.5]]")
            paint = aki.flux_dev.with_options(on_progress=events.append)
            paint(prompt="a robot [[dur=0.6 steps=4]]", provide_progress_images="decoded")
            assert {Queued, Running} <= {type(event) for event in events}
            assert any(getattr(event.data, "progress_images", None) for event in events)
            return [repr(event) for event in events]

        with SandboxServer(settings=HubSettings(worker_slots=1)) as slow:
            same(path, slow, seen)

    def test_a_stream_says_every_word_again(self, path, hub):
        def words(aki: Aki) -> list[str]:
            with aki.llama3_chat.stream(prompt_input="Hello [[dur=1.5 steps=9]]") as stream:
                return [event.text_delta for event in stream if isinstance(event, Running)]

        assert len(same(path, hub, words)) > 1

    def test_a_failure_is_raised_again(self, path, hub):
        def failure(aki: Aki) -> str:
            with pytest.raises(JobFailedError) as raised:
                aki.llama3_chat(prompt_input="[[error=out_of_memory]]")
            return str(raised.value)

        same(path, hub, failure)

    def test_a_lost_answer_is_lost_again(self, path, hub):
        def lost(aki: Aki) -> str:
            with pytest.raises(ResultGoneError) as raised:
                text_of(aki)
            return str(raised.value)

        hub.faults.add(Reset(reached=True), on="final")
        same(path, hub, lost)

    def test_refusals_are_repeated_as_they_were_recorded(self, path, hub):
        def reasons(aki: Aki) -> list[str]:
            seen: list[str] = []
            client = aki.with_options(on_retry=lambda error: seen.append(type(error).__name__))
            text_of(client)
            return seen

        hub.faults.add(QueueFull(), on="submit")
        hub.faults.add(Status(503, body="html"), on="poll")
        assert same(path, hub, reasons) == [QueueFullError.__name__, "ServerError"]

    def test_a_job_that_is_given_up_only_in_the_replay_is_cancelled(self, path, hub):
        def submitted(aki: Aki) -> Any:
            return aki.llama3_chat.submit(prompt_input="[[dur=60]]")

        def given_up(aki: Aki) -> None:
            job = submitted(aki)
            job.cancel()
            with pytest.raises(JobCanceledError):
                job.result()

        recorded(path, hub, lambda aki: submitted(aki).status())
        replayed(path, given_up)

    def test_a_job_of_elsewhere_is_followed_by_whatever_id_it_has(self, path, hub):
        with Aki(KEY, api_server=hub.url) as aki:
            job_id = aki.llama3_chat.submit(prompt_input="Hello").id
        first = recorded(path, hub, lambda aki: str(aki.llama3_chat.job(job_id).result().text))
        assert job_id not in path.read_text("utf-8")
        assert replayed(path, lambda aki: str(aki.llama3_chat.job("other").result().text)) == first

    def test_free_questions_are_answered(self, path, hub):
        def said(aki: Aki) -> Any:
            return aki.endpoints(), aki.validate_key(), aki.endpoint_details("llama3_chat")["name"]

        same(path, hub, said)


class TestManyJobs:
    """Jobs side by side find their own recordings."""

    PROMPTS = tuple(f"number {number}" for number in range(6))

    async def _asked(self, aki: AsyncAki, prompts: tuple[str, ...]) -> list[str]:
        async with aki:
            calls = [aki.llama3_chat(prompt_input=prompt) for prompt in prompts]
            return [str(answer.text) for answer in await asyncio.gather(*calls)]

    def test_tasks_in_another_order(self, path, hub):
        with cassette(path, record=True):
            first = asyncio.run(self._asked(AsyncAki(KEY, api_server=hub.url), self.PROMPTS))
        with cassette(path):
            turned = asyncio.run(self._asked(AsyncAki(api_server=LIVE), self.PROMPTS[::-1]))
        assert turned == first[::-1]

    def test_async_opens_no_socket(self, path, hub, request):
        with cassette(path, record=True):
            first = asyncio.run(self._asked(AsyncAki(KEY, api_server=hub.url), self.PROMPTS))

        async def again() -> list[str]:
            request.getfixturevalue("offline")  # an event loop has sockets of its own
            return await self._asked(AsyncAki(api_server=LIVE), self.PROMPTS)

        with asyncio.Runner() as runner, cassette(path):
            assert runner.run(again()) == first

    def test_many_long_ones_take_no_longer_than_one(self, path, hub):
        def prompts(number: int) -> tuple[str, ...]:
            return tuple(f"number {n}" for n in range(number))

        with cassette(path, record=True):
            asyncio.run(self._asked(AsyncAki(KEY, api_server=hub.url), prompts(40)))
        document = json.loads(path.read_text("utf-8"))
        for call in document["calls"]:
            call["answers"][-1]["at"] = 60.0
        path.write_text(json.dumps(document))
        with cassette(path):
            aki = AsyncAki(api_server=LIVE).with_options(timeout=90)
            assert len(asyncio.run(self._asked(aki, prompts(40)))) == 40

    def test_threads(self, path, hub):
        def asked(aki: Aki) -> list[str]:
            with ThreadPoolExecutor(6) as pool:
                return list(pool.map(lambda prompt: text_of(aki, prompt), self.PROMPTS))

        same(path, hub, asked)

    def test_a_thread_that_has_waited_little_follows_a_job_of_one_that_has_waited_long(
        self, path, hub
    ):
        def followed(aki: Aki) -> str:
            with ThreadPoolExecutor(1) as pool:
                pool.submit(text_of, aki, "first").result()
                text_of(aki, "second")  # an hour, in the replay
                job = aki.llama3_chat.submit(prompt_input="third")
                return str(pool.submit(job.result, timeout=30).result().text)

        first = recorded(path, hub, followed)
        document = json.loads(path.read_text("utf-8"))
        second = next(c for c in document["calls"] if c["parameters"]["prompt_input"] == "second")
        second["answers"][-1]["at"] = 500.0
        path.write_text(json.dumps(document))
        assert replayed(path, followed) == first

    def test_the_same_call_twice_gets_two_recordings_in_turn(self, path, hub):
        def seeds(aki: Aki) -> list[int | None]:
            return [aki.z_image_turbo(prompt="a robot").seed for _ in range(2)]

        first = recorded(path, hub, seeds)
        document = json.loads(path.read_text("utf-8"))
        results = [call["answers"][-1]["body"]["job_result"] for call in document["calls"]]
        results[0]["seed"], results[1]["seed"] = 11, 22
        path.write_text(json.dumps(document))
        assert len(first) == 2
        assert replayed(path, seeds) == [11, 22]

    def test_a_batch(self, path, hub, tmp_path):
        rows = [{"prompt_input": prompt} for prompt in self.PROMPTS]

        def run(aki: Aki, out: str) -> list[str]:
            batch.run(aki.llama3_chat, rows, tmp_path / out)
            lines = (tmp_path / out).read_text("utf-8").splitlines()
            return [json.loads(line)["outputs"]["text"] for line in lines]

        first = recorded(path, hub, lambda aki: run(aki, "recorded.jsonl"))
        assert replayed(path, lambda aki: run(aki, "replayed.jsonl")) == first


class TestMedia:
    """Pictures that were sent, and pictures that came."""

    def test_what_came_is_a_file_beside_and_what_was_sent_is_compared(self, path, hub, tmp_path):
        def edited(aki: Aki) -> bytes:
            return aki.qwen_image_edit(prompt="blue", image=tmp_path / "in.png").images[0].bytes

        with Aki(KEY, api_server=hub.url) as aki:
            aki.z_image_turbo(prompt="a robot").images[0].save(tmp_path / "in.png")
        first = recorded(path, hub, edited)
        (medium,) = path.with_name("cassette.media").iterdir()
        assert medium.read_bytes() == first
        assert path.stat().st_size < 20_000
        assert replayed(path, edited) == first

    def test_those_of_the_recording_before_are_removed(self, path, hub):
        def paint(prompt: str) -> Any:
            return lambda aki: aki.z_image_turbo(prompt=prompt, seed=len(prompt))

        folder = path.with_name("cassette.media")
        recorded(path, hub, paint("one"))
        before = {medium.name for medium in folder.iterdir()}
        (folder / "mine.txt").write_text("stays")
        recorded(path, hub, paint("another"))
        after = {medium.name for medium in folder.iterdir()}
        assert "mine.txt" in after
        assert not before & after

    def test_a_missing_one_is_named(self, path, hub):
        recorded(path, hub, lambda aki: aki.z_image_turbo(prompt="a robot"))
        shutil.rmtree(path.with_name("cassette.media"))
        with pytest.raises(CassetteError, match="No such file"):
            replayed(path, text_of)


class TestFile:
    """What can be read in it, and reviewed."""

    def test_it_begins_with_its_format(self, path, hub):
        recorded(path, hub, text_of)
        assert path.read_text("utf-8").startswith('{\n  "format": 1,\n')

    def test_its_order_is_that_of_the_calls_themselves(self, path, hub):
        def order(prompts: tuple[str, ...]) -> list[str]:
            recorded(path, hub, lambda aki: [text_of(aki, prompt) for prompt in prompts])
            calls = json.loads(path.read_text("utf-8"))["calls"]
            return [call["parameters"]["prompt_input"] + call["id"] for call in calls]

        assert order(("b", "a", "c")) == order(("c", "b", "a")) == ["ajob-1", "bjob-2", "cjob-3"]

    def test_a_conversation_can_be_read(self, path, hub):
        messages = [{"role": "user", "content": "Hello"}]
        recorded(path, hub, lambda aki: aki.llama3_chat(chat_context=messages))
        (call,) = json.loads(path.read_text("utf-8"))["calls"]
        assert call["parameters"]["chat_context"] == messages

    def test_another_format_is_refused(self, path):
        path.write_text('{"format": 2, "calls": []}')
        with pytest.raises(CassetteError, match="has format 2, and this aki-client reads 1"):
            replayed(path, text_of)

    def test_nothing_is_written_where_nothing_was_called(self, path, hub):
        recorded(path, hub, lambda aki: None)
        assert not path.exists()

    def test_what_was_paid_is_kept_where_the_test_fails(self, path, hub):
        def failing(aki: Aki) -> None:
            text_of(aki)
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            recorded(path, hub, failing)
        assert replayed(path, text_of)


def test_threads_share_the_block_and_others_cannot_take_it(path, hub):
    recorded(path, hub, text_of)
    with cassette(path):
        seen: list[str] = []
        thread = threading.Thread(target=lambda: seen.append(text_of(Aki(api_server=LIVE))))
        thread.start()
        thread.join()
        assert seen
        with pytest.raises(CassetteError, match="within the block of another"), cassette(path):
            pass
