"""A merge moves one branch of the user's repository, once, checked, and nothing else."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.tools.git.opening import did, opened
from tests.tools.git.repos import build, busy, everything, git
from tools.contract import JsonObject, Tool
from tools.errors import Refused, Transient
from tools.git.green import Checked, never
from tools.git.worktree import Worktree

TITLE = "Merge the run"
SAID: JsonObject = {"message": TITLE}
MAIN = (".git/refs/heads/main", ".git/logs/refs/heads/main")
ASIDE = (".git/refs/heads/surefoot", ".git/logs/refs/heads/surefoot")


@dataclass
class Bench:
    """A run that has committed something, and a user who is on another branch."""

    user: Path
    tools: dict[str, Tool]
    worktree: Worktree
    asked: list[str]
    verdict: bool = True

    def green(self, commit: str) -> bool:
        self.asked.append(commit)
        return self.verdict

    def commit(self, text: str = "one\ntwo\nthree\n", name: str = "a.txt") -> str:
        (self.worktree.tree / name).write_text(text)
        commit: str = did(self.tools["git_commit"], message=f"Change {name}")["commit"]
        return commit

    def merge(self, key: str = "r/merge/1") -> dict[str, Any]:
        return did(self.tools["git_merge"], key=key, message=TITLE)

    def meanwhile(self, text: str, name: str) -> str:
        """Let the user commit something on `main`, and go back to another branch."""
        git(self.user, "checkout", "-q", "main")
        (self.user / name).write_text(text)
        git(self.user, "add", "-A")
        git(self.user, "commit", "-q", "-m", "Meanwhile")
        git(self.user, "checkout", "-q", "other")
        return git(self.user, "rev-parse", "main")


def begin(user: Path) -> Bench:
    bench = Bench(user, {}, None, [])  # type: ignore[arg-type]  # opened in the next line
    bench.tools, bench.worktree = opened(user, green=bench.green, base="main")
    return bench


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    user = build(tmp_path)
    git(user, "checkout", "-q", "-b", "other")
    return begin(user)


def test_merge_moves_the_branch_and_tells_run_step_and_approval(bench: Bench) -> None:
    tip = bench.commit()
    onto = git(bench.user, "rev-parse", "main")
    busy(bench.user)
    before = everything(bench.user, but=MAIN)
    merged = bench.merge()
    assert everything(bench.user, but=MAIN) == before
    assert git(bench.user, "rev-parse", "main") == merged["commit"]
    assert git(bench.user, "log", "-1", "--format=%P", "main") == f"{onto} {tip}"
    assert git(bench.user, "show", "main:a.txt") == "one\ntwo\nthree"
    assert git(bench.user, "log", "-1", "--format=%B", "main").splitlines() == [
        "Merge the run",
        "",
        "Surefoot-Run: r",
        "Surefoot-Step: merge.1",
        "Surefoot-Approval: person ada (review q7)",
    ]
    assert "surefoot: r/merge/1" in git(bench.user, "reflog", "main")
    assert git(bench.user, "fsck", "--no-dangling") == ""


def test_checked_out_branch_is_left_alone_and_the_merge_waits_beside_it(bench: Bench) -> None:
    git(bench.user, "checkout", "-q", "main")
    bench.commit()
    busy(bench.user)
    before = everything(bench.user, but=ASIDE)
    assert (
        bench.tools["git_merge"].preview(SAID).facts["main"] == "stays, because it is checked out"
    )
    merged = bench.merge()
    assert everything(bench.user, but=ASIDE) == before
    assert merged["branch"] == "surefoot/run-1"
    assert "git merge --ff-only surefoot/run-1" in merged["summary"]
    git(bench.user, "checkout", "-q", "-f", "main")
    (bench.user / "new.txt").unlink()
    git(bench.user, "merge", "-q", "--ff-only", "surefoot/run-1")
    assert (bench.user / "a.txt").read_text() == "one\ntwo\nthree\n"


@pytest.mark.parametrize("way", ["linked worktree", "rebase", "bisect"])
def test_branch_that_is_in_use_in_another_way_is_left_alone(
    bench: Bench, tmp_path: Path, way: str
) -> None:
    bench.commit()
    own = bench.user / ".git"
    if way == "linked worktree":
        git(bench.user, "worktree", "add", "-q", str(tmp_path / "linked"), "main")
    elif way == "rebase":
        (own / "rebase-merge").mkdir()
        (own / "rebase-merge/head-name").write_text("refs/heads/main\n")
    else:
        (own / "BISECT_START").write_text("main\n")
    main = git(bench.user, "rev-parse", "main")
    assert bench.merge()["branch"] == "surefoot/run-1"
    assert git(bench.user, "rev-parse", "main") == main


def test_second_merge_that_waits_takes_the_place_of_the_first(bench: Bench) -> None:
    git(bench.user, "checkout", "-q", "main")
    bench.commit()
    bench.merge()
    bench.commit("b2\n", "b.txt")
    second = bench.merge("r/merge/2")
    assert git(bench.user, "rev-parse", "surefoot/run-1") == second["commit"]


def test_work_of_somebody_on_the_branch_that_waits_is_not_overwritten(bench: Bench) -> None:
    git(bench.user, "checkout", "-q", "-b", "surefoot/run-1")
    (bench.user / "mine.txt").write_text("mine")
    git(bench.user, "add", "-A")
    git(bench.user, "commit", "-q", "-m", "Mine")
    git(bench.user, "checkout", "-q", "main")
    bench.commit()
    with pytest.raises(Refused, match="Somebody works on"):
        bench.merge()


def test_without_passed_checks_there_is_no_merge(bench: Bench) -> None:
    bench.commit()
    bench.verdict = False
    for attempt in ("preview", "snapshot"):
        with pytest.raises(Refused, match="checks have not passed"):
            getattr(bench.tools["git_merge"], attempt)(SAID)
    with pytest.raises(Refused, match="checks have not passed"):
        bench.merge()
    assert git(bench.user, "log", "-1", "--format=%s", "main") == "First"
    assert never("x") is False


def test_checks_are_asked_of_exactly_what_is_merged(bench: Bench) -> None:
    tip = bench.commit()
    bench.tools["git_merge"].target(SAID)
    assert bench.asked == [tip]
    bench.meanwhile("b2\n", "b.txt")
    bench.asked.clear()
    for _ in range(2):
        bench.tools["git_merge"].target(SAID)
    (trial,) = {*bench.asked}
    assert trial != tip
    merged = bench.merge()
    with bench.worktree.working() as own:
        assert own.run("rev-parse", f"{trial}^{{tree}}") == merged["checked"]
    assert git(bench.user, "rev-parse", "main^{tree}") == merged["checked"]
    assert git(bench.user, "show", "main:b.txt") == "b2"


def test_checks_run_on_the_files_of_a_commit_once(bench: Bench) -> None:
    tip = bench.commit()
    seen: list[dict[str, str]] = []

    def check(folder: Path) -> bool:
        seen.append({path.name: path.read_text() for path in folder.iterdir()})
        return True

    (bench.worktree.tree / "a.txt").write_text("not committed")
    green = Checked(bench.worktree, check)
    assert green(tip)
    assert green(tip)
    assert seen == [{"a.txt": "one\ntwo\nthree\n", "b.txt": "b\n"}]
    assert not Checked(bench.worktree, lambda _: False)(tip)


def test_conflict_is_refused_with_the_files(bench: Bench) -> None:
    bench.commit()
    bench.meanwhile("zero\n", "a.txt")
    with pytest.raises(Refused, match=r"conflicts in: a\.txt"):
        bench.merge()


def test_nothing_new_or_uncommitted_changes_are_refused(bench: Bench) -> None:
    with pytest.raises(Refused, match="nothing to merge"):
        bench.merge()
    bench.commit()
    (bench.worktree.tree / "a.txt").write_text("more")
    with pytest.raises(Refused, match="not committed"):
        bench.merge()


def test_approval_is_bound_to_commits_files_and_branch(bench: Bench) -> None:
    bench.commit()
    tool = bench.tools["git_merge"]
    seen = {tool.target(SAID)}
    assert tool.target(SAID) in seen
    bench.meanwhile("b2\n", "b.txt")
    seen.add(tool.target(SAID))
    git(bench.user, "checkout", "-q", "main")
    seen.add(tool.target(SAID))
    git(bench.user, "checkout", "-q", "other")
    bench.commit("c\n", "c.txt")
    seen.add(tool.target(SAID))
    assert len(seen) == 4


def test_branch_that_moves_at_the_last_moment_is_not_overwritten(bench: Bench) -> None:
    bench.commit()
    moved: list[str] = []

    def green(commit: str) -> bool:
        if not moved:
            moved.append(bench.meanwhile("b2\n", "b.txt"))
        return True

    tools, _ = opened(bench.user, green=green)
    with pytest.raises(Transient, match="while the checks ran"):
        did(tools["git_merge"], message=TITLE)
    assert git(bench.user, "rev-parse", "main") == moved[0]
    with pytest.raises(Refused, match="moved by somebody else"):
        bench.worktree.repository.move("main", moved[0], old=bench.worktree.began, why="x", held=())


def test_probe_finds_the_merge_also_below_what_the_user_did_since(bench: Bench) -> None:
    bench.commit()
    tool = bench.tools["git_merge"]
    snapshot = tool.snapshot(SAID)
    assert tool.probe(SAID, snapshot, "r/merge/1") == "no"
    bench.merge()
    assert tool.probe(SAID, snapshot, "r/merge/1") == "yes"
    bench.meanwhile("b2\n", "b.txt")
    assert tool.probe(SAID, snapshot, "r/merge/1") == "yes"
    assert tool.probe(SAID, snapshot, "r/merge/2") == "no"
    git(bench.user, "branch", "-q", "-D", "main")
    assert tool.probe(SAID, snapshot, "r/merge/1") == "unknown"


def test_preview_shows_commits_and_diff_and_changes_nothing(bench: Bench) -> None:
    bench.commit()
    before = everything(bench.user)
    preview = bench.tools["git_merge"].preview(SAID)
    assert "+three" in preview.statement
    assert "Change a.txt" in preview.after
    assert preview.facts["commits"] == 1
    assert "git revert -m 1" in preview.undo
    assert everything(bench.user) == before


def test_there_is_no_merge_unless_settings_name_a_branch(bench: Bench) -> None:
    tools, _ = opened(bench.user, into="")
    assert "git_merge" not in tools
    tools, _ = opened(bench.user, into="nope")
    with pytest.raises(Refused, match="no branch"):
        did(tools["git_merge"], message=TITLE)


def test_bare_repository_is_merged_into(tmp_path: Path) -> None:
    user = build(tmp_path / "one")
    bare = tmp_path / "two" / "bare.git"
    git(user, "clone", "-q", "--bare", str(user), str(bare))
    git(bare, "symbolic-ref", "HEAD", "refs/heads/none")
    bench = begin(bare)
    bench.commit()
    assert bench.merge()["branch"] == "main"
    assert git(bare, "show", "main:a.txt") == "one\ntwo\nthree"


def test_shallow_repository_is_worked_on(tmp_path: Path) -> None:
    full = build(tmp_path / "full")
    (full / "a.txt").write_text("2\n")
    git(full, "commit", "-q", "-a", "-m", "Second")
    user = tmp_path / "user"
    git(full, "clone", "-q", "--depth=1", "-b", "main", f"file://{full}", str(user))
    bench = begin(user)
    bench.commit()
    assert bench.merge()["branch"] == "surefoot/run-1"
    assert len(did(bench.tools["git_log"])["commits"]) == 2
