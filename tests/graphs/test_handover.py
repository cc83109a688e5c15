"""A generator in another thread, in step with the loop over it."""

from collections.abc import Generator
from contextvars import ContextVar
from threading import Event, get_ident

import pytest

from graphs.handover import handed_over


def test_items_come_in_order() -> None:
    assert list(handed_over(n for n in range(50))) == list(range(50))


def test_the_generator_runs_in_one_other_thread() -> None:
    def threads() -> Generator[int]:
        yield get_ident()
        yield get_ident()

    found = set(handed_over(threads()))
    assert len(found) == 1
    assert found != {get_ident()}


def test_the_generator_waits_until_the_next_item_is_asked_for() -> None:
    made: list[int] = []

    def counted() -> Generator[int]:
        for n in range(3):
            made.append(n)
            yield n

    seen = [list(made) for _ in handed_over(counted())]
    assert seen == [[0], [0, 1], [0, 1, 2]]


def test_a_fault_of_the_generator_reaches_the_loop() -> None:
    def broken() -> Generator[int]:
        yield 1
        raise LookupError("gone")

    items = handed_over(broken())
    assert next(items) == 1
    with pytest.raises(LookupError, match="gone"):
        next(items)


def test_the_generator_is_closed_when_the_loop_is_left() -> None:
    closed = Event()

    def careful() -> Generator[int]:
        try:
            yield 1
            yield 2
        finally:
            closed.set()

    items = handed_over(careful())
    next(items)
    assert not closed.is_set()
    items.close()
    assert closed.is_set()


def test_context_of_the_generator_does_not_leak_into_the_loop() -> None:
    word: ContextVar[str] = ContextVar("word", default="outside")

    def speaking() -> Generator[str]:
        token = word.set("inside")
        yield word.get()
        word.reset(token)

    assert [(said, word.get()) for said in handed_over(speaking())] == [("inside", "outside")]
