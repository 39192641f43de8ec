"""What interrupts a caller amid work whose outcome cannot be had again: signals, and limits raised in its thread."""

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from pathlib import Path

import pytest
from aki_runtime.http.interruption import carry_through
from support.patience import soon

LONG = 30.0


class TimeLimitError(Exception):
    """What a task queue raises in a thread."""


@pytest.fixture(autouse=True)
def _usual_handler():
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    assert signal.signal(signal.SIGINT, before) is signal.default_int_handler


def strike(number=signal.SIGINT):
    """Send a signal to the main thread, as the system does, and give its handler time."""
    time.sleep(0.02)  # or it would come before the caller waits
    signal.pthread_kill(threading.main_thread().ident, number)
    time.sleep(0.05)


def test_work_that_nobody_interrupts_is_done():
    done = []
    carry_through(lambda: done.append(7), LONG)
    assert done == [7]


def test_work_that_fails_raises():
    with pytest.raises(ZeroDivisionError):
        carry_through(lambda: 1 / 0, LONG)


def test_work_is_done_where_no_thread_can_be_made(monkeypatch):
    def refuse(*_):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr("_thread.start_new_thread", refuse)
    assert in_a_thread(lambda: carried() == threading.get_native_id())


def test_work_sees_the_context_of_its_caller():
    variable = ContextVar("variable", default="unset")
    variable.set("of the caller")
    seen = []
    carry_through(lambda: seen.append(variable.get()), LONG)
    assert seen == ["of the caller"]


@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="signals are another matter there")
class TestSignals:
    """Signals reach the main thread, which only waits."""

    def test_interrupted_work_is_carried_through(self):
        done = []

        def work():
            strike()
            done.append(7)

        with pytest.raises(KeyboardInterrupt):
            carry_through(work, LONG)
        assert done == [7]

    def test_interrupted_work_that_fails_is_an_interruption(self):
        def work():
            strike()
            raise ZeroDivisionError

        with pytest.raises(KeyboardInterrupt):
            carry_through(work, LONG)

    def test_the_second_strike_ends_the_wait(self):
        over = threading.Event()

        def work():
            strike()
            strike()
            over.wait(LONG)

        with pytest.raises(KeyboardInterrupt):
            carry_through(work, LONG)
        assert not over.is_set()
        over.set()

    def test_the_end_of_the_time_ends_the_wait(self):
        over = threading.Event()

        def work():
            strike()
            over.wait(LONG)

        with pytest.raises(KeyboardInterrupt):
            carry_through(work, 0.05)
        assert not over.is_set()
        over.set()

    def test_a_handler_that_raises_nothing_interrupts_nothing(self):
        acted, done = [], []
        signal.signal(signal.SIGINT, lambda number, frame: acted.append(number))

        def work():
            strike()
            strike()
            done.append(list(acted))

        try:
            carry_through(work, LONG)
        finally:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        assert done == [[signal.SIGINT, signal.SIGINT]]

    @pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
    def test_what_any_handler_raises_waits_for_the_work(self, name):
        number = getattr(signal, name)

        def stop(number, frame):
            raise TimeLimitError

        before = signal.signal(number, stop)
        done = []

        def work():
            strike(number)
            done.append(7)

        try:
            with pytest.raises(TimeLimitError):
                carry_through(work, LONG)
        finally:
            signal.signal(number, before)
        assert done == [7]


@pytest.mark.parametrize("kind", [TimeLimitError, TimeoutError, RuntimeError, SystemExit])
def test_a_limit_that_is_raised_in_a_thread_waits_for_the_work(kind):
    done, raised = [], []

    def call():
        def work():
            ctypes.pythonapi.PyThreadState_SetAsyncExc(
                ctypes.c_ulong(caller.ident), ctypes.py_object(kind)
            )
            time.sleep(0.2)
            done.append(7)

        try:
            carry_through(work, LONG)
        except BaseException as error:
            raised.append((type(error), list(done)))

    caller = threading.Thread(target=call)
    caller.start()
    caller.join(LONG)
    assert raised == [(kind, [7])]


def in_a_thread(function):
    """Return what a function returns in a thread that ends with it."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(function).result()


def carried():
    """Return the thread that does a caller's work."""
    done = []
    carry_through(lambda: done.append(threading.get_native_id()), LONG)
    return done[0]


def is_alive(thread):
    return Path(f"/proc/self/task/{thread}").exists()


def test_one_thread_does_all_work_of_a_caller():
    assert len({carried() for _ in range(5)}) == 1


@pytest.mark.skipif(not is_alive("."), reason="/proc lists the threads")
def test_the_thread_that_works_for_a_caller_ends_with_it():
    worker = in_a_thread(lambda: [carried(), carried()])[0]
    assert soon(lambda: not is_alive(worker))


@pytest.mark.skipif(not is_alive("."), reason="/proc lists the threads")
def test_a_thread_whose_caller_is_interrupted_ends_with_its_work():
    working, over = [], threading.Event()

    def work():
        working.append(threading.get_native_id())
        strike()
        over.wait(LONG)

    with pytest.raises(KeyboardInterrupt):
        carry_through(work, 0.05)
    assert carried() != working[0]  # which is still at it
    over.set()
    assert soon(lambda: not is_alive(working[0]))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing forks there")
def test_a_forked_process_has_a_thread_of_its_own():
    ran(
        "import os, test_carry_through; test_carry_through.carried(); os.fork(); test_carry_through.carried()"
    )


def test_work_is_done_while_the_interpreter_ends():
    script = """
import test_carry_through
class Last:
    def __del__(self, carry=test_carry_through.carry_through):
        carry(lambda: print("done"), 5.0)
test_carry_through.carried()
last = Last()
"""
    assert ran(script) == "done\n"


def ran(script):
    """Return what a script prints."""
    return subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        check=True,
        cwd=Path(__file__).parent,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        text=True,
        timeout=120,
    ).stdout
