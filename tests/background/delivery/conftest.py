"""An app without workers, whose tasks are carried out in this process against a hub that is new to each test."""

import pytest
from aki_client import Aki
from aki_sandbox.server import SandboxServer
from background.delivery.delivering import KEY


@pytest.fixture(scope="module")
def running_hub():
    with SandboxServer() as server:
        yield server


@pytest.fixture
def hub(running_hub):
    """A hub that knows nothing of the tests before."""
    running_hub.faults.clear()
    running_hub.hub.jobs.forget_all()
    running_hub.hub.jobs_by_endpoint.clear()
    running_hub.hub.request_count = 0
    return running_hub


@pytest.fixture
def celery():
    return pytest.importorskip("celery", reason="Celery is not installed: make full")


@pytest.fixture
def jobs(celery):
    return pytest.importorskip("aki_client.celery")


@pytest.fixture
def claims(jobs, tmp_path):
    return jobs.SqliteClaims(tmp_path / "claims.sqlite3")


@pytest.fixture
def app(celery, tmp_path):
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
def task_of(jobs, app, claims, client, tmp_path):
    """Make a task of an endpoint."""

    def make(endpoint="llama3_8b_chat", **options):
        settings = {
            "claims": claims,
            "client": lambda: client,
            "lease": 5.0,
            "progress_interval": 0.05,
            "store": jobs.FolderStore(tmp_path / "media"),
        }
        return jobs.endpoint_task(app, endpoint, **settings | options)

    return make


@pytest.fixture
def chat(task_of):
    return task_of()
