"""An agent with recipes: tries them, keeps what they change, and proves by them that it is done."""

from pathlib import Path
from typing import Any

import pytest

from checkpoints.store import Store
from graphs.assembly import reopen
from graphs.session import Agent
from graphs.settings import Settings
from graphs.workspace.domain import POLICY
from graphs.workspace.graph import workspace_agent
from graphs.workspace.settings import ToolSettings, WorkspaceSettings
from tests.behaviour.conftest import clock, store
from tools.errors import BadInput
from tools.policy import Policy

__all__ = ["clock", "store"]

CHECK = ["python", "-S", "-c", "import sys; sys.exit(open('a.txt').read() != 'HELLO\\n')"]
SHOUT = """
from pathlib import Path
for path in Path(".").glob("*/*.txt"), Path(".").glob("*.txt"):
    for each in path:
        each.write_text(each.read_text().upper())
"""
RECIPES = {"check": CHECK, "shout": {"argv": ["python", "-S", "-c", SHOUT], "keeps_changes": True}}
TRY = '[[steps]]\nid = "look"\n[[steps.actions]]\ntool = "try_command"\nargs.recipe = "shout"\n'
RUN = '[[steps]]\nid = "shout"\n[[steps.actions]]\ntool = "run_command"\nargs.recipe = "shout"\n'
ASK = '[[rules]]\nid = "seen"\ntool = "run_command"\nverdict = "ask"\nreason = "A person looks."\n'


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    folder = tmp_path / "workspace"
    folder.mkdir()
    (folder / "a.txt").write_text("hello\n")
    return folder


def settings(folder: Path, **workspace: Any) -> Settings:
    tools = {"files": {"root": str(folder)}, "commands": {"recipes": RECIPES}}
    return Settings(
        tools=ToolSettings.model_validate(tools),
        workspace=WorkspaceSettings(**workspace),
        reviewer="tester",
    )


def agent(store: Store, folder: Path, runbook: str, *, rules: str = "", **workspace: Any) -> Agent:
    file = folder.parent / "runbook.toml"
    file.write_text(runbook)
    policy = Policy.from_toml(rules + POLICY.read_text(), source="the domain's and more")
    return workspace_agent(
        store=store, settings=settings(folder, **workspace), runbook=file, policy=policy
    )


def test_what_is_tried_leaves_the_workspace_alone(store: Store, workspace: Path) -> None:
    run = agent(store, workspace, TRY, success=["check"]).run("Look what it does")
    assert run.status == "unverified"
    assert (workspace / "a.txt").read_text() == "hello\n"


def test_success_is_what_a_command_says_of_the_world(store: Store, workspace: Path) -> None:
    run = agent(store, workspace, RUN, success=["check"]).run("Make it loud")
    assert run.status == "verified"
    assert (workspace / "a.txt").read_text() == "HELLO\n"
    run.undo()
    assert (workspace / "a.txt").read_text() == "hello\n"


def test_a_command_that_changes_what_must_stay_is_undone(store: Store, workspace: Path) -> None:
    (workspace / "tests").mkdir()
    (workspace / "tests/check.txt").write_text("quiet\n")
    run = agent(store, workspace, RUN, unchanged=["tests/*"], protected=[]).run("Make it loud")
    assert run.status == "failed"
    assert (workspace / "tests/check.txt").read_text() == "quiet\n"
    assert (workspace / "a.txt").read_text() == "hello\n"


def test_files_that_it_would_change_are_judged_by_the_policy(store: Store, workspace: Path) -> None:
    (workspace / "keep.txt").write_text("keep\n")
    rules = '[[rules]]\nid = "kept"\nresource = "file:keep.txt"\nverdict = "deny"\n'
    denied = agent(store, workspace, RUN, rules=rules).run("Make it loud")
    assert denied.status in {"denied", "failed"}
    assert (workspace / "a.txt").read_text() == "hello\n"


def test_a_person_sees_the_changes_and_another_process_makes_them(
    store: Store, workspace: Path
) -> None:
    asking = agent(store, workspace, RUN, rules=ASK, success=["check"])
    run = asking.run("Make it loud", run_id="r")
    (review,) = run.pending
    assert "+HELLO" in str(review.card)
    assert (workspace / "a.txt").read_text() == "hello\n"
    again = reopen(store, "r").open("r").approve(reviewer="ada")
    assert again.status == "verified"


def test_an_approval_lapses_when_what_would_be_changed_has_changed(
    store: Store, workspace: Path
) -> None:
    asking = agent(store, workspace, RUN, rules=ASK)
    run = asking.run("Make it loud", run_id="r")
    (workspace / "a.txt").write_text("another text\n")
    run.approve(reviewer="ada")
    assert (workspace / "a.txt").read_text() == "another text\n"
    assert run.status == "waiting", "it is asked anew, of what would be changed now"


@pytest.mark.parametrize(
    ("tools", "rules", "told"),
    [
        ({"commands": {"code": True}}, {}, "none is named"),
        ({"files": {"root": "."}}, {"success": ["check"]}, "is no recipe"),
        (
            {"files": {"root": "."}, "commands": {"code": True, "python": "/no/python"}},
            {},
            "not there",
        ),
    ],
)
def test_what_cannot_be_run_is_refused_before_a_run(
    store: Store,
    workspace: Path,
    tools: dict[str, Any],
    rules: dict[str, Any],
    told: str,
) -> None:
    (workspace.parent / "runbook.toml").write_text(TRY)
    wanted = Settings(
        tools=ToolSettings.model_validate(tools), workspace=WorkspaceSettings(**rules)
    )
    runbook = workspace.parent / "runbook.toml"
    with pytest.raises(BadInput, match=told):
        workspace_agent(store=store, settings=wanted, runbook=runbook, folder=workspace)
