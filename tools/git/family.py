"""The git tools of one run."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from tools.contract import Clock, Tool
from tools.files.globs import Patterns
from tools.files.settings import SECRETS
from tools.git.commit import GitCommit
from tools.git.green import Green, never
from tools.git.merge import GitMerge
from tools.git.reads import GitDiff, GitLog, GitShow, GitStatus
from tools.git.repository import Repository
from tools.git.settings import GitSettings
from tools.git.trailers import Approvals
from tools.git.worktree import Worktree


def _now() -> datetime:
    return datetime.now(UTC)


def git_worktree(settings: GitSettings, *, name: str, under: Path) -> Worktree:
    """Return the worktree of a run, made when it is not there; its `tree` is the workspace.

    Args:
        settings: The table `[tools.git]`.
        name: Which run's: small letters, digits and `-`; the same name is the same worktree.
        under: Where worktrees are, when settings do not say.

    Raises:
        BadInput: There is no repository, no such branch, or the folder is in the user's worktree.
    """
    repository = Repository.open(Path(settings.repository))
    where = Path(settings.worktrees) if settings.worktrees else under
    return Worktree.make(repository, name=name, under=where, base=settings.base)


def git_tools(
    settings: GitSettings,
    *,
    worktree: Worktree,
    approvals: Approvals,
    green: Green = never,
    denies: Callable[[str], str] | None = None,
    clock: Clock = _now,
) -> list[Tool]:
    """Return the git tools of a run; `git_merge` only when settings name a branch to merge into.

    Args:
        settings: The table `[tools.git]`.
        worktree: The run's worktree.
        approvals: Who or what cleared an effect, by its key.
        green: Tells whether a commit has passed its checks.
        denies: By which pattern a file is kept from agents; secrets when None.
        clock: The present, for the dates of commits.
    """
    tools: list[Tool] = [reader(worktree) for reader in (GitStatus, GitDiff, GitLog, GitShow)]
    tools.append(
        GitCommit(
            worktree,
            budget=settings.budget,
            denies=denies or Patterns(SECRETS).covering,
            approvals=approvals,
            clock=clock,
        )
    )
    if settings.into:
        tools.append(
            GitMerge(worktree, into=settings.into, green=green, approvals=approvals, clock=clock)
        )
    return tools
