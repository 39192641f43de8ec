"""The mailbox: what is asked together goes together, and silence makes a worker count as dead to itself."""

import asyncio

import pytest
from aki_client.batch import JournalError, JournalFullError
from aki_runtime.ray.ledger import Attempt, Begin, Free, Fresh
from aki_runtime.ray.mailbox import Mailbox


class Post:
    """Takes letters, and fails where it is told to."""

    def __init__(self):
        self.letters = []
        self.failures = []
        self.is_silent = False

    async def send(self, operations):
        if self.is_silent:
            raise ConnectionResetError("no way")
        if self.failures and operations:
            raise self.failures.pop(0)
        self.letters.append(list(operations))
        return [Fresh() for _ in operations]


def begin(number):
    return Begin(str(number), Attempt("one", number))


def with_mailbox(post, use, **options):
    """Use a mailbox in an event loop of its own."""

    async def main():
        mailbox = Mailbox(post.send, **{"lease": 10.0, "on_lost": lambda: None, **options})
        try:
            return await use(mailbox)
        finally:
            await mailbox.close()

    return asyncio.run(main())


def test_what_is_asked_at_one_moment_goes_in_one_letter():
    post = Post()

    async def use(mailbox):
        return await asyncio.gather(*(mailbox.ask(begin(number)) for number in range(5)))

    assert with_mailbox(post, use) == [Fresh()] * 5
    assert [len(letter) for letter in post.letters] == [5]


def test_a_sign_of_life_is_sent_where_nothing_is_asked():
    post = Post()

    async def use(mailbox):
        while len(post.letters) < 3:
            await asyncio.sleep(0.01)
        return mailbox.is_alive

    assert with_mailbox(post, use, lease=0.5)
    assert post.letters[:3] == [[], [], []]


@pytest.mark.parametrize("failure", [ConnectionResetError("gone"), JournalFullError("no room")])
def test_what_did_not_arrive_is_sent_again(failure):
    post = Post()
    post.failures = [failure]

    async def use(mailbox):
        return await mailbox.ask(begin(1))

    assert with_mailbox(post, use) == Fresh()
    assert post.letters == [[begin(1)]]


def test_a_journal_that_can_not_be_used_is_told_at_once():
    post = Post()
    post.failures = [JournalError("it is damaged")]

    async def use(mailbox):
        with pytest.raises(JournalError, match="damaged"):
            await mailbox.ask(begin(1))
        return await mailbox.ask(begin(2))

    assert with_mailbox(post, use) == Fresh()


def test_a_ledger_that_stays_away_is_told_in_one_sentence():
    post = Post()
    post.is_silent = True

    async def use(mailbox):
        with pytest.raises(JournalError, match=r"could not be reached .*no way.* goes on"):
            await mailbox.ask(begin(1))

    with_mailbox(post, use, outage_timeout=0.1)


def test_silence_makes_the_worker_count_as_dead_and_an_answer_as_alive_again():
    post = Post()
    lost = []

    async def use(mailbox):
        post.is_silent = True
        while not lost:
            await asyncio.sleep(0.01)
        post.is_silent = False
        while not mailbox.is_alive:
            await asyncio.sleep(0.01)

    with_mailbox(post, use, lease=0.5, on_lost=lambda: lost.append("lost"))
    assert lost == ["lost"]


def test_answers_are_those_to_the_questions():
    class Echo(Post):
        async def send(self, operations):
            return [Fresh() if operation.row_id == "1" else Free() for operation in operations]

    async def use(mailbox):
        return await asyncio.gather(*(mailbox.ask(begin(number)) for number in (0, 1, 2)))

    assert with_mailbox(Echo(), use) == [Free(), Fresh(), Free()]
