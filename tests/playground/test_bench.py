"""What stands before every run: which field each problem of a call belongs to, and the Python code of the call."""

import ast
import os
import subprocess
import sys

import pytest
from aki_client import Aki, InvalidParametersError
from aki_playground.bench import problems_by_field, source_of
from aki_playground.package import HubPackage
from aki_sandbox.server import SandboxServer


def faults_of(endpoint, **arguments):
    card = HubPackage("aki_client").cards[endpoint]
    with pytest.raises(InvalidParametersError) as caught:
        card.info.check(arguments, True)
    return problems_by_field(caught.value.problems, card.parameters)


def test_each_fault_stands_at_its_own_field():
    placed, rest = faults_of("z_image_turbo", width=1000, steps=99)
    assert placed == {
        "prompt": "This is required.",
        "width": "width=1000 must be a multiple of 32 (nearest allowed: 992, 1024).",
        "steps": "steps=99 is out of range 1–50 (nearest allowed: 50).",
    }
    assert rest == []


@pytest.mark.parametrize(
    "value", ["a: b", "it's: so", "both ' and \" : here", "x: " * 100, "\\': "]
)
def test_a_value_with_a_colon_is_not_taken_for_its_reason(value):
    placed, rest = faults_of("xttsv2", text="hi", language=value)
    assert placed["language"].startswith("language=")
    assert "must be one of 'en', 'de'" in placed["language"]
    assert rest == []


def test_a_conversation_is_explained_too():
    placed, _ = faults_of("llama3_chat", chat_context=[{"role": "robot", "content": "hi"}])
    assert placed["chat_context"].startswith("chat_context: message 0 has role 'robot'")


def test_what_belongs_to_no_field_is_told_all_the_same():
    placed, rest = faults_of(
        "llama3_chat", text_context="a", chat_context=[{"role": "user", "content": "hi"}]
    )
    assert placed == {}
    assert "exclude each other" in rest[0]


@pytest.fixture(scope="module")
def hub():
    with SandboxServer() as server:
        yield server


def code_of(endpoint, server=None, **arguments):
    card = HubPackage("aki_client").cards[endpoint]
    return source_of("aki_client", endpoint, arguments, card.outputs, server)


def run(hub, folder, source):
    script = folder / "call.py"
    script.write_text(source, encoding="utf-8")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("AKI_")}
    done = subprocess.run(
        [sys.executable, script],
        cwd=folder,
        env={**inherited, "AKI_API_KEY": "any", "AKI_API_SERVER": hub.url},
        capture_output=True,
        encoding="utf-8",
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


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


def test_an_address_that_was_asked_for_is_in_the_code():
    source = code_of("xttsv2", server='http://a"b', text="Hi")
    assert "Aki(api_server='http://a\"b')" in source


HOSTILE = '"""\n\'; import os; os.abort() #\u202e\x00\udcff{x}'


def test_no_value_can_leave_its_literal():
    source = code_of("flux_dev", prompt=HOSTILE)
    assert source.isascii()
    made = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.keyword)]
    assert [ast.literal_eval(keyword.value) for keyword in made] == [HOSTILE]


def test_the_code_of_a_picture_runs_and_saves_it(hub, tmp_path):
    printed = run(hub, tmp_path, code_of("z_image_turbo", prompt="A robot", width=256))
    assert (tmp_path / printed.strip()).is_file()


@pytest.mark.slow
def test_the_code_of_a_conversation_with_a_picture_runs(hub, tmp_path):
    picture = tmp_path / "robot's picture.png"
    with Aki("any", api_server=hub.url) as aki:
        aki.qwen_image(prompt="A robot", width=128, height=128).images[0].save(picture)
    parts = [{"image": str(picture)}, {"text": "What is this?\nTell me."}]
    talk = [{"role": "system", "content": "Be brief"}, {"role": "user", "content": parts}]
    printed = run(hub, tmp_path, code_of("qwen_vl_chat", chat_context=talk))
    assert "What is this?" in printed


@pytest.mark.slow
def test_the_code_of_json_and_of_speech_runs(hub, tmp_path):
    arguments = {"text": "Hi", "target_language": "deu", "glossary": {"cat": ["Katze", None, 1.5]}}
    assert run(hub, tmp_path, code_of("seamless_translate", **arguments))
    printed = run(hub, tmp_path, code_of("xttsv2", text="Hello"))
    assert (tmp_path / printed.strip()).suffix == ".wav"
