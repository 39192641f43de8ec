"""Who sends a task reads its files; a message holds data alone, and opens no file on a worker."""

import io
import json

import pytest
from aki_client import Image, InvalidParametersError
from background.delivery.delivering import run
from PIL import Image as Pillow

pytest.importorskip("celery", reason="Celery is not installed: make full")

SEND = ["delay", "s", "si"]


@pytest.fixture
def picture(tmp_path, monkeypatch):
    path = tmp_path / "cat.png"
    Pillow.new("RGB", (64, 64), "red").save(path)
    monkeypatch.chdir(tmp_path)
    return path


@pytest.fixture
def edit(task_of):
    return task_of("qwen_image_edit")


@pytest.fixture
def see(task_of):
    return task_of("qwen_vl_chat")


def sent(app, task, send, **parameters):
    """Send a task, and return the parameters that its message holds."""
    app.control.purge()  # the broker in memory is that of the whole process
    message = getattr(task, send)(**parameters)
    if send != "delay":
        message.apply_async()
    with app.connection_for_read() as connection, connection.SimpleQueue("celery") as queue:
        return queue.get(timeout=60).payload[1]


def conversation(image):
    return [{"role": "user", "content": [{"text": "What is it?"}, {"image": image}]}]


@pytest.mark.parametrize("send", SEND)
@pytest.mark.parametrize(
    "given",
    [
        str,
        lambda path: path,
        lambda path: path.name,
        lambda path: io.BytesIO(path.read_bytes()),
        Image,
        Pillow.open,
    ],
    ids=["text", "Path", "relative", "file", "Image", "Pillow"],
)
def test_a_file_is_read_before_the_task_is_sent(app, edit, picture, send, given):
    message = sent(app, edit, send, prompt="brighter", image=given(picture))
    assert message["image"].startswith("data:image/png;base64,")
    assert Image(message["image"]).format == "png"


@pytest.mark.parametrize("send", SEND)
def test_the_files_of_a_chat_are_read_before_the_task_is_sent(app, see, picture, send):
    message = sent(app, see, send, chat_context=conversation(str(picture)))
    (said,) = message["chat_context"]
    assert said["content"][0] == {"text": "What is it?"}
    assert Image(said["content"][1]["image"]).bytes == picture.read_bytes()


@pytest.mark.parametrize("several", [list, tuple])
@pytest.mark.parametrize("part", [{}, {"type": "image"}])
def test_a_file_is_read_whatever_a_call_takes_as_messages(app, see, picture, part, several):
    content = several([{**part, "image": str(picture)}])
    message = sent(app, see, "s", chat_context=several([{"role": "user", "content": content}]))
    (said,) = message["chat_context"]
    assert Image(said["content"][0]["image"]).bytes == picture.read_bytes()


@pytest.mark.parametrize("send", SEND)
def test_a_file_that_cannot_be_read_is_refused_and_nothing_is_sent(app, edit, tmp_path, send):
    absent = tmp_path / "absent.png"
    with pytest.raises(InvalidParametersError, match=r"image.*absent\.png.*No such file"):
        getattr(edit, send)(prompt="brighter", image=absent)


def deep():
    """Return a list that no JSON encoder can follow."""
    inner = []
    for _ in range(100_000):
        inner = [inner]
    return inner


@pytest.mark.parametrize("send", SEND)
@pytest.mark.parametrize(
    "value", [object(), {1, 2}, [{"role": {1}}], deep()], ids=["object", "set", "nested", "deep"]
)
@pytest.mark.parametrize("name", ["chat_context", "prompt_input"])
def test_what_no_message_can_hold_is_refused_by_name_and_nothing_is_sent(
    task_of, app, send, name, value
):
    app.control.purge()
    with pytest.raises(InvalidParametersError, match=f"{name}: no message can hold this"):
        getattr(task_of("qwen_vl_chat"), send)(**{name: value})
    with app.connection_for_read() as connection, connection.SimpleQueue("celery") as queue:
        assert queue.qsize() == 0


def test_no_path_in_a_message_is_opened(edit, see, hub, picture):
    for number, path in enumerate((str(picture), picture.name, f"file://{picture}")):
        result = run(edit, f"edit-{number}", prompt="brighter", image=path).result
        assert (path, result.kind) == (path, "InvalidParametersError")
    chat = conversation(str(picture))
    for number, chat_context in enumerate((chat, json.dumps(chat))):
        result = run(see, f"see-{number}", chat_context=chat_context).result
        assert result.kind == "InvalidParametersError"
    assert hub.hub.jobs_submitted == 0


def test_a_refusal_on_a_worker_does_not_say_whether_there_is_such_a_file(edit, picture):
    said = {
        str(run(edit, name, prompt="brighter", image=str(path)).result)
        for name, path in (("a", picture), ("b", picture.with_name("absent.png")))
    }
    assert len(said) == 1


def test_the_task_that_follows_another_reads_its_files_with_whoever_sends_both(
    app, edit, picture, hub
):
    app.conf.task_always_eager = True
    chain = edit.si(prompt="brighter", image=str(picture)) | edit.si(
        prompt="darker", image=str(picture)
    )
    picture.unlink()
    assert chain.apply_async().state == "SUCCESS"
    assert hub.hub.jobs_submitted == 2


def test_a_task_that_is_called_in_place_of_sent_is_refused_before_a_job_is_made(edit, hub):
    with pytest.raises(Exception, match=r"must be sent, as in delay\(…\)"):
        edit(prompt="brighter")
    assert hub.hub.jobs_submitted == 0
