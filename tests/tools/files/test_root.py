import fcntl
import os
import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.tools.files.conftest import picture
from tools.errors import BadInput, Fatal, Refused, Transient
from tools.files.root import Root

ROOTS = {"device"}
"""What only root can make."""


def test_the_kernel_keeps_names_beneath_the_folder(space: Path) -> None:
    assert Root(space).resolved


def test_a_workspace_must_be_a_folder(space: Path) -> None:
    with pytest.raises(BadInput, match="cannot be opened"):
        Root(space / "empty.txt")


def test_files_are_read(root: Root) -> None:
    with root.open("./notes//a.txt") as file:
        assert file.read() == b"one\ntwo\nthree\n"


def test_what_is_not_there_is_told(root: Root) -> None:
    assert root.stat("notes/none.txt") is None
    with pytest.raises(Refused, match=r"no 'notes/none\.txt'"):
        root.open("notes/none.txt")


def test_a_folder_is_listed_by_name(root: Root) -> None:
    found = [(entry.part, entry.kind) for entry in root.scan() if entry.part not in ROOTS]
    assert found[:7] == [
        (".env", "file"),
        (".git", "folder"),
        ("deep", "folder"),
        ("empty.txt", "file"),
        ("hard.txt", "file"),
        ("keys", "folder"),
        ("link in.txt", "link"),
    ]


def test_a_new_file_is_written(root: Root, space: Path) -> None:
    root.write("notes/new.txt", [b"new", b"er"], over=None)
    assert (space / "notes/new.txt").read_bytes() == b"newer"


def test_nothing_is_overwritten_unseen(root: Root, space: Path) -> None:
    before = picture(space)
    with pytest.raises(Refused, match="already"):
        root.write("notes/a.txt", [b"x"], over=None)
    assert picture(space) == before


def test_what_was_seen_is_replaced_and_keeps_its_looks(root: Root, space: Path) -> None:
    path = space / "notes/a.txt"
    path.chmod(0o640)
    os.setxattr(path, "user.origin", b"here")
    root.write("notes/a.txt", [b"x"], over=root.stat("notes/a.txt"))
    assert path.read_bytes() == b"x"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert os.getxattr(path, "user.origin") == b"here"
    assert [entry.part for entry in root.scan("notes")] == ["a.txt", "b.txt"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_the_owner_is_kept_and_new_files_belong_to_the_folders_owner(
    root: Root, space: Path
) -> None:
    os.chown(space / "notes/a.txt", 1234, 2345)
    os.chown(space / "notes", 1111, 2222)
    root.write("notes/a.txt", [b"x"], over=root.stat("notes/a.txt"))
    root.write("notes/new.txt", [b"x"], over=None)
    root.make_folders("notes/in/ner")
    owners = [
        ((space / name).stat().st_uid, (space / name).stat().st_gid)
        for name in ("notes/a.txt", "notes/new.txt", "notes/in/ner")
    ]
    assert owners == [(1234, 2345), (1111, 2222), (1111, 2222)]


def test_what_changed_since_it_was_seen_is_not_replaced(root: Root, space: Path) -> None:
    seen = root.stat("notes/a.txt")
    (space / "notes/a.txt").write_text("somebody's work\n")
    before = picture(space)
    assert seen is not None
    with pytest.raises(Refused, match="no longer what it was"):
        root.write("notes/a.txt", [b"x"], over=seen)
    with pytest.raises(Refused, match="no longer what it was"):
        root.unlink("notes/a.txt", seen=seen)
    with pytest.raises(Refused, match="no longer what it was"):
        root.rename("notes/a.txt", "notes/b.txt", seen=seen)
    assert picture(space) == before


def test_files_are_renamed_and_removed(root: Root, space: Path) -> None:
    seen = root.stat("notes/a.txt")
    (space / "bare").mkdir()
    assert seen is not None
    root.rename("notes/a.txt", "deep/c.txt", seen=seen)
    assert (space / "deep/c.txt").read_text() == "one\ntwo\nthree\n"
    root.unlink("deep/c.txt", seen=seen)
    root.remove_folder("bare")
    assert not (space / "deep/c.txt").exists()
    assert not (space / "bare").exists()


def test_nothing_is_renamed_over_something(root: Root, space: Path) -> None:
    before, seen = picture(space), root.stat("notes/a.txt")
    assert seen is not None
    with pytest.raises(Refused, match="already"):
        root.rename("notes/a.txt", "empty.txt", seen=seen)
    assert picture(space) == before


def test_a_folder_that_is_not_empty_stays(root: Root) -> None:
    with pytest.raises(Refused, match="not empty"):
        root.remove_folder("notes")


def test_folders_are_made_and_told(root: Root, space: Path) -> None:
    assert root.make_folders("notes/x/y") == ["notes/x", "notes/x/y"]
    assert root.make_folders("notes/x/y") == []
    assert (space / "notes/x/y").is_dir()


def test_what_a_kill_left_aside_is_removed(root: Root, space: Path) -> None:
    before = picture(space)
    seen = root.stat("notes/a.txt")
    left = space / "notes" / _passing_name(root, space)
    left.write_text("half")
    assert [entry.part for entry in root.scan("notes")] == ["a.txt", "b.txt"]
    root.settle("notes/a.txt")
    assert picture(space) == before
    left.write_text("half")
    root.write("notes/a.txt", [b"whole"], over=seen)
    assert {path.name for path in (space / "notes").iterdir()} == {"a.txt", "b.txt"}


def _passing_name(root: Root, space: Path) -> str:
    """Return the name of the passing file, by looking while a file is written."""
    names: list[str] = []

    def watched() -> Iterator[bytes]:
        names.extend(path.name for path in (space / "notes").glob(".surefoot-*"))
        yield b"x"

    with pytest.raises(Refused):  # there is a file already, so nothing changes
        root.write("notes/a.txt", watched(), over=None)
    return names[0]


def test_one_process_at_a_time_changes_a_workspace(space: Path) -> None:
    root = Root(space, patience_seconds=0)
    other = os.open(space, os.O_RDONLY | os.O_DIRECTORY)
    fcntl.flock(other, fcntl.LOCK_EX)
    with pytest.raises(Transient, match="keeps the workspace locked"):
        root.write("notes/new.txt", [b"x"], over=None)
    os.close(other)
    root.write("notes/new.txt", [b"x"], over=None)


def test_threads_that_change_one_folder_wait_for_each_other(root: Root, space: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        [*pool.map(lambda number: root.write(f"notes/{number}", [b"x"], over=None), range(20))]
    assert len([*(space / "notes").iterdir()]) == 22


def test_a_closed_workspace_is_closed(root: Root) -> None:
    root.close()
    with pytest.raises(Fatal, match="was closed"):
        root.stat("notes")


def test_folders_with_too_much_in_them_are_not_listed(
    root: Root, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tools.files.root.MAX_ENTRIES", 3)
    with pytest.raises(Refused, match="more than 3 things"):
        root.scan()


def test_a_folder_is_not_made_where_a_file_is(root: Root) -> None:
    with pytest.raises(Refused, match="not a folder"):
        root.make_folders("notes/a.txt/x")
    with pytest.raises(Refused, match="itself is not changed"):
        root.remove_folder("")
