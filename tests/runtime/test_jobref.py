"""A job's handle travels between processes: where it is and how it ended, never the key."""

import json
import pickle

import pytest
from aki_client import Aki, AsyncAki, ConfigurationError, InvalidParametersError, JobFailedError
from aki_runtime.jobs.handle import JOBS
from support.ids import plain

SECRET = "the-secret-key"
SERVER = "http://127.0.0.1:9"
JOB = "11111111-2222#3"


@pytest.fixture(autouse=True)
def no_jobs_in_use():
    """Forget the jobs of other tests, which have the same id."""
    forget_jobs_in_use()


@pytest.fixture(params=[Aki, AsyncAki], ids=["sync", "async"])
def client(request):
    return request.param(SECRET, api_server=SERVER, layout="aime")


@pytest.fixture
def job(client):
    return client.flux_dev.job(JOB)


def forget_jobs_in_use():
    JOBS._jobs.clear()


def carry_far(value):
    """Carry a value to where nothing is known of its job."""
    packed = pickle.dumps(value)
    forget_jobs_in_use()
    return pickle.loads(packed)  # noqa: S301


def carry(value):
    return pickle.loads(pickle.dumps(value))  # noqa: S301


def test_a_job_is_found_again(job):
    again = carry(job)
    assert (type(again), again.id, again.endpoint) == (type(job), JOB, "flux-dev")


def test_a_job_is_found_on_its_own_hub(job):
    address = carry(job)._driver.context.address
    assert (address.server, address.layout) == (SERVER, "aime")


def test_the_key_stays_at_home(job):
    assert SECRET.encode() not in pickle.dumps(job)


def test_the_key_is_read_anew(client, job, monkeypatch):
    monkeypatch.setattr("aki_runtime.jobs.ref._clients", {})
    monkeypatch.setenv("AKI_API_KEY", "another-key")
    assert carry(job)._driver.context.key.reveal() == "another-key"


def test_copies_of_one_job_know_the_same(job):
    first, second = carry(job), carry(job)
    assert first == second == job
    first.settle({"seed": 5}, None)
    assert second.ended


def test_a_result_travels_along(job):
    job.settle({"seed": 5}, None)
    again = carry_far(job)
    assert again.ended
    assert again._reading.result(again._state).seed == 5


def test_an_error_travels_along(job):
    job.settle(None, JobFailedError("boom", endpoint="flux-dev", job_id=JOB))
    again = carry_far(job)
    with pytest.raises(JobFailedError, match="boom"):
        again._reading.result(again._state)


def test_a_job_of_an_endpoint_that_was_not_generated_is_found_again(client):
    again = carry(client.job("another-endpoint", JOB))
    assert (again.id, again.endpoint) == (JOB, "another-endpoint")


def test_a_repr_shortens_the_id(job):
    assert JOB not in repr(job)
    assert "flux-dev" in repr(job)


@pytest.mark.parametrize("value", [object(), {1}, b"bytes", float("nan")], ids=plain)
def test_progress_inputs_that_are_no_json_are_refused_at_once(job, value):
    with pytest.raises(InvalidParametersError, match="must be JSON values"):
        job.send(extra=value)
    assert job._state.inputs_to_send == {}


def test_a_client_does_not_travel(client):
    with pytest.raises(ConfigurationError, match="a client is never pickled"):
        pickle.dumps(client)


class OfFormat:
    """Pickles as something does whose format has another number."""

    def __init__(self, value, number):
        self.restore, (_, *self.packed) = value.__reduce__()
        self.number = number

    def __reduce__(self):
        return self.restore, (self.number, *self.packed)


@pytest.mark.parametrize("number", [0, 2, "Aki", None, "\x1b[31m" * 9], ids=plain)
def test_a_job_of_another_format_is_refused_in_a_sentence(job, number):
    packed = pickle.dumps(OfFormat(job, number))
    with pytest.raises(ConfigurationError) as refused:
        pickle.loads(packed)  # noqa: S301
    assert str(refused.value) == (
        f"this pickled job has format {str(number)[:20]!r}, and the installed aki-client reads format 1: "
        "unpickle it with the version that pickled it, or take the job up by its id"
    )


def test_an_endpoint_of_another_format_is_refused_in_a_sentence(client):
    packed = pickle.dumps(OfFormat(client.flux_dev, 2))
    with pytest.raises(
        ConfigurationError, match=r"pickled endpoint has format '2'.* reads format 1"
    ):
        pickle.loads(packed)  # noqa: S301


def test_a_pickle_begins_with_the_number_of_its_format_and_holds_plain_data(client, job):
    for value in (job, client.flux_dev):
        _, (number, kind, place, *_) = value.__reduce__()
        assert (number, kind) == (1, type(client).__name__)
        assert json.loads(json.dumps(place)) == place
