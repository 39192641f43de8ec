"""Two generated packages in one worker, and endpoints whose parameters are named as Celery's own."""

import copy
import json

import pytest
from agreement.compare import catalogue_documents, generated
from aki_sandbox.catalogue import load_catalogue
from aki_sandbox.server import SandboxServer
from background.delivery.delivering import KEY, left_behind, run

pytest.importorskip("celery", reason="Celery is not installed: make full")

NAMES = ["task", "self", "args", "kwargs", "task_id", "countdown", "name", "link", "request"]


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory):
    """An endpoint that takes whatever Celery's functions take."""
    document = copy.deepcopy(catalogue_documents()["llama3_8b_chat"])
    document["name"] = "odd_chat"
    document["parameter_description"]["input"] |= {name: {"type": "string"} for name in NAMES}
    folder = tmp_path_factory.mktemp("catalogue")
    (folder / "odd_chat.json").write_text(json.dumps(document), "utf-8")
    return load_catalogue(folder)


@pytest.fixture(scope="module")
def other_hub(catalogue):
    with SandboxServer(catalogue=catalogue) as server:
        yield server


@pytest.fixture
def other_client(catalogue, other_hub, tmp_path):
    documents = {name: endpoint.document for name, endpoint in catalogue.items()}
    with generated(documents, tmp_path, "other_hub_client"):
        from other_hub_client import Aki  # pyright: ignore[reportMissingImports]

        with Aki(KEY, api_server=other_hub.url) as client:
            yield client


@pytest.fixture
def odd(task_of, other_client):
    return task_of("other_hub_client:odd_chat", client=lambda: other_client)


def test_a_delivery_of_each_package_ends_with_its_task(chat, odd, claims, hub, other_hub):
    for task, task_id in ((chat, "ours"), (odd, "theirs")):
        run(task, task_id)
        assert claims.take(task_id, "who looks", 60, new=True).phase == "ended"


def test_tasks_of_two_packages_have_two_names(task_of, other_client, hub):
    tasks = [task_of("aki_client:llama3_8b_chat"), task_of("other_hub_client:odd_chat")]
    assert [task.name for task in tasks] == [
        "aki_client.llama3_8b_chat",
        "other_hub_client.odd_chat",
    ]


def test_no_name_of_a_parameter_breaks_the_task(odd, other_hub):
    values = {f"{name}_" if name == "self" else name: f"the {name}" for name in NAMES}
    odd.apply(kwargs={"prompt_input": "hello", **values}, task_id="named")
    assert odd.AsyncResult("named").state == "SUCCESS"


@pytest.mark.parametrize("send", ["delay", "s", "si"])
def test_no_name_of_a_parameter_breaks_sending(odd, app, send):
    app.conf.task_always_eager = True
    values = {name: "value" for name in NAMES if name != "self"}
    outcome = getattr(odd, send)(prompt_input="hello", **values)
    result = outcome if send == "delay" else outcome.apply_async()
    assert result.state == "SUCCESS"


def test_the_job_of_the_other_package_is_picked_up_on_its_hub(
    jobs, odd, claims, other_client, other_hub
):
    job = other_client.odd_chat.submit(prompt_input="earlier")
    left_behind(claims, jobs.Record("submitted", job.id, 2e9), "again")
    assert "earlier" in run(odd, "again").result["outputs"]["text"]
