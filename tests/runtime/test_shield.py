"""What interrupts a caller amid work whose outcome cannot be had again: signals, and limits raised in its thread."""

import ctypes
import signal
import threading
import time
from contextvars import ContextVar

import pytest
from aki_runtime.http.shield import carry_through

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
    done = []
    carry_through(lambda: done.append(7), LONG)
    assert done == [7]


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
