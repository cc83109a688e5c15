"""A process that is killed at any of these points repeats no effect and loses none."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from checkpoints.store import open_store
from tests.behaviour.forks import Surefoot, forks

POINTS = [
    "before effect",
    "after effect",
    "after intent",
    "after applied",
    "after undoing",
    "after undone",
    "node plan",
    "node decision",
    "node gate",
    "node start",
    "node observation",
    "node check",
]


@pytest.fixture(scope="module")
def surefoot() -> Iterator[Surefoot]:
    with forks("tests.behaviour.crashing") as made:
        yield made


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "shelf").mkdir()
    (tmp_path / "shelf" / "b").write_text("b")
    return tmp_path


@pytest.mark.parametrize("point", POINTS)
def test_killed_run_is_resumed_with_every_effect_once(
    surefoot: Surefoot, root: Path, point: str
) -> None:
    assert surefoot(root, point, "run") == -9
    assert surefoot(root, "", "resume") == "waiting"
    assert (root / "log").read_text().split() == ["useless", "one", "goal"]
    with open_store(f"sqlite:///{root / 'store.db'}") as store:
        assert store.ledger.verify().problems == ()


def test_waiting_run_is_answered_by_another_process(surefoot: Surefoot, root: Path) -> None:
    assert surefoot(root, "", "run") == "waiting"
    assert (root / "shelf" / "b").exists()
    assert surefoot(root, "", "approve") == "verified"
    assert not (root / "shelf" / "b").exists()


def test_approval_survives_a_kill_in_the_middle_of_its_effect(
    surefoot: Surefoot, root: Path
) -> None:
    assert surefoot(root, "", "run") == "waiting"
    assert surefoot(root, "node start", "approve") == -9
    assert surefoot(root, "", "resume") == "verified"
    assert not (root / "shelf" / "b").exists()


@pytest.mark.parametrize("point", ["after undoing", "after undone", "node undo"])
def test_broken_constraint_is_not_forgotten_in_a_crash(
    surefoot: Surefoot, root: Path, point: str
) -> None:
    (root / "shelf" / "keep").write_text("as it was")
    (root / "breaking").touch()
    assert surefoot(root, point, "run") == -9
    assert surefoot(root, "", "resume") == "failed"
    assert (root / "shelf" / "keep").read_text() == "as it was"
    assert not (root / "shelf" / "a").exists()
