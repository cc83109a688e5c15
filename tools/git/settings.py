"""What `[tools.git]` of surefoot.toml may say."""

from typing import Annotated

from pydantic import AfterValidator, Field

from tools.contract import Record
from tools.errors import BadInput
from tools.git.changes import Budget
from tools.git.names import branch


def _branch(text: str) -> str:
    try:
        return branch(text) if text else text
    except BadInput as fault:
        raise ValueError(fault.what) from fault


BranchName = Annotated[str, AfterValidator(_branch)]


class GitSettings(Record):
    """`[tools.git]`: which repository a run works on, in a worktree of its own."""

    repository: str = Field(min_length=1)
    """The folder of the repository; its worktree, index and HEAD are never touched."""
    worktrees: str = ""
    """The folder that holds the worktrees of runs, outside of the repository; when empty one beside
    the store, or beside the repository when the store is in it."""
    base: BranchName = ""
    """The branch that a run begins from; the one that is checked out when empty."""
    into: BranchName = ""
    """The branch that `git_merge` may move; none when empty."""
    max_files: int = Field(default=50, ge=1)
    """How many files one commit may change."""
    max_lines: int = Field(default=2_000, ge=1)
    """How many lines, added and deleted, one commit may change."""
    max_file_bytes: int = Field(default=1_000_000, ge=1)
    """How large a file in a commit may be."""

    @property
    def budget(self) -> Budget:
        """How much one commit may change."""
        return Budget(
            max_files=self.max_files, max_lines=self.max_lines, max_bytes=self.max_file_bytes
        )
