"""`aki call`: what is sent, and what comes out of it."""

import json
from pathlib import Path

import pytest
from aki_cli.exits import Exit
from aki_sandbox.server import SandboxServer
from PIL import Image
from support.jobs import last_job
from support.package import importable
from support.patience import until

from .conftest import Command


def test_the_text_of_an_answer_goes_to_stdout_alone(aki: Command) -> None:
    ran = aki("call", "llama3_8b_chat", "--prompt-input", "Tell me a joke")
    assert (ran.status, ran.err) == (0, "")
    assert 'You wrote: "Tell me a joke"' in ran.out
    assert ran.out.endswith(".\n")


@pytest.mark.parametrize(
    ("words", "stdin"),
    [
        (["Tell me a joke"], ""),
        ([], "Tell me a joke"),
        (["-"], "Tell me a joke"),
        (["@joke.txt"], ""),
        (["--temperature", "0.5", "Tell me a joke"], "never read"),
    ],
)
def test_a_text_alone_is_the_users_message(
    aki: Command, hub: SandboxServer, words: list[str], stdin: str
) -> None:
    Path("joke.txt").write_text("Tell me a joke")
    ran = aki("call", "llama3_chat", *words, stdin=stdin)
    assert (ran.status, ran.err) == (0, "")
    assert 'You wrote: "Tell me a joke"' in ran.out
    assert not last_job(hub).work.inputs["prompt_input"]


@pytest.mark.parametrize(("name", "parameter"), [("flux_dev", "prompt"), ("xttsv2", "text")])
def test_a_text_alone_is_for_the_one_text_that_a_call_needs(
    aki: Command, hub: SandboxServer, name: str, parameter: str
) -> None:
    assert aki("call", name, "a lake").status == 0
    assert last_job(hub).work.inputs[parameter] == "a lake"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ["flux_dev", "a lake", "--prompt", "b"],
            "the text stands twice: once alone, once as prompt",
        ),
        (["llama3_chat", "Hi", "--prompt-input", "b"], "once as prompt_input"),
        (["llama3_chat", "Tell", "me"], "a text with spaces stands in quotes"),
        (["image_upscale", "a lake"], "unexpected extra argument"),
        (["llama3_chat", "@none.txt"], "none.txt cannot be read"),
        (["llama3_chat"], 'nothing is asked: aki call llama3_chat "Hello"'),
        (["llama3_chat", " "], "nothing is asked"),
    ],
)
def test_a_text_that_has_no_place_is_wrong_usage(aki: Command, words: list[str], said: str) -> None:
    ran = aki("call", *words)
    assert (ran.status, len(ran.err.splitlines())) == (2, 1)
    assert said in ran.err


def test_stdin_is_left_alone_where_a_call_needs_nothing_of_it(aki: Command) -> None:
    ran = aki("call", "flux_dev", "--prompt", "@-", stdin="a lake")
    assert ran.status == 0
    assert 'You wrote: "Hi"' in aki("call", "llama3_chat", "--prompt-input", "Hi", stdin="no").out


def test_an_endpoint_goes_by_its_name_on_the_hub_too(aki: Command) -> None:
    assert aki("call", "flux-dev", "--prompt", "a lake").status == 0


def test_only_what_was_written_is_sent(aki: Command, hub: SandboxServer) -> None:
    aki("call", "flux_dev", "--prompt", "a lake", "--seed", "-1")
    sent = last_job(hub).work.inputs
    assert sent["seed"] == -1
    assert sent["prompt"] == "a lake"


def test_values_are_of_the_type_that_the_parameter_takes(aki: Command, hub: SandboxServer) -> None:
    words = ["--prompt", "5", "--width", "256", "--guidance", "2.5", "--num-samples=2"]
    ran = aki("call", "flux_dev", *words)
    assert ran.out.splitlines() == ["image-1.jpg", "image-2.jpg"]
    sent = last_job(hub).work.inputs
    assert (sent["prompt"], sent["width"], sent["guidance"]) == ("5", 256, 2.5)


def test_a_choice_of_numbers_and_a_switch_are_understood(aki: Command, hub: SandboxServer) -> None:
    Image.new("RGB", (64, 64)).save("small.png")
    ran = aki("call", "image_upscale", "--image", "small.png", "--scale", "4", "--keep-grain")
    assert ran.status == 0, ran.err
    sent = last_job(hub).work.inputs
    assert (sent["scale"], sent["keep_grain"]) == (4, True)
    aki("call", "image_upscale", "--image", "@small.png", "--no-keep-grain")
    assert last_job(hub).work.inputs["keep_grain"] is False


def test_a_conversation_is_given_as_json(aki: Command) -> None:
    messages = json.dumps([{"role": "user", "content": "Good morning"}])
    assert "Good morning" in aki("call", "llama3_chat", "--chat-context", messages).out


def test_an_at_sign_reads_a_file_and_two_are_one(aki: Command) -> None:
    Path("long.txt").write_text("a long question")
    assert "a long question" in aki("call", "llama3_chat", "--prompt-input", "@long.txt").out
    assert '"@joe"' in aki("call", "llama3_chat", "--prompt-input", "@@joe").out


def test_an_at_sign_and_a_dash_read_stdin(aki: Command) -> None:
    ran = aki("call", "llama3_chat", "--prompt-input", "@-", stdin="from a pipe")
    assert "from a pipe" in ran.out


def test_a_whole_input_is_read_from_stdin_and_options_override_it(
    aki: Command, hub: SandboxServer
) -> None:
    document = json.dumps({"prompt": "a lake", "width": 256, "height": 256})
    ran = aki("call", "--json", "-", "flux_dev", "--height", "320", stdin=document)
    assert ran.status == 0
    with Image.open(ran.out.strip()) as picture:
        assert picture.size == (256, 320)


def test_a_whole_input_is_read_from_a_file(aki: Command) -> None:
    Path("input.json").write_text('{"prompt": "a lake"}')
    assert aki("call", "flux_dev", "-j", "input.json").out == "image-1.jpg\n"


def test_every_refused_parameter_has_its_line_and_nothing_is_sent(
    aki: Command, hub: SandboxServer
) -> None:
    before = hub.hub.request_count
    ran = aki("call", "flux_dev", "--width", "wide", "--steps", "1000")
    assert ran.status == 2
    assert ran.err.splitlines() == [
        "aki: invalid parameters for flux-dev:",
        "  - prompt is required",
        "  - width='wide' must be a whole number, 128–2048 in multiples of 32, not text",
        "  - steps=1000 is out of range 1–50 (nearest allowed: 50)",
    ]
    assert hub.hub.request_count == before


def test_everything_that_can_not_be_read_has_its_line(aki: Command) -> None:
    words = ["--chat-context", "[x", "--prompt-input", "@missing.txt"]
    ran = aki("call", "llama3_chat", *words)
    assert ran.status == 2
    assert "chat_context must be JSON" in ran.err
    assert "missing.txt cannot be read: No such file" in ran.err


@pytest.mark.parametrize(
    ("content", "said"),
    [("[1]", "must hold an object"), ("{", "must be JSON"), (None, "No such file")],
)
def test_a_whole_input_that_is_none_is_refused(
    aki: Command, content: str | None, said: str
) -> None:
    if content is not None:
        Path("input.json").write_text(content)
    ran = aki("call", "--json", "input.json", "flux_dev")
    assert ran.status == 2
    assert said in ran.err


def test_one_json_document_holds_outputs_and_figures(aki: Command) -> None:
    document = aki("call", "flux_dev", "--prompt", "a lake", "--seed", "7", "-o", "json").document
    assert document["outputs"]["images"] == ["image-1.jpg"]
    assert document["outputs"]["seed"] == 7
    assert document["meta"]["endpoint"] == "flux-dev"
    assert document["meta"]["job_id"]


def test_quiet_saves_media_and_says_nothing(aki: Command) -> None:
    ran = aki("call", "--output", "quiet", "flux_dev", "--prompt", "a lake")
    assert (ran.status, ran.out, ran.err) == (0, "", "")
    assert Path("image-1.jpg").exists()


def test_a_tool_call_is_shown_as_json(aki: Command) -> None:
    tools = json.dumps([{"type": "function", "function": {"name": "get_weather"}}])
    words = ["--prompt-input", "[[tool=get_weather]]", "--tools", tools]
    ran = aki("call", "gpt_oss_chat", *words)
    assert '"get_weather"' in ran.out


def test_a_detached_job_is_fetched_by_its_id(aki: Command) -> None:
    job_id = aki("call", "flux_dev", "-d", "--prompt", "a lake").out.strip()
    assert aki("job", "flux_dev", job_id).out == "image-1.jpg\n"
    again = aki("job", "flux_dev", job_id)
    assert again.status == 13
    assert "handed out before" in again.err


def test_the_state_of_a_job_is_asked_once(aki: Command, hub: SandboxServer) -> None:
    job_id = aki("call", "-d", "flux_dev", "--prompt", "a lake [[dur=60 steps=600]]").out.strip()
    assert aki("job", "flux_dev", job_id, "--state").out == "processing\n"
    assert aki("cancel", "flux_dev", job_id).out == "canceled\n"
    assert last_job(hub).state == "canceled"


def test_a_job_that_was_done_when_it_was_canceled_still_gives_its_result(
    aki: Command, hub: SandboxServer
) -> None:
    job_id = aki("call", "-d", "flux_dev", "--prompt", "a lake").out.strip()
    until(lambda: last_job(hub).ended, "the job ends")
    ran = aki("cancel", "flux_dev", job_id)
    assert (ran.status, ran.out) == (0, "image-1.jpg\n")
    assert "done already" in ran.err


def test_an_endpoint_that_the_package_lacks_is_called_from_the_live_metadata(
    odd: Command, odd_hub: SandboxServer
) -> None:
    ran = odd("call", "odd", "--prompt", "a lake", "--mode", "plain")
    assert ran.status == 0, ran.err
    assert "a lake" in ran.out
    assert last_job(odd_hub).work.inputs["mode"] == "plain"


def test_a_package_of_another_hub_is_used_by_its_name(
    odd: Command, odd_hub: SandboxServer, tmp_path: Path
) -> None:
    from aki_codegen.cli import main as generate

    place = ["--out", str(tmp_path), "--package", "odd_client", "--server", odd_hub.url]
    assert generate(["generate", *place]) == 0
    odd.capsys.readouterr()
    with importable(tmp_path, "odd_client"):
        assert "odd" in odd("--package", "odd_client", "endpoints").out
        ran = odd("--package", "odd_client", "call", "odd", "--prompt", "a lake")
        assert "a lake" in ran.out
        refused = odd("--package", "odd_client", "call", "odd")
    assert (refused.status, refused.err) == (
        2,
        "aki: invalid parameters for odd: prompt is required\n",
    )


@pytest.mark.parametrize("words", [["call", "llama3_chat"], ["chat", "llama3_chat"]])
def test_without_a_key_aki_io_is_not_asked_and_the_way_to_give_one_here_is_named(
    aki: Command, monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    monkeypatch.delenv("AKI_API_KEY")
    monkeypatch.setenv("AKI_API_SERVER", "https://aki.io")
    ran = aki(*words, "Tell me a joke")
    assert ran.status == Exit.CONFIGURATION
    assert ran.err == (
        "aki: llama3_chat: there is no key; set AKI_API_KEY or say --api-key-file FILE\n"
    )
