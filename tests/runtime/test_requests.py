"""What is sent, as values."""

import json

import pytest
from aki_runtime.hub import Address
from aki_runtime.protocol import requests
from aki_runtime.secret import ApiKey

HUB = Address.parse("https://hub.example", "aki")
KEY = ApiKey("k")


def test_a_submit_never_waits_for_the_result():
    request = requests.submit(HUB, KEY, "chat", {"wait_for_result": True})
    assert json.loads(b"".join(request.body)) == {"key": "k", "wait_for_result": False}


def test_a_poll_that_does_not_cancel_does_not_mention_it():
    request = requests.poll(HUB, KEY, "chat", "job")
    assert json.loads(b"".join(request.body)) == {"key": "k", "job_id": "job"}


@pytest.mark.parametrize(
    "request_of",
    [
        lambda key: requests.submit(HUB, key, "chat", {}),
        lambda key: requests.poll(HUB, key, "chat", "job"),
    ],
)
def test_without_a_key_none_is_sent(request_of):
    assert "key" not in request_of(None).body.values


def test_a_question_carries_the_key_in_its_query_and_not_in_its_url():
    request = requests.validate_key(HUB, KEY, "aki_client 1.0")
    assert request.query == {"key": "k", "version": "aki_client 1.0"}
    assert request.url == "https://hub.example/api/validate_key"


@pytest.mark.parametrize("text", ["ü 🙂", "\ud83d", 'quote " and \\', "line\nend\u2028"])
def test_any_text_can_be_sent(text):
    body = requests.submit(HUB, None, "chat", {"prompt": text}).body
    assert json.loads(b"".join(body))["prompt"] == text


@pytest.mark.parametrize(
    ("request_", "purpose"),
    [
        (requests.submit(HUB, KEY, "chat", {}), "submit"),
        (requests.poll(HUB, KEY, "chat", "job"), "poll"),
        (requests.endpoint_list(HUB, KEY), "ask"),
        (requests.endpoint_details(HUB, KEY, "chat"), "ask"),
        (requests.validate_key(HUB, KEY, "aki 1"), "ask"),
    ],
)
def test_a_request_says_what_its_failure_would_mean(request_, purpose):
    assert request_.purpose == purpose
