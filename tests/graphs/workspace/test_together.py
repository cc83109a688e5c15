"""One agent with files, programs, git and an MCP server mends a bug; a person lets it land.

The same work by a runbook, and by a scripted model behind the same gate.
"""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from checkpoints.store import Store, open_store
from graphs.assembly import assemble, reopen
from graphs.session import Agent, Run
from graphs.settings import Settings
from graphs.workspace.domain import workspace_domain, workspace_settings
from graphs.workspace.graph import workspace_agent
from graphs.workspace.settings import ToolSettings, WorkspaceSettings
from nodes.models.mind import ModelDecider, ModelPlanner
from nodes.models.scripted import ScriptedModel
from tests.behaviour.conftest import clock, store
from tests.nodes.models.asking import asker

__all__ = ["clock", "store"]

ROOT = Path(__file__).parents[3]
BROKEN = "def add(a, b):\n    return a - b\n"
TEST = "from sums import add\n\nassert add(2, 3) == 5\n"
GOAL = "Mend add in sums.py, commit it, write the note 'done' and merge"
ACTIONS: list[tuple[str, str, dict[str, Any], str]] = [
    ("read", "read_file", {"path": "sums.py"}, "look at it"),
    ("mend", "edit_file", {"path": "sums.py", "old_text": "a - b", "new_text": "a + b"}, "mend it"),
    ("mend", "try_command", {"recipe": "test"}, "see whether it helps"),
    ("mend", "git_commit", {"message": "Add adds"}, "keep it"),
    ("tell", "board_write_note", {"name": "done", "text": "sums are mended"}, "tell the others"),
    ("land", "git_merge", {"message": "Land the mended sums"}, "land it"),
]
LOOKS = (("status", "--porcelain=v2", "--branch"), ("stash", "list"), ("config", "--list"))


def git(folder: Path, *words: str) -> str:
    command = ["git", "-C", str(folder), "-c", "user.name=ada", "-c", "user.email=a@example.com"]
    return subprocess.run(
        [*command, *words], capture_output=True, text=True, check=True
    ).stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Return a repository whose test fails; `main` is checked out nowhere."""
    folder = tmp_path / "project"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    (folder / "sums.py").write_text(BROKEN)
    (folder / "check.py").write_text(TEST)
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "Sums")
    git(folder, "checkout", "-qb", "ada")
    return folder


@pytest.fixture
def board(tmp_path: Path) -> Path:
    folder = tmp_path / "board"
    folder.mkdir()
    return folder


def settings(repository: Path, board: Path) -> Settings:
    server = {
        "command": sys.executable,
        "args": ["-m", "tests.tools.mcp.server", str(board)],
        "cwd": str(ROOT),
        "only": ["read_note", "write_note", "delete_note"],
        "tools": {
            "write_note": {
                "effect": "reversible",
                "authority": ["name"],
                "resources": ["note:{name}"],
                "look": {
                    "tool": "read_note",
                    "args": {"name": "$args.name"},
                    "fields": ["text"],
                    "absent": "no such note",
                },
                "happened": {"text": "$args.text"},
                "undo": {"tool": "delete_note", "args": {"name": "$args.name"}},
            },
        },
    }
    tools = {
        "git": {"repository": str(repository), "into": "main"},
        "commands": {"recipes": {"test": ["python", "check.py"]}},
        "mcp": {"board": server},
    }
    return Settings(
        tools=ToolSettings.model_validate(tools),
        workspace=WorkspaceSettings(success=("test",), unchanged=("check.py",)),
        reviewer="tester",
    )


def runbook(folder: Path) -> Path:
    file = folder / "runbook.toml"
    lines: list[str] = []
    last = ""
    for step, tool, args, why in ACTIONS:
        lines += [f'[[steps]]\nid = "{step}"'] if step != last else []
        told = ", ".join(f"{name} = {json.dumps(value)}" for name, value in args.items())
        lines += [f'[[steps.actions]]\ntool = "{tool}"\nargs = {{ {told} }}\nwhy = "{why}"']
        last = step
    file.write_text("\n".join(lines))
    return file


def by_runbook(store: Store, repository: Path, board: Path) -> Agent:
    return workspace_agent(
        store=store, settings=settings(repository, board), runbook=runbook(board.parent)
    )


def by_model(store: Store, repository: Path, board: Path) -> Agent:
    """Return the agent that a scripted model plans and decides for."""
    chosen = settings(repository, board)
    kept = workspace_settings(store, tools=chosen.tools, workspace=chosen.workspace)
    domain = workspace_domain(kept, store)
    names = list(dict.fromkeys(step for step, *_ in ACTIONS))
    plan = {
        "steps": [
            {
                "id": name,
                "title": name,
                "tools": [tool for step, tool, *_ in ACTIONS if step == name],
                "needs": names[:place][-1:],
            }
            for place, name in enumerate(names)
        ]
    }
    lines = [json.dumps(plan)]
    for name in names:
        for step, tool, args, why in ACTIONS:
            if step == name:
                action = {"tool": tool, "args": args}
                said = {"kind": "act", "action": action, "confidence": 0.9, "reasoning": why}
                lines.append(json.dumps(said))
        lines.append(json.dumps({"kind": "done", "reasoning": "it is there"}))
    asked = asker(store, ScriptedModel(lines=lines))
    thinking = replace(domain, planner=ModelPlanner(asked), decider=ModelDecider(asked))
    return assemble(thinking, store, settings=chosen)


def answered(run: Run) -> list[str]:
    """Say yes to every question, in order; return what was asked about."""
    asked = []
    while run.status == "waiting":
        review = run.pending[0]
        asked.append(review.action.tool if review.action else "")
        run.approve(review.id)
    return asked


@pytest.mark.parametrize("make", [by_runbook, by_model])
def test_agent_mends_commits_tells_and_lands(
    store: Store, repository: Path, board: Path, make: Callable[[Store, Path, Path], Agent]
) -> None:
    run = make(store, repository, board).run(GOAL, run_id="r")
    assert answered(run) == ["git_merge"]
    assert run.status == "verified"
    assert git(repository, "show", "main:sums.py") == BROKEN.replace("-", "+").strip()
    assert (board / "done.txt").read_text() == "sums are mended"


def test_users_own_worktree_index_and_branch_are_left_alone(
    store: Store, repository: Path, board: Path
) -> None:
    before = (
        git(repository, "status", "--porcelain=v2", "--branch"),
        git(repository, "stash", "list"),
    )
    answered(by_runbook(store, repository, board).run(GOAL, run_id="r"))
    assert (repository / "sums.py").read_text() == BROKEN
    after = (
        git(repository, "status", "--porcelain=v2", "--branch"),
        git(repository, "stash", "list"),
    )
    assert after == before


def test_commit_says_which_run_and_step_made_it(
    store: Store, repository: Path, board: Path
) -> None:
    answered(by_runbook(store, repository, board).run(GOAL, run_id="r"))
    message = git(repository, "log", "-1", "--format=%B", "main^2")
    assert "Surefoot-Run: r" in message
    assert "Surefoot-Step: mend" in message


def test_merge_waits_for_a_person_who_may_come_later(
    store: Store, repository: Path, board: Path
) -> None:
    by_runbook(store, repository, board).run(GOAL, run_id="r")
    assert "a - b" in git(repository, "show", "main:sums.py")
    run = reopen(store, "r", settings=settings(repository, board)).open("r").approve()
    assert run.status == "verified"
    assert "a + b" in git(repository, "show", "main:sums.py")


def test_without_a_green_check_nothing_is_landed(
    store: Store, repository: Path, board: Path
) -> None:
    file = runbook(board.parent)
    file.write_text(file.read_text().replace('"a + b"', '"a * b"'))
    agent = workspace_agent(store=store, settings=settings(repository, board), runbook=file)
    run = agent.run(GOAL, run_id="r")
    answered(run)
    assert run.status != "verified"
    assert "a - b" in git(repository, "show", "main:sums.py")


def test_undo_takes_back_note_commit_and_edit(store: Store, repository: Path, board: Path) -> None:
    run = by_runbook(store, repository, board).run(GOAL, run_id="r")
    run.reject()
    outcomes = [item.outcome for item in run.undo().items]
    assert outcomes == ["undone"] * 3
    assert not (board / "done.txt").exists()


def test_worktrees_lie_beside_the_repository_that_holds_the_store(
    repository: Path, board: Path
) -> None:
    with open_store(f"sqlite:///{repository}/surefoot.db") as inside:
        run = by_runbook(inside, repository, board).run(GOAL, run_id="r")
        assert run.status == "waiting"
    assert [*repository.with_name("project-worktrees").iterdir()]
    assert git(repository, "status", "--porcelain").split() == ["??", "surefoot.db"]
