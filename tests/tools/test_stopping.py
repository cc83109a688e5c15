"""Waiting for others can be given up."""

from concurrent.futures import Future
from threading import Event, get_ident

import pytest

from tools.stopping import Stop, Stopped, awaited, background, check_stop, stopping_at


@pytest.fixture
def stop() -> Stop:
    return Future()


def fail() -> None:
    raise LookupError("gone")


def test_without_a_stop_nothing_leaves_its_thread() -> None:
    assert awaited(get_ident) == get_ident()


def test_what_is_awaited_is_returned(stop: Stop) -> None:
    with stopping_at(stop):
        assert awaited(lambda: 7) == 7


def test_a_fault_of_what_is_awaited_is_raised(stop: Stop) -> None:
    with stopping_at(stop), pytest.raises(LookupError):
        awaited(fail)


def test_waiting_is_given_up_at_a_stop(stop: Stop) -> None:
    never, begun = Event(), Event()

    def endless() -> None:
        begun.set()
        never.wait()

    def press() -> None:
        begun.wait()
        stop.set_result(None)

    pressed = background(press)
    with stopping_at(stop), pytest.raises(Stopped):
        awaited(endless)
    never.set()
    pressed.result()


def test_after_a_stop_nothing_is_begun(stop: Stop) -> None:
    stop.set_result(None)
    begun: list[int] = []
    with stopping_at(stop), pytest.raises(Stopped):
        awaited(lambda: begun.append(1))
    assert begun == []


def test_a_stop_is_seen_by_what_checks_for_it(stop: Stop) -> None:
    stop.set_result(None)
    with stopping_at(stop), pytest.raises(Stopped):
        check_stop()


def test_a_stop_does_not_outlive_its_block(stop: Stop) -> None:
    stop.set_result(None)
    with stopping_at(stop):
        pass
    assert awaited(lambda: 7) == 7
