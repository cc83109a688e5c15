"""A no stays a no, in whatever dress; a yes is not asked for twice."""

from pathlib import Path

import pytest

from checkpoints.store import Store
from graphs.session import Run
from nodes.guards.rejected import likeness
from nodes.state import Decision
from tests.behaviour.shelf import POLICY, Clock, act, script, shelf_agent, step
from tools.contract import Action

CAREFUL = POLICY.replace('tool = "put"\nverdict = "allow"', 'tool = "put"\nverdict = "ask"')
TEXT = "The quick brown fox jumps over the lazy dog, and 1,100 more do."


def put(text: str, name: str = "a") -> Decision:
    return act("put", name=name, text=text)


def start(
    store: Store, folder: Path, clock: Clock, *decisions: Decision, policy: str = CAREFUL
) -> Run:
    mind = script(step("w", "put", "look"), w=list(decisions))
    return shelf_agent(store, folder, mind, clock=clock, policy=policy).run("Write a")


def rules(run: Run) -> list[str]:
    return [str(entry.body["rule"]) for entry in run.entries if entry.kind == "gate"]


@pytest.mark.parametrize(
    "dress",
    [
        TEXT.upper(),
        f"  {TEXT}  ",
        TEXT.replace(" ", "\n"),
        TEXT.replace("fox", "\uff46\uff4f\uff58"),
    ],
)
def test_rejected_in_another_dress_is_not_asked_about(
    store: Store, folder: Path, clock: Clock, dress: str
) -> None:
    run = start(store, folder, clock, put(TEXT), put(dress))
    run.reject()
    assert rules(run)[1] == "guard:rejected"
    assert run.pending == []
    assert not (folder / "a").exists()


def test_nearly_the_same_is_asked_about_with_a_word_even_where_rules_allow(
    store: Store, folder: Path, clock: Clock
) -> None:
    outsider = put(TEXT, "elsewhere")
    near = put(f"{TEXT}!", "elsewhere")
    run = start(store, folder, clock, outsider, put(f"{TEXT}!"), near, policy=POLICY)
    run.reject()
    assert [review.why.split(".")[0] for review in run.pending] == [
        "It is nearly what a person rejected in this run"
    ]


def test_something_else_is_asked_about_as_ever(store: Store, folder: Path, clock: Clock) -> None:
    run = start(store, folder, clock, put(TEXT), put("Something else altogether."))
    run.reject()
    assert rules(run)[1] == "put"


def test_approved_once_is_not_asked_again_on_the_same_world(
    store: Store, folder: Path, clock: Clock
) -> None:
    run = start(store, folder, clock, put("1"), put("2"), put("1"), put("3"))
    run.approve()
    run.approve()
    assert (folder / "a").read_text() == "1"
    assert [review.action.args["text"] for review in run.pending if review.action] == ["3"]


def test_approved_once_is_asked_again_when_it_cannot_be_undone(
    store: Store, folder: Path, clock: Clock
) -> None:
    mind = script(step("w", "send"), w=[act("send", name="a"), act("send", name="a")])
    run = shelf_agent(store, folder, mind, clock=clock).run("Send a")
    run.approve()
    assert [review.title for review in run.pending] == ["send a"]
    assert (folder.parent / "sent").read_text() == "a\n"


def test_two_steps_that_ask_the_same_need_one_answer(
    store: Store, folder: Path, clock: Clock
) -> None:
    mind = script(step("one", "put"), step("two", "put"), one=[put("1")], two=[put("1")])
    run = shelf_agent(store, folder, mind, clock=clock, policy=CAREFUL).run("Write a")
    assert len(run.pending) == 2
    run.approve(run.pending[0].id)
    assert (run.status, run.pending) == ("unverified", [])


def test_two_steps_that_send_the_same_are_asked_about_both(
    store: Store, folder: Path, clock: Clock
) -> None:
    letter = act("send", name="a")
    mind = script(step("one", "send"), step("two", "send"), one=[letter], two=[letter])
    run = shelf_agent(store, folder, mind, clock=clock).run("Send a")
    run.approve(run.pending[0].id)
    assert [review.title for review in run.pending] == ["send a"]
    run.approve()
    assert (folder.parent / "sent").read_text() == "a\na\n"


def test_two_steps_that_ask_the_same_need_one_no(store: Store, folder: Path, clock: Clock) -> None:
    mind = script(step("one", "put"), step("two", "put"), one=[put("1")], two=[put("1")])
    run = shelf_agent(store, folder, mind, clock=clock, policy=CAREFUL).run("Write a")
    run.reject(run.pending[0].id)
    assert run.pending == []
    assert not (folder / "a").exists()


def test_what_means_nothing_makes_no_other_action() -> None:
    one, other = (Action(tool="t", args={"x": "1,100.0", "at": at}) for at in ("now", "later"))
    assert likeness(one, [other], frozenset({"at"})) == "same"
    assert likeness(one, [Action(tool="u", args=other.args)], frozenset({"at"})) == ""
