"""Claims, in SQLite and in Redis alike: one holder at a time, and nothing noted by anybody else."""

import multiprocessing
import os
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
from aki_client import ConfigurationError
from background.stack import Redis
from support.patience import until

pytest.importorskip("celery", reason="Celery is not installed: make full")
jobs = pytest.importorskip("aki_client.celery")
Record, RedisClaims, SqliteClaims = jobs.Record, jobs.RedisClaims, jobs.SqliteClaims

MOMENT = 0.15


@pytest.fixture(params=["sqlite", "redis"])
def claims(request, tmp_path):
    if request.param == "sqlite":
        return SqliteClaims(tmp_path / "new" / "claims.sqlite3")
    claims = RedisClaims(request.getfixturevalue("redis").url, prefix=f"{tmp_path.name}:")
    until(lambda: take(claims, task="first"), "the Redis is not a new one any more", 30)
    return claims


def take(claims, owner="a", seconds=60, task="t"):
    return claims.take(task, owner, seconds, new=True)


def test_a_task_that_nobody_worked_at_is_free(claims):
    assert take(claims) == Record(turn=1)


def test_nobody_else_takes_what_is_held(claims):
    take(claims)
    assert take(claims, "b") is None
    assert take(claims) is None
    assert take(claims, "b", task="other") == Record(turn=1)


def test_of_many_who_try_at_once_one_takes_it(claims):
    with ThreadPoolExecutor(16) as pool:
        taken = list(pool.map(lambda owner: take(claims, str(owner)), range(16)))
    assert len([record for record in taken if record is not None]) == 1


def test_what_was_noted_is_there_for_the_next_holder(claims):
    take(claims)
    assert claims.hold("t", "a", 1, 60, Record("submitted", "id#1", 12.5))
    claims.release("t", "a")
    assert take(claims, "b") == Record("submitted", "id#1", 12.5, turn=2)


def test_a_hold_that_is_not_renewed_ends(claims):
    take(claims, seconds=MOMENT)
    until(lambda: take(claims, "b") is not None, "another takes it")


def test_a_hold_that_is_renewed_goes_on(claims):
    take(claims, seconds=MOMENT)
    assert claims.hold("t", "a", 1, 60)
    time.sleep(2 * MOMENT)
    assert take(claims, "b") is None


def test_a_hold_that_has_ended_is_held_again_where_nobody_has_taken_the_task(claims):
    take(claims, seconds=MOMENT)
    time.sleep(2 * MOMENT)
    assert claims.hold("t", "a", 1, 60)
    assert take(claims, "b") is None


@pytest.mark.parametrize("record", [None, Record("submitted", "id#1")])
@pytest.mark.parametrize("released", [False, True])
def test_who_lost_the_task_to_another_changes_nothing(claims, record, released):
    take(claims, seconds=MOMENT)
    until(lambda: take(claims, "b") is not None, "another takes it")
    if released:
        claims.release("t", "b")
    assert claims.hold("t", "a", 1, 60, record) is False
    claims.release("t", "b")
    assert take(claims, "c").phase == "free"


def test_who_lost_the_task_does_not_release_it(claims):
    take(claims, seconds=MOMENT)
    until(lambda: take(claims, "b") is not None, "another takes it")
    claims.release("t", "a")
    assert take(claims, "c") is None


def test_a_wish_to_cancel_is_kept_for_a_task_that_does_not_run_yet(claims):
    assert not claims.cancel_asked("t")
    claims.ask_to_cancel("t")
    assert claims.cancel_asked("t")
    assert not claims.cancel_asked("other")
    assert take(claims) == Record(turn=1)


class TestLosingData:
    """What is kept may be lost, or older than it was: that is not the same as being somebody else's."""

    def test_a_hold_that_is_not_known_any_more_is_not_anothers(self, claims):
        assert claims.hold("t", "a", 1, 60) is None

    def test_whoever_held_the_task_takes_it_up_again_with_what_it_knows(self, claims):
        assert claims.hold("t", "a", 1, 60, Record("submitted", "id#1"))
        assert take(claims, "b") is None
        claims.release("t", "a")
        assert take(claims, "b") == Record("submitted", "id#1", turn=2)

    def test_what_an_earlier_delivery_left_does_not_stop_a_later_one(self, claims):
        take(claims, "dead")
        claims.hold("t", "dead", 1, 60, Record("free"))
        assert claims.hold("t", "a", 2, 60) is None
        assert claims.hold("t", "a", 2, 60, Record("submitted", "id#1"))

    def test_a_task_that_was_delivered_before_is_not_taken_while_nothing_is_known_of_it(
        self, claims
    ):
        assert claims.take("t", "b", 60, new=False) is None
        assert take(claims) == Record(turn=1)
        claims.release("t", "a")
        assert claims.take("t", "b", 60, new=False) == Record(turn=2)


def test_a_file_of_claims_is_for_its_owners_eyes_alone(tmp_path):
    file = tmp_path / "claims.sqlite3"
    claims, modes = SqliteClaims(file), {}
    before = os.umask(0o022)
    try:
        take(claims)
        with closing(sqlite3.connect(file, isolation_level=None)) as database:
            database.execute("BEGIN IMMEDIATE")
            database.execute("UPDATE claims SET owner = 'x'")
            modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
    finally:
        os.umask(before)
    assert modes == {"claims.sqlite3": 0o600, "claims.sqlite3-journal": 0o600}


def test_a_redis_that_has_just_started_leaves_holders_a_moment_to_speak(tmp_path):
    pytest.importorskip("redis", reason="the package redis is not installed: make full")
    if not Redis.program:
        pytest.skip("redis-server is not installed: apt-get install redis-server")
    with Redis(tmp_path) as server:
        claims = RedisClaims(server.url)
        assert claims.take("t", "b", 60, new=True) is None
        assert claims.hold("t", "a", 1, 60, Record("submitted", "id#1"))
        claims.release("t", "a")
        assert claims.take("t", "b", 60, new=True).job_id == "id#1"
        until(lambda: claims.take("new", "b", 60, new=True), "a new task is taken", 30)


def test_a_forked_process_has_a_connection_of_its_own(claims):
    take(claims)
    forking = multiprocessing.get_context("fork")
    noted = ("t", "a", 1, 60, Record("submitted", "id#1"))
    child = forking.Process(target=claims.hold, args=noted)
    child.start()
    child.join(120)
    claims.release("t", "a")
    assert take(claims, "b").job_id == "id#1"


def test_claims_do_not_show_the_password_of_their_redis():
    pytest.importorskip("redis", reason="the package redis is not installed: make full")
    assert "geheim" not in repr(RedisClaims("redis://:geheim@127.0.0.1:1/0"))


class TestFormats:
    """What workers of another version wrote is refused, and left as it is."""

    @pytest.fixture
    def file(self, tmp_path):
        file = tmp_path / "claims.sqlite3"
        take(SqliteClaims(file))
        return file

    def test_a_record_of_another_format_is_left_to_the_workers_that_wrote_it(self, file, caplog):
        change(file, 'UPDATE claims SET until = 0, record = \'{"format": 2, "news": true}\'')
        before = file.read_bytes()
        assert SqliteClaims(file).take("t", "b", 60, new=False) is None
        assert caplog.messages == [
            "task t is left to workers of the version that began it: "
            "its record has format '2', and this worker reads format 1"
        ]
        assert file.read_bytes() == before

    @pytest.mark.parametrize("record", ["rubbish", "[]", "{}", '{"phase": "free"}'])
    def test_a_record_that_is_none_is_not_taken_for_a_free_task(self, file, record):
        change(file, "UPDATE claims SET until = 0, record = ?", record)
        assert SqliteClaims(file).take("t", "b", 60, new=False) is None

    def test_what_is_noted_begins_with_the_number_of_its_format(self):
        assert Record("submitted", "id#1").to_json().startswith('{"format": 1, ')

    def test_a_file_of_another_format_is_named(self, file):
        change(file, "PRAGMA user_version = 2")
        before = file.read_bytes()
        with pytest.raises(ConfigurationError) as refused:
            SqliteClaims(file).ask_to_cancel("t")
        assert str(refused.value) == (
            f"the claims in {file} have format 2, and this aki-client reads format 1: "
            "let workers of the version that made it finish their tasks, then give another path"
        )
        assert file.read_bytes() == before

    @pytest.mark.parametrize("whose", ["somebody's database", "text"])
    def test_a_file_that_holds_something_else_is_named_and_kept(self, tmp_path, whose):
        file = tmp_path / "notes"
        if whose == "text":
            file.write_text("my notes, which are longer than the head of a database\n" * 20)
        else:
            change(file, "CREATE TABLE mine (id)")
        before = file.read_bytes()
        with pytest.raises(ConfigurationError) as refused:
            take(SqliteClaims(file))
        assert (
            str(refused.value) == f"{file} is not a file of claims; give SqliteClaims another path"
        )
        assert file.read_bytes() == before


def change(file, statement, *values):
    with closing(sqlite3.connect(file, isolation_level=None)) as database:
        database.execute(statement, values)
