"""The sandbox over a real socket."""

import json
import socket
import subprocess
import sys
import threading
import time
from signal import SIGINT

import httpx
import pytest
from aki_codegen.sandbox.catalogue import CatalogueError
from aki_codegen.sandbox.server import PortTakenError, SandboxServer, run
from aki_codegen.sandbox.settings import HubSettings

CALL = {"key": "any", "prompt_input": "hi", "wait_for_result": False}
BEARER = {"authorization": "Bearer any"}
ASKED = {"model": "llama3-chat", "messages": [{"role": "user", "content": "hi [[dur=0.1]]"}]}


@pytest.fixture(scope="module")
def server():
    with SandboxServer() as running:
        yield running


@pytest.fixture(scope="module")
def client(server):
    with httpx.Client(base_url=server.url) as http:
        yield http


def until_ended(client, path, job_id):
    while True:
        answer = client.post(path, json={"key": "any", "job_id": job_id}).json()
        if answer["job_state"] not in {"queued", "processing"}:
            return answer
        time.sleep(0.005)


class TestRoutes:
    """Paths, methods and content types."""

    @pytest.mark.parametrize(
        ("call", "progress"),
        [
            ("/api/call/llama3_chat", "/api/progress/llama3_chat"),
            ("/llama3_chat", "/llama3_chat/progress"),
        ],
    )
    def test_a_job_is_submitted_and_followed_in_both_layouts(self, client, call, progress):
        accepted = client.post(call, json=CALL).json()
        ended = until_ended(client, progress, accepted["job_id"])
        assert ended["job_result"]["text"].startswith("Hello")

    def test_the_list_names_the_catalogue(self, client, server):
        answer = client.get("/api/endpoints", params={"key": "any"})
        assert answer.json() == {"endpoints": list(server.hub.catalogue)}
        assert answer.headers["content-type"] == "application/json"

    def test_details_describe_an_endpoint(self, client):
        document = client.get("/api/endpoints/z_image_turbo").json()
        assert document["parameter_description"]["input"]["prompt"]["required"] is True

    def test_a_key_is_validated(self, client):
        answer = client.get("/api/validate_key", params={"key": "bad-key", "version": "x"})
        assert (answer.status_code, answer.json()["success"]) == (200, False)

    def test_unknown_details_are_plain_text(self, client):
        answer = client.get("/api/endpoints/no_such_endpoint")
        assert answer.status_code == 404
        assert answer.headers["content-type"] == "text/plain; charset=utf-8"
        assert answer.text == (
            "⚠️ 404 — Not Found\n==================\n"
            "Requested URL /api/endpoints/no_such_endpoint not found\n\n"
        )

    @pytest.mark.parametrize(
        ("path", "named"),
        [("/api/call/nope", "/nope"), ("/api/progress/nope", "/nope/progress"), ("/a/b/c/d",) * 2],
    )
    def test_an_unknown_endpoint_or_route_is_json_to_who_sends_json(self, client, path, named):
        answer = client.post(path, json={"key": "any"})
        assert answer.status_code == 404
        assert answer.json() == {
            "description": "Not Found",
            "status": 404,
            "message": f"Requested URL {named} not found",
        }

    def test_a_wrong_method_answers_405(self, client):
        answer = client.delete("/api/endpoints")
        assert answer.status_code == 405
        assert "Method DELETE not allowed for URL /api/endpoints" in answer.text

    def test_values_in_a_query_are_strings(self, client):
        query = {"key": "any", "prompt_input": "hi", "top_k": "40", "wait_for_result": "false"}
        answer = client.get("/api/call/llama3_chat", params=query)
        assert (answer.status_code, len(answer.json()["error"])) == (400, 2)


class TestBodies:
    """What a request may carry."""

    @pytest.mark.parametrize("body", ['{"key": "x", ', "[]", "5", "[" * 100_000])
    def test_a_body_that_is_no_json_object_answers_400(self, client, body):
        headers = {"content-type": "application/json"}
        answer = client.post("/api/call/llama3_chat", content=body, headers=headers)
        assert answer.status_code == 400
        assert answer.json() == {
            "description": "Bad Request",
            "status": 400,
            "message": "Failed when parsing body as json",
        }

    def test_no_body_is_a_call_without_a_key(self, client):
        assert client.post("/api/call/llama3_chat").status_code == 401

    def test_half_a_surrogate_pair_comes_back_as_it_went(self, client):
        body = json.dumps({"key": "any", "prompt_input": "\ud800"})
        headers = {"content-type": "application/json"}
        answer = client.post("/api/call/llama3_chat", content=body, headers=headers)
        assert "\\ud800" in answer.text

    @pytest.mark.parametrize("chunked", [False, True])
    def test_a_body_beyond_the_limit_answers_413(self, chunked):
        body = json.dumps({"key": "any", "prompt_input": "x" * 2000}).encode()
        headers = {"content-type": "application/json"}
        with (
            SandboxServer(settings=HubSettings(max_body_bytes=1000)) as server,
            httpx.Client(base_url=server.url) as client,
        ):
            content = iter([body]) if chunked else body
            answer = client.post("/api/call/llama3_chat", content=content, headers=headers)
        assert answer.status_code == 413
        assert answer.json()["message"] == "Request body exceeds the size limit"


class TestBlockingCalls:
    """Calls with `wait_for_result`, which is the default."""

    def test_the_result_comes_as_the_answer(self, client):
        answer = client.post("/api/call/llama3_chat", json={"key": "any", "prompt_input": "hi"})
        assert (answer.status_code, answer.json()["num_generated_tokens"] > 1) == (200, True)

    def test_a_result_that_came_as_the_answer_is_not_handed_out_again(self, client):
        answer = client.post("/api/call/llama3_chat", json={"key": "any", "prompt_input": "hi"})
        poll = {"key": "any", "job_id": answer.json()["job_id"]}
        again = client.post("/api/progress/llama3_chat", json=poll).json()
        assert (again["job_state"], "job_result" in again) == ("done", False)

    def test_one_that_takes_too_long_answers_503_and_its_result_is_lost(self):
        settings = HubSettings(response_timeout=0.05)
        with (
            SandboxServer(settings=settings) as server,
            httpx.Client(base_url=server.url) as client,
        ):
            payload = {"key": "any", "prompt_input": "[[dur=5]]"}
            answer = client.post("/api/call/llama3_chat", json=payload)
        assert answer.status_code == 503
        assert answer.json() == {
            "description": "Service Unavailable",
            "status": 503,
            "message": "Response Timeout",
        }

    def test_a_stop_of_the_server_lets_the_caller_go(self):
        answers = []

        def call():
            payload = {"key": "any", "prompt_input": "[[dur=30]]"}
            answers.append(httpx.post(f"{server.url}/api/call/llama3_chat", json=payload))

        caller = threading.Thread(target=call)
        with SandboxServer() as server:
            caller.start()
            while not server.hub.jobs_submitted:
                time.sleep(0.005)
        caller.join()
        assert [answer.status_code for answer in answers] == [503]


class TestOpenAI:
    """The OpenAI interface, under both prefixes."""

    @pytest.mark.parametrize("prefix", ["/v1", "/openai/v1"])
    def test_models_are_the_chat_endpoints_by_other_names(self, client, prefix):
        answer = client.get(f"{prefix}/models", headers=BEARER).json()
        models = {model["id"] for model in answer["data"]}
        assert "llama3-8b-chat" in models
        assert "z-image-turbo" not in models

    def test_a_completion_has_a_message_and_adds_up_its_tokens(self, client):
        answer = client.post("/v1/chat/completions", json=ASKED, headers=BEARER).json()
        assert answer["object"] == "chat.completion"
        assert answer["choices"][0]["message"]["content"].startswith("Hello")
        usage = answer["usage"]
        assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]

    def test_a_stream_is_the_completion_in_pieces(self, client):
        asked = {**ASKED, "stream": True}
        answer = client.post("/openai/v1/chat/completions", json=asked, headers=BEARER)
        assert answer.headers["content-type"].startswith("text/event-stream")
        *events, last, _ = answer.text.split("\n\n")
        chunks = [json.loads(event.removeprefix("data: ")) for event in events]
        assert last == "data: [DONE]"
        assert len(chunks) > 2
        assert chunks[-1]["choices"][0]["finish_reason"] == "stop"
        whole = "".join(chunk["choices"][0]["delta"]["content"] for chunk in chunks)
        assert whole.startswith("Hello")
        assert whole.endswith("one by one.")

    @pytest.mark.parametrize("headers", [{}, {"authorization": "Bearer bad-key"}])
    def test_a_bad_or_missing_key_answers_401(self, client, headers):
        answer = client.post("/v1/chat/completions", json=ASKED, headers=headers)
        assert answer.status_code == 401
        assert answer.json() == {
            "error": {
                "message": "Key not valid",
                "type": "invalid_request_error",
                "param": None,
                "code": "invalid_api_key",
            }
        }

    def test_an_unknown_model_answers_404(self, client):
        asked = {**ASKED, "model": "llama3_chat"}
        answer = client.post("/v1/chat/completions", json=asked, headers=BEARER)
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "unknown_model")

    def test_a_refused_value_is_told(self, client):
        asked = {**ASKED, "temperature": 2}
        answer = client.post("/v1/chat/completions", json=asked, headers=BEARER)
        assert answer.status_code == 400
        assert "temperature" in answer.json()["error"]["message"]


class TestServer:
    """The server as a context manager and in the foreground."""

    def test_requests_and_jobs_are_counted(self):
        with SandboxServer() as server, httpx.Client(base_url=server.url) as client:
            client.post("/api/call/llama3_chat", json=CALL)
            client.get("/api/endpoints")
            assert server.hub.jobs_submitted == 1
            assert [(seen.method, seen.path) for seen in server.hub.requests] == [
                ("POST", "/api/call/llama3_chat"),
                ("GET", "/api/endpoints"),
            ]

    def test_an_interceptor_sees_every_request_first(self):
        seen = []

        async def intercept(app, scope, receive, send):
            seen.append(scope["path"])
            if scope["path"] == "/api/endpoints":
                await app(scope, receive, send)
            else:
                await send({"type": "http.response.start", "status": 502, "headers": []})
                await send({"type": "http.response.body", "body": b"<html>"})

        with (
            SandboxServer(interceptor=intercept) as server,
            httpx.Client(base_url=server.url) as client,
        ):
            statuses = [client.get(p).status_code for p in ("/api/endpoints", "/api/validate_key")]
        assert statuses == [200, 502]
        assert seen == ["/api/endpoints", "/api/validate_key"]

    def test_nothing_is_left_after_the_stop(self):
        before = set(threading.enumerate())
        with SandboxServer() as server:
            assert httpx.get(f"{server.url}/api/endpoints").status_code == 200
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"{server.url}/api/endpoints")
        assert set(threading.enumerate()) == before

    def test_a_taken_port_is_named(self):
        with socket.create_server(("127.0.0.1", 0)) as other:
            port = other.getsockname()[1]
            with pytest.raises(PortTakenError, match=f"Port {port} "), SandboxServer(port=port):
                pass

    def test_a_catalogue_may_be_a_folder(self, tmp_path):
        with pytest.raises(CatalogueError, match="holds no endpoint"):
            SandboxServer(catalogue=tmp_path)

    def test_the_foreground_refuses_a_bad_catalogue_before_it_listens(self, tmp_path):
        with pytest.raises(CatalogueError, match="holds no endpoint"):
            run(0, tmp_path)

    def test_the_foreground_says_how_to_use_it_and_ends_on_interrupt(self):
        code = "from aki_codegen.sandbox.server import run; run(0)"
        with subprocess.Popen(
            [sys.executable, "-W", "error", "-c", code],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            try:
                hello = [process.stdout.readline() for _ in range(2)]
                url = hello[0].partition(" at ")[2].split()[0]
                assert hello[1] == f"Use it with: AKI_API_SERVER={url} AKI_API_KEY=any\n"
                assert httpx.get(f"{url}/api/endpoints").status_code == 200
                process.send_signal(SIGINT)
                _, errors = process.communicate(timeout=10)
            finally:
                process.kill()
        assert (process.returncode, errors) == (0, "")
