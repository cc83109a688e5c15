"""A run's worktree, and a repository of the run's own behind it.

The run does not work in the user's repository: git here has its own directory, whose configuration
is ours, and reads the user's objects as alternates. So nothing that the user's repository or a
file in the worktree says of hooks, filters or drivers has a meaning, and whatever is done here
leaves the user's worktree, index, HEAD, branches, stash and configuration as they are. The
worktree has no `.git` in it: no tool that writes files can reach a repository.
"""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Final, Self

from tools.errors import BadInput, Fatal, Refused
from tools.files.lock import locked
from tools.git.changes import Change, changes_between
from tools.git.command import Git
from tools.git.names import commit_id
from tools.git.names import worktree as worktree_name
from tools.git.repository import Repository

BRANCH: Final = "refs/heads/run"
_CHECKOUT_SECONDS: Final = 600.0
_NOTE: Final = "surefoot.json"
_CONFIG: Final = (
    "[core]\n\trepositoryformatversion = {version}\n\tbare = false\n\tsymlinks = true\n"
)
_SHA256: Final = "[extensions]\n\tobjectformat = sha256\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Worktree:
    """The worktree of one run.

    Args:
        name: Which run's; also names the branch on which it may be handed over.
        folder: What holds its repository (`git`) and its files (`tree`).
        repository: The user's.
        base: The branch that it began from.
        began: The commit that it began from.
    """

    name: str
    folder: Path
    repository: Repository
    base: str
    began: str

    @classmethod
    def make(cls, repository: Repository, *, name: str, under: Path, base: str = "") -> Self:
        """Make a worktree, or open the one that was made under this name.

        Args:
            repository: The user's.
            name: Which run's.
            under: The folder that holds worktrees; outside of the user's own.
            base: The branch to begin from; the one that is checked out when empty.

        Raises:
            BadInput: Name or branch cannot be used, or the folder is in the user's worktree.
        """
        folder = under.absolute() / worktree_name(name)
        if folder.resolve().is_relative_to(repository.home.resolve()):
            raise BadInput(
                f"The folder of worktrees, {str(under)!r}, is within the repository itself.",
                advice="Name one outside of it: `worktrees` of [tools.git] in surefoot.toml.",
            )
        under.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(under, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            with locked(descriptor):
                if not folder.exists():
                    branch = base or repository.current()
                    _make(repository, folder, branch, repository.commit_of(branch))
        finally:
            os.close(descriptor)
        return cls.open(repository, name=name, under=under)

    @classmethod
    def open(cls, repository: Repository, *, name: str, under: Path) -> Self:
        """Open a worktree that was made before.

        Raises:
            BadInput: There is none of this name, or it is of another repository.
        """
        folder = under.absolute() / worktree_name(name)
        try:
            note = json.loads((folder / _NOTE).read_text("utf-8"))
        except (OSError, ValueError) as fault:
            raise BadInput(f"There is no worktree {name!r} in {str(under)!r}.") from fault
        if note["repository"] != str(repository.directory):
            raise BadInput(
                f"The worktree {name!r} is of {note['repository']!r}, another repository."
            )
        return cls(
            name=name,
            folder=folder,
            repository=repository,
            base=str(note["base"]),
            began=commit_id(str(note["began"])),
        )

    @property
    def tree(self) -> Path:
        """The files."""
        return self.folder / "tree"

    @property
    def branch(self) -> str:
        """The branch of the user's repository on which it may be handed over."""
        return f"surefoot/{self.name}"

    @contextmanager
    def working(self) -> Iterator[Git]:
        """Lend git on it, to one at a time, whichever process or thread that is.

        A command that outlives its process keeps the lock: whoever comes next sees its outcome.

        Raises:
            Transient: Another process keeps it for too long.
            Fatal: The worktree was removed.
        """
        try:
            descriptor = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError as fault:
            raise Fatal(f"The worktree {self.name!r} is gone: {fault.strerror}.") from fault
        try:
            with locked(descriptor) as held:
                directory = self.folder / "git"
                for stale in (*directory.glob("*.lock"), *directory.glob("refs/**/*.lock")):
                    stale.unlink(missing_ok=True)  # of a command that was killed
                yield Git(directory=directory, tree=self.tree, held=(held,))
        finally:
            os.close(descriptor)

    def reading(self) -> Git:
        """Return git on it for what only reads objects, which needs no turn."""
        return Git(directory=self.folder / "git", tree=self.tree)

    def tip(self, git: Git) -> str:
        """Return the newest commit."""
        return commit_id(git.run("rev-parse", "--verify", "--end-of-options", BRANCH))

    def stage(self, git: Git) -> str:
        """Return the tree that the files are now; what `.gitignore` names is left out.

        Raises:
            Refused: There is something that git does not take.
        """
        done = git.attempt("add", "--all", "--", ".")
        if done.code:
            raise Refused(f"git does not take all of the files: {done.said}.")
        return commit_id(git.run("write-tree"))

    def changes(self, git: Git, since: str) -> list[Change]:
        """Return what the files have changed since a commit."""
        return changes_between(git, since, self.stage(git))

    def commit(self, git: Git, tree: str, parents: list[str], message: str, at: datetime) -> str:
        """Make a commit that no branch leads to yet, and return it."""
        when = f"@{int(at.timestamp())} +0000"
        dated = replace(git, more={"GIT_AUTHOR_DATE": when, "GIT_COMMITTER_DATE": when})
        named = [word for parent in parents for word in ("-p", commit_id(parent))]
        return commit_id(dated.run("commit-tree", commit_id(tree), *named, given=message.encode()))

    def advance(self, git: Git, commit: str, *, old: str) -> None:
        """Let the run's branch be another commit, if it still is the old one.

        Raises:
            Refused: It is not.
        """
        done = git.attempt("update-ref", "--", BRANCH, commit_id(commit), commit_id(old))
        if done.code:
            raise Refused(f"The run's branch was moved by somebody else: {done.said}.")

    def export(self, git: Git, commit: str, folder: Path) -> None:
        """Write the files of a commit into an empty folder."""
        index = folder.with_name(f"{folder.name}.index")
        apart = replace(git, more={"GIT_INDEX_FILE": str(index)})
        try:
            apart.run("read-tree", commit_id(commit))
            apart.run("checkout-index", "--all", "--force", f"--prefix={folder}/")
        finally:
            index.unlink(missing_ok=True)

    def remove(self) -> None:
        """Drop the worktree and all that was done in it; no-op when it is gone."""
        if not self.folder.exists():
            return
        with self.working():
            gone = self.folder.with_name(f".{self.name}.gone")
            shutil.rmtree(gone, ignore_errors=True)
            self.folder.rename(gone)
        shutil.rmtree(gone)


def _make(repository: Repository, folder: Path, base: str, commit: str) -> None:
    """Make a worktree aside, and give it its name when it is whole."""
    fresh = folder.with_name(f".{folder.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    directory, tree = fresh / "git", fresh / "tree"
    for part in (directory / "objects" / "info", directory / "refs" / "heads", tree):
        part.mkdir(parents=True)
    sha256 = repository.format() == "sha256"
    config = _CONFIG.format(version=1 if sha256 else 0) + (_SHA256 if sha256 else "")
    (directory / "config").write_text(config)
    (directory / "HEAD").write_text(f"ref: {BRANCH}\n")
    (directory / "objects" / "info" / "alternates").write_text(f"{repository.directory}/objects\n")
    if (repository.directory / "shallow").is_file():
        shutil.copyfile(repository.directory / "shallow", directory / "shallow")
    git = Git(directory=directory, tree=tree, seconds=_CHECKOUT_SECONDS)
    git.run("update-ref", "--", BRANCH, commit_id(commit))
    git.run("read-tree", commit)
    git.run("checkout-index", "--all", "--force")
    git.run("update-index", "-q", "--refresh")
    note = {"repository": str(repository.directory), "base": base, "began": commit}
    (fresh / _NOTE).write_text(json.dumps(note))
    fresh.rename(folder)
