"""Looking by chance at what rules let through, and rules that answers suggest."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from checkpoints.store import Store, open_store
from tests.behaviour.shelf import POLICY, Clock, act, script, shelf_agent, step
from tests.behaviour.taught import teach
from tests.graphs.cli.conftest import call
from tools.policy import Policy


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """Return a store in which two rules let four effects through, and a person one."""
    monkeypatch.chdir(tmp_path)
    clock = Clock()
    with open_store("sqlite:///surefoot.db", clock=clock) as opened:
        for number in range(2):
            made = [act("put", name="b", text=str(number)), act("put", name="a", text="goal")]
            mind = script(step("w", "put", "take"), w=[*made, act("take", name="b")])
            agent = shelf_agent(opened, tmp_path / "shelf", mind, clock=clock)
            agent.run("Make a say goal", run_id=f"r{number}").approve()
        yield opened


def test_only_what_rules_let_through_is_drawn(store: Store) -> None:
    del store
    drawn = call("audit", "sample", "--json").document["drawn"]
    assert sorted(one["key"] for one in drawn) == ["r0/w/1", "r0/w/2", "r1/w/1", "r1/w/2"]
    assert {one["rule"] for one in drawn} == {"put"}


def test_same_seed_draws_the_same(store: Store) -> None:
    del store
    some = [call("audit", "sample", "--count", "2", "--json").document["drawn"] for _ in "ab"]
    other = call("audit", "sample", "--count", "4", "--seed", "2", "--json").document["drawn"]
    assert some[0] == some[1]
    assert some[0] != other[:2]


def test_marks_make_a_defect_rate_with_an_interval(store: Store) -> None:
    assert "None of 4 effects" in call("audit", "sample").out
    call("audit", "mark", "r0/w/1", "--ok", "--as", "ada")
    done = call("audit", "mark", "r0/w/2", "--defect", "--message", "too eager")
    assert "1 defects in 2 of 4: 50.0% (95 %: 1.3% to 98.7%)" in done.out
    left = call("audit", "sample", "--json").document["drawn"]
    assert sorted(one["key"] for one in left) == ["r1/w/1", "r1/w/2"]
    assert store.ledger.verify().problems == ()


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (("r0/w/1",), "either --ok or --defect"),
        (("r0/w/1", "--ok", "--defect"), "either --ok or --defect"),
        (("r0/w/3", "--ok"), "No rule let an effect"),
        (("nonsense", "--ok"), "No rule let an effect"),
    ],
)
def test_mark_that_cannot_be_meant_is_refused(
    store: Store, args: tuple[str, ...], told: str
) -> None:
    del store
    done = call("audit", "mark", *args)
    assert (done.code, told in done.err) == (2, True)


def suggested(store: Store, tmp_path: Path) -> list[str]:
    del tmp_path, store
    return [one["toml"] for one in call("policy", "suggest", "--json").document["rules"]]


def taught(store: Store, tmp_path: Path, **said: object) -> None:
    agent = shelf_agent(store, tmp_path / "shelf", script(step("w", "put")), clock=Clock())
    for run in range(3):
        teach(agent, Clock(), 4, run=f"earlier-{run}", **said)  # type: ignore[arg-type]  # one of several


def test_what_was_always_approved_is_suggested_to_be_allowed(store: Store, tmp_path: Path) -> None:
    taught(store, tmp_path)
    (text,) = suggested(store, tmp_path)
    assert 'tool = "take"\nresource = "file:*"\nverdict = "allow"' in text
    assert "approved 14 times in 5 runs" in text
    assert len(Policy.from_toml(text, source="suggested").rules) == 1
    assert "Nothing was changed" in call("policy", "suggest").out


def test_what_was_always_rejected_is_suggested_to_be_denied(store: Store, tmp_path: Path) -> None:
    taught(store, tmp_path, tool="put", decision="reject")
    (text,) = suggested(store, tmp_path)
    assert 'tool = "put"\nresource = "file:*"\nverdict = "deny"' in text


def test_what_was_answered_both_ways_suggests_nothing(store: Store, tmp_path: Path) -> None:
    taught(store, tmp_path)
    taught(store, tmp_path, decision="reject")
    assert suggested(store, tmp_path) == []


def test_what_cannot_be_undone_is_never_suggested_to_be_allowed(
    store: Store, tmp_path: Path
) -> None:
    taught(store, tmp_path, tool="send", effect="irreversible")
    assert suggested(store, tmp_path) == []


def test_few_answers_suggest_nothing(store: Store, tmp_path: Path) -> None:
    assert suggested(store, tmp_path) == []
    assert "Nothing was approved 10 times in 3 runs" in call("policy", "suggest").out


def test_alert_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    wary = '[[rules]]\nid = "first-time"\nnew_target = true\nverdict = "alert"\n'
    with open_store("sqlite:///surefoot.db") as opened:
        mind = script(step("w", "put"), w=[act("put", name="a", text="goal")])
        agent = shelf_agent(opened, tmp_path / "shelf", mind, policy=wary + POLICY)
        agent.run("Make a say goal", run_id="r")
    assert "alert: first-time on w.1 (allow)" in call("show", "r").out
