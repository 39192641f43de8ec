"""Where rows wait for their turn."""

import asyncio

from aki_runtime.batch.gate import Gate
from aki_runtime.batch.speed import FIRST_LIMIT, Speed


class Clock:
    """A clock that stands."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


async def settled():
    """Let every task come to where it waits."""
    for _ in range(5):
        await asyncio.sleep(0)


def test_as_many_pass_as_the_speed_allows():
    async def main():
        gate = Gate(Speed(64), Clock())
        tasks = [asyncio.create_task(gate.enter()) for _ in range(20)]
        await settled()
        assert (gate.inside, sum(task.done() for task in tasks)) == (FIRST_LIMIT, FIRST_LIMIT)
        gate.leave()
        await settled()
        assert sum(task.done() for task in tasks) == FIRST_LIMIT + 1
        gate.close()
        assert [await task for task in tasks].count(True) == FIRST_LIMIT + 1

    asyncio.run(main())


def test_who_was_refused_goes_before_who_is_new():
    async def main():
        clock, speed = Clock(), Speed(1)
        gate = Gate(speed, clock)
        assert await gate.enter()
        newcomer = asyncio.create_task(gate.enter())
        await settled()
        again = asyncio.create_task(gate.enter_again(begun=0.0))
        await settled()
        assert not again.done()
        clock.now = 10.0
        assert await again
        assert not newcomer.done()
        gate.leave()
        assert await newcomer

    asyncio.run(main())


def test_nobody_passes_a_closed_gate():
    async def main():
        gate = Gate(Speed(4), Clock())
        assert await gate.enter()
        waiting = asyncio.create_task(gate.enter_again(begun=0.0))
        await settled()
        gate.close()
        assert not await waiting
        assert not await gate.enter()
        gate.leave()
        assert gate.inside == 0

    asyncio.run(main())
