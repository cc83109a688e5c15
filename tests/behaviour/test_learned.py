"""A rule that says `learned` asks until answers prove it needless, and never where it matters."""

from pathlib import Path

import pytest

from checkpoints.store import Store
from graphs.session import Agent, Run
from nodes.calibration.history import is_audited
from tests.behaviour.shelf import POLICY, Clock, Script, act, script, shelf_agent, step
from tests.behaviour.taught import teach

LEARNED = POLICY.replace('verdict = "ask"', 'verdict = "ask"\nlearned = 0.05')


@pytest.fixture
def agent(store: Store, folder: Path, clock: Clock) -> Agent:
    for name in ("b", "evil"):
        (folder / name).write_text(name)
    mind = script(step("tidy", "take", "send"), tidy=[act("take", name="b")])
    return shelf_agent(store, folder, mind, clock=clock, policy=LEARNED)


def asked(run: Run) -> list[str]:
    return [review.title for review in run.pending]


def start(agent: Agent, *, audited: bool = False) -> Run:
    """Return the first run whose proposal is, or is not, one that is always asked about."""
    mind = agent.context.decider
    assert isinstance(mind, Script)
    (decision,) = mind.decisions["tidy"]
    for name in map("r{}".format, range(200)):
        mind.decisions["tidy"] = [decision]
        for file in ("a", "b"):
            (agent.context.tools["take"].folder / file).write_text(file)  # type: ignore[attr-defined]
        run = agent.run("Take b away", run_id=name)
        if is_audited(f"{name}/tidy/1", run.entries[0].hash) is audited:
            return run
    raise AssertionError


def test_cold_start_asks(agent: Agent) -> None:
    assert asked(start(agent)) == ["take b"]


def test_enough_approvals_spare_the_question(
    agent: Agent, store: Store, clock: Clock, folder: Path
) -> None:
    teach(agent, clock, 64)
    run = start(agent)
    assert asked(run) == []
    assert not (folder / "b").exists()
    gate = next(entry for entry in run.entries if entry.kind == "gate")
    assert gate.body["rule"] == "take:eased"
    assert "at most 4.6%" in str(gate.body["reason"])


def test_a_share_goes_on_being_asked_about(agent: Agent, store: Store, clock: Clock) -> None:
    teach(agent, clock, 64)
    assert asked(start(agent, audited=True)) == ["take b"]


@pytest.mark.parametrize(
    ("name", "taught"),
    [
        ("faster than anybody reads", {"seconds": 0.5}),
        ("of another model or prompt", {"mind": "another"}),
        ("about another tool", {"tool": "put"}),
        ("with much more confidence", {"confidence": 0.99}),
    ],
)
def test_answers_that_do_not_count(
    agent: Agent, store: Store, clock: Clock, name: str, taught: dict[str, str]
) -> None:
    del name
    teach(agent, clock, 64, **taught)  # type: ignore[arg-type]  # one of several
    assert asked(start(agent)) == ["take b"]


def test_rejections_keep_asking(agent: Agent, store: Store, clock: Clock) -> None:
    teach(agent, clock, 4, decision="reject")
    teach(agent, clock, 60)
    assert asked(start(agent)) == ["take b"]


def test_what_cannot_be_undone_is_asked_about_whatever_was_learned(
    store: Store, folder: Path, clock: Clock
) -> None:
    mind = script(step("tidy", "send"), tidy=[act("send", name="a")])
    agent = shelf_agent(store, folder, mind, clock=clock, policy=LEARNED)
    teach(agent, clock, 200, tool="send")
    assert asked(start(agent)) == ["send a"]


def test_value_of_unknown_origin_is_asked_about_whatever_was_learned(
    agent: Agent, store: Store, clock: Clock, folder: Path
) -> None:
    (folder / "b").rename(folder / "found-out")
    teach(agent, clock, 64)
    mind = script(step("tidy", "put"), tidy=[act("put", name="elsewhere", text="x")])
    other = shelf_agent(store, folder, mind, clock=clock, policy=LEARNED)
    assert asked(start(other)) == ["put elsewhere"]


def test_every_question_carries_what_the_gate_knew(agent: Agent) -> None:
    judged = start(agent).pending[0].card["judged"]
    assert judged == {
        "mind": agent.context.history.mind,
        "features": [0.9, 1.0, 0.0, 0.0, 0.0, 0.5, 1.0, 0.5],
        "resources": ["file:b"],
    }
