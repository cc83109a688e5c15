"""Work in another thread, in step with the loop over what it tells."""

from collections.abc import Callable, Generator
from contextlib import closing
from contextvars import ContextVar
from threading import Event, get_ident

import pytest

from graphs.handover import Work, handed_over

Tell = Callable[[int], None]


def telling(*numbers: int) -> Work[int]:
    def work(tell: Tell) -> Generator[None]:
        for number in numbers:
            tell(number)
            yield

    return work


def test_items_come_in_order() -> None:
    assert list(handed_over(telling(*range(50)))) == list(range(50))


def test_the_work_is_done_in_one_other_thread() -> None:
    def threads(tell: Tell) -> Generator[None]:
        tell(get_ident())
        yield
        tell(get_ident())

    found = set(handed_over(threads))
    assert len(found) == 1
    assert found != {get_ident()}


def test_the_work_goes_on_when_more_is_asked_for_than_it_told() -> None:
    made: list[str] = []

    def counted(tell: Tell) -> Generator[None]:
        for first in (0, 2):
            made.append("node")
            tell(first)
            tell(first + 1)
            yield

    seen = [(n, len(made)) for n in handed_over(counted)]
    assert seen == [(0, 1), (1, 1), (2, 2), (3, 2)]


def test_what_is_told_is_heard_before_the_work_pauses() -> None:
    heard = Event()

    def long(tell: Tell) -> Generator[None]:
        tell(1)
        assert heard.wait(60)
        yield

    for _ in handed_over(long):
        heard.set()


def test_work_that_tells_nothing_is_done_to_its_end() -> None:
    done = Event()

    def silent(tell: Tell) -> Generator[None]:
        del tell
        yield
        yield
        done.set()

    assert list(handed_over(silent)) == []
    assert done.is_set()


def test_a_fault_of_the_work_reaches_the_loop() -> None:
    def broken(tell: Tell) -> Generator[None]:
        tell(1)
        yield
        raise LookupError("gone")

    items = handed_over(broken)
    assert next(items) == 1
    with pytest.raises(LookupError, match="gone"):
        next(items)


def test_the_work_is_closed_when_the_loop_is_left() -> None:
    closed, beyond = Event(), Event()

    def careful(tell: Tell) -> Generator[None]:
        try:
            tell(1)
            yield
            beyond.set()
        finally:
            closed.set()

    with closing(handed_over(careful)) as items:
        next(items)
        assert not closed.is_set()
    assert (closed.is_set(), beyond.is_set()) == (True, False)


def test_context_of_the_work_does_not_leak_into_the_loop() -> None:
    word: ContextVar[str] = ContextVar("word", default="outside")

    def speaking(tell: Callable[[str], None]) -> Generator[None]:
        token = word.set("inside")
        tell(word.get())
        yield
        word.reset(token)

    assert [(said, word.get()) for said in handed_over(speaking)] == [("inside", "outside")]
