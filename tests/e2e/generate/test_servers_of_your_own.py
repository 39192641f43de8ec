"""Servers that are set up otherwise: details by POST alone, the routes of the other layout, defaults they refuse."""

import json
import re

import pytest
from aki_client import Aki, AsyncAki, NotFoundError
from aki_sandbox.server import SandboxServer
from support.command import KEY, PAINTER
from support.metadata import details
from support.stub_hub import Answer, StubHub

UNKNOWN_JOB = Answer(
    {"success": False, "error": ["Client has no active request with this job id none"]}, 402
)
NOT_ALLOWED = Answer({"description": "Method Not Allowed", "status": 405, "message": "no"}, 405)


@pytest.fixture
def by_post():
    """A hub that describes one of two endpoints to POST alone."""
    with StubHub.offering({"painter": PAINTER, "singer": PAINTER}) as hub:
        hub.answers["/api/endpoints/singer"] = NOT_ALLOWED
        hub.answers_to_post["/api/endpoints/singer"] = PAINTER
        yield hub


@pytest.fixture
def catalogue(tmp_path):
    """A sandbox's catalogue of an endpoint that answers POST alone."""
    folder = tmp_path / "catalogue"
    folder.mkdir()
    document = {"name": "singer", "http_methods": ["POST"], **PAINTER}
    (folder / "singer.json").write_text(json.dumps(document))
    return folder


class TestDetailsByPost:
    """An endpoint that is set to POST answers 405 to a GET for its details."""

    def test_such_an_endpoint_is_generated(self, generate, by_post):
        status, output, _ = generate("--server", by_post.url)
        assert status == 0
        assert "2 endpoints (2 new)" in output

    def test_the_key_goes_in_the_body_then(self, generate, by_post, monkeypatch):
        monkeypatch.setenv("AKI_API_KEY", KEY)
        generate("--server", by_post.url)
        asked = [(path, json.loads(body)) for path, body in by_post.posted if "/api/end" in path]
        assert asked == [("/api/endpoints/singer", {"key": KEY})]

    def test_an_endpoint_that_is_not_listed_and_described_to_post_is_kept(self, generate, by_post):
        generate("--server", by_post.url)
        by_post.answers["/api/endpoints"] = {"endpoints": ["painter"]}
        status, output, _ = generate("--server", by_post.url)
        assert status == 3
        assert "singer: it is not on the list, but the hub still describes it" in output

    def test_one_that_is_described_to_nobody_is_told(self, generate, by_post):
        by_post.answers_to_post.clear()
        status, output, _ = generate("--server", by_post.url)
        assert status == 3
        assert "singer: its details could not be had" in output
        assert [path for path, _ in by_post.posted if "endpoints" in path] == [
            "/api/endpoints/singer"
        ]

    def test_the_sandbox_describes_such_an_endpoint_by_post_alone(self, generate, catalogue):
        with SandboxServer(catalogue=catalogue) as hub:
            assert generate("--server", hub.url)[0] == 0
            methods = [r.method for r in hub.hub.requests if r.path == "/api/endpoints/singer"]
        assert methods == ["GET", "POST"]

    def test_a_client_asks_for_its_details(self, catalogue):
        with SandboxServer(catalogue=catalogue) as hub, Aki("any", api_server=hub.url) as aki:
            assert "parameter_description" in aki.endpoint_details("singer")

    @pytest.mark.anyio
    async def test_an_async_client_asks_for_its_details(self, catalogue):
        with SandboxServer(catalogue=catalogue) as hub:
            async with AsyncAki("any", api_server=hub.url) as aki:
                assert "parameter_description" in await aki.endpoint_details("singer")


class TestLayout:
    """The layout of a hub's routes shows before the first call."""

    @pytest.mark.parametrize(("given", "true"), [("aki", "aime"), ("aime", "aki")])
    def test_the_wrong_one_is_refused_by_name(self, generate, given, true):
        routes = {"aki": "/api/progress/painter", "aime": "/painter/progress"}
        with StubHub.offering({"painter": PAINTER}) as hub:
            hub.answers_to_post[routes[true]] = UNKNOWN_JOB
            status, _, errors = generate("--server", hub.url, "--layout", given)
            assert status == 1
            assert f"has the routes of layout {true!r} and not those of {given!r}" in errors
            assert not generate.package.exists()
            assert generate("--server", hub.url, "--layout", true)[0] == 0

    @pytest.mark.parametrize("true", ["aki", "aime"])
    def test_where_none_is_named_it_is_found_out(self, generate, true):
        routes = {"aki": "/api/progress/painter", "aime": "/painter/progress"}
        with StubHub.offering({"painter": PAINTER}) as hub:
            hub.answers_to_post[routes[true]] = UNKNOWN_JOB
            assert generate("--server", hub.url)[0] == 0
        snapshot = json.loads((generate.package / "spec" / "hub.json").read_text("utf-8"))
        assert snapshot["layout"] == true

    def test_no_job_is_made_and_no_key_sent_to_find_out(self, generate, monkeypatch):
        monkeypatch.setenv("AKI_API_KEY", KEY)
        with StubHub.offering({"painter": PAINTER}) as hub:
            generate("--server", hub.url)
            paths, bodies = zip(*hub.posted, strict=True)
        assert set(paths) == {"/api/progress/painter", "/painter/progress"}
        assert {json.loads(body)["job_id"] for body in bodies} == {"none"}
        assert not any(KEY.encode() in body for body in bodies)

    @pytest.mark.parametrize("answer", [NOT_ALLOWED, Answer("<html>", 404), Answer("<html>", 502)])
    def test_a_hub_of_which_it_cannot_be_told_is_taken(self, generate, answer):
        with StubHub.offering({"painter": PAINTER}) as hub:
            hub.answers_to_post["/api/progress/painter"] = answer
            hub.answers_to_post["/painter/progress"] = Answer("<html>the front page</html>")
            assert generate("--server", hub.url)[0] == 0
            assert hub.posted

    @pytest.mark.parametrize(("used", "other"), [("aki", "aime"), ("aime", "aki")])
    def test_a_call_that_finds_no_route_names_the_other(self, used, other):
        with (
            StubHub({}) as hub,
            Aki("any", api_server=hub.url, layout=used) as aki,
            pytest.raises(NotFoundError, match=f"give layout='{other}'"),
        ):
            aki.call("painter", {"prompt": "x"})


class TestTruth:
    """The hub takes attributes for their truth, so that 1 is as good as true."""

    VALUES = (True, 1, "yes", "false", [0], False, 0, "", None, [])

    def test_required_is_what_the_hub_takes_for_true(self, generate):
        fields = [{"type": "integer", "required": value} for value in self.VALUES]
        module, _ = made(generate, fields)
        found = [f"    p{n}: int,\n" in module for n in range(len(fields))]
        assert found == [bool(value) for value in self.VALUES]

    def test_so_is_auto_convert(self, generate):
        fields = [{"type": "integer", "max": 8, "auto_convert": value} for value in self.VALUES]
        module, _ = made(generate, fields)
        found = [re.search(rf"p{n}: .*le=8", module) is None for n in range(len(fields))]
        assert found == [bool(value) for value in self.VALUES]


class TestDefaultThatTheHubRefuses:
    """A hub checks its default like any value: where it refuses it, every call must give one."""

    REFUSED = (
        {"type": "integer", "minimum": 1, "maximum": 8, "default": 9},
        {"type": "float", "minimum": 1, "default": 0.5},
        {"type": "integer", "align": 8, "default": 12},
        {"type": "integer", "default": "five"},
        {"type": "bool", "default": "true"},
        {"type": "string", "max_length": 2, "default": "long"},
        {"type": "selection", "supported": ["a", "b"], "default": "c"},
        {"type": "string", "default": 5},
    )
    TAKEN = (
        {"type": "integer", "maximum": 8, "default": 8},
        {"type": "integer", "maximum": 8, "default": 9, "auto_convert": True},
        {"type": "float", "default": 1},
        {"type": "integer", "default": None},
    )

    @pytest.mark.parametrize("attributes", REFUSED, ids=str)
    def test_it_is_told_and_the_parameter_required(self, generate, attributes):
        module, output = made(generate, [attributes])
        report = (generate.package / "REPORT.md").read_text("utf-8")
        for said in (output, report):
            assert "the hub refuses a call without it, so that it is required" in said
        assert "Required: the hub refuses its own default" in " ".join(module.split())
        assert required(module) == ["p0"]

    @pytest.mark.parametrize("taken", TAKEN, ids=str)
    def test_no_other_is_required_and_the_sandbox_agrees(self, generate, taken, tmp_path):
        fields = [*self.REFUSED, taken]
        document = {"name": "painter", **details({f"p{n}": f for n, f in enumerate(fields)})}
        (tmp_path / "painter.json").write_text(json.dumps(document))
        with (
            SandboxServer(catalogue=tmp_path) as hub,
            Aki("any", api_server=hub.url) as aki,
            pytest.raises(ValueError, match="p0") as refused,
        ):
            aki.submit("painter", {})
        of_the_hub = sorted(set(re.findall(r"\bp[0-9]\b", str(refused.value))))
        module, _ = made(generate, fields)
        assert required(module) == of_the_hub == [f"p{n}" for n in range(len(self.REFUSED))]


def made(generate, fields):
    """Generate an endpoint with parameters of these attributes; return its module, and what was said."""
    named = {f"p{n}": attributes for n, attributes in enumerate(fields)}
    with StubHub.offering({"painter": details(named, {"text": {}})}) as hub:
        status, output, _ = generate("--server", hub.url)
    assert status == 0
    return (generate.package / "endpoints" / "_painter.py").read_text("utf-8"), output


def required(module):
    """Return the parameters of an endpoint's function that have no default."""
    signature = module.partition("def painter(")[2].partition(") ->")[0]
    return sorted(re.findall(r"    (\w+): [^=]*?,\n", signature))
