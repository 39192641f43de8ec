"""Who may talk to the page's server, and what the page may load."""

import asyncio

import httpx
import pytest
from starlette.responses import PlainTextResponse

pytest.importorskip("gradio", reason="the playground needs Gradio (extra `playground`)")

from aki_playground.server import Guard

HERE = "http://127.0.0.1:7860"


async def reached(scope, receive, send):
    answer = PlainTextResponse("reached", headers={"Access-Control-Allow-Origin": "*"})
    await answer(scope, receive, send)


def ask(method="GET", path="/", **headers):
    async def main():
        transport = httpx.ASGITransport(Guard(reached, "127.0.0.1", 7860))
        async with httpx.AsyncClient(transport=transport, base_url=HERE) as client:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            return await client.request(method, path, headers=named)

    return asyncio.run(main())


@pytest.mark.parametrize("host", ["127.0.0.1:7860", "localhost:7860"])
def test_the_page_itself_is_answered(host):
    answer = ask("POST", "/run", host=host, origin=f"http://{host}", sec_fetch_site="same-origin")
    assert (answer.status_code, answer.text) == (200, "reached")


def test_a_program_on_this_machine_is_answered():
    assert ask("POST", "/run").status_code == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:7860", "127.0.0.1", "127.0.0.1:80", "127.0.0.1.evil:7860", ""],
)
def test_a_name_that_was_made_to_point_here_is_refused(host):
    assert ask(host=host).status_code == 403


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "null",
        "http://127.0.0.1:8000",
        "https://127.0.0.1:7860",
        "http://localhost:7860",
        "",
    ],
)
def test_another_page_may_send_nothing(origin):
    assert ask("POST", "/run", origin=origin).status_code == 403
    assert ask("OPTIONS", "/run", origin=origin).status_code == 403


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_another_page_may_embed_nothing(site):
    assert ask("GET", "/file", sec_fetch_site=site, sec_fetch_mode="no-cors").status_code == 403
    assert ask("GET", "/file", sec_fetch_site=site, sec_fetch_mode="navigate").status_code == 403


def test_a_link_to_the_page_can_be_followed():
    assert (
        ask("GET", "/", sec_fetch_site="cross-site", sec_fetch_mode="navigate").status_code == 200
    )


def test_the_browser_is_told_to_load_nothing_from_elsewhere_and_to_be_framed_by_nobody():
    for answer in (ask(), ask(host="evil.example")):
        policy = answer.headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "http" not in policy
        assert "'unsafe-inline'" not in policy.partition("script-src")[2].partition(";")[0]
        assert answer.headers["x-frame-options"] == "DENY"
        assert "access-control-allow-origin" not in answer.headers
