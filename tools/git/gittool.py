"""What all git tools have in common."""

from typing import Final

from tools.contract import JsonObject, Tool
from tools.git.command import Git
from tools.git.worktree import Worktree

MAX_DIFF_CHARACTERS: Final = 40_000
PLAIN_DIFF: Final = ("--no-ext-diff", "--no-textconv", "--no-color", "--no-renames", "--patch")


class GitTool(Tool):
    """A tool on the worktree of one run.

    Args:
        worktree: The worktree.
    """

    def __init__(self, worktree: Worktree) -> None:
        self.worktree = worktree

    def resources(self, args: JsonObject) -> frozenset[str]:
        """Return the run's branch."""
        del args
        return frozenset({f"git:{self.worktree.branch}"})

    def bounds(self) -> tuple[str, ...]:
        """Return where it works."""
        return (
            f"works in {self.worktree.tree}, from {self.worktree.base}",
            "no hooks, filters, drivers, remotes or configuration but its own",
        )


def diff_text(git: Git, *words: str) -> tuple[str, bool]:
    """Return a diff for people and models, and whether it was cut."""
    done = git.attempt(*words, limit=4 * MAX_DIFF_CHARACTERS)
    text = done.out.decode("utf-8", "replace")
    return text[:MAX_DIFF_CHARACTERS], done.truncated or len(text) > MAX_DIFF_CHARACTERS
