"""A call as text: what it looks like, and that it runs as it stands, against the sandbox."""

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from aki_client import Aki
from aki_playground.calls import LANGUAGES, CalledHub, calls_of
from aki_playground.package import HubPackage
from aki_sandbox.server import SandboxServer
from support.jobs import all_jobs

TRICKY = 'It\'s "50 %" of $HOME, `id` \\ @x\n<b>ü</b> $(id)'


@pytest.fixture(scope="module")
def hub():
    with SandboxServer() as server:
        yield server


def calls(endpoint, server="https://aki.io", is_named=False, **arguments):
    package = HubPackage("aki_client")
    settings = {"api_server": server} if is_named else {}
    target = CalledHub("aki_client", package.address(server), settings)
    return calls_of(target, package.cards[endpoint], arguments)


def code_of(endpoint, **arguments):
    return calls(endpoint, **arguments)["Python"]


def run(program, folder):
    """Run a call as it stands; return what it prints."""
    programs = Path(sys.executable).parent
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("AKI_")}
    done = subprocess.run(
        program,
        cwd=folder,
        env={**inherited, "AKI_API_KEY": "any", "PATH": f"{programs}:{os.environ['PATH']}"},
        capture_output=True,
        encoding="utf-8",
        timeout=120,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def run_each(hub, folder, endpoint, **arguments):
    """Run a call in each of its languages; return what each prints."""
    printed = {}
    for label, text in calls(endpoint, hub.url, True, **arguments).items():
        program = {"python": [sys.executable, "-c", text], "shell": ["sh", "-c", text]}
        printed[label] = run(program[LANGUAGES[label]], folder)
    return printed


def answers(hub, printed):
    """Return what curl printed, as JSON; the others must have printed something of it."""
    return json.loads(printed["curl"])["job_result"]


def test_a_short_call_stands_on_one_line():
    assert code_of("llama3_chat", prompt_input="Hi") == (
        "from aki_client import Aki\n"
        "\n"
        "aki = Aki()  # the key comes from AKI_API_KEY\n"
        "\n"
        'result = aki.llama3_chat(prompt_input="Hi")\n'
        "print(result.text)\n"
    )


def test_a_long_call_has_a_line_for_each_argument():
    source = code_of("z_image_turbo", prompt="A cute robot " * 6, width=512)
    assert "    width=512,\n)\n" in source
    assert "for image in result.images:\n    print(image.save" in source


def test_an_address_that_was_asked_for_is_in_every_call_and_another_in_none_but_curl():
    named = calls("xttsv2", "http://127.0.0.1:9", True, text="Hi")
    assert all("http://127.0.0.1:9" in text for text in named.values())
    plain = calls("xttsv2", "http://127.0.0.1:9", text="Hi")
    assert [label for label, text in plain.items() if "http://" in text] == ["curl"]


def test_what_its_client_was_given_of_the_hub_is_in_every_call():
    settings = {"api_server": "http://hub.lan", "layout": "aime", "allow_http": True}
    package = HubPackage("aki_client", timeout=5, **settings)
    client = package.client("a-key")
    target = CalledHub("aki_client", package.address(client.api_server), package.settings)
    texts = calls_of(target, package.cards["xttsv2"], {"text": "Hi"})
    assert 'Aki(api_server="http://hub.lan", layout="aime", allow_http=True)' in texts["Python"]
    assert "http://hub.lan/xttsv2/progress" in texts["curl"]
    assert texts["aki"].startswith("aki --server http://hub.lan --layout aime --allow-http call ")


def test_in_the_sandbox_no_call_asks_for_a_key():
    package = HubPackage("aki_client")
    target = CalledHub("aki_client", package.address("http://127.0.0.1:9"), is_sandbox=True)
    texts = calls_of(target, package.cards["xttsv2"], {"text": "Hi"})
    assert "Aki.sandbox()" in texts["Python"]
    assert "AsyncAki.sandbox()" in texts["Python, async"]
    assert '"key": "sandbox"' in texts["curl"]
    assert texts["aki"].startswith("AKI_API_KEY=sandbox aki ")


HOSTILE = '"""\n\'; import os; os.abort() #\u202e\x00\udcff{x}'


@pytest.mark.parametrize("label", ["Python", "Python, async"])
def test_no_value_can_leave_its_literal(label):
    source = calls("flux_dev", prompt=HOSTILE)[label]
    assert source.isascii()
    made = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.keyword)]
    assert [ast.literal_eval(keyword.value) for keyword in made] == [HOSTILE]


def test_a_control_character_reaches_no_terminal():
    text = calls("flux_dev", prompt="a\x1b]0;title\x07b")["aki"]
    assert text.replace("\n", "").isprintable()


@pytest.mark.slow
def test_every_call_of_a_text_with_all_that_a_shell_reads_arrives_as_it_was_typed(hub, tmp_path):
    printed = run_each(hub, tmp_path, "xttsv2", text=TRICKY)
    texts = [job.work.inputs["text"] for job in all_jobs(hub)]
    assert texts[-4:] == [TRICKY] * 4
    assert answers(hub, printed)["audio"].startswith("data:audio/")


@pytest.mark.slow
def test_every_call_of_a_conversation_with_a_picture_runs(hub, tmp_path):
    picture = tmp_path / "robot's picture.png"
    with Aki("any", api_server=hub.url) as aki:
        aki.qwen_image(prompt="A robot", width=512, height=512).images[0].save(picture)
    parts = [{"image": str(picture)}, {"text": "What is this?\nSay it."}]
    talk = [{"role": "system", "content": "Be brief"}, {"role": "user", "content": parts}]
    printed = run_each(hub, tmp_path, "qwen_vl_chat", chat_context=talk, temperature=0.5)
    assert all("What is this?" in text for text in printed.values())


@pytest.mark.slow
def test_every_call_of_json_truth_and_a_choice_runs(hub, tmp_path):
    glossary = {"cat": ["Katze", None, 1.5]}
    given = {"text": "Hi", "target_language": "deu", "glossary": glossary, "sampling": True}
    assert all(run_each(hub, tmp_path, "seamless_translate", **given).values())


@pytest.mark.slow
def test_a_refused_call_of_curl_says_why_and_ends(hub, tmp_path):
    text = calls("z_image_turbo", hub.url, True, width=1000)["curl"]
    assert "prompt" in run(["sh", "-c", text], tmp_path)
