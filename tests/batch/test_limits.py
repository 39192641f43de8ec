"""How many jobs at a time, from what was seen and when; and who waits for a slot behind whom."""

import asyncio

import pytest
from aki_runtime.batch.limits import CROWD, FIRST_LIMIT, LONGEST_PAUSE, ConcurrencyLimiter


class Clock:
    """A clock that stands."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


class Limiter(ConcurrencyLimiter):
    """A limiter whose clock and chance a test sets with each piece of news."""

    def __init__(self, most):
        self.clock, self.luck = Clock(), 1.0
        super().__init__(most, self.clock, lambda: self.luck)

    def refused(self, begun, now, chance):
        self.clock.now, self.luck = now, chance
        self.on_refused(begun)

    def queued(self, position, begun, now):
        self.clock.now = now
        self.on_queued(position, begun)


def rounds(limiter, count):
    """Let that many rounds of jobs go well."""
    for _ in range(count):
        for _ in range(limiter.limit):
            limiter.on_finished()


def test_it_begins_small():
    assert Limiter(64).limit == FIRST_LIMIT


def test_it_begins_no_larger_than_the_most():
    assert Limiter(3).limit == 3


def test_it_doubles_with_each_round_at_first():
    limiter = Limiter(64)
    rounds(limiter, 1)
    assert limiter.limit == 2 * FIRST_LIMIT


def test_it_never_exceeds_the_most():
    limiter = Limiter(20)
    rounds(limiter, 10)
    assert limiter.limit == 20


def test_a_refusal_halves_it():
    limiter = Limiter(64)
    rounds(limiter, 3)
    limiter.refused(begun=1.0, now=2.0, chance=1.0)
    assert limiter.limit == 32


def test_the_refusals_of_one_round_count_once():
    limiter = Limiter(64)
    rounds(limiter, 3)
    for _ in range(30):
        limiter.refused(begun=1.0, now=2.0, chance=1.0)
    assert limiter.limit == 32


def test_a_refusal_of_the_next_round_halves_it_again():
    limiter = Limiter(64)
    rounds(limiter, 3)
    limiter.refused(begun=1.0, now=2.0, chance=1.0)
    limiter.refused(begun=3.0, now=4.0, chance=1.0)
    assert limiter.limit == 16


def test_after_a_refusal_it_grows_by_one_per_round():
    limiter = Limiter(64)
    rounds(limiter, 3)
    limiter.refused(begun=1.0, now=2.0, chance=1.0)
    rounds(limiter, 2)
    assert limiter.limit in (33, 34)


def test_it_is_at_least_one():
    limiter = Limiter(64)
    for moment in range(20):
        limiter.refused(begun=moment, now=moment + 0.5, chance=1.0)
    assert limiter.limit == 1


@pytest.mark.parametrize(("chance", "pause"), [(1.0, 0.5), (0.0, 0.25)])
def test_a_refusal_makes_a_pause(chance, pause):
    limiter = Limiter(64)
    limiter.refused(begun=1.0, now=2.0, chance=chance)
    assert limiter.not_before == 2.0 + pause


def test_pauses_double_until_a_job_is_taken():
    limiter = Limiter(64)
    for moment, pause in [(0.0, 0.5), (10.0, 1.0), (20.0, 2.0)]:
        limiter.refused(begun=moment, now=moment, chance=1.0)
        assert limiter.not_before == moment + pause
    limiter.on_accepted()
    limiter.refused(begun=30.0, now=30.0, chance=1.0)
    assert limiter.not_before == 30.5


def test_pauses_are_bounded():
    limiter = Limiter(64)
    for moment in range(0, 5000, 50):
        limiter.refused(begun=moment, now=moment, chance=1.0)
    assert limiter.not_before == 4950 + LONGEST_PAUSE


def test_a_queue_that_grows_makes_it_smaller():
    limiter = Limiter(64)
    rounds(limiter, 3)
    limiter.queued(2, begun=0.0, now=0.5)
    limiter.queued(2 + CROWD + 1, begun=1.0, now=2.0)
    assert limiter.limit == int(64 * 0.85)


def test_a_queue_that_is_long_for_everyone_does_not():
    limiter = Limiter(64)
    rounds(limiter, 3)
    for moment in range(200):
        limiter.queued(500, begun=moment, now=moment + 0.5)
    assert limiter.limit == 64


def test_a_queue_that_has_grown_a_little_keeps_it_from_growing():
    limiter = Limiter(64)
    limiter.queued(0, begun=0.0, now=0.5)
    limiter.queued(CROWD // 2 + 1, begun=1.0, now=2.0)
    rounds(limiter, 5)
    assert limiter.limit == FIRST_LIMIT
    limiter.queued(1, begun=3.0, now=4.0)
    rounds(limiter, 1)
    assert limiter.limit == 2 * FIRST_LIMIT


async def settled():
    """Let every task come to where it waits."""
    for _ in range(5):
        await asyncio.sleep(0)


def test_as_many_have_a_slot_as_the_limit_allows():
    async def main():
        limiter = ConcurrencyLimiter(64, Clock())
        tasks = [asyncio.create_task(limiter.acquire()) for _ in range(20)]
        await settled()
        assert (limiter.active, sum(task.done() for task in tasks)) == (FIRST_LIMIT, FIRST_LIMIT)
        limiter.release()
        await settled()
        assert sum(task.done() for task in tasks) == FIRST_LIMIT + 1
        limiter.close()
        assert [await task for task in tasks].count(True) == FIRST_LIMIT + 1

    asyncio.run(main())


def test_who_was_refused_goes_before_who_is_new():
    async def main():
        clock = Clock()
        limiter = ConcurrencyLimiter(1, clock)
        assert await limiter.acquire()
        newcomer = asyncio.create_task(limiter.acquire())
        await settled()
        again = asyncio.create_task(limiter.acquire_again(0.0))
        await settled()
        assert not again.done()
        clock.now = 10.0
        assert await again
        assert not newcomer.done()
        limiter.release()
        assert await newcomer

    asyncio.run(main())


def test_a_closed_limiter_gives_no_slot():
    async def main():
        limiter = ConcurrencyLimiter(4, Clock())
        assert await limiter.acquire()
        waiting = asyncio.create_task(limiter.acquire_again(0.0))
        await settled()
        limiter.close()
        assert not await waiting
        assert not await limiter.acquire()
        limiter.release()
        assert limiter.active == 0

    asyncio.run(main())
