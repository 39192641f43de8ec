"""A hub that repeats the key: it is hidden, and the answer, which may be a paid result, can still be read."""

import json

import pytest
from aki_runtime.secret import without_key

KEYS = ["\\9PKW😀tUAn1", '"HU>ßr-gUx', "€Z'3xr&)c", "plain-key-of-a-user", 'it\'s "both"']


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("is_ascii", [True, False])
@pytest.mark.parametrize("depth", [0, 1, 2])
def test_the_answer_stays_json(key, is_ascii, depth):
    said = key
    for _ in range(depth):
        said = json.dumps({"said": said}, ensure_ascii=is_ascii)
    body = json.dumps({"text": said, "other": 1}, ensure_ascii=is_ascii).encode()
    hidden = json.loads(without_key(body, key))
    assert hidden["other"] == 1
    assert key not in hidden["text"]


@pytest.mark.parametrize("key", KEYS)
def test_a_traceback_shows_no_key_as_python_writes_it(key):
    written = f"call(api_key={key!r})"
    hidden = without_key(written.encode(), key).decode()
    assert "***" in hidden
    assert repr(key)[1:-1] not in hidden
