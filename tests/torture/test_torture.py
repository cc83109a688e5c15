"""A short torture; the long one is `make torture`, see docs/torture.md."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from checkpoints.store import open_store
from tests.postgres import VARIABLE
from tests.torture.mishaps import can_mount, small_disk
from tools.errors import StoreFault

KILLS = 14
PATIENCE_SECONDS = 300
pytestmark = pytest.mark.timeout(PATIENCE_SECONDS)


def tortured(*words: str, module: str = "tests.torture", **variables: str) -> Any:
    """Torture in a process of its own, and return what it tells."""
    done = subprocess.run(
        [sys.executable, "-m", module, *words],
        capture_output=True,
        text=True,
        env=os.environ | variables,
        timeout=PATIENCE_SECONDS - 10,
        check=False,
    )
    assert done.stdout, done.stderr[-3000:]
    return json.loads(done.stdout)


def campaign(store: str, *mishaps: str, **variables: str) -> Any:
    words = ["--store", store, "--kills", str(KILLS), "--seed", "11", "--json"]
    return tortured(*words, "--mishaps", *mishaps, **variables)


def test_nothing_is_lost_or_done_twice_on_sqlite() -> None:
    full = ["full"] if can_mount() else []
    told = campaign("sqlite", "kill", "kill", "race", "clock", "late", *full)
    assert told["violations"] == []
    assert told["kills"] >= KILLS


def test_nothing_is_lost_or_done_twice_on_postgresql(postgres: str) -> None:
    told = campaign("postgres", "kill", "kill", "race", "cut", **{VARIABLE: postgres})
    assert told["violations"] == []
    assert told["kills"] >= KILLS


def test_agents_without_the_guarantee_are_found_out() -> None:
    assert tortured(module="tests.torture.naive") == {
        "repeats": [[], ["duplicate"]],
        "adopts": [[], ["content", "loss"]],
    }


def remount(disk: Path, how: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{how}", disk], check=True)


@pytest.mark.skipif(not can_mount(), reason="only root can make a file system read-only")
def test_read_only_file_system_is_told_and_changes_nothing(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk:
        url = f"sqlite:///{disk / 'store.db'}"
        with open_store(url) as store:
            store.ledger.append("run", "tick", "one", {})
        before = (disk / "store.db").read_bytes()
        remount(disk, "ro")
        with pytest.raises(StoreFault, match="can be read and written"):
            open_store(url)
        assert [path.name for path in disk.iterdir()] == ["store.db"]
        assert (disk / "store.db").read_bytes() == before
        remount(disk, "rw")
        with open_store(url) as store:
            assert store.ledger.verify().entries == 1
