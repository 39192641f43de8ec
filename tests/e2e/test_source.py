"""A hub is not trusted: what may come over the network, and what is said where it may not."""

import asyncio
import gzip
import json
import threading

import pytest
from aki_codegen.fetching.source import MAX_CONCURRENT, DocumentClient, Limits, fetch
from aki_codegen.fetching.target import Target
from aki_codegen.problems import GenerationError
from aki_runtime.hub import Address
from aki_runtime.secret import ApiKey
from support.metadata import details
from support.stub_hub import Answer, StubHub

KEY = "sk-secret/1+2"


def ask(hub, key=None, limits=None):
    address = Address.parse(hub.url, "aki")
    target = Target(address, ApiKey(key) if key else None, address, "a hub")
    return asyncio.run(fetch(target, limits=limits))


def one_problem(answer, **limits):
    """Return the problem of an endpoint whose details are answered like this, beside a good one."""
    with StubHub.offering({"bad": answer, "good": details()}) as hub:
        fetched = ask(hub, limits=Limits(**limits))
    assert list(fetched.documents) == ["good"]
    (problem,) = fetched.problems
    assert (problem.endpoint, problem.effect) == ("bad", "skipped")
    return problem


def one_document(answer, **limits):
    """Return what is said of an endpoint whose details are answered like this."""
    return one_problem(answer, **limits).what


def list_failure(answer, key=None):
    with StubHub({"/api/endpoints": answer}) as hub, pytest.raises(GenerationError) as caught:
        ask(hub, key)
    return str(caught.value)


class TestAsking:
    """What is asked, and how."""

    def test_the_list_and_each_endpoints_details_are_asked_for(self):
        with StubHub.offering({"a": details(), "b/c?": details()}) as hub:
            fetched = ask(hub)
        assert fetched.listed == ("a", "b/c?")
        assert sorted(fetched.documents) == ["a", "b/c?"]
        assert sorted(hub.paths) == [
            "/api/endpoints",
            "/api/endpoints/a",
            "/api/endpoints/b%2Fc%3F",
        ]

    def test_so_many_details_are_asked_for_at_a_time_and_no_more(self, monkeypatch):
        get, asking, most = DocumentClient.get, 0, 0

        async def counted(client, url):
            nonlocal asking, most
            asking += 1
            most = max(most, asking)
            await asyncio.sleep(0)
            try:
                return await get(client, url)
            finally:
                asking -= 1

        monkeypatch.setattr(DocumentClient, "get", counted)
        with StubHub.offering({f"e{number}": details() for number in range(30)}) as hub:
            assert len(ask(hub).documents) == 30
        assert most == MAX_CONCURRENT

    def test_the_key_is_sent_with_every_question(self):
        with StubHub.offering({"a": details()}) as hub:
            ask(hub, KEY)
        assert [path.partition("?")[2] for path in hub.paths] == ["key=sk-secret%2F1%2B2"] * 2

    def test_details_are_asked_for_concurrently(self):
        together = threading.Barrier(MAX_CONCURRENT)

        class Meeting(threading.Event):
            def wait(self, timeout=None):
                together.wait(timeout)
                return True

        document = Answer(details(), before=Meeting())
        with StubHub.offering({f"e{number}": document for number in range(MAX_CONCURRENT)}) as hub:
            assert len(ask(hub).documents) == MAX_CONCURRENT

    def test_an_endpoint_that_is_listed_twice_is_asked_for_once(self):
        with StubHub.offering({"a": details()}) as hub:
            hub.answers["/api/endpoints"] = {"endpoints": ["a", "a"]}
            assert ask(hub).listed == ("a",)
        assert len(hub.paths) == 2

    @pytest.mark.parametrize("odd", ["", ".", "..", 7, None, ["a"]])
    def test_an_unusable_name_is_told_and_the_others_stay(self, odd):
        with StubHub.offering({"a": details()}) as hub:
            hub.answers["/api/endpoints"] = {"endpoints": ["a", odd]}
            fetched = ask(hub)
        assert list(fetched.documents) == ["a"]
        assert [problem.effect for problem in fetched.problems] == ["skipped"]


class TestOneDocument:
    """One document that cannot be had is told, and the others stay."""

    def test_one_that_is_too_large(self):
        what = one_document(Answer({"title": "x" * 3000}), size=2000)
        assert what == "its details could not be had: the answer is larger than 2,000 bytes"

    def test_one_that_is_too_large_and_does_not_say_so(self):
        endless = Answer("x" * 3000, headers={"Content-Length": "10000"})
        assert "larger than 2,000 bytes" in one_document(endless, size=2000)

    def test_one_that_takes_too_long(self):
        never = threading.Event()
        what = one_document(Answer(details(), before=never), seconds=0.2)
        assert what == "its details could not be had: no complete answer within 0.2 s"
        never.set()

    def test_a_redirect_is_not_followed(self):
        away = Answer("", 302, {"Location": "/api/endpoints/good"})
        assert "HTTP 302 Found, a redirect to /api/endpoints/good" in one_document(away)

    def test_what_is_listed_and_not_known_is_a_matter_for_the_administrator(self):
        gone = Answer("<html><title>404 Not Found</title></html>", 404)
        assert one_document(gone) == "its details could not be had: HTTP 404 Not Found"
        assert one_problem(gone).remedy == "ask the hub's administrator"
        assert one_problem(Answer("", 502)).remedy == "try again later"

    def test_a_compressed_answer_is_refused(self):
        bomb = gzip.compress(json.dumps(details()).encode())
        what = one_document(Answer(bomb, headers={"Content-Encoding": "gzip"}))
        assert what.endswith("the answer is compressed though that was not asked for")

    def test_a_connection_that_breaks(self):
        what = one_document(Answer("", headers={"Content-Length": "10000"}), seconds=5)
        assert what.startswith("its details could not be had: ")

    @pytest.mark.parametrize(
        ("answer", "said"),
        [
            (Answer({"error": ["Endpoint disabled!"]}, 400), "Endpoint disabled! (HTTP 400"),
            (Answer("<html><title>502 Bad Gateway</title></html>", 502), "502 Bad Gateway"),
            (Answer("<html><body>Hello</body></html>"), "an HTML page came instead of JSON"),
            (Answer("hello"), "something else came instead of JSON"),
            (Answer(b"\xff\xfe\x00"), "something else came instead of JSON"),
            (Answer("[" * 100_000), "a damaged document came instead of JSON"),
            (Answer('{"endpoints": ["a"'), "a damaged document came instead of JSON"),
            (Answer("\n"), "an empty answer came instead of JSON"),
        ],
    )
    def test_what_is_no_document_is_told_in_the_hubs_words(self, answer, said):
        assert said in one_document(answer)


class TestList:
    """Without the list nothing can go on."""

    @pytest.mark.parametrize("body", [{}, [], {"endpoints": "a"}, {"endpoints": None}, 7])
    def test_what_is_no_list_is_told(self, body):
        assert "answered no endpoint list" in list_failure(body)

    @pytest.mark.parametrize("status", [401, 402, 403])
    def test_a_refused_key_is_told_with_the_place_to_look(self, status):
        answer = Answer({"error": "Key not valid"}, status)
        assert "refused the key: Key not valid" in list_failure(answer, KEY)
        assert list_failure(answer, KEY).endswith("check AKI_API_KEY or the file of --api-key-file")

    @pytest.mark.parametrize("status", [401, 402, 403])
    def test_a_hub_that_wants_a_key_is_told_with_the_ways_to_give_one(self, status):
        said = list_failure(Answer({"error": "Key not valid"}, status))
        assert "wants a key: Key not valid" in said
        assert said.endswith("set AKI_API_KEY or give --api-key-file")

    @pytest.mark.parametrize("echo", [KEY, "sk-secret%2F1%2B2"])
    @pytest.mark.parametrize("status", [401, 404, 500])
    def test_a_key_that_the_hub_repeats_is_hidden(self, echo, status):
        said = list_failure(Answer({"message": f"cannot GET /api?key={echo}"}, status), KEY)
        assert "key=***" in said
        assert "secret" not in said
