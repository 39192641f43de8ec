"""Claims, in SQLite and in Redis alike: one holder at a time, and nothing noted by anybody else."""

import multiprocessing
from concurrent.futures import ThreadPoolExecutor

import pytest
from support.patience import until

pytest.importorskip("celery", reason="Celery is not installed: make full")
jobs = pytest.importorskip("aki_client.celery")
Record, RedisClaims, SqliteClaims = jobs.Record, jobs.RedisClaims, jobs.SqliteClaims

MOMENT = 0.15


@pytest.fixture(params=["sqlite", "redis"])
def claims(request, tmp_path):
    if request.param == "sqlite":
        return SqliteClaims(tmp_path / "new" / "claims.sqlite3")
    return RedisClaims(request.getfixturevalue("redis").url, prefix=f"{tmp_path.name}:")


def test_a_task_that_nobody_worked_at_is_free(claims):
    assert claims.take("t", "a", 60) == Record()


def test_nobody_else_takes_what_is_held(claims):
    claims.take("t", "a", 60)
    assert claims.take("t", "b", 60) is None
    assert claims.take("t", "a", 60) is None
    assert claims.take("other", "b", 60) == Record()


def test_of_many_who_try_at_once_one_takes_it(claims):
    with ThreadPoolExecutor(16) as pool:
        taken = list(pool.map(lambda owner: claims.take("t", str(owner), 60), range(16)))
    assert len([record for record in taken if record is not None]) == 1


def test_what_was_noted_is_there_for_the_next_holder(claims):
    claims.take("t", "a", 60)
    note = Record("submitted", "id#1", 12.5)
    assert claims.note("t", "a", note)
    claims.release("t", "a")
    assert claims.take("t", "b", 60) == note


def test_a_hold_that_is_not_renewed_ends(claims):
    claims.take("t", "a", MOMENT)
    until(lambda: claims.take("t", "b", 60) is not None, "another takes it")


def test_a_hold_that_is_renewed_goes_on(claims):
    claims.take("t", "a", 60)
    assert claims.renew("t", "a", 60)
    assert claims.take("t", "b", 60) is None


@pytest.mark.parametrize("change", ["renew", "note", "release"])
def test_who_lost_the_hold_changes_nothing(claims, change):
    claims.take("t", "a", MOMENT)
    until(lambda: claims.take("t", "b", 60) is not None, "another takes it")
    if change == "renew":
        assert not claims.renew("t", "a", 60)
    elif change == "note":
        assert not claims.note("t", "a", Record("submitted", "id#1"))
    else:
        claims.release("t", "a")
    assert claims.take("t", "c", 60) is None
    claims.release("t", "b")
    assert claims.take("t", "c", 60) == Record()


def test_a_wish_to_cancel_is_kept_for_a_task_that_does_not_run_yet(claims):
    assert not claims.cancel_asked("t")
    claims.ask_to_cancel("t")
    assert claims.cancel_asked("t")
    assert not claims.cancel_asked("other")
    assert claims.take("t", "a", 60) == Record()


def test_a_forked_process_has_a_connection_of_its_own(claims):
    claims.take("t", "a", 60)
    forking = multiprocessing.get_context("fork")
    child = forking.Process(target=claims.note, args=("t", "a", Record("submitted", "id#1")))
    child.start()
    child.join(30)
    claims.release("t", "a")
    assert claims.take("t", "b", 60) == Record("submitted", "id#1")


def test_claims_do_not_show_the_password_of_their_redis():
    pytest.importorskip("redis", reason="the package redis is not installed: make full")
    assert "geheim" not in repr(RedisClaims("redis://:geheim@127.0.0.1:1/0"))
