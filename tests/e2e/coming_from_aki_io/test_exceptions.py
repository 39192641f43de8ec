"""Which exception stands for what of the official clients."""

import httpx
import pytest
from aki_client import (
    Aki,
    AuthenticationError,
    BadRequestError,
    ConnectionFailedError,
    DeadlineExceededError,
    InvalidParametersError,
    JobFailedError,
    JobLapsedError,
    JobUnknownError,
    NotEntitledError,
    NotFoundError,
    QueueFullError,
    RateLimitedError,
    ResultGoneError,
    ServerError,
    TooLargeError,
)
from aki_sandbox.server import SandboxServer
from aki_sandbox.settings import HubSettings
from e2e.coming_from_aki_io.shared import ENDLESS, GREETING, covers, ends_canceled, hub_that_answers


class TestExceptions:
    """Which class stands for what."""

    @covers("ConnectionError")
    def test_no_answer_and_no_such_thing(self, aki):
        with pytest.raises(ConnectionFailedError) as caught:
            Aki(api_server="http://127.0.0.1:9", max_retries=0).llama3_chat(prompt_input="Hi")
        assert isinstance(caught.value, ConnectionError)
        with pytest.raises(NotFoundError):
            aki.call("no_such_endpoint", {})
        with hub_that_answers(500) as broken, pytest.raises(ServerError):
            Aki(http_client=broken).llama3_chat(prompt_input="Hi")

    @covers("BrokenPipeError")
    def test_a_poll_that_fails_is_repeated_until_the_deadline(self):
        polls = []

        def answer(request):
            if request.url.path.startswith("/api/call/"):
                return httpx.Response(200, json={"success": True, "job_id": "1"})
            if b'"cancel":true' in request.content:
                return httpx.Response(200, json={"success": True, "job_state": "canceled"})
            polls.append(request)
            return httpx.Response(502, text="<html>Bad Gateway</html>")

        with httpx.Client(transport=httpx.MockTransport(answer)) as broken:
            aki = Aki(http_client=broken, timeout=2.0)
            with pytest.raises(DeadlineExceededError):
                aki.llama3_chat(prompt_input="Hi")
        assert len(polls) > 2

    @covers("TimeoutError")
    def test_a_deadline_that_passes_is_a_timeout(self, aki):
        with pytest.raises(DeadlineExceededError) as caught:
            aki.llama3_chat.with_options(timeout=2.0)(prompt_input=ENDLESS)
        assert isinstance(caught.value, TimeoutError)
        assert ends_canceled(aki.llama3_chat.job(caught.value.job_id))
        with hub_that_answers(503) as busy, pytest.raises(ServerError):
            Aki(http_client=busy).llama3_chat(prompt_input="Hi")

    @covers("ValueError")
    def test_refused_parameters_are_listed(self, aki, idle_server):
        with pytest.raises(InvalidParametersError) as caught:
            aki.z_image_turbo(prompt="A duck", width=1, steps=1000)
        assert isinstance(caught.value, ValueError)
        assert len(caught.value.problems) == 2
        with pytest.raises(InvalidParametersError) as caught:
            aki.call("z_image_turbo", {"width": 1, "steps": 1000})
        assert caught.value.by_hub
        assert len(caught.value.problems) >= 3
        with hub_that_answers(400, "Endpoint disabled!") as off, pytest.raises(BadRequestError):
            Aki(http_client=off).llama3_chat(prompt_input="Hi")
        with Aki(api_server=idle_server.url, max_retries=0) as full:
            jobs = [full.xttsv2.submit(text="Hi") for _ in range(2)]
            with pytest.raises(QueueFullError):
                full.xttsv2.submit(text="Hi")
            assert [job.status() for job in jobs] == ["queued"] * 2

    @covers("PermissionError")
    def test_each_refusal_has_its_class(self, aki):
        with Aki("bad-key") as bad, pytest.raises(AuthenticationError):
            bad.llama3_chat(prompt_input="Hi")
        with pytest.raises(NotEntitledError):
            aki.minimax_m3(prompt_input="Hi")
        with hub_that_answers(413) as small, pytest.raises(TooLargeError):
            Aki(http_client=small).llama3_chat(prompt_input="Hi")
        with hub_that_answers(429) as busy, pytest.raises(RateLimitedError):
            Aki(http_client=busy, max_retries=0).llama3_chat(prompt_input="Hi")

    def test_a_job_that_ended_without_a_result_has_its_class(self, aki):
        with pytest.raises(JobFailedError) as failed:
            aki.llama3_chat(prompt_input="Hi [[errkeep=truncated]]")
        assert failed.value.partial["text"].startswith(GREETING)
        assert failed.value.job_id

        with (
            SandboxServer(settings=HubSettings(job_timeout=0.1)) as hub,
            Aki(api_server=hub.url) as impatient,
            pytest.raises(JobLapsedError),
        ):
            impatient.llama3_chat(prompt_input="Hi [[hang]]")
        with pytest.raises(JobUnknownError):
            aki.llama3_chat.job("nobody").result(timeout=60)
        done = aki.llama3_chat(prompt_input="Hi")
        with pytest.raises(ResultGoneError):
            aki.llama3_chat.job(done.meta.job_id).result(timeout=60)
