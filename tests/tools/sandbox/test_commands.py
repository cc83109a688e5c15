"""Programs on private copies: what they see, what of theirs comes back, and what does not."""

import resource
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from checkpoints.store import Store, open_store
from tests.tools.files.conftest import picture
from tests.tools.sandbox.pretend import Pretend
from tests.tools.sandbox.workplace import build, tools_on
from tools.contract import JsonObject, Tool
from tools.errors import Fatal, Refused, SurefootError, ToolFault, Transient, UndoConflict
from tools.sandbox.order import Ended

SEEN = """
import os
for place, folders, files in os.walk("."):
    for name in sorted(files):
        print(os.path.join(place, name))
"""
TIDY = """
import os, pathlib
pathlib.Path("notes/b.txt").write_text("B\\n")
pathlib.Path("sub/deep/run.sh").chmod(0o700)
pathlib.Path("new").mkdir()
pathlib.Path("new/made.txt").write_text("made")
os.remove("sub/deep/c.py")
"""
SNEAKY = """
import pathlib
pathlib.Path(".git/hooks").mkdir(parents=True, exist_ok=True)
pathlib.Path(".git/hooks/pre-commit").write_text("#!/bin/sh")
pathlib.Path(".env").write_text("TOKEN=2")
pathlib.Path("__pycache__").mkdir()
pathlib.Path("__pycache__/a.pyc").write_text("x")
pathlib.Path("honest.txt").write_text("x")
"""


def recipe(code: str, **more: Any) -> dict[str, Any]:
    return {"argv": ["python", "-S", "-c", code], "keeps_changes": True, **more}


@pytest.fixture
def space(tmp_path: Path) -> Path:
    build(tmp_path / "space")
    return tmp_path / "space"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(f"sqlite:///{tmp_path / 'store.db'}") as opened:
        yield opened


def run(tool: Tool, **args: Any) -> JsonObject:
    result = tool.apply(tool.check(args), "r/step/1")
    assert isinstance(result, dict)
    return result


def pretending(space: Path, store: Store, **deeds: Any) -> tuple[Tool, Pretend]:
    """Return `run_command` with recipes that this process does itself, and what ran them."""
    box = Pretend(deeds)
    table = {"recipes": {name: {"argv": [name], "keeps_changes": True} for name in deeds}}
    return tools_on(space, store.artifacts, table, box)["run_command"], box


def test_a_program_sees_a_copy_without_secrets(space: Path, store: Store) -> None:
    tool = tools_on(space, store.artifacts, {"code": True})["run_python"]
    seen = str(run(tool, code=SEEN)["stdout"]).split()
    assert sorted(seen) == [
        "./link",
        "./notes/a.txt",
        "./notes/b.txt",
        "./sub/deep/c.py",
        "./sub/deep/run.sh",
        "./surefoot.toml",
    ]


def test_a_program_cannot_come_to_the_workspace_itself(space: Path, store: Store) -> None:
    tool = tools_on(space, store.artifacts, {"code": True})["run_python"]
    result = run(tool, code=f"print(open({str(space / '.env')!r}).read())")
    assert result["exit_code"] == 1
    assert "TOKEN" not in str(result)


def test_a_program_is_the_same_text_wherever_its_copy_lies(space: Path, store: Store) -> None:
    tool = tools_on(space, store.artifacts, {"code": True})["run_python"]
    code = "import os; print(os.getcwd(), os.environ['HOME'], '\\x1b[31mred')"
    assert run(tool, code=code)["stdout"] == "/workspace /home/agent [31mred"


def test_what_a_recipe_leaves_on_its_copy_is_told(space: Path, store: Store) -> None:
    tool = tools_on(space, store.artifacts, {"recipes": {"tidy": recipe(TIDY)}})["try_command"]
    before = picture(space)
    result = run(tool, recipe="tidy")
    assert result["on_the_copy"] == {
        "made": ["new", "new/made.txt"],
        "changed": ["notes/b.txt", "sub/deep/run.sh"],
        "removed": ["sub/deep/c.py"],
    }
    assert picture(space) == before


def test_a_recipe_that_takes_too_long_is_ended_and_told(space: Path, store: Store) -> None:
    table = {"recipes": {"wait": recipe("import time; time.sleep(60)", seconds=0.3)}}
    tools = tools_on(space, store.artifacts, table)
    result = run(tools["try_command"], recipe="wait")
    assert (result["ended"], result["exit_code"]) == ("time", None)
    with pytest.raises(Refused, match="its limit of time was reached"):
        run(tools["run_command"], recipe="wait")


def test_a_recipe_runs_in_its_folder(space: Path, store: Store) -> None:
    table = {"recipes": {"here": recipe("import os; print(os.listdir())", cwd="notes")}}
    tool = tools_on(space, store.artifacts, table)["try_command"]
    assert "a.txt" in str(run(tool, recipe="here")["stdout"])


def test_changes_are_carried_over_with_owners_and_undone(space: Path, store: Store) -> None:
    tool = tools_on(space, store.artifacts, {"recipes": {"tidy": recipe(TIDY)}})["run_command"]
    args, before = tool.check({"recipe": "tidy"}), picture(space)
    owner = (space / "notes/b.txt").stat()
    snapshot = tool.snapshot(args)
    tool.apply(args, "r/step/1")
    left = (space / "notes/b.txt").stat()
    assert (space / "notes/b.txt").read_text() == "B\n"
    assert (left.st_uid, left.st_gid) == (owner.st_uid, owner.st_gid)
    assert (space / "new/made.txt").read_text() == "made"
    assert not (space / "sub/deep/c.py").exists()
    tool.undo(args, snapshot, None)
    assert picture(space) == before


def test_secrets_version_control_and_caches_never_come_back(space: Path, store: Store) -> None:
    tool = tools_on(space, store.artifacts, {"recipes": {"sly": recipe(SNEAKY)}})["run_command"]
    result = run(tool, recipe="sly")
    assert result["changes"] == {"made": ["honest.txt"]}
    assert (space / ".env").read_text() == "TOKEN=1\n"
    assert [*(space / ".git/hooks").iterdir()] == []
    assert not (space / "__pycache__").exists()


def test_what_it_changes_is_what_it_touches(space: Path, store: Store) -> None:
    tool = tools_on(space, store.artifacts, {"recipes": {"tidy": recipe(TIDY)}})["run_command"]
    assert tool.resources(tool.check({"recipe": "tidy"})) == {
        "command:tidy",
        "file:new",
        "file:new/made.txt",
        "file:notes/b.txt",
        "file:sub/deep/c.py",
        "file:sub/deep/run.sh",
    }


def edit(work: Path) -> int:
    (work / "notes/a.txt").write_text("edited\n")
    return 0


def test_it_is_run_once_for_all_that_is_asked_of_it(space: Path, store: Store) -> None:
    tool, box = pretending(space, store, edit=edit)
    args = tool.check({"recipe": "edit"})
    assert "+edited" in tool.preview(args).statement
    tool.target(args)
    tool.snapshot(args)
    tool.apply(args, "r/step/1")
    assert box.ran == [("edit",)]


def test_an_approval_is_of_exactly_these_changes(space: Path, store: Store) -> None:
    tool, _ = pretending(space, store, edit=edit)
    other, _ = pretending(space, store, edit=edit)
    args = tool.check({"recipe": "edit"})
    target = tool.target(args)
    assert other.target(args) == target, "another process sees the same"
    (space / "notes/a.txt").write_text("changed since\n")
    assert tool.target(args) != target


def test_a_change_meanwhile_stops_it_before_anything_is_done(space: Path, store: Store) -> None:
    tool, _ = pretending(space, store, edit=edit)
    args = tool.check({"recipe": "edit"})
    tool.snapshot(args)
    (space / "notes/a.txt").write_text("somebody else's\n")
    with pytest.raises(Refused, match="changed by somebody else"):
        tool.apply(args, "r/step/1")
    assert (space / "notes/a.txt").read_text() == "somebody else's\n"


def test_a_change_while_it_runs_makes_it_try_again(space: Path, store: Store) -> None:
    def race(work: Path) -> int:
        (space / "notes/a.txt").write_text("written by an editor\n")
        return edit(work)

    tool, _ = pretending(space, store, race=race)
    with pytest.raises(Transient, match="while the program ran"):
        tool.snapshot(tool.check({"recipe": "race"}))


def test_what_was_changed_since_is_not_undone(space: Path, store: Store) -> None:
    tool, _ = pretending(space, store, edit=edit)
    args = tool.check({"recipe": "edit"})
    snapshot = tool.snapshot(args)
    tool.apply(args, "r/step/1")
    (space / "notes/a.txt").write_text("somebody else's\n")
    with pytest.raises(UndoConflict):
        tool.undo(args, snapshot, None)
    assert (space / "notes/a.txt").read_text() == "somebody else's\n"


@pytest.fixture
def no_large_files() -> Iterator[None]:
    """Let nobody write more than half a megabyte into a file, as a full disk would."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 19, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def grow(work: Path) -> int:
    (work / "notes/a.txt").write_text("A\n")
    (work / "notes/z.txt").write_bytes(bytes(1 << 20))
    return 0


def test_what_cannot_be_made_as_a_whole_is_put_back(
    space: Path, store: Store, request: pytest.FixtureRequest
) -> None:
    tool, _ = pretending(space, store, grow=grow)
    args, before = tool.check({"recipe": "grow"}), picture(space)
    tool.snapshot(args)
    request.getfixturevalue("no_large_files")
    with pytest.raises(Fatal, match="File too large"):
        tool.apply(args, "r/step/1")
    assert picture(space) == before


def test_what_cannot_be_put_back_either_is_said_to_be_half_done(
    space: Path, store: Store, request: pytest.FixtureRequest
) -> None:
    (space / "notes/a.txt").write_bytes(b"a" * (1 << 20))
    tool, _ = pretending(space, store, grow=grow)
    args, before = tool.check({"recipe": "grow"}), picture(space)
    snapshot = tool.snapshot(args)
    request.getfixturevalue("no_large_files")
    with pytest.raises(SurefootError, match="carried over by half") as told:
        tool.apply(args, "r/step/1")
    assert not isinstance(told.value, ToolFault), "a tool's fault says that nothing was done"
    most = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
    assert tool.probe(args, snapshot, "r/step/1") == "no"
    assert picture(space) == before


def test_a_command_that_changes_nothing_is_well(space: Path, store: Store) -> None:
    tool, _ = pretending(space, store, idle=lambda _work: 0)
    args, before = tool.check({"recipe": "idle"}), picture(space)
    snapshot = tool.snapshot(args)
    assert "nothing changed" in tool.preview(args).summary
    tool.apply(args, "r/step/1")
    tool.undo(args, snapshot, None)
    assert picture(space) == before


@pytest.mark.parametrize("most", [{"copy_files": 3}, {"copy_mb": 1}])
def test_a_workspace_that_is_too_large_is_not_copied(
    space: Path, store: Store, most: dict[str, int]
) -> None:
    (space / "large").write_bytes(bytes(2 << 20))
    tool = tools_on(space, store.artifacts, {"code": True, **most})["run_python"]
    with pytest.raises(Refused, match=r"holds more than|at most"):
        run(tool, code="print(1)")


@pytest.mark.parametrize(
    ("most", "told"),
    [({"max_changes": 1}, "changes 2 files"), ({"max_changed_mb": 1}, "hold more")],
)
def test_too_much_is_not_carried_over(
    space: Path, store: Store, most: dict[str, int], told: str
) -> None:
    def much(work: Path) -> int:
        (work / "one").write_bytes(bytes(1 << 20))
        (work / "two").write_bytes(bytes(1 << 20))
        return 0

    table = {"recipes": {"much": {"argv": ["much"], "keeps_changes": True}}, **most}
    tool = tools_on(space, store.artifacts, table, Pretend({"much": much}))["run_command"]
    with pytest.raises(Refused, match=told):
        tool.preview(tool.check({"recipe": "much"}))


def test_hard_links_and_read_only_files_are_not_replaced(space: Path, store: Store) -> None:
    (space / "twin").hardlink_to(space / "notes/a.txt")
    tool, _ = pretending(space, store, edit=edit)
    with pytest.raises(Refused, match="hard links"):
        tool.preview(tool.check({"recipe": "edit"}))


def test_where_no_sandbox_holds_nothing_is_run(space: Path, store: Store) -> None:
    class Nothing(Pretend):
        def run(self, job: Any) -> Ended:
            raise Fatal("No sandbox holds on this machine.")

    tool = tools_on(space, store.artifacts, {"code": True}, Nothing({}))["run_python"]
    with pytest.raises(Fatal, match="No sandbox holds"):
        run(tool, code="print(1)")
