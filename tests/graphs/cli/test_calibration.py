"""`surefoot calibration` shows what answers say of confidence, in words, bars and JSON."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from checkpoints.store import Store, open_store
from tests.behaviour.shelf import Clock, act, script, shelf_agent, step
from tests.behaviour.taught import teach
from tests.graphs.cli.conftest import call


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    monkeypatch.chdir(tmp_path)
    clock = Clock()
    with open_store("sqlite:///surefoot.db", clock=clock) as opened:
        mind = script(step("tidy", "take"), tidy=[act("take", name="b")])
        agent = shelf_agent(opened, tmp_path / "shelf", mind, clock=clock)
        teach(agent, clock, 64)
        yield opened


def test_kind_of_action_has_bars_and_a_threshold(store: Store) -> None:
    del store
    out = call("calibration").out
    assert "take: 64 answers that count" in out
    assert "approved 100% (95 %: 94% to 100%)" in out
    assert "Brier 0.010, calibration error 0.100" in out
    assert "0.9-1.0 ███████████████████████████|██ 100% of 64" in out
    assert "from 0.90 on at most 4.6% are rejected" in out


def test_stricter_share_is_not_proved_by_the_same_answers(store: Store) -> None:
    del store
    out = call("calibration", "--alpha", "0.01").out
    assert "always asked; the threshold is looked at with 192 answers" in out


def test_json_has_all_figures(store: Store) -> None:
    del store
    found = call("calibration", "--json").document
    assert found["alpha"] == 0.05
    assert [kind["tool"] for kind in found["kinds"]] == ["take"]
    assert found["kinds"][0]["spared"] == 1.0


def test_nothing_to_learn_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with open_store("sqlite:///surefoot.db"):
        pass
    assert "nothing to learn" in call("calibration").out
