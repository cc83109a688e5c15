"""The tool that hands the run's commits over to the user's repository.

The merge is made in the run's repository, then its objects are given to the user's, then one
branch there moves, if it still is what it was. The user's worktree and index are never touched:
a branch that somebody has checked out is left alone, and the merge waits on `surefoot/<name>`.
"""

from datetime import UTC, datetime
from typing import ClassVar, Final, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from tools.contract import Clock, EffectClass, Happened, JsonObject, Preview, canonical
from tools.errors import Refused, Transient
from tools.git.command import Git
from tools.git.gittool import PLAIN_DIFF, GitTool, diff_text
from tools.git.green import Green
from tools.git.names import commit_id
from tools.git.trailers import (
    MAX_MESSAGE_CHARACTERS,
    Approvals,
    find_effect,
    is_ours,
    message_of,
    with_trailers,
)
from tools.git.worktree import Worktree

MAX_PACK_BYTES: Final = 512 * 1024 * 1024
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class MergeArgs(BaseModel):
    """What to say of it."""

    model_config = ConfigDict(extra="forbid")

    message: str = Field(
        min_length=1,
        max_length=MAX_MESSAGE_CHARACTERS,
        description="What is merged and why; the first line is the title.",
    )


class Plan(NamedTuple):
    """A merge as it would be."""

    onto: str
    """Where the user's branch is."""
    tip: str
    """Where the run's is."""
    tree: str
    """What the files would be."""
    ref: str
    """The branch that would move."""
    was: str
    """Where that is; empty when it is to be new."""

    def to_json(self) -> JsonObject:
        """Return it as it is kept."""
        return dict(self._asdict())


class GitMerge(GitTool):
    """Merges the run's commits into one branch of the user's repository.

    Args:
        worktree: The worktree.
        into: The branch.
        green: Tells whether a commit has passed its checks.
        approvals: Who or what cleared an effect.
        clock: The present.
    """

    name = "git_merge"
    description = (
        "Merge the run's commits into the user's branch; needs passed checks and a person."
    )
    effect: ClassVar[EffectClass] = "irreversible"
    args_schema = MergeArgs
    content: ClassVar[frozenset[str]] = frozenset({"message"})

    def __init__(
        self,
        worktree: Worktree,
        *,
        into: str,
        green: Green,
        approvals: Approvals,
        clock: Clock,
    ) -> None:
        super().__init__(worktree)
        self._into = into
        self._green = green
        self._approvals = approvals
        self._clock = clock

    def bounds(self) -> tuple[str, ...]:
        """Return which branch may move, and what it needs."""
        aside = f"or {self.worktree.branch} when somebody has it checked out"
        moves = f"moves {self._into} of {self.worktree.repository.directory}, {aside}"
        return (*super().bounds(), moves, "only with passed checks of exactly what is merged")

    def resources(self, args: JsonObject) -> frozenset[str]:
        """Return the run's branch and the one that is merged into."""
        return super().resources(args) | {f"git:{self._into}"}

    def target(self, args: JsonObject) -> str:
        """Return exactly what would be merged, where; or why nothing would be.

        Raises:
            ToolFault: It cannot be told.
        """
        del args
        try:
            return canonical(self._ready().to_json())
        except Refused as fault:
            return canonical({"refused": fault.what})

    def snapshot(self, args: JsonObject) -> JsonObject:
        """Return exactly what would be merged, where.

        Raises:
            Refused: There is nothing to merge, it conflicts, or its checks have not passed.
        """
        message_of(str(args["message"]))
        return self._ready().to_json()

    def preview(self, args: JsonObject) -> Preview:
        """Return what would change for the user.

        Raises:
            Refused: As for `snapshot`.
        """
        message = message_of(str(args["message"]))
        plan = self._ready()
        with self.worktree.working() as git:
            commits = git.run("log", "--format=%h %s", "--max-count=50", f"{plan.onto}..{plan.tip}")
            text, cut = diff_text(git, "diff-tree", *PLAIN_DIFF, plan.onto, plan.tree, "--")
        return Preview(
            summary=f"Merge into {plan.ref}: {message.partition(chr(10))[0]:.200}",
            statement=text + ("\n... (cut)" if cut else ""),
            before=f"{plan.ref} at {plan.was[:12]}" if plan.was else f"no {plan.ref}",
            after=commits,
            facts={
                "commits": len(commits.splitlines()),
                "checks": "passed on exactly these files",
                **self._aside(plan.ref),
            },
            undo=f"`git revert -m 1`, typed by you, takes it back on {plan.ref}.",
        )

    def _aside(self, ref: str) -> JsonObject:
        """Say that the branch itself stays, when it does."""
        return {} if ref == self._into else {self._into: "stays, because it is checked out"}

    def apply(self, args: JsonObject, key: str) -> JsonValue:
        """Merge, give the objects over, and move the branch if it still is what it was.

        Raises:
            Refused: As for `snapshot`, or the branch was moved in the meantime.
            Fatal: git cannot write.
        """
        message = message_of(str(args["message"]))
        repository = self.worktree.repository
        plan = self._ready()
        with self.worktree.working() as git:
            if self._plan(git)[0] != plan:
                raise Transient("Something was committed while the checks ran.")
            said = with_trailers(message, key, self._approvals(key))
            parents = [plan.onto, plan.tip]
            commit = self.worktree.commit(git, plan.tree, parents, said, self._clock())
            wanted = f"{commit}\n^{plan.onto}\n".encode()
            packing = ("pack-objects", "--revs", "--stdout", "-q")
            repository.receive(git.data(*packing, given=wanted, limit=MAX_PACK_BYTES))
            repository.move(
                plan.ref, commit, old=plan.was or None, why=f"surefoot: {key}", held=git.held
            )
        aside = plan.ref != self._into
        more = f" {self._into} is checked out: `git merge --ff-only {plan.ref}` brings it there."
        return {
            "summary": f"Merged as {commit[:12]} on {plan.ref}." + (more if aside else ""),
            "commit": commit,
            "branch": plan.ref,
            "parents": list[JsonValue](parents),
            "checked": plan.tree,
        }

    def probe(self, args: JsonObject, snapshot: JsonObject, key: str) -> Happened:
        """Tell whether the branch has a commit with the trailers of this effect."""
        del args
        ref, was = str(snapshot["ref"]), str(snapshot["was"])
        with self.worktree.working() as git:
            now = self.worktree.repository.branches().get(ref, "")
            if now == was:
                return "no"
            if not now:
                return "unknown"
            found = find_effect(git, key, above=str(snapshot["onto"]), tip=commit_id(now))
        return "yes" if found else "no"

    def _ready(self) -> Plan:
        """Return the merge, once its checks have passed; they run while others may work.

        Raises:
            Refused: There is nothing to merge, it conflicts, or its checks have not passed.
        """
        with self.worktree.working() as git:
            plan, trial = self._plan(git)
        if not self._green(trial):
            raise Refused(
                f"The checks have not passed on what would be merged into {self._into!r}.",
                advice="Run them, and mend what fails.",
            )
        return plan

    def _plan(self, git: Git) -> tuple[Plan, str]:
        """Return the merge, and a commit with exactly the files that it would leave."""
        repository = self.worktree.repository
        branches, tip = repository.branches(), self.worktree.tip(git)
        if self._into not in branches:
            raise Refused(f"The repository has no branch {self._into!r}.")
        onto = commit_id(branches[self._into])
        if git.attempt("merge-base", "--is-ancestor", tip, onto).code == 0:
            raise Refused(
                f"There is nothing to merge: {self._into!r} has all of the run's commits."
            )
        if self.worktree.changes(git, tip):
            raise Refused("There are changes that are not committed.", advice="Commit them first.")
        tree = self._merged(git, onto, tip)
        ref = self.worktree.branch if self._into in repository.in_use() else self._into
        was = branches.get(ref, "")
        if ref != self._into and was and not is_ours(git, commit_id(was)):
            raise Refused(
                f"Somebody works on {ref!r}, where the merge would have to wait.",
                advice="A person has to give that branch another name.",
            )
        return Plan(onto, tip, tree, ref, was), self._trial(git, tree, onto, tip)

    def _merged(self, git: Git, onto: str, tip: str) -> str:
        done = git.attempt("merge-tree", "--write-tree", "--name-only", "-z", onto, tip)
        first, *others = done.out.decode("utf-8", "replace").split("\0")
        if done.code == 1:
            names = ", ".join(others[: others.index("")] if "" in others else others)
            raise Refused(
                f"{self._into!r} has changed in the meantime, and conflicts in: {names:.300}.",
                advice="A person has to merge, or the run begins anew.",
            )
        if done.code:
            raise Refused(f"It cannot be merged: {done.said}.", advice="git 2.38 is needed.")
        return commit_id(first.strip())

    def _trial(self, git: Git, tree: str, onto: str, tip: str) -> str:
        """Return a commit with exactly what would be merged, the same whenever it is made."""
        if git.run("rev-parse", "--verify", f"{tip}^{{tree}}") == tree:
            return tip
        return self.worktree.commit(git, tree, [onto, tip], "What would be merged\n", _EPOCH)
