import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.tools.files.conftest import Shelf, picture
from tools.errors import Fatal, Refused, UndoConflict
from tools.files import tree
from tools.files.contents import CHUNK_BYTES, content, observe, put_back
from tools.files.root import Root
from tools.files.tree import Limits, differences, restore, take, tree_json, tree_of


def test_equal_content_is_kept_once(root: Root, space: Path, shelf: Shelf) -> None:
    data = b"".join(number.to_bytes(4, "big") for number in range(400_000))
    for name in ("x", "y"):
        (space / name).write_bytes(data)
    one, other = (observe(root, name, artifacts=shelf) for name in ("x", "y"))
    assert one is not None
    assert other is not None
    assert one.thing.chunks == other.thing.chunks
    assert len(shelf.kept) == len(one.thing.chunks or ()) == len(data) // CHUNK_BYTES + 1
    assert all(len(text) <= 2**20 + 2 for text in shelf.kept.values())
    assert b"".join(content(one.thing, shelf)) == data


def test_content_that_was_tampered_with_is_not_put_back(
    root: Root, space: Path, shelf: Shelf
) -> None:
    sight = observe(root, "notes/a.txt", artifacts=shelf)
    assert sight is not None
    before = picture(space)
    shelf.kept = dict.fromkeys(shelf.kept, '"AAAA"')
    with pytest.raises(Fatal, match="not what the file held"):
        put_back(root, "notes/a.txt", sight.thing, shelf, over=sight.seen)
    shelf.kept.clear()
    with pytest.raises(Fatal, match="no longer in the store"):
        put_back(root, "notes/a.txt", sight.thing, shelf, over=sight.seen)
    assert picture(space) == before


def test_files_that_are_too_large_are_not_read(root: Root) -> None:
    with pytest.raises(Refused, match="256 bytes; at most 255"):
        observe(root, "deep/er/b.bin", most=255)


def test_a_tree_holds_everything(root: Root, space: Path, shelf: Shelf) -> None:
    seen = take(root, artifacts=shelf, skip=lambda name: name in {"keys", "device"})
    assert {name: thing.kind for name, thing in seen.items()} == {
        ".env": "file",
        ".git": "folder",
        ".git/config": "file",
        "deep": "folder",
        "deep/er": "folder",
        "deep/er/b.bin": "file",
        "empty.txt": "file",
        "hard.txt": "file",
        "link in.txt": "link",
        "link out.txt": "link",
        "notes": "folder",
        "notes/a.txt": "file",
        "notes/b.txt": "file",
        "pipe": "other",
        "readonly.txt": "file",
        "surefoot.toml": "file",
        "way in": "link",
        "way out": "link",
    }
    assert seen["way out"].target == "../outside"
    assert tree_of(tree_json(seen)) == seen
    assert differences(take(root), take(root)) == []


def test_what_is_skipped_is_not_entered(root: Root) -> None:
    assert "deep/er" not in take(root, skip=lambda name: name == "deep")


@pytest.mark.parametrize("limits", [Limits(things=3), Limits(bytes=200)])
def test_trees_are_bounded(root: Root, limits: Limits) -> None:
    with pytest.raises(Refused, match="holds more than"):
        take(root, limits=limits)


def vandalise(space: Path) -> None:
    """Change everything that can be changed, as a program might."""
    shutil.rmtree(space / "deep")
    (space / "deep").write_text("a file now")
    (space / "notes/a.txt").chmod(0o400)
    (space / "empty.txt").unlink()
    (space / "empty.txt").mkdir(0o700)
    (space / "empty.txt" / "inner").symlink_to("/etc/passwd")
    (space / "notes").chmod(0o700)
    os.link(space / "notes/a.txt", space / "notes/twin.txt")
    (space / "Notes").mkdir()
    (space / "Notes" / ".surefoot-x").write_text("not ours")
    os.mkfifo(space / "pipe\n")
    (space / "way out").unlink()
    (space / "readonly.txt").unlink()
    (space / "gone link").unlink()
    Path(os.fsdecode(os.fsencode(space) + b"/\xff\xfe")).write_bytes(b"no text")
    (space / "setuid").touch()
    (space / "setuid").chmod(0o4755)


def test_what_a_program_did_is_taken_back(root: Root, space: Path, shelf: Shelf) -> None:
    (space / "gone link").symlink_to("notes/a.txt")
    picture_before, before = picture(space), take(root, artifacts=shelf)
    vandalise(space)
    after = tree_of(tree_json(take(root)))
    changed = differences(before, after)
    restore(root, shelf, changed)
    assert picture(space) == picture_before
    restore(root, shelf, changed)
    assert picture(space) == picture_before


def test_only_what_is_named_is_taken_back(root: Root, space: Path, shelf: Shelf) -> None:
    before = take(root, artifacts=shelf)
    (space / "new").mkdir()
    (space / "new/file").write_text("ours")
    changed = differences(before, take(root))
    (space / "new/theirs").write_text("somebody's")
    (space / "notes/theirs").write_text("somebody's")
    restore(root, shelf, changed)
    assert not (space / "new/file").exists()
    assert (space / "new/theirs").read_text() == (space / "notes/theirs").read_text()


def change_file(space: Path) -> None:
    (space / "notes/a.txt").write_text("somebody's")


def change_mode(space: Path) -> None:
    (space / "notes/a.txt").chmod(0o600)


def put_link(space: Path) -> None:
    (space / "notes/a.txt").unlink()
    (space / "notes/a.txt").symlink_to("../empty.txt")


@pytest.mark.parametrize("somebody", [change_file, change_mode, put_link])
def test_what_somebody_changed_since_is_a_conflict(
    root: Root, space: Path, shelf: Shelf, somebody: Callable[[Path], None]
) -> None:
    before = take(root, artifacts=shelf)
    (space / "notes/a.txt").write_text("ours")
    (space / "empty.txt").write_text("ours too")
    changed = differences(before, take(root))
    somebody(space)
    there = picture(space)
    with pytest.raises(UndoConflict, match=r"notes/a\.txt.* no longer as it was left"):
        restore(root, shelf, changed)
    assert picture(space) == there


def test_folders_too_deep_for_a_path_are_seen(root: Root, space: Path, shelf: Shelf) -> None:
    before = take(root, artifacts=shelf)
    script = "import os\nfor _ in range(30): os.mkdir('d' * 200); os.chdir('d' * 200)\n"
    script += "open('bottom', 'w').close()"
    subprocess.run([sys.executable, "-c", script], cwd=space, check=True)
    changed = differences(before, take(root))
    assert len(changed) == 31
    restore(root, shelf, changed)
    assert differences(before, take(root)) == []


names = st.sampled_from(["a", "b", "a/c", "a/d", "b/c", "b/c/e"])
steps = st.lists(
    st.tuples(st.sampled_from(["file", "folder", "link", "remove", "mode"]), names), max_size=8
)


def played(space: Path, done: list[tuple[str, str]]) -> None:
    """Do what can be done of some steps."""
    for number, (step, name) in enumerate(done):
        path = space / name
        try:
            if step == "mode" and not path.is_symlink():
                path.chmod(0o700 + number)
            elif step == "remove":
                shutil.rmtree(path) if stat.S_ISDIR(path.lstat().st_mode) else path.unlink()
            elif step == "file":
                path.write_text(str(number))
            elif step == "folder":
                path.mkdir()
            elif step == "link":
                path.symlink_to(f"nowhere{number}")
        except OSError:
            continue


@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(first=steps, then=steps)
def test_whatever_happened_is_taken_back(
    tmp_path: Path, first: list[tuple[str, str]], then: list[tuple[str, str]]
) -> None:
    folder = tmp_path / "played"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    shelf, root = Shelf(), Root(folder)
    played(folder, first)
    there, before = picture(folder), take(root, artifacts=shelf)
    played(folder, then)
    restore(root, shelf, differences(before, tree.take(root)))
    assert picture(folder) == there
    root.close()
