"""No cassette holds a key: a thousand of them, of a hub that repeats the key in every way it can."""

import base64
import html
import json
import re
import string
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote, quote_plus, unquote, unquote_plus

import httpx2
import pytest
from aki_client import Aki, AkiError
from aki_runtime.testing import CassetteError, cassette
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

KEYS = st.text(
    st.sampled_from(string.ascii_letters + string.digits + "\"'\\%+&<>=/-_.,:;!#{}[]() äß€語😀"),
    min_size=8,
    max_size=40,
).filter(lambda key: len(key.strip()) >= 8 and len(set(key)) > 3)

REPEATED = {
    "plain": lambda key: key,
    "json": lambda key: json.dumps({"said": json.dumps({"key": key})}),
    "ascii": lambda key: json.dumps(key, ensure_ascii=True),
    "percent": lambda key: f"/api/call?key={quote(key, safe='')}&x=1",
    "plus": lambda key: f"?key={quote_plus(key)}",
    "lower": lambda key: re.sub("%..", lambda found: found[0].lower(), quote(key)),
    "html": lambda key: f"<html><body>{html.escape(key)}</body></html>",
    "percent twice": lambda key: f"/login?next={quote(quote(f'/call?key={quote(key)}'))}",
    "html twice": lambda key: html.escape(html.escape(f"<b>{key}</b>")),
    "html of percent": lambda key: html.escape(f"a=1&key={quote(key, safe='')}"),
    "escapes": lambda key: "".join(f"\\u{pair}" for pair in utf16(key)),
    "hex": lambda key: f"dump {key.encode().hex()} of it",
    "base64": lambda key: base64.b64encode(f"x{key}y".encode()).decode(),
    "urlsafe": lambda key: base64.urlsafe_b64encode(f"the key is {key}!".encode()).decode(),
    "medium": lambda key: (
        "data:image/png;base64,"
        + base64.b64encode(b"\x89PNG" + b"0" * 200 + key.encode() + b"z" * 9).decode()
    ),
}
WHERE = ("refusal", "page", "progress", "result", "failure", "field")


def hub_that_repeats(said: str, where: str):
    """Return what answers requests, as a hub of bad manners does."""

    def answer(request: httpx2.Request) -> httpx2.Response:
        if "/api/call/" in request.url.path:
            if where == "refusal":
                return httpx2.Response(400, json={"success": False, "error": [said]})
            if where == "page":
                return httpx2.Response(500, text=f"<html>{said}</html>")
            return httpx2.Response(200, json={"success": True, "job_id": "a-job-of-the-hub"})
        about = {"success": True, "job_id": "a-job-of-the-hub", "auth_key": said}
        result = {"text": said if where == "result" else "ok", "auth": said}
        if where == "failure":
            result = {"error": said}
        if where == "field":
            result[said] = {"nested": [said]}
        progress = {"progress": 1, "progress_data": {"text": said}, "auth_key": said}
        block = {"progress": progress} if where == "progress" else {}
        done = {"job_state": "done", "job_result": result}
        return httpx2.Response(200, json={**about, **block, **done})

    return answer


def utf16(text: str) -> list[str]:
    return re.findall("....", text.encode("utf-16-be").hex().upper())


def unescaped(text: str) -> str:
    units = re.sub(r"\\+u([0-9a-fA-F]{4})", lambda found: chr(int(found[1], 16)), text)
    return units.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def unhexed(digits: str) -> str:
    return bytes.fromhex(digits).decode("utf-8", "replace")


def looks_at(content: bytes):
    """Go through all that somebody who searches a file for a key may take it for."""
    text = (
        content.decode("utf-8", "surrogatepass")
        if content[:1] == b"{"
        else content.decode("latin-1")
    )
    yield text
    strings = [text]
    if content[:1] == b"{":
        json.loads(
            text, object_hook=lambda found: strings.extend([*found, *map(str, found.values())])
        )
    for each in strings:
        yield from (
            each,
            unquote(each),
            unquote_plus(each),
            html.unescape(each),
            unquote(unquote(each)),
            html.unescape(html.unescape(each)),
            unquote(html.unescape(each)),
            unescaped(each),
            *map(unhexed, re.findall("(?:[0-9a-fA-F]{2}){8,}", each)),
            each.replace("\\", ""),
        )
        for token in re.findall(r"[\w+/-]{8,}", each, re.ASCII):
            for start in range(4):
                part = token[start:].replace("-", "+").replace("_", "/")
                part = part[: len(part) // 4 * 4]
                if re.fullmatch(r"[A-Za-z0-9+/]*", part):
                    yield base64.b64decode(part).decode("utf-8", "ignore")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("keys")


@pytest.mark.slow
@settings(max_examples=1000, phases=[Phase.generate])  # the first that fails says enough
@given(
    key=KEYS.map(str.strip),
    how=st.sampled_from(sorted(REPEATED)),
    where=st.sampled_from(WHERE),
    in_prompt=st.booleans(),
)
def test_no_cassette_holds_a_key(folder, key, how, where, in_prompt):
    path = folder / "cassette.json"
    said = REPEATED[how](key)
    transport = httpx2.MockTransport(hub_that_repeats(said, where))
    with httpx2.Client(transport=transport) as http, cassette(path, record=True):
        aki = Aki(key, api_server="https://hub.example", http_client=http)
        chat = aki.llama3_chat.with_options(progress_interval=0.01, max_retries=0, timeout=0.5)
        with suppress(AkiError):
            chat(prompt_input=f"my key is {said}" if in_prompt else "Hello")
    written = [path, *folder.glob("cassette.media/*")]
    for file in written:
        assert not any(key in look for look in looks_at(file.read_bytes())), file.read_text(
            "latin-1"
        )
    path.unlink()


def test_a_key_that_the_environment_names_is_hidden_from_the_calls_of_another(
    path, hub, monkeypatch
):
    monkeypatch.setenv("AKI_API_KEY", "the-key-of-the-environment")
    with cassette(path, record=True), Aki("another-key", api_server=hub.url) as aki:
        aki.llama3_chat(prompt_input="Is it the-key-of-the-environment?")
    assert "Is it ***?" in path.read_text("utf-8")
    with cassette(path):  # found by what is left of it
        Aki().llama3_chat(prompt_input="Is it the-key-of-the-environment?")


def test_a_key_that_looks_like_what_stands_around_the_texts_keeps_the_file_from_being_written(path):
    key = '"status": 400'
    transport = httpx2.MockTransport(hub_that_repeats("x", "refusal"))
    refused = pytest.raises(CassetteError, match="the API key would be in it")
    with (
        httpx2.Client(transport=transport) as http,
        refused,
        cassette(path, record=True),
        suppress(AkiError),
    ):
        Aki(key, api_server="https://hub.example", http_client=http).llama3_chat(
            prompt_input="Hello"
        )
    assert not path.exists()
