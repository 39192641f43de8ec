"""The page in a browser, against a sandbox hub: what people see and do."""

import pytest
from aki_client import Aki
from playground.conftest import running_playground
from playground.page import (
    LONG,
    again,
    choose,
    pick,
    run_copied,
    settled,
    shown_code,
    states_of,
    status,
    unfold,
    upload,
    write,
)
from support.patience import soon, until

pytestmark = pytest.mark.slow

MP4 = b"\x00\x00\x00\x18ftypmp42" + bytes(64)


@pytest.fixture
def robot(shared_hub, tmp_path):
    """A picture that another endpoint has painted."""
    with Aki("any", api_server=shared_hub.url) as aki:
        (picture,) = aki.qwen_image(prompt="A robot", width=256, height=256).images
    return picture.save(tmp_path / "robot")


def test_a_chat_streams_and_keeps_its_history(page, tmp_path):
    choose(page, "llama3_8b_chat")
    write(page, "system", "You are brief.")
    write(page, "draft", "Tell me a joke [[dur=10 steps=100]]")
    page.keyboard.press("Enter")
    status(page, "Running")
    page.wait_for_function(
        "() => { const said = document.querySelector('#chat').innerText;"
        " return said.includes('Hello from') && !said.includes('one by one.'); }"
    )
    page.locator("#chat", has_text="one by one.").wait_for()
    status(page, "Done")
    write(page, "draft", "And another")
    page.locator("#run:not([disabled])").click()
    page.locator("#chat", has_text='You wrote: "And another"').wait_for()
    source = shown_code(page, "And another")
    assert '{"role": "system", "content": "You are brief."}' in source
    assert '"role": "assistant"' in source
    assert "And another" in run_copied(source, tmp_path)


def test_a_picture_appears_and_can_be_saved_under_a_name_of_ours(page):
    choose(page, "z_image_turbo")
    write(page, "field-prompt", "A cute robot")
    page.locator("#field-width input[type=number]").fill("256")
    page.locator("#run").click()
    status(page, "Done")
    picture = page.locator("#result-images img").first
    picture.wait_for()
    page.wait_for_function(
        "() => document.querySelector('#result-images img').naturalWidth === 256"
    )
    with page.expect_download() as download:
        page.locator("#files a").first.click()
    assert download.value.suggested_filename == "z_image_turbo-1.jpg"


def test_previews_are_shown_while_a_picture_is_painted(page):
    choose(page, "flux-dev")
    write(page, "field-prompt", f"A lake {LONG}")
    unfold(page)
    code = page.locator("#code .cm-content", has_text='provide_progress_images="decoded"')
    pick(page, "field-provide_progress_images", "decoded", code)
    page.locator("#run").click()
    page.locator("#result-images", has_text="preview").locator("img").first.wait_for()
    status(page, "left")
    page.locator("#cancel").click()
    status(page, "Cancelled")


def test_a_refused_value_is_explained_at_its_field_and_nothing_is_sent(page, shared_hub):
    choose(page, "z_image_turbo")
    before = shared_hub.hub.request_count
    write(page, "field-prompt", "")
    page.locator("#field-width input[type=number]").fill("1000")
    page.locator("#run").click()
    status(page, "Nothing was sent: look at prompt, width.")
    prompt = page.locator(".aki-field", has=page.locator("#field-prompt"))
    prompt.locator(".aki-fault", has_text="This is required.").wait_for()
    width = page.locator(".aki-field", has=page.locator("#field-width"))
    fault = "must be a multiple of 32 (nearest allowed: 992, 1024)"
    width.locator(".aki-fault", has_text=fault).wait_for()
    assert shared_hub.hub.request_count == before


def test_a_refused_run_keeps_the_result_that_is_there(page):
    choose(page, "z_image_turbo")
    write(page, "field-prompt", "A cute robot")
    page.locator("#field-width input[type=number]").fill("256")
    page.locator("#run").click()
    status(page, "Done")
    page.locator("#field-width input[type=number]").fill("1000")
    page.locator("#run").click()
    status(page, "Nothing was sent: look at width.")
    page.wait_for_timeout(1000)
    status(page, "Nothing was sent: look at width.")
    assert page.locator("#result-images img").first.is_visible()
    assert page.locator("#files a").first.is_visible()
    assert [page.locator(f"#{name}").inner_text() for name in ("run", "cancel")] == [
        "Run",
        "Cancel",
    ]


def test_a_refused_message_keeps_the_conversation(page):
    choose(page, "llama3_8b_chat")
    write(page, "draft", "Hi")
    page.locator("#run").click()
    status(page, "Done")
    page.locator("#run:not([disabled])").click()
    status(page, "Nothing was sent")
    page.wait_for_timeout(1000)
    status(page, "Nothing was sent")
    assert 'You wrote: "Hi"' in page.locator("#chat").inner_text()
    assert [
        page.locator(f"#{name}").inner_text() for name in ("run", "cancel", "clear", "save")
    ] == ["Send", "Cancel", "New conversation", "Save"]


def test_a_partial_answer_is_marked_and_the_next_call_leaves_its_turn_out(page):
    choose(page, "llama3_8b_chat")
    write(page, "draft", "Tell me all [[errkeep=truncated]]")
    page.locator("#run").click()
    status(page, "truncated")
    page.locator("#chat", has_text="Incomplete: the next call leaves this turn out.").wait_for()
    until(lambda: page.locator("#draft textarea").input_value(), "the message comes back")
    write(page, "draft", "Try again")
    page.locator("#run:not([disabled])").click()
    page.locator("#chat", has_text='You wrote: "Try again"').wait_for()
    status(page, "Done")
    source = shown_code(page, "Try again")
    assert "Tell me all" not in source
    assert '"assistant"' not in source
    assert "Incomplete" in page.locator("#chat").inner_text()


def test_a_fault_goes_away_as_soon_as_it_is_repaired(page):
    choose(page, "z_image_turbo")
    page.locator("#field-width input[type=number]").fill("1000")
    page.locator(".aki-fault", has_text="nearest allowed: 992").wait_for()
    page.locator("#field-width input[type=number]").fill("992")
    page.locator(".aki-fault").wait_for(state="detached")


@pytest.mark.parametrize(
    ("endpoint", "field"), [("seamless_translate", "glossary"), ("llama3_chat", "tools")]
)
def test_no_json_is_explained_at_its_field(page, endpoint, field):
    choose(page, endpoint)
    unfold(page)
    page.locator(f"#field-{field} .cm-content").fill("{oops")
    page.locator(".aki-fault", has_text="This must be JSON").wait_for()


def test_cancelling_cancels_the_job_on_the_hub_and_says_so(page, shared_hub):
    choose(page, "kimi_k2")
    write(page, "draft", f"Tell me a story {LONG}")
    page.locator("#run").click()
    status(page, "Running")
    page.locator("#cancel").click()
    status(page, "Cancelled. The hub was asked to stop the job.")
    assert soon(lambda: states_of(shared_hub, "kimi_k2") == ["canceled"])


def test_a_closed_tab_cancels_its_job_and_no_other(open_page, playground, shared_hub):
    leaving, staying = open_page(playground.address), open_page(playground.address)
    for tab, endpoint in ((leaving, "gpt_oss_chat"), (staying, "apertus_chat")):
        choose(tab, endpoint)
        write(tab, "draft", f"Tell me a story {LONG}")
        tab.locator("#run").click()
        status(tab, "Running")
    leaving.close()
    assert soon(lambda: states_of(shared_hub, "gpt_oss_chat") == ["canceled"])
    assert states_of(shared_hub, "apertus_chat") == ["processing"]
    staying.locator("#cancel").click()
    status(staying, "Cancelled")


def test_choosing_another_endpoint_cancels_the_job_and_shows_a_fresh_form(page, shared_hub):
    choose(page, "qwen_image")
    write(page, "field-prompt", f"A lake {LONG}")
    page.locator("#field-width input[type=number]").fill("512")
    page.locator("#run").click()
    status(page, "Running")
    choose(page, "z_image_turbo")
    assert soon(lambda: states_of(shared_hub, "qwen_image") == ["canceled"])
    status(page, "Nothing has been sent yet.")
    assert page.locator("#field-prompt textarea").input_value().startswith("A cute robot")
    assert page.locator("#field-width input[type=number]").input_value() == "1024"


def test_a_picture_is_uploaded_and_the_copied_code_names_its_path(page, robot, tmp_path):
    choose(page, "qwen_image_edit")
    page.locator("#field-image input[type=file]").set_input_files(robot)
    page.locator("#field-image img").wait_for()
    write(page, "field-prompt", "Make it winter")
    page.locator("#run").click()
    status(page, "Done")
    source = shown_code(page, "Make it winter")
    assert robot.name in source
    assert (tmp_path / run_copied(source, tmp_path).strip()).is_file()


def test_a_picture_can_be_talked_about(page, robot):
    choose(page, "qwen_vl_chat")
    page.locator("#draft input[type=file]").set_input_files(robot)
    page.locator("#draft .thumbnail-item, #draft img").first.wait_for()
    write(page, "draft", "What is this? [[think]]")
    page.locator("#run").click()
    status(page, "Done")
    page.locator("#chat img").first.wait_for()
    page.locator("#chat", has_text="Thinking").wait_for()
    assert '"image": "' in shown_code(page, "What is this?")


def test_speech_can_be_heard(page):
    choose(page, "xttsv2")
    write(page, "field-text", "Hello there")
    page.locator("#run").click()
    status(page, "Done")
    page.locator("#result-audio").get_by_role("button", name="Play", exact=True).wait_for()


def test_a_recording_is_uploaded_and_written_down(page, shared_hub, tmp_path):
    with Aki("any", api_server=shared_hub.url) as aki:
        path = aki.xttsv2(text="Hello there").audio.save(tmp_path / "hello")
    choose(page, "whisper_transcribe")
    upload(page, "field-audio", path)
    page.locator("#code .cm-content", has_text=path.name).wait_for()
    page.locator("#run").click()
    status(page, "Done")
    until(lambda: page.locator("#result-text textarea").input_value(), "the text is shown")
    page.locator("#files [aria-label='whisper_transcribe.txt']").wait_for()


def test_endpoints_are_found_by_category_and_by_name(page):
    pick(page, "category", r"\btts$", page.locator(".aki-name code", has_text="xttsv2"))
    settled(page)
    options = page.get_by_role("option")
    again(page.locator("#endpoint input").click, options.first.is_visible)
    assert options.all_inner_texts() == ["✓\nXTTS v2 · xttsv2"]


def test_a_job_that_failed_says_why_and_a_message_can_be_sent_again(page):
    choose(page, "llama3_chat")
    write(page, "draft", "Hi [[error=out_of_memory]]")
    page.locator("#run").click()
    status(page, "out of memory")
    page.wait_for_function("() => document.querySelector('#draft textarea').value.startsWith('Hi')")


def test_a_waiting_job_shows_its_place_in_the_queue(page, shared_hub):
    slots = shared_hub.hub.settings.worker_slots
    with Aki("any", api_server=shared_hub.url) as aki:
        busy = [aki.video_caption.submit(video=MP4, prompt=LONG) for _ in range(slots)]
        choose(page, "video_caption")
        film = {"name": "film.mp4", "mimeType": "video/mp4", "buffer": MP4}
        upload(page, "field-video", film)
        page.locator("#code .cm-content", has_text="film.mp4").wait_for()
        page.locator("#run").click()
        status(page, "Queued, place 1")
        page.locator("#cancel").click()
        status(page, "Cancelled")
        for job in busy:
            job.cancel()


SLOW_END = """
import asyncio
from aki_playground.running import Run

end = Run.cancel

async def cancel(self):
    await asyncio.sleep(5)
    await end(self)

Run.cancel = cancel
"""


@pytest.mark.parametrize(
    ("endpoint", "field"), [("z_image_turbo", "field-prompt"), ("llama3_8b_chat", "draft")]
)
def test_a_run_may_follow_before_the_end_of_the_last_one_has_come(
    open_page, hub, tmp_path, endpoint, field
):
    (tmp_path / "sitecustomize.py").write_text(SLOW_END, encoding="utf-8")
    with running_playground("--server", hub.url, path=[tmp_path]) as process:
        page = open_page(process.address)
        choose(page, endpoint)
        for count in (1, 2):
            write(page, field, "A robot")
            page.locator("#run").click()
            until(lambda count=count: hub.hub.jobs_submitted == count, "the job is there")
            status(page, "Done")
        page.close()


@pytest.mark.parametrize("size", [(1280, 900), (390, 844)])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_nothing_sticks_out_of_a_wide_or_narrow_window(open_page, playground, size, theme):
    page = open_page(f"{playground.address}/?__theme={theme}")
    page.set_viewport_size({"width": size[0], "height": size[1]})
    for endpoint in ("qwen_vl_chat", "flux-dev"):
        choose(page, endpoint)
        unfold(page)
        settled(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
