"""The sandbox's OpenAI interface over a real socket."""

import json

import pytest

BEARER = {"authorization": "Bearer any"}
ASKED = {"model": "llama3-chat-70b", "messages": [{"role": "user", "content": "hi [[dur=0.1]]"}]}


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
        whole = "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in chunks)
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
