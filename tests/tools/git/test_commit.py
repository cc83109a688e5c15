"""Commits of a run: exactly what is there, told apart by trailers, within a budget, taken back."""

import threading
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from checkpoints.reversal import UndoReport
from checkpoints.store import Store
from checkpoints.undo import undo_run
from tests.behaviour.conftest import clock, store
from tests.behaviour.shelf import Clock
from tests.tools.git.opening import NOW, did, opened
from tests.tools.git.repos import build, git
from tools.contract import Action, Call, Clearance, JsonObject, Observation, Tool
from tools.errors import BadInput, Fatal, Refused, UndoConflict
from tools.git.family import git_tools
from tools.git.settings import GitSettings
from tools.git.worktree import Worktree
from tools.policy import Policy
from tools.runner import Runner
from tools.toolbox import Toolbox, lint

__all__ = ["clock", "store"]

POLICY = '[[rules]]\nid = "git"\ntool = "git_*"\nverdict = "allow"\n'
SAID: JsonObject = {"message": "Change a\n\nBecause."}


@dataclass
class Bench:
    user: Path
    tools: dict[str, Tool]
    worktree: Worktree
    store: Store
    clock: Clock

    def runner(self) -> Runner:
        stated = GitSettings(repository=str(self.user), into="main")
        tools = git_tools(
            stated,
            worktree=self.worktree,
            approvals=self.store.clearances.find,
            clock=self.clock,
        )
        return Runner(
            tools=Toolbox(tools),
            policy=Policy.from_toml(POLICY, source="git"),
            journal=self.store.journal,
            clearances=self.store.clearances,
            artifacts=self.store.artifacts,
            clock=self.clock,
            sleep=lambda _: None,
        )

    def run(self, key: str = "r/s/1", args: JsonObject = SAID) -> Observation:
        action = Action(tool="git_commit", args=args)
        self.store.clearances.grant(
            Clearance(
                key=key,
                action_hash=action.hash,
                by="person",
                name="ada",
                review="q7",
                expires_at=self.clock() + timedelta(hours=1),
            )
        )
        return self.runner().run(Call(key=key, run="r", step="s", action=action))

    def undo(self) -> UndoReport:
        return undo_run(self.store, "r", reverser=self.runner(), by="ada")

    def change(self, text: str = "one\ntwo\nthree\n", name: str = "a.txt") -> None:
        (self.worktree.tree / name).write_text(text)

    @property
    def tip(self) -> str:
        with self.worktree.working() as own:
            return self.worktree.tip(own)

    def log(self, form: str) -> str:
        with self.worktree.working() as own:
            return own.run("log", "-1", f"--format={form}", self.worktree.tip(own))


@pytest.fixture
def bench(tmp_path: Path, store: Store, clock: Clock) -> Bench:
    user = build(tmp_path)
    tools, worktree = opened(user)
    return Bench(user, tools, worktree, store, clock)


def test_commit_tells_run_step_and_approval(bench: Bench) -> None:
    bench.change()
    assert bench.run().status == "ok"
    assert bench.log("%B").splitlines() == [
        "Change a",
        "",
        "Because.",
        "",
        "Surefoot-Run: r",
        "Surefoot-Step: s.1",
        "Surefoot-Approval: person ada (review q7)",
    ]
    assert bench.log("%an <%ae> %aI") == "Surefoot <surefoot@localhost> 2026-11-22T12:00:00+00:00"
    assert bench.log("%P") == bench.worktree.began


def test_commit_holds_exactly_what_is_there(bench: Bench) -> None:
    bench.change("one\r\ntwo\n")
    bench.change("new", "deep.txt")
    (bench.worktree.tree / "b.txt").unlink()
    (bench.worktree.tree / "run.sh").write_text("x")
    (bench.worktree.tree / "run.sh").chmod(0o755)
    changes = did(bench.tools["git_status"])["changes"]
    assert [(one["path"], one["state"]) for one in changes] == [
        ("a.txt", "changed"),
        ("b.txt", "deleted"),
        ("deep.txt", "added"),
        ("run.sh", "added"),
    ]
    commit = did(bench.tools["git_commit"], message="All")["commit"]
    with bench.worktree.working() as own:
        assert own.data("cat-file", "blob", f"{commit}:a.txt") == b"one\r\ntwo\n"
        assert "100755" in own.run("ls-tree", commit, "run.sh")
    assert did(bench.tools["git_status"])["changes"] == []


def test_ignored_files_stay_out(bench: Bench) -> None:
    bench.change("build/\n", ".gitignore")
    (bench.worktree.tree / "build").mkdir()
    bench.change("x", "build/out")
    assert did(bench.tools["git_commit"], message="Ignore")["files"] == 1


def test_nothing_to_commit_is_refused(bench: Bench) -> None:
    with pytest.raises(Refused, match="nothing to commit"):
        did(bench.tools["git_commit"], message="x")


@pytest.mark.parametrize(
    "message", [" \n", "\u200b", "Fine\n\nSurefoot-Run: other", "x\n  SUREFOOT-Step: y"]
)
def test_message_that_is_none_or_forges_a_trailer_is_refused(bench: Bench, message: str) -> None:
    bench.change()
    for attempt in ("preview", "snapshot"):
        with pytest.raises(Refused):
            getattr(bench.tools["git_commit"], attempt)({"message": message})
    with pytest.raises(Refused):
        did(bench.tools["git_commit"], message=message)


@pytest.mark.parametrize(
    ("budget", "said"),
    [
        ({"max_files": 1}, "2 files"),
        ({"max_lines": 2}, "3 lines"),
        ({"max_file_bytes": 10}, "bytes"),
    ],
)
def test_change_over_the_budget_is_refused(bench: Bench, budget: dict[str, Any], said: str) -> None:
    bench.change()
    bench.change("x\n" * 2, "new.txt")
    tools, _ = opened(bench.user, **budget)
    with pytest.raises(Refused, match=said):
        did(tools["git_commit"], message="x")
    assert bench.tip == bench.worktree.began


def test_large_binary_is_over_the_budget_though_it_has_no_lines(bench: Bench) -> None:
    (bench.worktree.tree / "big").write_bytes(b"\0" * 2_000_000)
    with pytest.raises(Refused, match="2000000 bytes"):
        did(bench.tools["git_commit"], message="x")


def test_huge_diff_is_cut_and_says_so(bench: Bench) -> None:
    bench.change("line\n" * 200_000)
    found = did(bench.tools["git_diff"])
    assert found["truncated"]
    assert len(found["diff"]) == 40_000


def test_preview_shows_the_diff_and_changes_nothing(bench: Bench) -> None:
    bench.change()
    preview = bench.tools["git_commit"].preview(SAID)
    assert "+three" in preview.statement
    assert preview.facts == {"files": 1, "lines_added": 1, "lines_deleted": 0}
    assert bench.tip == bench.worktree.began


def test_approval_is_bound_to_the_exact_content(bench: Bench) -> None:
    bench.change()
    seen = bench.tools["git_commit"].target(SAID)
    assert bench.tools["git_commit"].target(SAID) == seen
    bench.change("other\n")
    assert bench.tools["git_commit"].target(SAID) != seen
    assert bench.tools["git_commit"].resources(SAID) == {"git:surefoot/run-1", "file:a.txt"}


def test_undo_moves_the_branch_back_and_leaves_the_files(bench: Bench) -> None:
    bench.change()
    bench.run()
    assert [item.outcome for item in bench.undo().items] == ["undone"]
    assert bench.tip == bench.worktree.began
    assert (bench.worktree.tree / "a.txt").read_text() == "one\ntwo\nthree\n"


def test_commits_are_undone_newest_first(bench: Bench) -> None:
    for number in (1, 2):
        bench.change(f"{number}\n")
        bench.run(f"r/s/{number}")
    first = bench.store.journal.find("r/s/1")
    assert first is not None
    with pytest.raises(UndoConflict, match="not this commit"):
        bench.runner().undo(first)
    assert [item.outcome for item in bench.undo().items] == ["undone", "undone"]
    assert bench.tip == bench.worktree.began


def test_commit_of_somebody_else_on_top_is_a_conflict(bench: Bench) -> None:
    bench.change()
    bench.run()
    bench.change("theirs\n")
    did(bench.tools["git_commit"], key="other/s/1", message="Theirs")
    tip = bench.tip
    (item,) = bench.undo().items
    assert (item.outcome, item.now) == ("conflict", tip)
    assert bench.tip == tip


@pytest.mark.parametrize("moment", ["before", "after"])
def test_commit_that_a_crash_cut_short_is_found_out(bench: Bench, moment: str) -> None:
    bench.change()
    tool = bench.runner().tools["git_commit"]
    bench.store.journal.intend(
        key="r/s/1",
        run="r",
        step="s",
        action=Action(tool="git_commit", args=SAID),
        snapshot=tool.snapshot(SAID),
    )
    if moment == "after":
        tool.apply(SAID, "r/s/1")
    seen = bench.run()
    assert (seen.status, seen.replayed) == ("ok", moment == "after")
    with bench.worktree.working() as own:
        commits = f"{bench.worktree.began}..{bench.worktree.tip(own)}"
        assert own.run("rev-list", "--count", commits) == "1"
    assert [item.outcome for item in bench.undo().items] == ["undone"]
    assert bench.tip == bench.worktree.began


def test_locks_of_a_killed_git_are_removed_when_nobody_holds_them(bench: Bench) -> None:
    own = bench.worktree.folder / "git"
    for name in ("index.lock", "HEAD.lock", "refs/heads/run.lock"):
        (own / name).write_text("")
    bench.change()
    assert bench.run().status == "ok"


def test_two_threads_commit_one_after_the_other(bench: Bench) -> None:
    bench.change()
    came: list[str] = []

    def commit(number: int) -> None:
        try:
            came.append(did(bench.tools["git_commit"], key=f"r/s/{number}", message="x")["commit"])
        except Refused as fault:
            came.append(fault.what)

    threads = [threading.Thread(target=commit, args=(number,)) for number in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(one.startswith("There is nothing to commit") for one in came) == [False, True]


# Looking.


def test_log_and_show_tell_the_history_of_the_run(bench: Bench) -> None:
    bench.change()
    commit = did(bench.tools["git_commit"], message="Change a")["commit"]
    log = did(bench.tools["git_log"], limit=5)["commits"]
    assert [entry["subject"] for entry in log] == ["Change a", "First"]
    shown = did(bench.tools["git_show"], commit=commit[:10])
    assert shown["commit"] == commit
    assert "+three" in shown["diff"]
    first = did(bench.tools["git_show"], commit=log[1]["commit"])
    assert "+one" in first["diff"]


def test_commit_outside_of_the_history_is_not_shown(bench: Bench) -> None:
    git(bench.user, "checkout", "-q", "-b", "secret")
    (bench.user / "a.txt").write_text("secret")
    git(bench.user, "commit", "-q", "-a", "-m", "Secret")
    with pytest.raises(Refused, match="history of this run"):
        did(bench.tools["git_show"], commit=git(bench.user, "rev-parse", "HEAD"))


def test_diff_since_the_start_has_commits_and_changes(bench: Bench) -> None:
    bench.change()
    did(bench.tools["git_commit"], message="x")
    bench.change("b2\n", "b.txt")
    assert "+three" not in did(bench.tools["git_diff"])["diff"]
    both = did(bench.tools["git_diff"], since="start")["diff"]
    assert "+three" in both
    assert "+b2" in both


def test_declarations_hold_together(bench: Bench) -> None:
    assert [lint(tool) for tool in bench.tools.values()] == [[]] * 6
    effects = {name: tool.effect for name, tool in bench.tools.items()}
    assert effects["git_commit"] == "reversible"
    assert effects["git_merge"] == "irreversible"
    assert all(tool.card() and tool.bounds() for tool in bench.tools.values())


# The worktree itself.


def test_worktree_of_a_name_is_the_same_for_every_process(bench: Bench) -> None:
    bench.change("kept\n")
    _, again = opened(bench.user)
    assert (again.tree / "a.txt").read_text() == "kept\n"
    _, other = opened(bench.user, name="run-2")
    assert (other.tree / "a.txt").read_text() == "one\ntwo\n"


def test_worktree_that_was_half_made_is_made_anew(bench: Bench) -> None:
    half = bench.user.parent / "runs" / ".run-3.new"
    half.mkdir()
    (half / "rest").write_text("x")
    _, made = opened(bench.user, name="run-3")
    assert (made.tree / "a.txt").exists()
    assert not half.exists()


def test_worktree_is_not_made_within_the_users_own(bench: Bench) -> None:
    with pytest.raises(BadInput, match="within the repository itself"):
        opened(bench.user, name="run-4", worktrees=str(bench.user / "runs"))


@pytest.mark.parametrize("name", ["", "../x", "A", "a/b", "-a", "a" * 61, ".git"])
def test_name_that_is_no_folder_is_refused(bench: Bench, name: str) -> None:
    with pytest.raises(BadInput):
        opened(bench.user, name=name)


def test_worktree_that_was_dropped_is_gone_and_says_so(bench: Bench) -> None:
    bench.worktree.remove()
    bench.worktree.remove()
    with pytest.raises(Fatal, match="is gone"):
        did(bench.tools["git_status"])


def test_worktree_begins_from_the_branch_that_settings_name(bench: Bench) -> None:
    git(bench.user, "branch", "-q", "release/1.0")
    (bench.user / "a.txt").write_text("newer\n")
    git(bench.user, "commit", "-q", "-a", "-m", "Newer")
    _, made = opened(bench.user, name="run-5", base="release/1.0")
    assert (made.tree / "a.txt").read_text() == "one\ntwo\n"
    assert made.base == "release/1.0"
    with pytest.raises(Refused, match="no branch"):
        opened(bench.user, name="run-6", base="nope")


def test_sha256_repository_is_worked_on_too(tmp_path: Path) -> None:
    user = tmp_path / "user"
    user.mkdir()
    git(user, "init", "-q", "-b", "main", "--object-format=sha256")
    (user / "a.txt").write_text("a\n")
    git(user, "add", "-A")
    git(user, "commit", "-q", "-m", "First")
    tools, worktree = opened(user)
    (worktree.tree / "a.txt").write_text("b\n")
    assert len(did(tools["git_commit"], message="x")["commit"]) == 64


def test_dates_are_those_of_the_clock(bench: Bench) -> None:
    bench.change()
    did(bench.tools["git_commit"], message="x")
    assert int(bench.log("%ct")) == int(NOW.timestamp())
