"""The key shows itself nowhere."""

import copy
import dataclasses
import json
import pickle
import pprint
import traceback

import pytest
from aki_runtime.hub import Address, HubContext
from aki_runtime.protocol import requests
from aki_runtime.secret import ApiKey

SECRET = "the-secret-key"
HUB = Address.parse("https://hub.example", "aki")


@dataclasses.dataclass
class Holder:
    """Something of a caller's that holds a key."""

    key: ApiKey


SHOWN = {
    "repr": repr,
    "str": str,
    "format": lambda key: f"{key} {key!r} {key!s}",
    "percent": lambda key: "%s %r" % (key, key),  # noqa: UP031
    "a dataclass": lambda key: repr(Holder(key)) + str(Holder(key)),
    "pprint": lambda key: pprint.pformat([key, {"key": key}]),
    "an exception": lambda key: repr(ValueError(key)) + str(ValueError(key)),
    "its attributes": lambda key: str([getattr(key, name) for name in dir(key)]),
    "a context": lambda key: repr(HubContext(HUB, key, lambda: 0.0)),
    "a submit": lambda key: repr(requests.submit(HUB, key, "chat", {})),
    "a poll": lambda key: repr(requests.poll(HUB, key, "chat", "job")),
    "a question": lambda key: repr(requests.validate_key(HUB, key, "aki 1")),
}


@pytest.mark.parametrize("show", SHOWN.values(), ids=SHOWN)
def test_the_key_is_not_shown(show):
    assert SECRET not in show(ApiKey(SECRET))


def test_a_traceback_with_its_locals_does_not_show_the_key():
    def use(key):
        holder = Holder(key)
        raise LookupError(holder.key)

    with pytest.raises(LookupError) as caught:
        use(ApiKey(SECRET))
    shown = "".join(
        traceback.TracebackException.from_exception(caught.value, capture_locals=True).format()
    )
    assert "key = ApiKey('***')" in shown
    # The line of this test that makes the key is source, not a local.
    assert SECRET not in shown.replace("use(ApiKey(SECRET))", "")


@pytest.mark.parametrize("carry", [pickle.dumps, copy.copy, copy.deepcopy])
def test_the_key_does_not_travel(carry):
    with pytest.raises(TypeError, match="an API key is never pickled"):
        carry(ApiKey(SECRET))


def test_the_key_is_no_json():
    with pytest.raises(TypeError):
        json.dumps(ApiKey(SECRET))


def test_the_key_is_revealed_on_purpose():
    assert ApiKey(SECRET).reveal() == SECRET
