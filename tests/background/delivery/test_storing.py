"""Where the media of a task are stored, and that a storage which fails costs nothing."""

import pytest
from aki_client import Image
from background.delivery.delivering import run

pytest.importorskip("celery", reason="Celery is not installed: make full")
jobs = pytest.importorskip("aki_client.celery")
FolderStore, Place = jobs.FolderStore, jobs.Place


def place(task_id):
    return Place(task_id, "z_image_turbo", "images", 1)


class TestStoring:
    """Media and the storage."""

    def test_a_file_is_named_after_its_task(self, task_of, tmp_path):
        result = run(task_of("z_image_turbo"), prompt="p").result
        assert result["outputs"]["images"] == ["t-1.jpg"]
        assert [path.name for path in (tmp_path / "media").iterdir()] == ["t-1.jpg"]

    def test_no_task_id_leads_out_of_the_folder_or_is_too_long(self, tmp_path):
        store = FolderStore(tmp_path / "media")
        ids = ("../../evil", "é" * 400, "a" * 9000)
        names = [store(Image(b"GIF89a"), place(task_id)) for task_id in ids]
        assert max(map(len, names)) < 100
        assert {*tmp_path.rglob("*.gif")} == {tmp_path / "media" / name for name in names}

    def test_no_two_tasks_share_a_file(self, tmp_path):
        ids = ["user/1", "user_1", "user 1", "user.1", "USER_1", "User_1", "ü", "ö"]
        ids += ["a" * 65, "a" * 66]
        names = {FolderStore(tmp_path)(Image(b"GIF89a"), place(task_id)) for task_id in ids}
        assert len({name.casefold() for name in names}) == len(ids)

    def test_without_a_storage_media_are_data_uris(self, task_of):
        (image,) = run(task_of("z_image_turbo", store=None), prompt="p").result["outputs"]["images"]
        assert image.startswith("data:image/")

    def test_a_storage_that_fails_is_tried_again_without_another_job(self, task_of, hub, tmp_path):
        folder = tmp_path / "media"
        folder.write_text("in the way")  # nothing can be written into a file
        tries = []

        def store(medium, place):
            tries.append(place)
            if len(tries) == 3:
                folder.unlink()
            return FolderStore(folder)(medium, place)

        result = run(task_of("z_image_turbo", store=store), prompt="p").result
        assert result["outputs"]["images"] == ["t-1.jpg"]
        assert tries == [tries[0]] * 3
        assert hub.hub.jobs_submitted == 1
        odd = task_of("z_image_turbo", store=lambda medium, place: object(), name="odd")
        assert run(odd, "odd", prompt="p").state == "FAILURE"  # its outcome can never be noted
        assert hub.hub.jobs_submitted == 2

    @pytest.mark.parametrize("task_id", ["user/1", "x" * 300, "nul\0"])
    def test_an_id_that_no_file_can_have_is_rejected_with_one_sentence_before_it_costs_anything(
        self, chat, hub, caplog, task_id
    ):
        chat.apply(kwargs={"prompt_input": "hello"}, task_id=task_id)
        (sentence,) = caplog.messages
        assert "cannot be part of a file's name" in sentence
        assert "Give ids without / and of at most 200 bytes" in sentence
        assert hub.hub.jobs_submitted == 0

    def test_what_could_not_be_stored_is_kept_for_a_task_of_the_same_id(self, task_of, hub):
        def refuse(media, place):
            raise OSError("the disk is full")

        failed = run(task_of("z_image_turbo", store=refuse, max_retries=0, name="a"), prompt="p")
        assert failed.result.kind == "StoringFailedError"
        assert "the disk is full" in str(failed.result)
        failed.forget()
        again = run(task_of("z_image_turbo", store=lambda media, place: "stored"), prompt="p")
        assert again.result["outputs"]["images"] == ["stored"]
        assert hub.hub.jobs_submitted == 1

    def test_media_parameters_are_bytes_too(self, task_of, client):
        picture = client.z_image_turbo(prompt="p").images[0].bytes
        result = run(task_of("qwen_image_edit"), prompt="p", image=picture).result
        assert len(result["outputs"]["images"]) == 1

    def test_tool_calls_and_text_objects_are_json(self, task_of):
        tool = {"type": "function", "function": {"name": "f"}}
        outputs = run(task_of("llama3_chat"), prompt_input="hi [[tool=f]]", tools=[tool]).result
        assert outputs["outputs"]["tool_calls"][0]["name"] == "f"
