"""The workspace agent does what a runbook says with the configured tools, and nothing else."""

from pathlib import Path

import pytest

from checkpoints.store import Store
from graphs.assembly import reopen
from graphs.session import Agent
from graphs.settings import Settings
from graphs.workspace.graph import workspace_agent
from graphs.workspace.settings import ToolSettings, WorkspaceSettings
from tests.behaviour.conftest import clock, store
from tools.errors import BadInput
from tools.files.settings import FilesSettings

__all__ = ["clock", "store"]

EDIT = """
[[steps]]
id = "fix"
[[steps.actions]]
tool = "edit_file"
args = { path = "a.txt", old_text = "wrld", new_text = "world" }
"""
ESCAPE = EDIT.replace("a.txt", "../outside.txt")
DELETE = """
[[steps]]
id = "tidy"
[[steps.actions]]
tool = "delete_file"
args.path = "a.txt"
"""


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    folder = tmp_path / "workspace"
    (folder / "tests").mkdir(parents=True)
    (folder / "a.txt").write_text("hello wrld\n")
    (folder / "tests" / "check.txt").write_text("wrld\n")
    return folder


def settings(folder: Path, *unchanged: str) -> Settings:
    return Settings(
        tools=ToolSettings(files=FilesSettings(root=str(folder))),
        workspace=WorkspaceSettings(unchanged=unchanged, protected=()),
        reviewer="tester",
    )


def agent(store: Store, folder: Path, runbook: str, *unchanged: str) -> Agent:
    file = folder.parent / "runbook.toml"
    file.write_text(runbook)
    return workspace_agent(store=store, settings=settings(folder, *unchanged), runbook=file)


def test_runbook_changes_the_workspace_and_undo_brings_it_back(
    store: Store, workspace: Path
) -> None:
    run = agent(store, workspace, EDIT).run("Mend the greeting")
    assert (workspace / "a.txt").read_text() == "hello world\n"
    assert [item.outcome for item in run.undo().items] == ["undone"]
    assert (workspace / "a.txt").read_text() == "hello wrld\n"


def test_without_a_success_check_nothing_is_verified(store: Store, workspace: Path) -> None:
    assert agent(store, workspace, EDIT).run("Mend the greeting").status == "unverified"


def test_file_that_must_not_change_is_brought_back_and_the_run_fails(
    store: Store, workspace: Path
) -> None:
    runbook = EDIT.replace('"a.txt"', '"tests/check.txt"')
    run = agent(store, workspace, runbook, "tests/*").run("Mend the tests")
    assert run.status == "failed"
    assert "tests/check.txt" in run.info.reason
    assert (workspace / "tests" / "check.txt").read_text() == "wrld\n"


def test_deleting_is_asked_about_and_goes_on_in_another_process(
    store: Store, workspace: Path
) -> None:
    run = agent(store, workspace, DELETE).run("Tidy up", run_id="r")
    assert run.status == "waiting"
    assert (workspace / "a.txt").exists()
    reopen(store, "r", settings=settings(workspace)).open("r").approve()
    assert not (workspace / "a.txt").exists()


def test_name_outside_the_workspace_is_refused(store: Store, workspace: Path) -> None:
    outside = workspace.parent / "outside.txt"
    outside.write_text("wrld")
    with pytest.raises(BadInput, match="leads upwards"):
        agent(store, workspace, ESCAPE)
    assert outside.read_text() == "wrld"


@pytest.mark.parametrize(
    ("written", "instead", "told"),
    [("edit_file", "edit", "there is no tool 'edit'"), ("old_text", "old", "do not fit")],
)
def test_runbook_that_cannot_be_meant_is_refused_before_anything_runs(
    store: Store, workspace: Path, written: str, instead: str, told: str
) -> None:
    with pytest.raises(BadInput, match=told):
        agent(store, workspace, EDIT.replace(written, instead))


def test_nobody_to_plan_is_told(store: Store, workspace: Path) -> None:
    with pytest.raises(BadInput, match="nobody to plan"):
        workspace_agent(store=store, settings=settings(workspace))


def test_no_tools_are_told(store: Store, tmp_path: Path) -> None:
    file = tmp_path / "runbook.toml"
    file.write_text(EDIT)
    with pytest.raises(BadInput, match="without tools"):
        workspace_agent(store=store, settings=Settings(), runbook=file)
