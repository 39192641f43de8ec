"""A hub that means harm: nothing that it says becomes code, markup or a request of the page."""

import json
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

import pytest
from aki_sandbox.catalogue import load_catalogue
from aki_sandbox.server import SandboxServer
from playground.conftest import running_playground
from playground.page import choose, settled, status, unfold, visit, write

pytestmark = pytest.mark.slow

PACKAGE = "hostile_hub"
SCRIPT = "window.hacked = true"


def evil(trap):
    return (
        f'</p></div><script>{SCRIPT}</script><img src="{trap}/html" onerror="{SCRIPT}">'
        f"![x]({trap}/markdown) [link](javascript:window.hacked=true) "
        f"<iframe srcdoc='<script>parent.hacked = true</script>'></iframe>"
        f"<style>@import url({trap}/style); body {{ display: none }}</style>"
        f"$$\\href{{javascript:window.hacked=true}}{{x}}$$ \\(\\includegraphics{{{trap}/latex}}\\) "
        "${window.hacked = true} {{constructor.constructor('window.hacked = true')()}} "
        '<svg width=600 height=200><a href="javascript:window.hacked=true"><rect width=600 height=200></rect></a></svg>'
        f'<svg><image href="{trap}/svg"/><use href="{trap}/use#x"/></svg>'
        '<math href="javascript:window.hacked=true">m</math>'
        f'<div style="position:fixed;inset:0;background:url({trap}/css)"><a href="{trap}/div">d</a></div>'
        f"[data](data:text/html,hacked) [mail](mailto:x@y.z?body=secret) [hidden]({trap}/link) [ref][1] ![ref][1] "
        "`<svg>` \\`<img src=x onerror=window.hacked=true>` | a `|` <u>u</u> `|"
    )


BLOCKS = """[1]: javascript:window.hacked=true

~~~ info`with`ticks
~~~
    ```
<svg id="evil1"><a href="javascript:window.hacked=true"><text>x</text></a></svg>
- ```
<svg id="evil2"></svg>

```html
<svg id="shown"></svg> [a](b)
```
~~~~
````
~~~
<svg id="evil3"></svg>
> ```
> x
<svg id="evil4"></svg>
```mermaid
graph TD; A["<a id='evil5' href='http://127.0.0.1:9/'>x</a>"]; click A "javascript:window.hacked=true"
```
"""


class _Trap(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path not in ("/", "/favicon.ico"):
            self.server.seen.append(self.path)
        self.send_response(200)
        self.end_headers()

    def log_message(self, *arguments):
        pass


@pytest.fixture(scope="module")
def trap():
    """A server that nobody shall ask for anything."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Trap)
    server.seen = []
    server.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def hostile_hub(tmp_path_factory, trap):
    folder = tmp_path_factory.mktemp("catalogue")
    text = evil(trap.url)
    for name in ("llama3_8b_chat", "z_image_turbo"):
        document = json.loads(json.dumps(load_catalogue()[name].document))
        document.update(title=text, description=text, category=text)
        for parameter in document["parameter_description"]["input"].values():
            parameter["description"] = text
        (folder / f"{name}.json").write_text(json.dumps(document), encoding="utf-8")
    with SandboxServer(catalogue=folder) as server:
        yield server


@pytest.fixture(scope="module")
def playground(hostile_hub, tmp_path_factory):
    out = tmp_path_factory.mktemp("packages")
    generate = ["generate", "--server", hostile_hub.url, "--out", out, "--package", PACKAGE]
    done = subprocess.run(
        [sys.executable, "-m", "aki_codegen", *generate],
        env={**os.environ, "AKI_API_KEY": "any"},
        capture_output=True,
        encoding="utf-8",
    )
    assert done.returncode in (0, 3), done.stderr
    arguments = ("--server", hostile_hub.url, "--package", PACKAGE)
    with running_playground(*arguments, path=[out]) as process:
        yield process


def unharmed(page, trap):
    assert page.evaluate("window.hacked") is None
    assert page.locator("body").is_visible()
    assert page.locator("iframe").count() == 0
    assert trap.seen == []


def hidden_links(page):
    """Return the links of a conversation whose text is not their address."""
    links = page.locator("#chat .md a").evaluate_all("all => all.map(a => [a.href, a.innerText])")
    shown = [(unquote(address).removeprefix("mailto:"), text) for address, text in links]
    return [link for link in shown if link[0].rstrip("/") != link[1].rstrip("/")]


@pytest.mark.parametrize("endpoint", ["llama3_8b_chat", "z_image_turbo"])
def test_what_a_hub_says_of_itself_is_shown_as_text(open_page, playground, trap, endpoint):
    page = open_page(playground.address)
    choose(page, endpoint)
    unfold(page)
    page.locator(".aki-help", has_text="<script>").first.wait_for()
    assert f"<script>{SCRIPT}</script>" in page.locator(".aki-head h2").inner_text()
    unharmed(page, trap)


def test_an_answer_runs_nothing_and_loads_nothing(context, playground, trap):
    blocked = []
    page = context.new_page()
    page.on("console", lambda message: blocked.append(message.text))
    visit(page, playground.address)
    choose(page, "llama3_8b_chat")
    write(page, "draft", f"{evil(trap.url)} END")
    page.locator("#run").click()
    page.locator("#chat", has_text="one by one.").wait_for()
    status(page, "Done")
    settled(page)
    message = page.locator("#chat .md").last
    assert "<svg width=600 height=200>" in message.inner_text()
    assert page.locator("#chat .md").locator("img, svg, style, math, [style], .katex").count() == 0
    assert hidden_links(page) == []
    assert not [text for text in blocked if "Content Security Policy" in text]
    unharmed(page, trap)


def test_a_message_of_many_blocks_is_text_too(context, playground, trap):
    page = context.new_page()
    visit(page, playground.address)
    choose(page, "llama3_8b_chat")
    write(page, "draft", BLOCKS)
    page.locator("#run").click()
    status(page, "Done")
    code = page.locator("#chat .md code", has_text='<svg id="shown"></svg> [a](b)')
    code.first.wait_for()
    settled(page)
    assert page.locator("#chat .md [id]").count() == 0
    assert page.locator("#chat .md svg:not(button svg)").count() == 0
    assert page.locator("#chat .mermaid").count() == 0
    assert hidden_links(page) == []
    unharmed(page, trap)


def test_no_diagram_is_drawn_however_it_is_fenced(context, playground, trap):
    page = context.new_page()
    visit(page, playground.address)
    choose(page, "llama3_8b_chat")
    diagram = (
        f'graph TD; A["<a href=\'{trap.url}\'>x</a>"]; click A "javascript:window.hacked=true"'
    )
    write(page, "draft", f"~~~ mermaid\n{diagram}\n~~~\n\n``` mermaid\n{diagram}\n```\n")
    page.locator("#run").click()
    status(page, "Done")
    page.locator("#chat .md code", has_text="graph TD").first.wait_for()
    settled(page)
    assert page.locator("#chat .mermaid").count() == 0
    assert hidden_links(page) == []
    unharmed(page, trap)


def test_a_script_that_got_into_the_page_does_not_run(context, playground, trap):
    page = context.new_page()
    visit(page, playground.address)
    page.evaluate(
        """() => { document.body.insertAdjacentHTML('afterbegin',
            `<svg id="trap" width=600 height=200><a href="javascript:void(window.hacked=true)">
             <rect width=600 height=200></rect></a></svg><img src="data:," onerror="window.hacked = true">`);
            const script = document.createElement('script');
            script.textContent = 'window.hacked = true';
            document.body.append(script); }"""
    )
    page.locator("#trap rect").click(force=True)
    page.wait_for_timeout(300)
    unharmed(page, trap)


def test_another_page_can_not_start_a_job(context, playground, trap, hostile_hub):
    before = hostile_hub.hub.jobs_submitted
    page = context.new_page()
    page.goto(f"{trap.url}/")
    target = f"{playground.address}/gradio_api/queue/join"
    outcomes = page.evaluate(
        """async (target) => {
            const send = (mode) => fetch(target, {method: 'POST', mode, body: '{"fn_index": 0}'});
            return Promise.all(['no-cors', 'cors'].map((mode) => send(mode).then(() => 'read', () => 'kept from it')));
        }""",
        target,
    )
    assert outcomes == ["kept from it", "kept from it"]
    page.set_content(f'<form method="post" action="{target}"><button>send</button></form>')
    with page.expect_navigation() as navigation:
        page.get_by_role("button").click()
    assert navigation.value.status == 403
    assert hostile_hub.hub.jobs_submitted == before
