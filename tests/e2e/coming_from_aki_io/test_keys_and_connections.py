"""Whom one talks to, and as whom, as docs/coming-from-aki-io.md words it."""

import asyncio
import importlib.metadata

import aki_client
import httpcore2
import httpx
import pytest
from aki_client import Aki, AsyncAki
from e2e.coming_from_aki_io.shared import bodies, covers


class TestKeysAndConnections:
    """Whom one talks to, and as whom."""

    @covers("init_api_key")
    def test_a_key_is_checked(self, aki):
        assert aki.validate_key()
        with Aki("bad-key") as bad:
            check = bad.validate_key()
        assert not check
        assert check.message == "Key not valid"

    @covers("init_api_key_async")
    def test_a_key_is_checked_in_async_code(self):
        async def main(key):
            async with AsyncAki(key) as aki:
                return await aki.validate_key()

        assert asyncio.run(main("good"))
        assert not asyncio.run(main("bad-key"))

    @pytest.mark.parametrize("word", ["success", "valid"])
    @pytest.mark.parametrize("good", [True, False])
    def test_older_and_newer_hubs_are_understood(self, word, good):
        def answer(_):
            return httpx.Response(200, json={word: good, "error": None if good else "Key expired"})

        async def main():
            async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http:
                return await AsyncAki(http_client=http).validate_key()

        with httpx.Client(transport=httpx.MockTransport(answer)) as http:
            check = Aki(http_client=http).validate_key()
        assert check == asyncio.run(main())
        assert (bool(check), check.message) == (good, "" if good else "Key expired")

    @covers("api_key")
    def test_the_key_can_be_replaced(self, aki):
        aki.api_key = "bad-key"
        assert not aki.validate_key()
        aki.api_key = "another key"
        assert aki.validate_key()

    @covers("client_session_auth_key")
    def test_the_key_is_all_that_is_sent_beside_the_parameters(self, recorder):
        Aki(http_client=recorder).llama3_chat(prompt_input="Hi")
        (sent,) = bodies(recorder, "call")
        assert sent.keys() == {"prompt_input", "key", "wait_for_result"}

    @covers("get_endpoint_list")
    def test_the_hub_lists_its_endpoints(self, aki, server):
        another = "another key"
        assert aki.endpoints() == list(server.hub.catalogue)
        with Aki(another) as client:
            assert client.endpoints() == list(server.hub.catalogue)

    @covers("get_endpoint_details")
    def test_the_hub_describes_an_endpoint(self, aki):
        name = "llama3_chat"
        details = aki.endpoint_details(name)
        assert details["name"] == name
        assert "prompt_input" in details["parameter_description"]["input"]

    @covers("get_version")
    def test_the_version_is_the_package_s(self):
        assert aki_client.__version__ == importlib.metadata.version("aki-client")

    @covers("session")
    def test_an_own_http_client_is_used_and_left_open(self):
        with httpx.Client() as client:
            with Aki(http_client=client) as aki:
                assert aki.endpoints()
            assert not client.is_closed

        async def main():
            async with httpx.AsyncClient() as client:
                async with AsyncAki(http_client=client) as aki:
                    assert await aki.endpoints()
                assert not client.is_closed

        asyncio.run(main())

    @covers("close_session")
    def test_a_client_is_closed_by_its_block_or_by_hand(self, monkeypatch):
        closed = []
        close, aclose = httpcore2.ConnectionPool.close, httpcore2.AsyncConnectionPool.aclose

        def note_close(pool):
            closed.append("sync")
            close(pool)

        async def note_aclose(pool):
            closed.append("async")
            await aclose(pool)

        monkeypatch.setattr(httpcore2.ConnectionPool, "close", note_close)
        monkeypatch.setattr(httpcore2.AsyncConnectionPool, "aclose", note_aclose)

        with Aki() as aki:
            aki.endpoints()
        aki.endpoints()
        aki.close()

        async def main():
            async with AsyncAki() as aki:
                await aki.endpoints()
            await aki.endpoints()
            await aki.aclose()

        asyncio.run(main())
        assert closed == ["sync", "sync", "async", "async"]
