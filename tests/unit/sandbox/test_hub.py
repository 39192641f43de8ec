"""Keys, the list, the details document and what a call is answered before it becomes a job."""

import pytest
from aki_sandbox.hub.hub import REQUESTS_REMEMBERED
from aki_sandbox.settings import HubSettings


class TestKeys:
    """Whom a hub lets in, and how each route says no."""

    @pytest.mark.parametrize(("key", "valid"), [("any", True), ("bad-key", False), ("", False)])
    def test_without_a_set_of_keys_every_key_but_the_bad_one_is_valid(self, key, valid):
        assert HubSettings().accepts(key) is valid

    @pytest.mark.parametrize(("key", "valid"), [("mine", True), ("any", False)])
    def test_with_a_set_of_keys_only_those_are_valid(self, key, valid):
        assert HubSettings(keys=frozenset({"mine"})).accepts(key) is valid

    def test_a_call_with_a_bad_key_is_refused_with_a_list(self, hub):
        reply = hub.submit("llama3_chat", {"key": "bad-key"})
        assert (reply.status, reply.body["error"]) == (401, ["Key not valid"])

    def test_a_call_without_a_key_is_refused(self, hub):
        reply = hub.submit("llama3_chat", {"prompt_input": "x"})
        assert (reply.status, reply.body["error"]) == (
            401,
            ["API Key missing and client session authentication key not registered in API Server"],
        )

    def test_the_list_with_a_bad_key_is_refused_with_a_string(self, hub):
        reply = hub.endpoint_list("bad-key")
        assert (reply.status, reply.body) == (401, {"error": "Key not valid"})

    def test_the_validity_of_a_bad_key_is_an_answer_and_no_error(self, hub):
        reply = hub.validate_key("bad-key")
        assert (reply.status, reply.body) == (200, {"success": False, "error": "Key not valid"})

    def test_the_validity_of_a_good_key_comes_without_an_error(self, hub):
        assert hub.validate_key("any").body == {"success": True, "error": None}


class TestGatedEndpoints:
    """Endpoints that are there, but not for everybody."""

    def test_a_call_is_refused_with_402(self, hub):
        reply = hub.submit("minimax_m3", {"key": "any", "prompt_input": "x"})
        assert (reply.status, reply.body["error"]) == (
            402,
            ["Client not authorized for endpoint minimax_m3!"],
        )

    def test_it_is_listed_and_described_all_the_same(self, hub):
        assert "minimax_m3" in hub.endpoint_list("any").body["endpoints"]
        assert hub.details("minimax_m3", "any").status == 200


class TestDetails:
    """The document of one endpoint."""

    def test_it_has_the_keys_of_a_real_one_in_their_order(self, hub):
        assert list(hub.details("llama3_chat").body) == [
            "name",
            "title",
            "description",
            "http_methods",
            "version",
            "max_queue_length",
            "max_time_in_queue",
            "free_queue_slots",
            "category",
            "num_active_workers",
            "num_workers",
            "workers",
            "parameter_description",
        ]

    def test_it_tells_how_full_the_queue_is(self, make_hub):
        hub = make_hub(worker_slots=1, max_queue_length=10)
        for _ in range(3):
            hub.submit("llama3_chat", {"key": "any", "prompt_input": "x"})
        document = hub.details("llama3_chat").body
        assert (document["max_queue_length"], document["free_queue_slots"]) == (10, 8)
        assert document["workers"][0]["state"] == "processing"

    def test_an_unknown_endpoint_has_none(self, hub):
        assert hub.details("nope") is None


class TestCalls:
    """What becomes of a call."""

    def test_an_accepted_one_answers_with_its_job(self, hub):
        reply = hub.submit("llama3_chat", {"key": "any", "prompt_input": "x"})
        assert reply.status == 200
        assert reply.body.keys() == {"success", "job_id", "ep_version"}

    def test_a_refused_one_tells_every_reason_and_becomes_no_job(self, hub):
        reply = hub.submit("llama3_chat", {"key": "any", "foo": 1, "top_k": "2"})
        assert (reply.status, len(reply.body["error"])) == (400, 2)
        assert hub.jobs_submitted == 0

    def test_jobs_are_counted_per_endpoint(self, hub):
        for name in ("llama3_chat", "llama3_chat", "kimi_k2"):
            hub.submit(name, {"key": "any", "prompt_input": "x"})
        assert hub.jobs_submitted == 3
        assert hub.jobs_by_endpoint == {"llama3_chat": 2, "kimi_k2": 1}

    def test_the_latest_requests_are_remembered(self, hub):
        for number in range(REQUESTS_REMEMBERED + 1):
            hub.saw("GET", f"/{number}")
        assert (hub.requests[0].path, hub.requests[-1].path) == ("/1", f"/{REQUESTS_REMEMBERED}")
        assert hub.request_count == REQUESTS_REMEMBERED + 1
