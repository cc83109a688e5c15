"""Git as tools often use it: in the user's repository, with whatever that is configured to run."""

import os
import subprocess
from pathlib import Path

from tests.tools.git.repos import NAMES


class Naive:
    """Works in a worktree of the user's own repository."""

    def __init__(self, user: Path, where: Path) -> None:
        self.user = user
        self.where = where

    def git(self, folder: Path, *words: str) -> str:
        done = subprocess.run(
            ["git", "-C", str(folder), *words],
            capture_output=True,
            text=True,
            check=False,
            # A pager is used when git believes that somebody looks.
            env={**NAMES, "GIT_PAGER_IN_USE": "true"} if "log" in words else NAMES,
            stdin=subprocess.DEVNULL,
        )
        return done.stdout

    def work(self) -> None:
        """Begin, change something, look at it, commit it and merge it."""
        self.git(self.user, "worktree", "add", "-b", "run", str(self.where), "main")
        (self.where / "a.txt").write_text("one\ntwo\nthree\n")
        self.git(self.where, "status")
        self.git(self.where, "diff")
        self.git(self.where, "add", "-A")
        self.git(self.where, "commit", "-m", "Change")
        self._seen("log", "-p", "-1")
        (self.user / "a.txt").write_text("zero\none\ntwo\n")
        self.git(self.user, "commit", "-a", "-m", "Meanwhile")
        self.git(self.user, "merge", "run")

    def _seen(self, *words: str) -> None:
        """Look at something in a terminal."""
        main, side = os.openpty()
        try:
            subprocess.run(
                ["git", "-C", str(self.where), *words],
                env={**NAMES, "TERM": "xterm"},
                stdin=subprocess.DEVNULL,
                stdout=side,
                stderr=side,
                check=False,
            )
        finally:
            os.close(side)
            os.close(main)
