"""A person waives a question for a run or for a while: scoped, ending, revocable, on the record."""

from datetime import timedelta
from pathlib import Path

import pytest

from checkpoints.store import Store
from graphs.session import Agent, Run
from graphs.waiving import asks_the_same, give_waiver
from nodes.state import Decision
from nodes.waivers import in_force, revoke
from tests.behaviour.shelf import POLICY, Clock, act, script, shelf_agent, step
from tools.errors import BadInput

CAREFUL = POLICY.replace('tool = "put"\nverdict = "allow"', 'tool = "put"\nverdict = "ask"')


def agent_of(store: Store, folder: Path, clock: Clock, *decisions: Decision) -> Agent:
    mind = script(step("w", "put", "take", "send"), w=list(decisions))
    return shelf_agent(store, folder, mind, clock=clock, policy=CAREFUL)


def put(name: str, text: str = "x") -> Decision:
    return act("put", name=name, text=text)


def waive(run: Run, lasting: str = "run", on: tuple[str, ...] = ()) -> str:
    """Waive the question that a run asks, and answer it."""
    review = run.pending[0]
    clock = run.agent.context.clock
    given = give_waiver(run.agent.store, review, lasting=lasting, by="ada", clock=clock, on=on)
    run.approve(review.id)
    return given.id


def titles(run: Run) -> list[str]:
    return [review.title for review in run.pending]


def test_same_resource_is_not_asked_about_again_in_this_run(
    store: Store, folder: Path, clock: Clock
) -> None:
    run = agent_of(store, folder, clock, put("a", "1"), put("a", "2"), put("b")).run("Write a")
    waive(run)
    assert (folder / "a").read_text() == "2"
    assert titles(run) == ["put b"]
    rules = [entry.body["rule"] for entry in run.entries if entry.kind == "gate"]
    assert rules == ["put", "put:eased", "put:eased", "put"]
    cleared = [store.clearances.find(effect.key) for effect in run.effects]
    assert [(one.by, one.name) for one in cleared if one] == [
        ("person", "tester"),
        ("rule", "put:eased"),
    ]


def test_wider_pattern_covers_what_resembles_it(store: Store, folder: Path, clock: Clock) -> None:
    run = agent_of(store, folder, clock, put("a"), put("b"), put("c")).run("Write a")
    waive(run, on=("file:*",))
    assert titles(run) == []
    assert sorted(one.name for one in folder.iterdir()) == ["a", "b", "c"]


def test_other_run_asks_again_unless_it_was_for_a_time(
    store: Store, folder: Path, clock: Clock
) -> None:
    waive(agent_of(store, folder, clock, put("a")).run("Write a"))
    other = agent_of(store, folder, clock, put("a", "2")).run("Write a")
    assert titles(other) == ["put a"]
    waive(other, "8h")
    assert titles(agent_of(store, folder, clock, put("a", "3")).run("Write a")) == []
    clock.move(hours=9)
    assert titles(agent_of(store, folder, clock, put("a", "4")).run("Write a")) == ["put a"]


def test_revoked_waiver_covers_nothing(store: Store, folder: Path, clock: Clock) -> None:
    given = waive(agent_of(store, folder, clock, put("a")).run("Write a"), "8h")
    revoke(store, given, by="eve")
    assert in_force(store, clock.now) == []
    assert titles(agent_of(store, folder, clock, put("a", "2")).run("Write a")) == ["put a"]
    assert store.ledger.verify().problems == ()


def test_waiver_for_files_covers_no_other_tool(store: Store, folder: Path, clock: Clock) -> None:
    (folder / "b").write_text("b")
    run = agent_of(store, folder, clock, put("a"), act("take", name="b")).run("Write a")
    waive(run, on=("*",))
    assert titles(run) == ["take b"]


def test_value_of_unknown_origin_is_asked_about_all_the_same(
    store: Store, folder: Path, clock: Clock
) -> None:
    run = agent_of(store, folder, clock, put("a"), put("from-nowhere")).run("Write a")
    waive(run, on=("*",))
    assert titles(run) == ["put from-nowhere"]


def test_what_cannot_be_undone_cannot_be_waived(store: Store, folder: Path, clock: Clock) -> None:
    run = agent_of(store, folder, clock, act("send", name="a")).run("Send a")
    with pytest.raises(BadInput, match="cannot be waived"):
        waive(run)
    assert in_force(store, clock.now) == []


@pytest.mark.parametrize("span", ["", "8", "8 h", "-1h", "0h", "400d", "forever"])
def test_span_must_be_one(store: Store, folder: Path, clock: Clock, span: str) -> None:
    run = agent_of(store, folder, clock, put("a")).run("Write a")
    with pytest.raises(BadInput, match="no span of time"):
        waive(run, span)


def test_name_with_glob_characters_covers_only_itself(
    store: Store, folder: Path, clock: Clock
) -> None:
    for name in ("[ab]", "*"):
        (folder / name).write_text("")
    run = agent_of(store, folder, clock, put("*"), put("a")).run("Write everything")
    waive(run)
    assert titles(run) == ["put a"]


def test_question_of_two_runs_about_the_same_is_found(
    store: Store, folder: Path, clock: Clock
) -> None:
    one = agent_of(store, folder, clock, put("a")).run("Write a")
    other = agent_of(store, folder, clock, put("a")).run("Write a, too")
    agent_of(store, folder, clock, put("a", "another text")).run("Write a, otherwise")
    found = asks_the_same(store, one.pending[0])
    assert [review.run for review in found] == [other.id]


def test_answer_expires_with_the_waiver_of_a_time(store: Store, folder: Path, clock: Clock) -> None:
    waive(agent_of(store, folder, clock, put("a")).run("Write a"), "2d")
    assert [one.until - clock.now for one in in_force(store, clock.now)] == [timedelta(days=2)]
