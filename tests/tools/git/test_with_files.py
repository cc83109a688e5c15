"""A run's worktree is the workspace of the file tools: what they do is committed and undone."""

from datetime import timedelta
from pathlib import Path

from checkpoints.store import Store
from checkpoints.undo import undo_run
from tests.behaviour.conftest import clock, store
from tests.behaviour.shelf import Clock
from tests.tools.git.opening import opened
from tests.tools.git.repos import build, busy, everything
from tools.contract import Action, Call, Clearance, JsonObject, Observation
from tools.files.family import files_tools
from tools.files.root import Root
from tools.files.settings import FilesSettings
from tools.policy import Policy
from tools.runner import Runner
from tools.toolbox import Toolbox

__all__ = ["clock", "store"]


def test_files_are_written_committed_and_all_taken_back(
    tmp_path: Path, store: Store, clock: Clock
) -> None:
    user = build(tmp_path)
    busy(user)
    before = everything(user)
    git, worktree = opened(user)
    space = Root(worktree.tree)
    files = files_tools(
        FilesSettings(root=str(worktree.tree)), root=space, artifacts=store.artifacts
    )
    runner = Runner(
        tools=Toolbox([*git.values(), *files]),
        policy=Policy.from_toml('[[rules]]\nid = "any"\nverdict = "allow"\n', source="any"),
        journal=store.journal,
        clearances=store.clearances,
        artifacts=store.artifacts,
        clock=clock,
        sleep=lambda _: None,
    )

    def run(number: int, tool: str, **args: object) -> Observation:
        checked: JsonObject = runner.tools[tool].check(args)  # type: ignore[arg-type]  # plain JSON
        action, key = Action(tool=tool, args=checked), f"r/s/{number}"
        expires = clock() + timedelta(hours=1)
        store.clearances.grant(
            Clearance(key=key, action_hash=action.hash, by="person", name="ada", expires_at=expires)
        )
        return runner.run(Call(key=key, run="r", step="s", action=action))

    commit = {"message": "Change a"}
    assert run(1, "write_file", path="a.txt", text="new\n").status == "ok"
    touched = runner.tools["git_commit"].resources(dict(commit))
    assert "file:a.txt" in touched
    assert run(2, "git_commit", **commit).status == "ok"
    assert run(3, "write_file", path="deep/er.txt", text="x\n").status == "ok"
    assert run(4, "git_commit", message="Add").status == "ok"
    report = undo_run(store, "r", reverser=runner, by="ada")
    assert [item.outcome for item in report.items] == ["undone"] * 4
    with worktree.working() as own:
        assert worktree.tip(own) == worktree.began
        assert worktree.changes(own, worktree.began) == []
    assert run(5, "read_file", path=".git/config").status == "refused"
    space.close()
    assert everything(user) == before
