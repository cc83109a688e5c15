"""What was usual is read off the ended runs of the same domain, and too few of them say nothing."""

from pathlib import Path

import pytest

from checkpoints.store import Store
from graphs.session import Agent, Run
from nodes.state import Decision
from tests.behaviour.conftest import clock, folder, store
from tests.behaviour.shelf import POLICY, Clock, act, script, shelf_agent, step
from tools.errors import BadPolicy
from tools.policy import Policy

__all__ = ["clock", "folder", "store"]


def wary(caution: str) -> str:
    """Return the usual policy behind a rule that asks when something is unusual."""
    return f'[[rules]]\nid = "unusual"\ntool = "put"\n{caution}\nverdict = "ask"\n{POLICY}'


def put(name: str, count: int = 1) -> list[Decision]:
    return [act("put", name=name, text=str(number)) for number in range(count)]


def agent(store: Store, folder: Path, clock: Clock, caution: str, *made: Decision) -> Agent:
    mind = script(step("w", "put"), w=list(made))
    return shelf_agent(store, folder, mind, clock=clock, policy=wary(caution))


@pytest.fixture
def past(store: Store, folder: Path, clock: Clock) -> None:
    """Let five runs write `a` twice each."""
    for _ in range(5):
        shelf_agent(store, folder, script(step("w", "put"), w=put("a", 2)), clock=clock).run("W")


def asked(run: Run) -> list[str]:
    return [f"{one.title} by {one.card['rule']}" for one in run.pending]


@pytest.mark.usefixtures("past")
def test_target_that_no_run_has_touched_is_asked_about(
    store: Store, folder: Path, clock: Clock
) -> None:
    made = agent(store, folder, clock, "new_target = true", *put("a"), *put("b"))
    assert asked(made.run("W")) == ["put b by unusual"]


@pytest.mark.usefixtures("past")
def test_many_more_effects_than_usual_are_asked_about(
    store: Store, folder: Path, clock: Clock
) -> None:
    run = agent(store, folder, clock, "rate_above = 2.0", *put("a", 9)).run("W")
    assert asked(run) == ["put a by unusual"]
    assert (folder / "a").read_text() == "3"


def test_nothing_is_usual_before_there_were_enough_runs(
    store: Store, folder: Path, clock: Clock
) -> None:
    run = agent(store, folder, clock, "rate_above = 2.0", *put("a", 9)).run("W")
    assert asked(run) == []


@pytest.mark.parametrize(
    ("hours", "waits"),
    [("08:00-18:00", False), ("13:00-18:00", True), ("22:00-06:00", True), ("11:00-06:00", False)],
)
def test_odd_hours_are_asked_about(
    store: Store, folder: Path, clock: Clock, hours: str, *, waits: bool
) -> None:
    made = agent(store, folder, clock, f'outside_hours = "{hours}"', *put("a"))
    assert bool(asked(made.run("W"))) is waits


def test_reading_is_never_unusual(store: Store, folder: Path, clock: Clock) -> None:
    mind = script(step("w", "look"), w=[act("look", name="a")])
    policy = wary("new_target = true").replace('"put"', '["put", "look"]', 1)
    run = shelf_agent(store, folder, mind, clock=clock, policy=policy).run("W")
    assert asked(run) == []


def test_alert_is_noted_and_decides_nothing(
    store: Store, folder: Path, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    policy = wary("new_target = true").replace('verdict = "ask"', 'verdict = "alert"', 1)
    mind = script(step("w", "put"), w=put("a"))
    run = shelf_agent(store, folder, mind, clock=clock, policy=policy).run("W", run_id="r")
    assert (folder / "a").read_text() == "0"
    (noted,) = [entry for entry in run.entries if entry.kind == "alert"]
    assert (noted.subject, noted.body["rules"], noted.body["decision"]) == (
        "r/w/1",
        ["unusual"],
        "allow",
    )
    assert [one.getMessage() for one in caplog.records if one.name == "surefoot.alerts"] == [
        "unusual: r/w/1 (put), decided: allow"
    ]


def test_alert_without_a_caution_is_refused() -> None:
    with pytest.raises(BadPolicy, match="needs a caution"):
        Policy.from_toml('[[rules]]\nid = "x"\nverdict = "alert"\n', source="test")
