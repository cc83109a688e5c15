"""Reviews: asked once, answered once, by a named person, about exactly one action."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from checkpoints.store import Store
from tests.checkpoints.clock import HandClock
from tools.errors import BadInput, UnknownReview
from tools.records import Answer, Review

YES = Answer(decision="approve", reviewer="ada")


def question(clock: HandClock, name: str = "r-1", *, run: str = "run", hours: int = 1) -> Review:
    return Review(
        id=name,
        run=run,
        step="tune",
        key=f"{run}/tune/1",
        kind="action",
        action_hash="abc",
        title="Drop an index?",
        why="rule 'ask before drops'",
        allowed=("approve", "edit", "reject"),
        created_at=clock(),
        expires_at=clock() + timedelta(hours=hours),
    )


def test_opened_review_waits(store: Store, clock: HandClock) -> None:
    asked = store.reviews.open(question(clock))
    assert store.reviews.waiting() == [asked]


def test_same_id_is_returned_as_kept(store: Store, clock: HandClock) -> None:
    store.reviews.open(question(clock))
    answered = store.reviews.answer("r-1", YES)
    assert store.reviews.open(question(clock)) == answered


def test_answer_is_kept_with_its_time(store: Store, clock: HandClock) -> None:
    store.reviews.open(question(clock))
    clock.move(60)
    store.reviews.answer("r-1", YES)
    kept = store.reviews.get("r-1")
    assert (kept.state, kept.answer, kept.answered_at) == ("answered", YES, clock())


def test_question_and_answer_are_on_the_ledger(store: Store, clock: HandClock) -> None:
    store.reviews.open(question(clock))
    store.reviews.answer("r-1", YES)
    entries = store.ledger.entries("run")
    assert [(entry.kind, entry.subject) for entry in entries] == [
        ("review", "r-1"),
        ("answer", "r-1"),
    ]
    assert entries[1].body["reviewer"] == "ada"


def test_second_answer_is_refused(store: Store, clock: HandClock) -> None:
    store.reviews.open(question(clock))
    store.reviews.answer("r-1", YES)
    with pytest.raises(UnknownReview, match=r"answered already: approve by 'ada'.*resume run"):
        store.reviews.answer("r-1", Answer(decision="reject", reviewer="bob"))


def test_withdrawn_review_cannot_be_answered(store: Store, clock: HandClock) -> None:
    store.reviews.open(question(clock))
    store.reviews.withdraw("r-1", "the run ended")
    with pytest.raises(UnknownReview, match="withdrawn"):
        store.reviews.answer("r-1", YES)


def test_withdrawal_is_on_the_ledger_once(store: Store, clock: HandClock) -> None:
    store.reviews.open(question(clock))
    for reason in ("the run ended", "again"):
        store.reviews.withdraw("r-1", reason)
    reasons = [entry.body.get("reason") for entry in store.ledger.entries("run")]
    assert reasons == [None, "the run ended"]


def test_answered_review_is_not_withdrawn(store: Store, clock: HandClock) -> None:
    store.reviews.open(question(clock))
    store.reviews.answer("r-1", YES)
    store.reviews.withdraw("r-1", "late")
    assert store.reviews.get("r-1").state == "answered"


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (Answer(decision="approve", reviewer=" "), "names no reviewer"),
        (Answer(decision="abort", reviewer="ada"), "approve, edit, reject"),
        (Answer(decision="approve", reviewer="ada", action_hash="abd"), "'abd'.*'abc'"),
        (Answer(decision="approve", reviewer="ada", args={}), "belong to the answer 'edit'"),
        (Answer(decision="edit", reviewer="ada"), "belong to the answer 'edit'"),
    ],
)
def test_bad_answer_is_refused(store: Store, clock: HandClock, answer: Answer, told: str) -> None:
    store.reviews.open(question(clock))
    with pytest.raises(BadInput, match=told):
        store.reviews.answer("r-1", answer)


def test_refused_answer_leaves_the_question_open(store: Store, clock: HandClock) -> None:
    store.reviews.open(question(clock))
    with pytest.raises(BadInput):
        store.reviews.answer("r-1", Answer(decision="approve"))
    assert store.reviews.answer("r-1", YES).state == "answered"


def test_beginning_of_an_id_suffices(store: Store, clock: HandClock) -> None:
    store.reviews.open(question(clock, "aaa-1"))
    store.reviews.open(question(clock, "bbb-1"))
    assert store.reviews.get("b").id == "bbb-1"


def test_whole_id_wins_over_longer_ones(store: Store, clock: HandClock) -> None:
    for name in ("a", "ab"):
        store.reviews.open(question(clock, name))
    assert store.reviews.get("a").id == "a"


@pytest.mark.parametrize(("name", "told"), [("a", "a-1, a-2"), ("", "no question"), ("%", "no q")])
def test_unclear_id_is_refused(store: Store, clock: HandClock, name: str, told: str) -> None:
    for known in ("a-1", "a-2"):
        store.reviews.open(question(clock, known))
    with pytest.raises(UnknownReview, match=told):
        store.reviews.get(name)


@pytest.mark.parametrize(
    "act",
    [
        lambda store: store.reviews.get("x"),
        lambda store: store.reviews.answer("x", YES),
        lambda store: store.reviews.withdraw("x", "why"),
    ],
)
def test_unknown_review_is_refused(store: Store, act: Callable[[Store], object]) -> None:
    with pytest.raises(UnknownReview, match="inbox"):
        act(store)


def test_waiting_is_in_order_of_expiry(store: Store, clock: HandClock) -> None:
    for name, hours in (("late", 3), ("soon", 1), ("middle", 2)):
        store.reviews.open(question(clock, name, hours=hours))
    assert [item.id for item in store.reviews.waiting()] == ["soon", "middle", "late"]


def test_waiting_of_one_run_leaves_others_out(store: Store, clock: HandClock) -> None:
    store.reviews.open(question(clock, "mine", run="one"))
    store.reviews.open(question(clock, "other", run="two"))
    assert [item.id for item in store.reviews.waiting("one")] == ["mine"]
