import errno
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import JsonValue

from tests.tools.files.conftest import Shelf, Tools, done, picture
from tools.contract import Tool
from tools.errors import Fatal, Refused, UndoConflict
from tools.files.faults import NotSynced

All = dict[str, Tool]


def test_a_file_is_made_with_its_folders_and_both_go_again(tools: All, space: Path) -> None:
    tool, before = tools["write_file"], picture(space)
    args = tool.check({"path": "x/y/z.txt", "text": "new"})
    snapshot = tool.snapshot(args)
    result = tool.apply(args, "k")
    assert (space / "x/y/z.txt").read_text() == "new"
    tool.undo(args, snapshot, result)
    assert picture(space) == before


def test_folders_that_others_use_stay(tools: All, space: Path) -> None:
    tool = tools["write_file"]
    args = tool.check({"path": "x/y/z.txt", "text": "new"})
    snapshot = tool.snapshot(args)
    tool.apply(args, "k")
    (space / "x/theirs.txt").touch()
    tool.undo(args, snapshot, None)
    assert [path.name for path in (space / "x").iterdir()] == ["theirs.txt"]


DEEDS: list[tuple[str, dict[str, JsonValue]]] = [
    ("write_file", {"text": "new"}),
    ("edit_file", {"old_text": "two", "new_text": "2"}),
    ("patch_file", {"diff": "@@ -1 +1 @@\n-one\n+1\n"}),
    ("delete_file", {}),
    ("move_file", {"new_path": "elsewhere/a.txt"}),
]


@pytest.mark.parametrize(("name", "args"), DEEDS)
def test_undo_brings_back_mode_owner_and_attributes(
    tools: All, space: Path, name: str, args: dict[str, JsonValue]
) -> None:
    path, tool = space / "notes/a.txt", tools[name]
    path.chmod(0o604)
    os.setxattr(path, "user.origin", b"here")
    if os.geteuid() == 0:
        os.chown(path, 1234, 2345)
    before, args = picture(space), tool.check({"path": "notes/a.txt", **args})
    snapshot = tool.snapshot(args)
    result = tool.apply(args, "k")
    assert picture(space) != before
    tool.undo(args, snapshot, result)
    assert picture(space) == before
    assert os.getxattr(path, "user.origin") == b"here"
    tool.undo(args, snapshot, result)
    assert picture(space) == before


def written(path: Path) -> None:
    path.write_text("somebody's")


def locked(path: Path) -> None:
    path.chmod(0o600)


def linked(path: Path) -> None:
    path.unlink(missing_ok=True)
    path.symlink_to("b.txt")


def made_folder(path: Path) -> None:
    path.unlink(missing_ok=True)
    path.mkdir()


@pytest.mark.parametrize("somebody", [written, locked, linked, made_folder])
@pytest.mark.parametrize(("name", "args"), DEEDS)
def test_what_somebody_did_since_is_a_conflict(
    tools: All,
    space: Path,
    name: str,
    args: dict[str, JsonValue],
    somebody: Callable[[Path], None],
) -> None:
    tool, args = tools[name], tools[name].check({"path": "notes/a.txt", **args})
    snapshot = tool.snapshot(args)
    result = tool.apply(args, "k")
    left = space / str(args.get("new_path", "notes/a.txt"))
    if somebody is locked and not left.exists():
        left.touch()
    somebody(left)
    there = picture(space)
    with pytest.raises(UndoConflict, match="no longer"):
        tool.undo(args, snapshot, result)
    assert picture(space) == there


def test_a_folder_that_became_a_link_is_a_conflict(tools: All, space: Path) -> None:
    tool = tools["write_file"]
    args = tool.check({"path": "notes/a.txt", "text": "new"})
    snapshot = tool.snapshot(args)
    tool.apply(args, "k")
    (space / "notes").rename(space / "moved")
    (space / "notes").symlink_to("moved")
    with pytest.raises(UndoConflict):
        tool.undo(args, snapshot, None)
    assert tool.probe(args, snapshot, "k") == "unknown"


@pytest.mark.parametrize(("name", "args"), DEEDS)
def test_what_changed_between_plan_and_deed_is_not_touched(
    tools: All, space: Path, name: str, args: dict[str, JsonValue]
) -> None:
    tool, args = tools[name], tools[name].check({"path": "notes/a.txt", **args})
    approved = tool.target(args)
    tool.snapshot(args)
    (space / "notes/a.txt").write_text("one\ntwo\nthree, says somebody\n")
    there = picture(space)
    assert tool.target(args) != approved
    with pytest.raises(Refused, match="changed by somebody else"):
        tool.apply(args, "k")
    assert picture(space) == there


@pytest.mark.parametrize(("name", "args"), DEEDS)
def test_after_a_crash_only_what_was_planned_on_is_changed(
    make_tools: Tools, space: Path, name: str, args: dict[str, JsonValue]
) -> None:
    tool = make_tools()[name]
    args = tool.check({"path": "notes/a.txt", **args})
    snapshot = tool.snapshot(args)
    recovering = make_tools()[name]
    assert recovering.probe(args, snapshot, "k") == "no"
    (space / "notes/a.txt").write_text("one\ntwo\nthree, says somebody\n")
    with pytest.raises(Refused, match="changed by somebody else"):
        recovering.apply(args, "k")
    assert recovering.probe(args, snapshot, "k") == "unknown"


@pytest.mark.parametrize(("name", "args"), DEEDS)
def test_the_preview_foresees_what_is_left(
    tools: All, name: str, args: dict[str, JsonValue]
) -> None:
    tool, args = tools[name], tools[name].check({"path": "notes/a.txt", **args})
    preview, snapshot = tool.preview(args), tool.snapshot(args)
    result = tool.apply(args, "k")
    versions = tool.compare(args, snapshot, result)
    assert versions is not None
    assert versions.left == versions.now
    assert preview.statement
    assert preview.undo


def test_a_preview_is_the_diff(tools: All) -> None:
    args = tools["edit_file"].check({"path": "notes/a.txt", "old_text": "two", "new_text": "2"})
    preview = tools["edit_file"].preview(args)
    assert preview.summary == "Edit notes/a.txt: 14 bytes -> 12 bytes, +1 -1 lines"
    assert preview.statement.endswith("@@ -1,3 +1,3 @@\n one\n-two\n+2\n three\n")
    assert preview.facts["lines_removed"] == 1
    assert "mode 0644" in preview.before


@pytest.mark.parametrize("mask", [0o022, 0o077])
def test_new_files_get_the_permissions_of_this_process(tools: All, space: Path, mask: int) -> None:
    old = os.umask(mask)
    try:
        tool = tools["write_file"]
        args = tool.check({"path": "notes/new.txt", "text": "x"})
        snapshot = tool.snapshot(args)
        tool.apply(args, "k")
        assert tool.probe(args, snapshot, "k") == "yes"
    finally:
        os.umask(old)
    assert stat.S_IMODE((space / "notes/new.txt").stat().st_mode) == 0o666 & ~mask


def test_a_write_may_name_the_version_that_it_replaces(tools: All, space: Path) -> None:
    version = done(tools["read_file"], path="notes/a.txt")["version"]
    done(tools["write_file"], path="notes/a.txt", text="2", expected=version)
    with pytest.raises(Refused, match=f"not '{version}'"):
        done(tools["write_file"], path="notes/a.txt", text="3", expected=version)
    with pytest.raises(Refused, match="not 'new'"):
        done(tools["write_file"], path="notes/a.txt", text="3", expected="new")
    done(tools["write_file"], path="notes/c.txt", text="3", expected="new")
    assert (space / "notes/a.txt").read_text() == "2"


def test_text_and_bytes_are_added(tools: All, space: Path) -> None:
    done(tools["write_file"], path="notes/a.txt", text="four\n", append=True)
    done(tools["write_file"], path="notes/new.bin", text="/wA=", base64=True, append=True)
    assert (space / "notes/a.txt").read_text().endswith("three\nfour\n")
    assert (space / "notes/new.bin").read_bytes() == b"\xff\x00"
    with pytest.raises(Refused, match="not base64"):
        done(tools["write_file"], path="notes/new.bin", text="hello!", base64=True)


def test_nothing_to_do_is_refused(tools: All) -> None:
    with pytest.raises(Refused, match="exactly that already"):
        done(tools["write_file"], path="notes/b.txt", text="banana\n")


def test_files_too_large_to_bring_back_are_left_alone(make_tools: Tools, space: Path) -> None:
    tools = make_tools(max_file_bytes=10, max_undo_bytes=100)
    done(tools["write_file"], path="notes/a.txt", text="fits")
    for name, args in (("write_file", {"text": "x"}), ("delete_file", {})):
        with pytest.raises(Refused, match="256 bytes; at most 100"):
            done(tools[name], path="deep/er/b.bin", **args)
    (space / "notes/b.txt").write_text("more than ten bytes")
    with pytest.raises(Refused, match="too large"):
        done(tools["edit_file"], path="notes/b.txt", old_text="ten", new_text="10")
    with pytest.raises(Refused, match="too large to add"):
        done(tools["write_file"], path="notes/b.txt", text="x", append=True)
    preview = tools["delete_file"].preview({"path": "notes/b.txt"})
    assert "not shown" in preview.statement


def test_what_was_kept_must_still_be_there_to_be_undone(
    tools: All, space: Path, shelf: Shelf
) -> None:
    tool = tools["delete_file"]
    args = tool.check({"path": "notes/a.txt"})
    snapshot = tool.snapshot(args)
    tool.apply(args, "k")
    shelf.kept.clear()
    with pytest.raises(Fatal, match="no longer in the store"):
        tool.undo(args, snapshot, None)
    assert [path.name for path in (space / "notes").iterdir()] == ["b.txt"]


def test_an_edit_that_is_not_there_is_told_with_what_is_nearest(tools: All, space: Path) -> None:
    (space / "code.py").write_text("def f():\n    return  1\n\n\ndef g():\n    pass\n")
    with pytest.raises(Refused, match="does not have that old_text") as refusal:
        done(tools["edit_file"], path="code.py", old_text="  return 1", new_text="x")
    assert "line 2: '    return  1'" in refusal.value.advice
    with pytest.raises(Refused) as refusal:
        done(tools["edit_file"], path="code.py", old_text="nothing like it at all", new_text="x")
    assert "Nothing in it comes near" in refusal.value.advice


def test_an_edit_of_several_places_needs_their_number(tools: All, space: Path) -> None:
    with pytest.raises(Refused, match="3 times, in lines 1, 1, 1; count says 1"):
        done(tools["edit_file"], path="notes/b.txt", old_text="a", new_text="o")
    done(tools["edit_file"], path="notes/b.txt", old_text="a", new_text="o", count=3)
    assert (space / "notes/b.txt").read_text() == "bonono\n"


def test_line_ends_of_windows_are_kept(tools: All, space: Path) -> None:
    (space / "win.txt").write_bytes(b"one\r\ntwo\r\nthree\r\n")
    done(tools["edit_file"], path="win.txt", old_text="one\ntwo\n", new_text="1\n2\n2.5\n")
    done(tools["patch_file"], path="win.txt", diff="@@ -3,2 +3,2 @@\n 2.5\n-three\n+3\n")
    assert (space / "win.txt").read_bytes() == b"1\r\n2\r\n2.5\r\n3\r\n"


@pytest.mark.parametrize("name", ["edit_file", "patch_file"])
def test_bytes_are_not_edited(tools: All, name: str) -> None:
    args = (
        {"old_text": "x", "new_text": "y"}
        if name == "edit_file"
        else {"diff": "@@ -1 +1 @@\n-a\n+b\n"}
    )
    with pytest.raises(Refused, match="not text"):
        done(tools[name], path="deep/er/b.bin", **args)
    with pytest.raises(Refused, match="write_file makes a new file"):
        done(tools[name], path="notes/none.txt", **args)


def test_a_move_into_a_name_of_other_case_is_possible(tools: All, space: Path) -> None:
    done(tools["move_file"], path="notes/a.txt", new_path="notes/A.txt")
    assert (space / "notes/A.txt").exists()


def test_files_that_several_moves_took_along_come_back(tools: All, space: Path) -> None:
    before, tool = picture(space), tools["move_file"]
    steps = [("notes/a.txt", "new/b.txt"), ("new/b.txt", "new/er/c.txt")]
    kept = []
    for old, new in steps:
        args = tool.check({"path": old, "new_path": new})
        kept.append((args, tool.snapshot(args)))
        tool.apply(args, "k")
    for args, snapshot in reversed(kept):
        tool.undo(args, snapshot, None)
    assert picture(space) == before


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes such files here")
@pytest.mark.parametrize("mode", [0o4755, 0o2755])
def test_files_with_their_owners_rights_are_left_alone(tools: All, space: Path, mode: int) -> None:
    (space / "notes/a.txt").chmod(mode)
    with pytest.raises(Refused, match="owner's rights"):
        done(tools["write_file"], path="notes/a.txt", text="x")


@pytest.mark.parametrize(("name", "args"), DEEDS)
def test_a_disk_that_fails_after_the_deed_does_not_hide_it(
    tools: All, name: str, args: dict[str, JsonValue], monkeypatch: pytest.MonkeyPatch
) -> None:
    sync = os.fsync

    def failing(opened: int) -> None:
        if stat.S_ISDIR(os.fstat(opened).st_mode):
            raise OSError(errno.EIO, "the cable is loose")
        sync(opened)

    tool, args = tools[name], tools[name].check({"path": "notes/a.txt", **args})
    args |= {"new_path": "notes/c.txt"} if name == "move_file" else {}
    snapshot = tool.snapshot(args)
    monkeypatch.setattr(os, "fsync", failing)
    with pytest.raises(NotSynced, match="the cable is loose"):
        tool.apply(args, "k")
    assert tool.probe(args, snapshot, "k") == "yes"


def test_a_move_back_to_a_name_that_is_taken_is_a_conflict(tools: All, space: Path) -> None:
    tool = tools["move_file"]
    args = tool.check({"path": "notes/a.txt", "new_path": "notes/c.txt"})
    snapshot = tool.snapshot(args)
    tool.apply(args, "k")
    (space / "notes/a.txt").write_text("somebody's")
    with pytest.raises(UndoConflict, match=r"another 'notes/a\.txt' now"):
        tool.undo(args, snapshot, None)
    assert (space / "notes/a.txt").read_text() == "somebody's"
