"""Registering a task: what is refused before anything is sent, and where its client comes from."""

import pytest
from aki_client import Aki, ConfigurationError
from background.delivery.delivering import KEY, run
from support.patience import until

celery = pytest.importorskip("celery", reason="Celery is not installed: make full")
jobs = pytest.importorskip("aki_client.celery")


class TestRegistering:
    """What is refused before anything is sent."""

    def test_an_endpoint_that_is_none_is_refused_with_the_one_that_was_meant(self, task_of):
        with pytest.raises(ConfigurationError, match="did you mean z_image_turbo"):
            task_of("z_image_turb")

    def test_an_endpoint_of_a_client_brings_its_key_and_hub(self, task_of, client, hub):
        chat = task_of(client.llama3_8b_chat, client=None)
        assert chat.name == "aki_client.llama3_8b_chat"
        assert run(chat).state == "SUCCESS"
        assert hub.hub.jobs_submitted == 1
        celery.signals.worker_process_shutdown.send(sender=None)

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
        until(lambda: hub.connections.open == 0, "the connections are closed")
        run(chat, "c")
        assert len(made) == 2
        celery.signals.worker_process_shutdown.send(sender=None)
