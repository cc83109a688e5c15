"""Opens the git tools of a run on a user's repository."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pydantic import JsonValue

from tools.contract import Clearance, Tool
from tools.git.family import git_tools, git_worktree
from tools.git.settings import GitSettings
from tools.git.worktree import Worktree

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def approved(key: str) -> Clearance | None:
    return Clearance(
        key=key,
        action_hash="0",
        by="person",
        name="ada",
        review="q7",
        expires_at=NOW + timedelta(days=1),
    )


def worktree(user: Path, *, name: str = "run-1", **settings: Any) -> Worktree:
    stated = GitSettings(repository=str(user), **settings)
    return git_worktree(stated, name=name, under=user.parent / "runs")


def opened(
    user: Path,
    *,
    name: str = "run-1",
    green: Callable[[str], bool] = lambda _: True,
    **settings: Any,
) -> tuple[dict[str, Tool], Worktree]:
    """Return the tools by name, and the worktree."""
    stated = GitSettings.model_validate({"repository": str(user), "into": "main", **settings})
    made = git_worktree(stated, name=name, under=user.parent / "runs")
    tools = git_tools(stated, worktree=made, approvals=approved, green=green, clock=lambda: NOW)
    return {tool.name: tool for tool in tools}, made


def did(tool: Tool, key: str = "r/s/1", **args: JsonValue) -> dict[str, Any]:
    """Return what a tool says."""
    result = tool.apply(tool.check(args), key)
    assert isinstance(result, dict)
    return result
