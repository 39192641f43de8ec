"""What makes the page easy: seen in a browser, against a sandbox hub, also by the keyboard alone."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from playground.conftest import KEY, running_playground
from playground.page import (
    LONG,
    QUIET,
    again,
    choose,
    run_copied,
    settled,
    shown_code,
    status,
    unfold,
    write,
)
from support.patience import until

pytestmark = pytest.mark.slow


def prompt_of(page):
    return page.locator("#field-prompt textarea").input_value()


def run(page):
    page.locator("#run:not([disabled])").click()
    status(page, "Done")


def wait_until_kept(page, words):
    """Wait until the browser has kept what was typed: the code follows the same event."""
    page.locator("#code .cm-content", has_text=words).wait_for()
    page.evaluate(QUIET)


def paint(page, prompt):
    choose(page, "z_image_turbo")
    write(page, "field-prompt", prompt)
    page.locator("#field-width input[type=number]").fill("256")
    run(page)
    page.locator("#result-images img").first.wait_for()


def test_a_run_shows_beside_the_button_that_something_happens_before_the_server_has_answered(page):
    choose(page, "flux-dev")
    unfold(page)
    page.route("**/gradio_api/queue/join*", lambda route: None)
    page.locator("#run").click()
    status(page, "Sending")
    button, line = page.locator("#run").bounding_box(), page.locator("#status").bounding_box()
    assert 0 <= line["y"] - button["y"] < 150
    assert line["y"] + line["height"] <= 900


def test_the_buttons_and_the_status_stay_in_sight_of_a_long_form(page):
    choose(page, "flux-dev")
    unfold(page)
    page.evaluate("window.scrollTo(0, 0)")
    for name in ("run", "status"):
        box = page.locator(f"#{name}").bounding_box()
        assert box["y"] >= 0
        assert box["y"] + box["height"] <= 900


@pytest.mark.parametrize("keys", ["Control+Enter", "Meta+Enter"])
def test_control_and_enter_run_from_within_a_field(page, keys, shared_hub):
    choose(page, "z_image_turbo")
    width = page.locator("#field-width input[type=number]")
    width.fill("320")
    before = shared_hub.hub.jobs_submitted
    width.press(keys)
    status(page, "Done")
    shown_code(page, "width=320")
    assert shared_hub.hub.jobs_submitted == before + 1


def test_control_and_enter_send_a_message_once(page, shared_hub):
    choose(page, "llama3_8b_chat")
    before = shared_hub.hub.jobs_submitted
    write(page, "draft", "Only once")
    page.locator("#draft textarea").press("Control+Enter")
    page.locator("#chat", has_text='You wrote: "Only once"').wait_for()
    status(page, "Done")
    assert shared_hub.hub.jobs_submitted == before + 1


@pytest.mark.parametrize(
    "endpoint", ["z_image_turbo", "qwen_image_edit", "whisper_transcribe", "xttsv2"]
)
def test_a_form_holds_an_example_that_runs_at_once(page, endpoint):
    choose(page, endpoint)
    run(page)


def test_an_empty_conversation_offers_questions_to_ask(page):
    choose(page, "qwen_vl_chat")
    page.get_by_text("Write a haiku about the sea").click()
    until(lambda: page.locator("#draft textarea").input_value(), "the question is in the box")
    run(page)
    assert "haiku" in page.locator("#chat").inner_text()


def test_a_field_is_labelled_in_words_and_says_what_the_hub_says_of_it(page):
    choose(page, "qwen_image")
    unfold(page)
    field = page.locator(".aki-field", has=page.locator("#field-provide_progress_images"))
    assert "Provide progress images" in field.inner_text()
    assert field.locator(".aki-help").inner_text()
    assert "provide_progress_images" not in field.inner_text()


def test_the_runs_of_this_session_are_listed_and_open_again_with_form_and_result(page):
    paint(page, "A first lake")
    paint(page, "A second lake")
    write(page, "field-prompt", "Something else")
    page.locator("#runs button").first.click()
    runs = page.locator(".aki-past")
    until(lambda: runs.count() == 2, "both runs are listed")
    assert re.search(r"^\d\d:\d\d:\d\d · .* · A second lake · done$", runs.first.inner_text())
    again(runs.last.click, lambda: prompt_of(page) == "A first lake")
    status(page, "Done")
    page.locator("#result-images img").first.wait_for()
    page.locator("#files a").first.wait_for()


def test_a_conversation_of_this_session_goes_on_where_it_was_left(page):
    choose(page, "llama3_8b_chat")
    write(page, "draft", "My name is Ada")
    run(page)
    choose(page, "xttsv2")
    page.locator("#runs button").first.click()
    listed = page.locator(".aki-past", has_text="My name is Ada")
    again(listed.click, page.locator("#chat", has_text='You wrote: "My name').is_visible)
    settled(page)
    write(page, "draft", "Who am I?")
    run(page)
    source = shown_code(page, "Who am I?")
    assert "My name is Ada" in source


def test_a_picture_becomes_the_input_of_another_endpoint(page):
    paint(page, "A lake to be changed")
    edit = page.locator(".aki-name code", has_text=re.compile("^(image_upscale|qwen_image_edit)$"))
    again(page.locator("#reuse").click, edit.is_visible)
    settled(page)
    page.locator("#field-image img").wait_for()
    assert "z_image_turbo-1.jpg" in shown_code(page, "image=")
    run(page)


def test_a_picture_can_be_asked_about(page):
    paint(page, "A lake to be described")
    page.locator("#reuse-in input").click()
    page.get_by_role("option", name=re.compile("VL")).first.click()
    again(
        page.locator("#reuse").click,
        page.locator(".aki-name code", has_text="qwen_vl_chat").is_visible,
    )
    settled(page)
    run(page)
    page.locator("#chat img").first.wait_for()
    assert "What is in this picture?" in page.locator("#chat").inner_text()


def test_an_answer_is_made_again(page, shared_hub):
    choose(page, "llama3_8b_chat")
    write(page, "draft", "Tell me a joke")
    run(page)
    before = shared_hub.hub.jobs_submitted
    page.locator("#chat").get_by_role("button", name="Retry").click()
    until(lambda: shared_hub.hub.jobs_submitted == before + 1, "the message is sent again")
    page.locator("#run:not([disabled])").wait_for()
    source = shown_code(page, "Tell me a joke")
    assert source.count("Tell me a joke") == 1
    assert '"assistant"' not in source


def test_a_message_is_edited_and_sent_again_in_place_of_what_followed(page):
    choose(page, "llama3_8b_chat")
    for words in ("Tell me a <b>joke</b>", "And another"):
        write(page, "draft", words)
        run(page)
    chat = page.locator("#chat")
    chat.get_by_role("button", name="Edit").first.click()
    chat.locator("textarea").fill("Tell me a <b>story</b>")
    chat.get_by_role("button", name="Submit").click()
    page.locator("#chat", has_text='You wrote: "Tell me a <b>story</b>"').wait_for()
    status(page, "Done")
    said = chat.inner_text()
    assert "joke" not in said
    assert "And another" not in said
    assert "Tell me a <b>story</b>" in shown_code(page, "story")


def test_after_a_chat_tokens_and_seconds_are_shown(page):
    choose(page, "llama3_8b_chat")
    write(page, "draft", "Tell me a joke")
    run(page)
    said = page.locator("#status").inner_text()
    assert re.search(r"\d+ tokens read · \d+ tokens written · [\d.]+ s altogether", said)


def test_the_call_is_there_in_four_languages_and_each_copy_runs(page, tmp_path):
    choose(page, "llama3_8b_chat")
    write(page, "draft", "It's a haiku for $5")
    run(page)
    folder = Path(sys.executable).parent
    shell = {**os.environ, "AKI_API_KEY": "any", "PATH": f"{folder}:{os.environ['PATH']}"}
    words = {"Python": "import Aki", "Python, async": "AsyncAki", "curl": "curl", "aki": "aki --"}
    for place, (label, word) in enumerate(words.items()):
        tab = page.get_by_role("tab", name=label, exact=True)
        box = page.locator(f"#code-{place}" if place else "#code")
        again(tab.click, box.locator(".cm-content", has_text="a haiku for").is_visible)
        again(
            box.get_by_role("button", name=re.compile("copy", re.IGNORECASE)).click,
            lambda word=word: word in page.evaluate("navigator.clipboard.readText()"),
        )
        source = page.evaluate("navigator.clipboard.readText()")
        assert KEY not in source
        if label.startswith("Python"):
            printed = run_copied(source, tmp_path)
        else:
            done = subprocess.run(
                ["sh", "-c", source], env=shell, capture_output=True, encoding="utf-8", timeout=120
            )
            printed = done.stdout
        assert "It's a haiku for $5" in printed


def test_the_answer_is_there_as_json_without_the_id_of_its_job(page):
    paint(page, "A lake")
    unfold(page, "#raw", "#raw-json")
    shown = page.locator("#raw-json")
    shown.get_by_text("model_name").first.wait_for()
    assert "job_id" not in shown.inner_text()


def test_each_endpoint_has_an_address_and_the_way_back_leads_to_the_one_before(
    open_page, playground, watch
):
    page = open_page(f"{playground.address}/?endpoint=xttsv2")
    page.locator(".aki-name code", has_text="xttsv2").wait_for()
    choose(page, "z_image_turbo")
    until(lambda: page.url.endswith("?endpoint=z_image_turbo"), "the address names the endpoint")
    watch.all_heard(page)
    page.go_back()
    page.locator(".aki-name code", has_text="xttsv2").wait_for()


def test_an_address_of_an_unknown_endpoint_opens_the_first_one(open_page, playground):
    page = open_page(f"{playground.address}/?endpoint=<b>nothing</b>")
    assert "endpoint=apertus_chat" in page.url


def test_a_reload_loses_nothing_of_the_form(page, watch):
    choose(page, "qwen_image_edit")
    write(page, "field-prompt", "Keep me")
    unfold(page)
    page.locator("#field-steps input[type=number]").fill("7")
    wait_until_kept(page, "steps=7")
    watch.all_heard(page)
    page.reload()
    settled(page)
    assert prompt_of(page) == "Keep me"
    assert page.locator("#field-image img").is_visible()
    assert "steps=7" in shown_code(page, "Keep me")


def test_a_reload_keeps_the_message_that_is_being_written(page, watch):
    choose(page, "qwen_vl_chat")
    write(page, "system", "Be brief")
    write(page, "draft", "An unfinished thought")
    wait_until_kept(page, "An unfinished")
    watch.all_heard(page)
    page.reload()
    settled(page)
    assert page.locator("#draft textarea").input_value() == "An unfinished thought"
    assert page.locator("#system textarea").input_value() == "Be brief"


def test_without_a_key_a_notice_offers_the_sandbox_and_one_click_is_enough(open_page):
    with running_playground(key="") as process:
        page = open_page(process.address)
        page.locator("#no-key", has_text="No key is set").wait_for()
        choose(page, "llama3_8b_chat")
        page.locator("#sandbox").click()
        page.locator("#no-key").wait_for(state="hidden")
        page.locator(".aki-brand", has_text="the sandbox, which pretends").wait_for()
        settled(page)
        write(page, "draft", "Hello there")
        run(page)
        assert "Aki.sandbox()" in shown_code(page, "Hello there")
        page.close()


def test_with_a_key_there_is_no_notice(page):
    assert not page.locator("#no-key").is_visible()


def test_in_a_narrow_window_the_result_comes_into_sight(page):
    page.set_viewport_size({"width": 390, "height": 844})
    choose(page, "z_image_turbo")
    page.evaluate("window.scrollTo(0, 0)")
    run(page)
    picture = page.locator("#result-images img").first
    until(lambda: (picture.bounding_box() or {"y": 900})["y"] < 844, "the picture is in sight")


def test_somebody_without_programming_gets_from_opening_the_page_to_a_call_to_hand_on(
    open_page, tmp_path
):
    with running_playground(key="") as process:
        page = open_page(process.address)
        again(page.locator("#sandbox").click, page.locator("#no-key").is_hidden)
        settled(page)
        choose(page, "z_image_turbo")
        run(page)
        page.locator("#result-images img").first.wait_for()
        upscale = page.locator(".aki-name code", has_text="image_upscale")
        again(page.locator("#reuse").click, upscale.is_visible)
        settled(page)
        page.locator("#field-image img").wait_for()
        run(page)
        source = shown_code(page, "image_upscale(")
        assert (tmp_path / run_copied(source, tmp_path).strip()).is_file()
        page.close()


def test_everything_is_reached_by_the_keyboard_alone(page):
    def focused():
        return page.evaluate(
            "() => document.activeElement.closest('[id]')?.id + ' ' + document.activeElement.innerText"
        )

    choose(page, "z_image_turbo")
    page.locator("#field-prompt textarea").focus()
    page.keyboard.press("Control+Enter")
    status(page, "Done")
    page.locator("#reuse").wait_for()
    page.evaluate(QUIET)
    page.locator("#field-prompt textarea").focus()
    seen = []
    for _ in range(40):
        page.keyboard.press("Tab")
        seen.append(focused())
    reached = " ".join(seen)
    for name in (
        "field-width",
        "More parameters",
        "run ",
        "reuse",
        "Answer as JSON",
        "curl",
        "Runs",
    ):
        assert name in reached


def test_a_job_goes_on_being_shown_while_the_form_is_typed_in(page):
    choose(page, "z_image_turbo")
    write(page, "field-prompt", f"A lake {LONG}")
    page.locator("#run").click()
    status(page, "Running")
    write(page, "field-prompt", "Another lake")
    wait_until_kept(page, "Another lake")
    status(page, "Running")
    page.locator("#cancel").click()
    status(page, "Cancelled")
