"""The endpoint of a batch as an object: its client's key, hub and options are those of every row."""

import asyncio

import httpx
import pytest
from aki_client import Aki, AsyncAki, AuthenticationError, ConfigurationError, batch
from aki_client.endpoints._llama3_8b_chat import llama3_8b_chat
from aki_sandbox.server import SandboxServer
from aki_sandbox.settings import HubSettings

ROWS = [{"prompt_input": "row 1;"}, {"prompt_input": "row 2;"}]


@pytest.fixture
def other_hub():
    """A hub that no environment names, with a key of its own."""
    settings = HubSettings(worker_slots=100, job_seconds=0.02, keys=frozenset({"other-key"}))
    with SandboxServer(settings=settings) as server:
        yield server


@pytest.fixture(params=[Aki, AsyncAki], ids=["sync", "async"])
def aki(request, hub, other_hub):
    """A client of that hub, while the environment names another one and another key."""
    return request.param("other-key", api_server=other_hub.url)


class TestOfAClient:
    """`batch.run(aki.llama3_8b_chat, …)`."""

    def test_goes_to_its_hub_with_its_key(self, aki, hub, other_hub, output):
        assert batch.run(aki.llama3_8b_chat, ROWS, output).done == 2
        assert (hub.hub.request_count, other_hub.hub.jobs_submitted) == (0, 2)

    def test_has_the_key_that_was_put_in_place_of_an_older_one(self, aki, output):
        endpoint = aki.llama3_8b_chat
        aki.api_key = "bad-key"
        with pytest.raises(AuthenticationError):
            batch.run(endpoint, ROWS, output)

    def test_sends_no_key_where_its_client_has_none(self, hub, output):
        with pytest.raises(AuthenticationError):
            batch.run(Aki("", api_server=hub.url).llama3_8b_chat, ROWS, output)

    def test_keeps_its_options(self, aki, other_hub, output):
        patient = aki.llama3_8b_chat.with_options(timeout=2.0)
        rows = [{"prompt_input": "[[dur=20]] row 1;"}]
        assert batch.run(patient, rows, output, outage_timeout=1).failed == 1

    def test_opens_no_path_where_it_is_not_to(self, aki, other_hub, folder, output):
        (folder / "cat.png").write_bytes(b"secret")
        endpoint = aki.image_upscale.with_options(allow_paths=False)
        with pytest.raises(batch.InvalidRowsError):
            batch.run(endpoint, [{"image": str(folder / "cat.png")}], output)

    def test_may_be_checked_alone(self, aki, other_hub):
        assert batch.check(aki.llama3_8b_chat, ROWS) == 2
        assert other_hub.hub.request_count == 0

    def test_is_another_batch_than_that_of_another_hub(self, aki, hub, output):
        batch.run(aki.llama3_8b_chat, ROWS, output)
        with pytest.raises(batch.JournalMismatchError, match="hub was"):
            batch.run("llama3_8b_chat", ROWS, output)


class TestInAsyncCode:
    """`batch.arun(aki.llama3_8b_chat, …)` and `batch.stream`."""

    def test_shares_the_connections_of_its_client(self, hub, output):
        class Counting(httpx.AsyncHTTPTransport):
            sent = 0

            async def handle_async_request(self, request):
                Counting.sent += 1
                return await super().handle_async_request(request)

        async def main():
            async with httpx.AsyncClient(transport=Counting()) as own:
                aki = AsyncAki("test-key", api_server=hub.url, http_client=own)
                summary = await batch.arun(aki.llama3_8b_chat, ROWS, output)
                await aki.validate_key()  # still open
                return summary

        assert asyncio.run(main()).done == 2
        assert Counting.sent == hub.hub.request_count

    def test_streams(self, hub):
        async def main():
            async with AsyncAki("test-key", api_server=hub.url) as aki:
                return [o.status async for o in batch.stream(aki.llama3_8b_chat, ROWS)]

        assert asyncio.run(main()) == ["done", "done"]


@pytest.mark.parametrize(
    "endpoint", [llama3_8b_chat, Aki.llama3_8b_chat, "aki_client:llama3_8b_chat"], ids=str
)
def test_one_of_no_client_is_called_as_the_environment_says(hub, output, endpoint):
    assert batch.run(endpoint, ROWS, output).done == 2
    assert hub.hub.jobs_submitted == 2


def test_one_with_an_http_client_of_sync_code_is_refused(hub, output):
    with httpx.Client() as own, pytest.raises(ConfigurationError, match="AsyncAki cannot use"):
        batch.run(Aki(http_client=own).llama3_8b_chat, ROWS, output)


def test_one_that_was_not_generated_is_refused(hub, output):
    with pytest.raises(ConfigurationError, match="run `aki-codegen generate` first"):
        batch.run(Aki().endpoint("tomorrows_model"), ROWS, output)


def test_what_is_not_an_endpoint_is_refused(hub, output):
    with pytest.raises(ConfigurationError, match=r"must be an endpoint of a client"):
        batch.run(print, ROWS, output)


def test_a_package_that_is_not_there_is_named(hub, output):
    with pytest.raises(ConfigurationError, match="'no_such' is not a generated package"):
        batch.run("no_such:llama3_8b_chat", ROWS, output)
