"""What a killed process left of its rooms, the next one removes; others' rooms stay."""

import fcntl
import os
import tempfile
from pathlib import Path

import pytest

from tools.sandbox.room import private_room


def left(place: Path, name: str, *, age: float = 3600.0) -> Path:
    room = place / f"surefoot-room-{name}"
    (room / "work").mkdir(parents=True)
    (room / "work/file").write_text("left")
    then = room.stat().st_mtime - age
    os.utime(room, (then, then))
    return room


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_what_nobody_holds_is_removed(place: Path) -> None:
    old = left(place, "old")
    with private_room() as room:
        assert room.top.parent == place
        assert not old.exists()
    assert [*place.iterdir()] == []


def test_what_is_fresh_or_held_stays(place: Path) -> None:
    fresh, held = left(place, "fresh", age=0), left(place, "held")
    opened = os.open(held, os.O_RDONLY)
    fcntl.flock(opened, fcntl.LOCK_EX)
    with private_room():
        assert fresh.exists()
        assert held.exists()
    os.close(opened)


def test_a_link_of_that_name_is_not_followed(place: Path) -> None:
    (place / "precious").mkdir()
    (place / "precious/file").write_text("x")
    (place / "surefoot-room-link").symlink_to(place / "precious")
    with private_room():
        assert (place / "precious/file").exists()
