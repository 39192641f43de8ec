"""Ctrl-C amid work whose outcome can not be had again."""

import signal
import threading

import pytest
from aki_runtime.http.shield import ShieldedInterruptError, shielded

PATIENCE = 30.0


def strike():
    signal.raise_signal(signal.SIGINT)


@pytest.fixture(autouse=True)
def _usual_handler():
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    assert signal.signal(signal.SIGINT, before) is signal.default_int_handler


def test_work_that_nobody_interrupts_returns():
    assert shielded(lambda: 7, PATIENCE) == 7


def test_work_that_fails_raises():
    with pytest.raises(ZeroDivisionError):
        shielded(lambda: 1 / 0, PATIENCE)


def test_interrupted_work_is_carried_through_and_its_outcome_kept():
    def work():
        strike()
        return 7

    with pytest.raises(ShieldedInterruptError) as caught:
        shielded(work, PATIENCE)
    assert caught.value.outcome == 7
    assert type(caught.value.reason) is KeyboardInterrupt


def test_interrupted_work_that_fails_is_an_interruption():
    def work():
        strike()
        raise ZeroDivisionError

    with pytest.raises(KeyboardInterrupt):
        shielded(work, PATIENCE)


def test_the_second_strike_breaks_the_work_off():
    def work():
        strike()
        strike()
        pytest.fail("it went on")

    with pytest.raises(KeyboardInterrupt):
        shielded(work, PATIENCE)


def test_the_end_of_the_patience_breaks_the_work_off():
    def work():
        strike()
        threading.Event().wait(PATIENCE)
        pytest.fail("it went on")

    with pytest.raises(KeyboardInterrupt):
        shielded(work, 0.05)


def test_a_handler_that_raises_nothing_interrupts_nothing():
    acted = []
    signal.signal(signal.SIGINT, lambda number, frame: acted.append(number))

    def work():
        strike()
        strike()
        assert acted == [signal.SIGINT, signal.SIGINT]
        return 7

    try:
        assert shielded(work, PATIENCE) == 7
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_what_ends_a_process_is_kept_away_where_the_process_handles_it(name):
    number = getattr(signal, name, None)
    if number is None:
        pytest.skip(f"this system has no {name}")

    def stop(number, frame):
        raise SystemExit(143)

    before = signal.signal(number, stop)

    def work():
        signal.raise_signal(number)
        return 7

    try:
        with pytest.raises(ShieldedInterruptError) as caught:
            shielded(work, PATIENCE)
        assert signal.getsignal(number) is stop
    finally:
        signal.signal(number, before)
    assert (caught.value.outcome, type(caught.value.reason)) == (7, SystemExit)


def test_what_the_handler_of_the_process_raises_goes_on():
    class StopError(Exception):
        pass

    def stop(number, frame):
        raise StopError

    signal.signal(signal.SIGINT, stop)

    def work():
        strike()
        return 7

    try:
        with pytest.raises(ShieldedInterruptError) as caught:
            shielded(work, PATIENCE)
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    assert type(caught.value.reason) is StopError


def test_other_threads_hear_nothing_and_are_let_alone():
    outcomes = []
    thread = threading.Thread(target=lambda: outcomes.append(shielded(lambda: 7, PATIENCE)))
    thread.start()
    thread.join()
    assert outcomes == [7]


def test_where_ctrl_c_is_ignored_nothing_is_set_aside():
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        assert shielded(lambda: signal.getsignal(signal.SIGINT), PATIENCE) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
