"""The tools that look at the run's worktree and commits, and change nothing."""

from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from tools.contract import EffectClass, JsonObject
from tools.errors import Refused
from tools.git.changes import Change
from tools.git.command import Git
from tools.git.gittool import PLAIN_DIFF, GitTool, diff_text
from tools.git.names import short_id
from tools.plain_text import visible

MAX_LISTED = 500
_FORMAT = "%H%x1f%cI%x1f%an%x1f%s"


class NoArgs(BaseModel):
    """Nothing to say."""

    model_config = ConfigDict(extra="forbid")


class _Read(GitTool):
    effect: ClassVar[EffectClass] = "read"


class GitStatus(_Read):
    """Tells what is changed and not committed."""

    name = "git_status"
    description = "List the files that are changed and not yet committed."
    args_schema = NoArgs

    def apply(self, args: JsonObject, key: str) -> JsonValue:
        """Return the changed files and the newest commit.

        Raises:
            ToolFault: It cannot be told.
        """
        del args, key
        with self.worktree.working() as git:
            tip = self.worktree.tip(git)
            changes = self.worktree.changes(git, tip)
            ahead = int(git.run("rev-list", "--count", f"{self.worktree.began}..{tip}", "--"))
        return {
            "summary": f"{len(changes)} files changed; {ahead} commits since {self.worktree.base}.",
            "head": tip,
            "base": self.worktree.base,
            "commits": ahead,
            "changes": [_changed(one) for one in changes[:MAX_LISTED]],
            "truncated": len(changes) > MAX_LISTED,
        }


class DiffArgs(BaseModel):
    """Since when."""

    model_config = ConfigDict(extra="forbid")

    since: Literal["commit", "start"] = Field(
        default="commit", description="`commit`: the newest commit; `start`: where the run began."
    )


class GitDiff(_Read):
    """Shows what is changed."""

    name = "git_diff"
    description = "Show the changes of the files as a unified diff."
    args_schema = DiffArgs
    content: ClassVar[frozenset[str]] = frozenset({"since"})

    def apply(self, args: JsonObject, key: str) -> JsonValue:
        """Return the diff.

        Raises:
            ToolFault: It cannot be told.
        """
        del key
        with self.worktree.working() as git:
            start = args.get("since") == "start"
            old = self.worktree.began if start else self.worktree.tip(git)
            tree = self.worktree.stage(git)
            text, cut = diff_text(git, "diff-tree", *PLAIN_DIFF, "--stat", old, tree, "--")
        what = "Nothing is changed" if not text else "Cut diff" if cut else "Diff"
        return {"summary": f"{what} since {old[:12]}.", "diff": text, "truncated": cut}


class LogArgs(BaseModel):
    """How many."""

    model_config = ConfigDict(extra="forbid")

    limit: int = Field(default=20, ge=1, le=200, description="How many commits, newest first.")


class GitLog(_Read):
    """Lists commits."""

    name = "git_log"
    description = "List the newest commits."
    args_schema = LogArgs
    content: ClassVar[frozenset[str]] = frozenset({"limit"})

    def apply(self, args: JsonObject, key: str) -> JsonValue:
        """Return the commits.

        Raises:
            ToolFault: They cannot be read.
        """
        del key
        with self.worktree.working() as git:
            tip = self.worktree.tip(git)
            shown = git.run(
                "log", "-z", f"--max-count={args['limit']}", f"--format={_FORMAT}", tip, "--"
            )
        commits = [_commit(entry) for entry in shown.split("\0") if entry]
        return {"summary": f"{len(commits)} commits.", "commits": list[JsonValue](commits)}


class ShowArgs(BaseModel):
    """Which commit."""

    model_config = ConfigDict(extra="forbid")

    commit: str = Field(description="Id of a commit, as git_log gives it.", max_length=64)


class GitShow(_Read):
    """Shows a commit."""

    name = "git_show"
    description = "Show the message and the diff of one commit."
    args_schema = ShowArgs
    content: ClassVar[frozenset[str]] = frozenset({"commit"})

    def apply(self, args: JsonObject, key: str) -> JsonValue:
        """Return message and diff.

        Raises:
            Refused: There is no such commit in the run's history.
        """
        del key
        with self.worktree.working() as git:
            commit = _reachable(git, short_id(str(args["commit"])), self.worktree.tip(git))
            message = git.run("log", "--max-count=1", "--format=%B", commit, "--")
            wanted = ("diff-tree", "--root", "--no-commit-id", "-m", "--first-parent", *PLAIN_DIFF)
            text, cut = diff_text(git, *wanted, "--stat", commit, "--")
        return {
            "summary": f"Commit {commit[:12]}: {visible(message).partition(chr(10))[0]:.200}",
            "commit": commit,
            "message": visible(message)[:4_000],
            "diff": text,
            "truncated": cut,
        }


def _changed(one: Change) -> JsonObject:
    return {
        "path": visible(one.path),
        "state": one.state,
        "lines_added": one.added,
        "lines_deleted": one.deleted,
    }


def _commit(entry: str) -> JsonObject:
    commit, at, author, subject = (entry.split("\x1f") + [""] * 3)[:4]
    return {
        "commit": commit,
        "at": at,
        "author": visible(author)[:100],
        "subject": visible(subject)[:200],
    }


def _reachable(git: Git, text: str, tip: str) -> str:
    """Return the whole id of a commit that is in the history of another."""
    done = git.attempt("rev-parse", "--verify", "--quiet", "--end-of-options", f"{text}^{{commit}}")
    if done.code or git.attempt("merge-base", "--is-ancestor", done.text, tip).code:
        raise Refused(
            f"There is no commit {text!r} in the history of this run.",
            advice="git_log tells which there are.",
        )
    return done.text
