"""One delivery of a task, carried out in this process: what each thing that an earlier one left behind leads to."""

import os
import signal
import sys
import threading

import pytest
from aki_client import Aki, ConfigurationError, Image
from aki_codegen.sandbox.faults.effects import Delay, Reset, Status
from aki_codegen.sandbox.faults.job_effects import QueueFull
from aki_codegen.sandbox.server import SandboxServer
from background.stack import until

celery = pytest.importorskip("celery", reason="Celery is not installed: make full")
jobs = pytest.importorskip("aki_client.integrations.celery")
FolderStore, Place, Record = jobs.FolderStore, jobs.Place, jobs.Record

KEY = "sk-a-secret-key-4711"


@pytest.fixture(scope="module")
def running_hub():
    with SandboxServer() as server:
        yield server


@pytest.fixture
def hub(running_hub):
    """A hub that knows nothing of the tests before."""
    running_hub.faults.clear()
    running_hub.hub.forget_jobs()
    running_hub.hub.jobs_by_endpoint.clear()
    running_hub.hub.request_count = 0
    return running_hub


@pytest.fixture
def claims(tmp_path):
    return jobs.SqliteClaims(tmp_path / "claims.sqlite3")


@pytest.fixture
def app(tmp_path):
    (tmp_path / "results").mkdir()
    with celery.Celery(
        broker="memory://", backend=f"file://{tmp_path}/results", set_as_current=False
    ) as app:
        app.conf.task_store_eager_result = True
        yield app


@pytest.fixture
def client(hub):
    with Aki(KEY, api_server=hub.url) as client:
        yield client


@pytest.fixture
def task_of(app, claims, client, tmp_path):
    def make(endpoint="llama3_8b_chat", **options):
        settings = {
            "claims": claims,
            "client": lambda: client,
            "lease": 5.0,
            "progress_interval": 0.05,
            "store": FolderStore(tmp_path / "media"),
        }
        return jobs.endpoint_task(app, endpoint, **settings | options)

    return make


@pytest.fixture
def chat(task_of):
    return task_of()


def run(task, task_id="t", **parameters):
    """Deliver a task here and now, and return what the backend holds of it then."""
    parameters = parameters or {"prompt_input": "hello"}
    task.apply(kwargs=parameters, task_id=task_id)
    return task.AsyncResult(task_id)


def left_behind(claims, record, task_id="t"):
    """Note what a delivery noted before its worker died."""
    claims.take(task_id, "dead", 60)
    claims.note(task_id, "dead", record)
    claims.release(task_id, "dead")


class TestPickingUp:
    """What an earlier delivery left behind decides what this one does."""

    def test_a_job_that_was_submitted_is_followed(self, chat, claims, client, hub):
        job = client.llama3_8b_chat.submit(prompt_input="earlier")
        left_behind(claims, Record("submitted", job.id, 2e9))
        result = run(chat)
        assert "earlier" in result.result["outputs"]["text"]
        assert hub.hub.jobs_submitted == 1

    def test_a_submit_of_which_nobody_knows_is_not_repeated(self, chat, claims, hub):
        left_behind(claims, Record("submitting"))
        result = run(chat)
        assert result.state == "FAILURE"
        assert isinstance(result.result, jobs.UncertainSubmitError)
        assert "resubmit_uncertain=True" in str(result.result)
        assert hub.hub.jobs_submitted == 0

    def test_it_is_repeated_where_that_was_decided(self, task_of, claims, hub):
        left_behind(claims, Record("submitting"))
        assert run(task_of(resubmit_uncertain=True)).state == "SUCCESS"
        assert hub.hub.jobs_submitted == 1

    def test_a_result_that_was_got_is_stored_without_asking_the_hub(self, chat, claims, hub):
        left_behind(claims, Record("got", "id#1", 1.0, {"text": "paid for", "total_duration": 2.5}))
        result = run(chat).result
        assert result["outputs"] == {"text": "paid for"}
        assert (result["meta"]["job_id"], result["meta"]["total_duration"]) == ("id#1", 2.5)
        assert hub.hub.request_count == 0

    def test_a_result_that_comes_after_the_hold_was_lost_is_kept(self, task_of, claims, hub):
        class Forgetful(type(claims)):
            def renew(self, task_id, owner, seconds):
                return False

            def note(self, task_id, owner, record):
                return record.phase != "got" and super().note(task_id, owner, record)

        hub.faults.add(Delay(1.0), on="final")
        chat = task_of(claims=Forgetful(claims._path), lease=0.6, progress_interval=0.01)
        assert run(chat, prompt_input="[[dur=0.1 steps=1]]").state == "SUCCESS"

    def test_a_task_that_has_ended_is_left_alone(self, chat, hub):
        first = run(chat).result
        assert run(chat).result == first
        assert hub.hub.jobs_submitted == 1

    def test_it_is_left_alone_where_the_backend_has_forgotten_it(self, chat, hub):
        run(chat).forget()
        assert run(chat).state == "PENDING"
        assert hub.hub.jobs_submitted == 1

    def test_a_result_that_was_handed_out_before_is_named(self, chat, claims, client, hub):
        job = client.llama3_8b_chat.submit(prompt_input="earlier")
        job.result(timeout=10)
        left_behind(claims, Record("submitted", job.id, 2e9))
        del job  # handles of one process share what they know
        assert run(chat).result.kind == "ResultGoneError"
        assert hub.hub.jobs_submitted == 1


class TestEndingTheProcess:
    """A worker that is told to end while the hub's final answer is on its way."""

    def test_the_answer_is_waited_for_and_the_result_noted(self, chat, claims, hub):
        hub.faults.add(Delay(1.0), on="final")

        def end(*_):
            sys.exit("terminated")

        before = signal.signal(signal.SIGALRM, end)
        try:
            hub_asked = threading.Thread(target=self.strike, args=(hub,))
            hub_asked.start()
            with pytest.raises(SystemExit):
                run(chat)
            hub_asked.join()
        finally:
            signal.signal(signal.SIGALRM, before)
        assert claims.take("t", "who looks", 60).phase == "got"
        claims.release("t", "who looks")
        assert run(chat).state == "SUCCESS"
        assert hub.hub.jobs_submitted == 1

    def strike(self, hub):
        until(lambda: [job for job in hub.hub.jobs if job.handed_out], "the result is on its way")
        os.kill(os.getpid(), signal.SIGALRM)


class TestFaults:
    """What goes wrong between the worker and the hub."""

    @pytest.mark.parametrize("effect", [Reset(reached=True), Status(503, reached=True)])
    def test_a_submit_whose_answer_is_lost_is_uncertain(self, chat, hub, effect):
        hub.faults.add(effect, on="submit")
        result = run(chat)
        assert isinstance(result.result, jobs.UncertainSubmitError)
        assert hub.hub.jobs_submitted == 1

    def test_a_full_queue_is_waited_for(self, chat, hub):
        hub.faults.add(QueueFull(), on="submit", times=4)
        assert run(chat).state == "SUCCESS"
        assert hub.hub.jobs_submitted == 1

    def test_claims_that_can_not_be_asked_are_asked_again(self, task_of, claims, hub, monkeypatch):
        take, asked = claims.take, []

        def fail_once(*arguments):
            asked.append(arguments)
            if len(asked) == 1:
                raise ConnectionError("Redis is away")
            return take(*arguments)

        monkeypatch.setattr(claims, "take", fail_once)
        assert run(task_of()).state == "SUCCESS"
        assert hub.hub.jobs_submitted == 1

    def test_a_queue_that_stays_full_ends_in_a_sentence(self, task_of, hub):
        hub.faults.add(QueueFull(), on="submit", times=None)
        result = run(task_of(max_retries=1))
        assert result.result.kind == "QueueFullError"
        assert hub.hub.jobs_submitted == 0

    def test_a_result_that_is_lost_on_the_way_is_named(self, chat, hub):
        hub.faults.add(Reset(reached=True), on="final")
        assert run(chat).result.kind == "ResultGoneError"

    def test_a_bad_key_fails_without_a_word_of_it(self, task_of, hub):
        with Aki("bad-key", api_server=hub.url) as stranger:
            result = run(task_of(client=lambda: stranger))
        assert result.result.kind == "AuthenticationError"
        assert "bad-key" not in f"{result.result!r} {result.traceback}"

    def test_a_job_that_takes_too_long_is_cancelled(self, task_of, hub):
        result = run(task_of(timeout=0.5), prompt_input="[[dur=60 steps=600]]")
        assert result.result.kind == "DeadlineExceededError"
        (job,) = hub.hub.jobs
        assert job.cancel_asked

    def test_a_backend_that_refuses_a_report_does_not_cost_the_job(self, chat, monkeypatch):
        def refuse(*_, **__):
            raise OSError("the disk is full")

        monkeypatch.setattr(chat, "update_state", refuse)
        assert run(chat).state == "SUCCESS"


class TestStoring:
    """Media and the storage."""

    def test_a_file_is_named_after_its_task(self, task_of, tmp_path):
        result = run(task_of("z_image_turbo"), prompt="p").result
        assert result["outputs"]["images"] == ["t-1.jpg"]
        assert [path.name for path in (tmp_path / "media").iterdir()] == ["t-1.jpg"]

    def test_no_task_id_leads_out_of_the_folder(self, tmp_path):
        place = Place("../../evil", "z_image_turbo", "images", 1)
        assert FolderStore(tmp_path / "media")(Image(b"GIF89a"), place) == "______evil-1.gif"
        assert [path.name for path in tmp_path.rglob("*.gif")] == ["______evil-1.gif"]

    def test_without_a_storage_media_are_data_uris(self, task_of):
        (image,) = run(task_of("z_image_turbo", store=None), prompt="p").result["outputs"]["images"]
        assert image.startswith("data:image/")

    def test_a_storage_that_fails_is_tried_again_without_another_job(self, task_of, hub):
        tries = []

        def store(media, place):
            tries.append(place)
            if len(tries) == 1:
                raise OSError("the disk is full")
            return "stored"

        result = run(task_of("z_image_turbo", store=store), prompt="p").result
        assert result["outputs"]["images"] == ["stored"]
        assert tries[0] == tries[1]
        assert hub.hub.jobs_submitted == 1

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


class TestClients:
    """Where the clients of a worker come from and go to."""

    def test_one_is_made_when_a_task_needs_it_and_closed_with_the_process(self, task_of, hub):
        made = []

        def make():
            made.append(Aki(KEY, api_server=hub.url))
            return made[-1]

        chat = task_of(client=make)
        assert made == []
        run(chat, "a")
        run(chat, "b")
        assert len(made) == 1
        celery.signals.worker_process_shutdown.send(sender=None)
        until(lambda: hub.connections_open == 0, "the connections are closed")
        run(chat, "c")
        assert len(made) == 2
        celery.signals.worker_process_shutdown.send(sender=None)


class TestRegistering:
    """What is refused before anything is sent."""

    def test_an_endpoint_that_is_none_is_refused_with_the_one_that_was_meant(self, task_of):
        with pytest.raises(ConfigurationError, match="did you mean z_image_turbo"):
            task_of("z_image_turb")

    def test_seconds_have_to_be_some(self, task_of):
        with pytest.raises(ConfigurationError, match="more than 0"):
            task_of(lease=0)

    def test_claims_must_be_given_where_there_is_no_redis(self, task_of, hub):
        result = run(task_of(claims=None))
        assert result.result.kind == "ConfigurationError"
        assert "SqliteClaims" in str(result.result)

    def test_an_app_without_a_result_backend_is_refused_before_anything_is_paid(
        self, client, claims, hub
    ):
        with celery.Celery(broker="memory://", set_as_current=False) as app:
            task = jobs.endpoint_task(app, "llama3_8b_chat", client=lambda: client, claims=claims)
            outcome = task.apply(kwargs={"prompt_input": "hello"})
        assert isinstance(outcome.result, jobs.TaskError)
        assert "result_backend" in str(outcome.result)
        assert hub.hub.jobs_submitted == 0
