"""The tool that commits what the run changed, on the run's own branch."""

from collections.abc import Callable
from typing import ClassVar, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from tools.contract import Clock, EffectClass, Happened, JsonObject, Preview, canonical
from tools.errors import Refused, UndoConflict
from tools.files.names import resource
from tools.git.changes import Budget, Change, changes_between, refuse_excess, refuse_kinds
from tools.git.command import Git
from tools.git.gittool import PLAIN_DIFF, GitTool, diff_text
from tools.git.trailers import (
    MAX_MESSAGE_CHARACTERS,
    Approvals,
    find_effect,
    message_of,
    with_trailers,
)
from tools.git.worktree import Worktree
from tools.versions import Versions


class CommitArgs(BaseModel):
    """What to say of it."""

    model_config = ConfigDict(extra="forbid")

    message: str = Field(
        min_length=1,
        max_length=MAX_MESSAGE_CHARACTERS,
        description="What was changed and why; the first line is the title.",
    )


class Staged(NamedTuple):
    """What a commit would hold."""

    head: str
    tree: str
    changes: list[Change]


class GitCommit(GitTool):
    """Commits all that is changed in the run's worktree.

    Undoing it moves the run's branch back, if nothing was committed on top; the files stay, they
    have effects and undos of their own.

    Args:
        worktree: The worktree.
        budget: How much one commit may change.
        denies: By which pattern a file is kept from agents; empty when it is not.
        approvals: Who or what cleared an effect.
        clock: The present.
    """

    name = "git_commit"
    description = "Commit all changed files of the worktree, on the run's own branch."
    effect: ClassVar[EffectClass] = "reversible"
    args_schema = CommitArgs
    content: ClassVar[frozenset[str]] = frozenset({"message"})

    def __init__(
        self,
        worktree: Worktree,
        *,
        budget: Budget,
        denies: Callable[[str], str],
        approvals: Approvals,
        clock: Clock,
    ) -> None:
        super().__init__(worktree)
        self._budget = budget
        self._denies = denies
        self._approvals = approvals
        self._clock = clock

    def bounds(self) -> tuple[str, ...]:
        """Return where it works and how much one commit may change."""
        budget = self._budget
        most = (
            f"{budget.max_files} files, {budget.max_lines} lines, {budget.max_bytes} bytes a file"
        )
        return (*super().bounds(), f"one commit changes at most {most}")

    def resources(self, args: JsonObject) -> frozenset[str]:
        """Return the run's branch and the files that are changed.

        Raises:
            ToolFault: It cannot be told which.
        """
        with self.worktree.working() as git:
            changes = self.worktree.changes(git, self.worktree.tip(git))
        named = (resource(change.path) for change in changes[: self._budget.max_files + 1])
        return super().resources(args) | {*named}

    def target(self, args: JsonObject) -> str:
        """Return the commit that it follows, and the exact content.

        Raises:
            ToolFault: It cannot be told.
        """
        del args
        with self.worktree.working() as git:
            return canonical({"head": self.worktree.tip(git), "tree": self.worktree.stage(git)})

    def snapshot(self, args: JsonObject) -> JsonObject:
        """Return the commit that it follows, and the exact content.

        Raises:
            Refused: There is nothing to commit, too much, or something that no commit may hold.
        """
        message_of(str(args["message"]))
        with self.worktree.working() as git:
            staged = self._staged(git)
        return {"head": staged.head, "tree": staged.tree}

    def preview(self, args: JsonObject) -> Preview:
        """Return the diff.

        Raises:
            Refused: As for `snapshot`.
        """
        message = message_of(str(args["message"]))
        with self.worktree.working() as git:
            staged = self._staged(git)
            text, cut = diff_text(git, "diff-tree", *PLAIN_DIFF, staged.head, staged.tree, "--")
        return Preview(
            summary=f"Commit {len(staged.changes)} files: {message.partition(chr(10))[0]:.200}",
            statement=text + ("\n... (cut)" if cut else ""),
            before=f"{self.worktree.branch} at {staged.head[:12]}",
            after=message,
            facts={
                "files": len(staged.changes),
                "lines_added": sum(change.added for change in staged.changes),
                "lines_deleted": sum(change.deleted for change in staged.changes),
            },
            undo="The run's branch goes back to where it was; the files stay as they are.",
        )

    def apply(self, args: JsonObject, key: str) -> JsonValue:
        """Commit.

        Raises:
            Refused: As for `snapshot`.
            Fatal: git cannot write.
        """
        message = message_of(str(args["message"]))
        with self.worktree.working() as git:
            staged = self._staged(git)
            said = with_trailers(message, key, self._approvals(key))
            commit = self.worktree.commit(git, staged.tree, [staged.head], said, self._clock())
            self.worktree.advance(git, commit, old=staged.head)
        count = len(staged.changes)
        return {
            "summary": f"Committed {count} file{'s' if count != 1 else ''} as {commit[:12]}.",
            "commit": commit,
            "parent": staged.head,
            "files": len(staged.changes),
        }

    def probe(self, args: JsonObject, snapshot: JsonObject, key: str) -> Happened:
        """Tell whether the run's branch has a commit with the trailers of this effect."""
        del args
        with self.worktree.working() as git:
            tip = self.worktree.tip(git)
            return "yes" if find_effect(git, key, above=str(snapshot["head"]), tip=tip) else "no"

    def compare(self, args: JsonObject, snapshot: JsonObject, result: JsonValue) -> Versions | None:
        """Return the run's branch: before, as the commit left it, and now."""
        del args
        with self.worktree.working() as git:
            tip = self.worktree.tip(git)
            left = self._made(git, snapshot, result, tip) or tip
        return Versions(
            subject=f"git:{self.worktree.branch}", before=snapshot["head"], left=left, now=tip
        )

    def undo(self, args: JsonObject, snapshot: JsonObject, result: JsonValue) -> None:
        """Move the run's branch back; the files stay.

        Raises:
            UndoConflict: Something was committed on top.
        """
        del args
        head = str(snapshot["head"])
        with self.worktree.working() as git:
            tip = self.worktree.tip(git)
            if tip == head:
                return
            if self._made(git, snapshot, result, tip) != tip:
                raise UndoConflict(
                    f"The run's branch is at {tip[:12]}, which is not this commit.",
                    advice="Undo what was committed on top of it first.",
                )
            self.worktree.advance(git, head, old=tip)

    def _made(self, git: Git, snapshot: JsonObject, result: JsonValue, tip: str) -> str:
        """Return the commit that the effect made; of one that was only found out, looked up."""
        if isinstance(result, dict) and result.get("commit"):
            return str(result["commit"])
        return find_effect(git, str(snapshot.get("key")), above=str(snapshot["head"]), tip=tip)

    def _staged(self, git: Git) -> Staged:
        head = self.worktree.tip(git)
        tree = self.worktree.stage(git)
        changes = changes_between(git, head, tree)
        if not changes:
            raise Refused("There is nothing to commit: no file is changed.")
        refuse_kinds(changes, self._denies, git)
        refuse_excess(changes, self._budget, git)
        return Staged(head, tree, changes)
