"""A hub's address, as people write it, and the URLs of its routes."""

import pytest
from aki_runtime.errors import ConfigurationError
from aki_runtime.hub import Address, is_set
from aki_runtime.secret import ApiKey

KEY = ApiKey("k")


@pytest.mark.parametrize(
    ("written", "server"),
    [
        ("https://aki.io", "https://aki.io"),
        ("https://aki.io/", "https://aki.io"),
        ("https://aki.io/api", "https://aki.io"),
        ("https://aki.io/api/", "https://aki.io"),
        ("aki.io", "https://aki.io"),
        ("  aki.io/api/ \n", "https://aki.io"),
        ("aki.io:8443", "https://aki.io:8443"),
        ("HTTPS://aki.io", "https://aki.io"),
        ("https://hub.example/ai/hub/api/", "https://hub.example/ai/hub"),
        ("https://hub.example/myapi", "https://hub.example/myapi"),
        ("hub.example/ai", "https://hub.example/ai"),
        ("http://hub.example", "http://hub.example"),
        ("localhost:7777", "http://localhost:7777"),
        ("127.0.0.1:7777/api", "http://127.0.0.1:7777"),
        ("hub.localhost", "http://hub.localhost"),
        ("[::1]:7777", "http://[::1]:7777"),
        ("http://[::1]:7777/api", "http://[::1]:7777"),
        ("[2001:db8::1]", "https://[2001:db8::1]"),
        ("https://[2001:db8::1]:8443/", "https://[2001:db8::1]:8443"),
    ],
)
def test_an_address_is_read_as_people_write_it(written, server):
    assert Address.parse(written, "aki").server == server


@pytest.mark.parametrize(
    "written",
    [
        "",
        "  ",
        "https://",
        "ftp://aki.io",
        "file:///etc/passwd",
        "://aki.io",
        "https:///api",
        "http://[::1",
        "https://aki.io:port",
        "https://aki.io:99999",
        "https://aki io",
    ],
)
def test_what_is_no_address_is_refused_with_an_example(written):
    with pytest.raises(ConfigurationError, match=r"give one such as https://aki\.io"):
        Address.parse(written, "aki")


@pytest.mark.parametrize(
    "written",
    [
        "https://me:secret@aki.io",
        "https://me@aki.io",
        "https://:secret@aki.io",
        "https://aki.io?key=secret",
        "https://aki.io/#secret",
    ],
)
def test_an_address_with_credentials_is_refused_without_showing_them(written):
    with pytest.raises(ConfigurationError) as caught:
        Address.parse(written, "aki")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("layout", ["", "AKI", "openai"])
def test_an_unknown_layout_is_refused(layout):
    with pytest.raises(ConfigurationError, match="it is 'aki' or 'aime'"):
        Address.parse("aki.io", layout)


@pytest.mark.parametrize(
    ("layout", "call", "progress"),
    [
        ("aki", "/api/call/flux-dev", "/api/progress/flux-dev"),
        ("aime", "/flux-dev", "/flux-dev/progress"),
    ],
)
def test_jobs_have_the_routes_of_their_layout(layout, call, progress):
    address = Address.parse("https://hub.example/ai", layout)
    base = "https://hub.example/ai"
    assert address.url("call", "flux-dev") == base + call
    assert address.url("progress", "flux-dev") == base + progress


@pytest.mark.parametrize("layout", ["aki", "aime"])
def test_questions_have_the_same_routes_in_every_layout(layout):
    address = Address.parse("https://hub.example", layout)
    base = "https://hub.example/api"
    assert address.url("list") == f"{base}/endpoints"
    assert address.url("details", "flux-dev") == f"{base}/endpoints/flux-dev"
    assert address.url("validate_key") == f"{base}/validate_key"


@pytest.mark.parametrize("name", ["../admin", "a/b?c#d", "ä b", "%2e%2e"])
def test_an_endpoints_name_never_leaves_its_place(name):
    url = Address.parse("https://hub.example", "aki").url("call", name)
    last = url.removeprefix("https://hub.example/api/call/")
    assert not set(last) & set("/?# ")


@pytest.mark.parametrize(
    "server", ["https://aki.io", "http://localhost:1", "http://127.9.9.9", "http://[::1]"]
)
def test_a_key_goes_where_nobody_else_reads_it(server):
    Address.parse(server, "aki").require_private(KEY, allow_http=False)


@pytest.mark.parametrize(
    "server",
    [
        "http://aki.io",
        "http://10.0.0.1",
        "http://0.0.0.0",
        "http://[2001:db8::1]",
        "http://localhost.evil.example",
        "http://127.0.0.1.evil.example",
        "HTTP://aki.io",
    ],
)
def test_a_key_does_not_go_over_plain_http(server):
    with pytest.raises(ConfigurationError, match="plain http"):
        Address.parse(server, "aki").require_private(KEY, allow_http=False)


@pytest.mark.parametrize(("key", "allow_http"), [(None, False), (KEY, True)])
def test_plain_http_is_taken_without_a_key_or_when_allowed(key, allow_http):
    Address.parse("http://aki.io", "aki").require_private(key, allow_http=allow_http)


@pytest.mark.parametrize(
    ("value", "allowed"), [("1", True), (" TRUE ", True), ("0", False), ("", False), ("no", False)]
)
def test_the_environment_allows_plain_http(monkeypatch, value, allowed):
    monkeypatch.setenv("AKI_ALLOW_HTTP", value)
    assert is_set("AKI_ALLOW_HTTP") is allowed
