"""Redis goes away while tasks run, and comes back with its data or without: one job and one outcome for each task."""

import json
import time
from collections import Counter

import pytest
from background.conftest import KEY
from background.measuring import READY, sender
from background.stack import Redis, Worker
from support.patience import until

pytestmark = [
    pytest.mark.slow,
    # Celery uses what the newest redis package would have it leave.
    pytest.mark.filterwarnings("ignore:Call to deprecated:DeprecationWarning"),
]

TASKS = 4
TRANSPORT = {
    "visibility_timeout": 4,
    "unacked_restore_interval": 1,
    "unacked_restore_throttle": 1,
    "unacked_mutex_expire": 2,
}


@pytest.fixture
def redis(request, tmp_path):
    pytest.importorskip("redis", reason="the package redis is not installed: make full")
    if not Redis.program:
        pytest.skip("redis-server is not installed: apt-get install redis-server")
    from aki_runtime.celery.claims import GIVE_WAY_SECONDS

    with Redis(tmp_path / "redis", durable=request.param) as server:
        # Of one that has just started no task is taken: some would run at once, and others once those have ended.
        time.sleep(GIVE_WAY_SECONDS)
        yield server


@pytest.fixture
def environment(hub, redis):
    return {
        "AKI_API_KEY": KEY,
        "AKI_API_SERVER": hub.url,
        "TEST_BROKER": redis.url,
        "TEST_TRANSPORT": json.dumps(TRANSPORT),
    }


@pytest.mark.parametrize(
    ("redis", "seconds", "lease"),
    [
        pytest.param(True, 4.0, "30", id="with its data, as jobs end"),
        pytest.param(False, 4.0, "30", id="without its data, as jobs end"),
        # Held anew several times while a job runs.
        pytest.param(False, 0.5, "6", id="without its data, while jobs run"),
    ],
    indirect=["redis"],
)
def test_a_redis_that_was_away_costs_no_result_and_no_second_job(
    redis, environment, hub, tmp_path, seconds, lease
):
    environment["TEST_LEASE"] = lease
    prompt = f"away {redis.port} for {seconds}"

    def told(task_id):
        # Not by an AsyncResult, which talks to Redis once more when it is forgotten.
        return chat.backend.get_task_meta(task_id, cache=False)

    with sender(environment) as chat, Worker(environment, tmp_path / "log", 2 * TASKS) as worker:
        ids = [
            chat.delay(prompt_input=f"{prompt}, {number} [[dur=6 steps=60]]").id
            for number in range(TASKS)
        ]
        until(lambda: all(told(task_id)["status"] == "PROGRESS" for task_id in ids), "all run")
        time.sleep(3.5 if seconds > 1 else 0)
        redis.kill()
        time.sleep(seconds)
        redis.start()
        for number, task_id in enumerate(ids):
            until(lambda i=task_id: told(i)["status"] in READY, "the task ends")
            assert told(task_id)["status"] == "SUCCESS", told(task_id)
            assert f"{prompt}, {number}" in told(task_id)["result"]["outputs"]["text"]
        time.sleep(2 * TRANSPORT["visibility_timeout"])
        assert {told(task_id)["status"] for task_id in ids} == {"SUCCESS"}
        worker.kill()  # Celery is slow to end after its broker was away
    jobs = Counter(job.work.prompt for job in hub.hub.jobs if prompt in job.work.prompt)
    assert set(jobs.values()) == {1}
    assert len(jobs) == TASKS
