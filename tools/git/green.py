"""Has exactly this commit passed its checks?"""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

from tools.git.worktree import Worktree

Green = Callable[[str], bool]
"""Tells of a commit whether its checks have passed."""


def never(commit: str) -> bool:
    """Tell that nothing has passed: without checks there is no merge."""
    del commit
    return False


@dataclass(frozen=True, slots=True)
class Checked:
    """Runs the checks on the files of a commit, apart from every worktree, and remembers.

    What is remembered is about the files: another commit with the same files has passed too.

    Args:
        worktree: Has the commits.
        check: Runs the checks in a folder, e.g. a recipe of commands in the sandbox.
    """

    worktree: Worktree
    check: Callable[[Path], bool]
    _known: dict[str, bool] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def __call__(self, commit: str) -> bool:
        """Return whether the checks pass on a commit.

        Raises:
            ToolFault: They cannot be run.
        """
        with self._lock:
            git = self.worktree.reading()
            tree = git.run("rev-parse", "--verify", "--end-of-options", f"{commit}^{{tree}}")
            if tree not in self._known:
                with tempfile.TemporaryDirectory(prefix="surefoot-check-") as folder:
                    files = Path(folder) / "files"
                    files.mkdir()
                    self.worktree.export(git, commit, files)
                    self._known[tree] = self.check(files)
            return self._known[tree]
