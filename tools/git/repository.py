"""The user's repository: its branches are read, and moved by a merge; nothing else is touched."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from tools.errors import BadInput, Refused
from tools.git.command import Git
from tools.git.names import branch, commit_id

HEADS: Final = "refs/heads/"
_HELD: Final = ("rebase-merge/head-name", "rebase-apply/head-name", "BISECT_START")
"""Where git notes a branch that somebody is in the middle of working on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """A repository of the user.

    Args:
        directory: Its `.git`, or itself when it is bare.
    """

    directory: Path

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open the repository of a worktree, or a bare one.

        Raises:
            BadInput: There is none, or what leads to it is a link.
        """
        path = path.absolute()
        directory = path / ".git" if os.path.lexists(path / ".git") else path
        needed = (directory, directory / "objects", directory / "refs")
        if any(part.is_symlink() or not part.is_dir() for part in needed):
            raise BadInput(
                f"{str(path)!r} is not the main worktree of a git repository, or a bare one.",
                advice="Name the folder that has the `.git` folder itself, not a link to it.",
            )
        if not str(directory).isprintable():
            raise BadInput(f"{str(path)!r:.200} has a name that git cannot be told.")
        return cls(directory=directory)

    @property
    def home(self) -> Path:
        """The folder that is all its user's: the main worktree, or itself when it is bare."""
        return self.directory.parent if self.directory.name == ".git" else self.directory

    @property
    def git(self) -> Git:
        """Git on it, without a worktree."""
        return Git(directory=self.directory)

    def branches(self) -> dict[str, str]:
        """Return the commits of all branches."""
        listed = self.git.run("for-each-ref", "--format=%(refname) %(objectname)", HEADS)
        pairs = (line.split(" ") for line in listed.splitlines())
        return {name.removeprefix(HEADS): commit for name, commit in pairs}

    def current(self) -> str:
        """Return the branch that its own HEAD is on.

        Raises:
            BadInput: HEAD is on none.
        """
        done = self.git.attempt("symbolic-ref", "--quiet", "HEAD")
        if done.code or not done.text.startswith(HEADS):
            raise BadInput(
                f"The HEAD of {str(self.directory)!r} is on no branch.",
                advice="Name the branch to begin from.",
            )
        return done.text.removeprefix(HEADS)

    def commit_of(self, name: str) -> str:
        """Return the commit of a branch.

        Raises:
            Refused: There is no such branch.
        """
        found = self.branches().get(branch(name))
        if found is None:
            raise Refused(f"The repository has no branch {name!r}.")
        return commit_id(found)

    def in_use(self) -> frozenset[str]:
        """Return the branches that somebody has checked out, or is rebasing or bisecting."""
        listed = self.git.run("worktree", "list", "--porcelain", "-z").split("\0")
        out = {line.removeprefix("branch ") for line in listed if line.startswith("branch ")}
        return frozenset(name.removeprefix(HEADS) for name in {*out, *self._held()})

    def format(self) -> str:
        """Return by which hash its objects are named."""
        return self.git.run("rev-parse", "--show-object-format")

    def receive(self, pack: bytes) -> None:
        """Take objects in; without a branch that leads to them they mean nothing yet."""
        self.git.run("unpack-objects", "-q", "--strict", given=pack)

    def move(
        self, name: str, commit: str, *, old: str | None, why: str, held: Iterable[int]
    ) -> None:
        """Let a branch be a commit, if it still is what it was.

        Args:
            name: The branch.
            commit: What it becomes.
            old: What it was; None when it is to be new.
            why: For its log.
            held: Locks that outlast us until it is done.

        Raises:
            Refused: It no longer is what it was.
        """
        git = Git(directory=self.directory, held=tuple(held))
        was = old or "0" * len(commit)
        ref = f"{HEADS}{branch(name)}"
        done = git.attempt("update-ref", "-m", why, "--", ref, commit_id(commit), was)
        if done.code:
            raise Refused(f"The branch {name!r} was moved by somebody else: {done.said}.")

    def _held(self) -> Iterator[str]:
        """Yield what the notes of interrupted work name."""
        others = self.directory / "worktrees"
        folders = [self.directory, *(others.iterdir() if others.is_dir() else ())]
        for folder in folders:
            for note in _HELD:
                try:
                    text = (folder / note).read_bytes()[:1_000]
                except OSError:
                    continue
                yield text.decode("utf-8", "replace").strip()
