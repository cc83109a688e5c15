"""A process that is killed at any of these points repeats no effect and loses none."""

import subprocess
import sys
from pathlib import Path

import pytest

from checkpoints.store import open_store

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


def surefoot(root: Path, point: str, command: str) -> subprocess.CompletedProcess[str]:
    arguments = [sys.executable, "-m", "tests.behaviour.crashing", str(root), point, command]
    return subprocess.run(arguments, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "shelf").mkdir()
    (tmp_path / "shelf" / "b").write_text("b")
    return tmp_path


@pytest.mark.parametrize("point", POINTS)
def test_killed_run_is_resumed_with_every_effect_once(root: Path, point: str) -> None:
    killed = surefoot(root, point, "run")
    assert killed.returncode == -9
    resumed = surefoot(root, "", "resume")
    assert resumed.stdout.strip() == "waiting", resumed.stderr[-2000:]
    assert (root / "log").read_text().split() == ["useless", "one", "goal"]
    with open_store(f"sqlite:///{root / 'store.db'}") as store:
        assert store.ledger.verify().problems == ()


def test_waiting_run_is_answered_by_another_process(root: Path) -> None:
    assert surefoot(root, "", "run").stdout.strip() == "waiting"
    assert (root / "shelf" / "b").exists()
    assert surefoot(root, "", "approve").stdout.strip() == "verified"
    assert not (root / "shelf" / "b").exists()


def test_approval_survives_a_kill_in_the_middle_of_its_effect(root: Path) -> None:
    assert surefoot(root, "", "run").stdout.strip() == "waiting"
    assert surefoot(root, "node start", "approve").returncode == -9
    assert surefoot(root, "", "resume").stdout.strip() == "verified"
    assert not (root / "shelf" / "b").exists()


@pytest.mark.parametrize("point", ["after undoing", "after undone", "node undo"])
def test_broken_constraint_is_not_forgotten_in_a_crash(root: Path, point: str) -> None:
    (root / "shelf" / "keep").write_text("as it was")
    (root / "breaking").touch()
    assert surefoot(root, point, "run").returncode == -9
    assert surefoot(root, "", "resume").stdout.strip() == "failed"
    assert (root / "shelf" / "keep").read_text() == "as it was"
    assert not (root / "shelf" / "a").exists()
