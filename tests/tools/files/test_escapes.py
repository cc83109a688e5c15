"""Every attack succeeds against files as they are usually opened, and none against ours."""

import os
import shutil
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.tools.files.attacks import ATTACKS, Attack, device, swapping
from tests.tools.files.conftest import OUTSIDE, picture
from tests.tools.files.doors import Naive, Ours
from tools.errors import Refused
from tools.files import kernel
from tools.files.faults import NotSynced
from tools.files.root import Root


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.__name__)
def test_the_naive_door_gives_way(attack: Attack, space: Path) -> None:
    if attack is device and os.geteuid() != 0:
        pytest.skip("Only root makes devices.")
    assert attack(space, Naive(space))


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.__name__)
def test_ours_holds(attack: Attack, space: Path) -> None:
    outside = picture(space.parent / "outside")
    assert not attack(space, Ours(space))
    assert picture(space.parent / "outside").items() >= outside.items()


def test_what_is_read_while_links_are_swapped_is_what_is_inside(root: Root, space: Path) -> None:
    (space.parent / "outside/a.txt").write_text(OUTSIDE)
    read: list[bytes] = []
    ends = time.monotonic() + 30
    with swapping(space / "notes", space / "way out"):
        tries = 0
        while (tries < 2_000 or not read) and time.monotonic() < ends:  # until it got in once
            tries += 1
            with suppress(Refused), root.open("notes/a.txt") as file:
                read.append(file.read())
    assert set(read) == {b"one\ntwo\nthree\n"}


def test_sockets_are_refused(root: Root, space: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(space / "socket"))
        with pytest.raises(Refused, match="not a regular file"):
            root.open("socket")


def test_names_as_long_as_the_disk_takes_are_written(root: Root, space: Path) -> None:
    root.write("n" * 255, [b"x"], over=None)
    assert (space / ("n" * 255)).read_bytes() == b"x"


def test_a_folder_that_becomes_a_link_during_a_write_does_not_lead_it_out(
    root: Root, space: Path
) -> None:
    def content() -> Iterator[bytes]:
        (space / "notes").rename(space / "elsewhere")
        (space / "notes").symlink_to("../outside")
        yield b"ours"

    root.write("notes/new.txt", content(), over=None)
    assert not (space.parent / "outside/new.txt").exists()
    assert (space / "elsewhere/new.txt").read_bytes() == b"ours"


def test_a_file_that_is_replaced_during_a_write_is_not_lost(root: Root, space: Path) -> None:
    def content() -> Iterator[bytes]:
        (space / "theirs").write_text("somebody's work")
        (space / "theirs").replace(space / "notes/a.txt")
        yield b"ours"

    with pytest.raises(Refused, match="no longer what it was"):
        root.write("notes/a.txt", content(), over=root.stat("notes/a.txt"))
    assert (space / "notes/a.txt").read_text() == "somebody's work"
    assert not (space / "theirs").exists()


def test_a_file_that_comes_during_a_write_is_not_replaced(root: Root, space: Path) -> None:
    def content() -> Iterator[bytes]:
        (space / "notes/new.txt").write_text("somebody's work")
        yield b"ours"

    with pytest.raises(Refused, match="already"):
        root.write("notes/new.txt", content(), over=None)
    assert (space / "notes/new.txt").read_text() == "somebody's work"


def test_a_passing_file_that_somebody_planted_is_not_written_through(
    root: Root, space: Path
) -> None:
    names: list[str] = []

    def content() -> Iterator[bytes]:
        names.extend(path.name for path in (space / "notes").glob(".surefoot-*"))
        yield b"x"

    root.write("notes/new.txt", content(), over=None)
    (space / "notes/new.txt").unlink()
    (space / "notes" / names[0]).symlink_to("../../outside/nobody.txt")
    root.write("notes/new.txt", content(), over=None)
    assert (space.parent / "outside/nobody.txt").read_text() == OUTSIDE
    assert (space / "notes/new.txt").read_bytes() == b"x"


def test_both_ways_to_open_refuse_the_same_names(space: Path) -> None:
    names = [
        "notes/a.txt",
        "link in.txt",
        "way in/a.txt",
        "way out/nobody.txt",
        "notes/none",
        "notes/a.txt/x",
        "none/x",
    ]
    opened = []
    for walk in (False, True):
        root, found = Root(space, walk=walk), []
        for name in names:
            try:
                root.open(name).close()
                found.append("opened")
            except Refused as refusal:
                found.append(type(refusal).__name__)
        opened.append(found)
    assert opened == [["opened", *["Refused"] * 6]] * 2


@pytest.mark.parametrize("name", ["..", "../outside/nobody.txt", "notes/../..", "/etc/passwd"])
def test_the_kernel_calls_themselves_lead_nowhere(space: Path, name: str) -> None:
    top = os.open(space, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for opener in (kernel.open_resolved, kernel.open_walked):
            with pytest.raises(OSError, match="cross-device"):
                opener(top, name, os.O_RDONLY, 0)
    finally:
        os.close(top)


def test_a_workspace_that_is_moved_stays_the_same_folder(root: Root, space: Path) -> None:
    space.rename(space.parent / "moved")
    shutil.copytree(space.parent / "outside", space)
    root.write("mine.txt", [b"x"], over=None)
    assert (space.parent / "moved/mine.txt").exists()
    assert not (space / "mine.txt").exists()


def test_nothing_is_lost_however_often_somebody_exchanges_files(space: Path) -> None:
    """Each write that succeeds replaces what it saw; no other removes anything."""
    root, one, other = Root(space), space / "notes/a.txt", space / "notes/b.txt"
    held = {path.stat().st_ino: path.read_bytes() for path in (one, other)}
    number = refused = kept = 0
    with swapping(one, other):
        while number < 20 or not refused:  # a machine may be slow to get in between
            number += 1
            seen = root.stat("notes/a.txt")
            assert seen is not None
            try:
                made = root.write("notes/a.txt", [str(number).encode()], over=seen)
            except Refused:
                refused += 1
            except NotSynced:
                kept += 1
            else:
                held.pop(seen.st_ino, None)  # not known when it came to lie there by being kept
                held[made.st_ino] = str(number).encode()
    left = [path.read_bytes() for path in (space / "notes").iterdir()]
    assert refused
    assert len(left) == 2 + kept
    assert set(held.values()) <= set(left)
