"""Programs that a repository names run for a naive tool, and never for ours."""

import os
import shutil
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.tools.git.naive import Naive
from tests.tools.git.opening import did, opened
from tests.tools.git.repos import TRAPS, build, busy, everything, git, script
from tools.errors import BadInput, Fatal, Refused
from tools.git.names import branch, short_id
from tools.git.repository import Repository


def work(user: Path) -> None:
    """Do with our tools what the naive one does."""
    tools, worktree = opened(user)
    (worktree.tree / "a.txt").write_text("one\ntwo\nthree\n")
    did(tools["git_status"])
    did(tools["git_diff"])
    tools["git_commit"].preview({"message": "Change"})
    commit = did(tools["git_commit"], message="Change")["commit"]
    did(tools["git_log"])
    did(tools["git_show"], commit=commit)
    tools["git_merge"].preview({"message": "Merge"})
    did(tools["git_merge"], message="Merge")
    worktree.remove()


@pytest.mark.parametrize("trap", TRAPS.values(), ids=TRAPS)
def test_trap_springs_for_a_naive_tool_only(
    tmp_path: Path, trap: Callable[[Path, str], None]
) -> None:
    pwned = tmp_path / "pwned"
    for folder in ("naive", "ours"):
        user = build(tmp_path / folder)
        trap(user, script(user, pwned))
    pwned.unlink(missing_ok=True)
    Naive(tmp_path / "naive/user", tmp_path / "naive/work").work()
    assert pwned.exists()
    pwned.unlink()
    work(tmp_path / "ours/user")
    assert not pwned.exists()


@pytest.mark.parametrize("trap", TRAPS.values(), ids=TRAPS)
def test_trap_planted_while_a_run_works_does_not_spring(
    tmp_path: Path, trap: Callable[[Path, str], None]
) -> None:
    pwned = tmp_path / "pwned"
    user = build(tmp_path)
    tools, worktree = opened(user)
    trap(user, script(user, pwned))
    shutil.copytree(user / ".git", worktree.tree / "nested" / ".git")
    (worktree.tree / ".gitattributes").write_text("* filter=evil diff=evil merge=evil\n")
    pwned.unlink(missing_ok=True)
    for name in ("git_status", "git_diff", "git_log"):
        did(tools[name])
    with pytest.raises(Refused):  # another repository in the worktree
        did(tools["git_commit"], message="x")
    assert not pwned.exists()


def test_environment_does_not_steer_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    user = build(tmp_path)
    evil = script(user, tmp_path / "pwned")
    for name, value in {
        "GIT_EXTERNAL_DIFF": evil,
        "GIT_PAGER": evil,
        "GIT_EDITOR": evil,
        "GIT_SSH_COMMAND": evil,
        "GIT_DIR": str(tmp_path),
        "GIT_WORK_TREE": "/",
        "GIT_INDEX_FILE": str(user / ".git/index"),
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "core.fsmonitor",
        "GIT_CONFIG_VALUE_0": evil,
        "GIT_TRACE": str(tmp_path / "pwned"),
        "HOME": str(tmp_path),
    }.items():
        monkeypatch.setenv(name, value)
    (tmp_path / ".gitconfig").write_text(
        f"[core]\n\tfsmonitor = {evil}\n[diff]\n\texternal = {evil}\n"
    )
    before = everything(user, but=(".git/refs/heads/surefoot", ".git/logs/refs/heads/surefoot"))
    work(user)
    assert not (tmp_path / "pwned").exists()
    assert (
        everything(user, but=(".git/refs/heads/surefoot", ".git/logs/refs/heads/surefoot"))
        == before
    )


def test_submodule_is_not_fetched_and_not_run(tmp_path: Path) -> None:
    inner, user = build(tmp_path / "inner"), build(tmp_path)
    evil = script(user, tmp_path / "pwned")
    git(
        user, "-c", "protocol.file.allow=always", "submodule", "add", "-q", f"file://{inner}", "sub"
    )
    git(user, "config", "-f", ".gitmodules", "submodule.sub.update", f"!{evil}")
    git(user, "config", "submodule.sub.update", f"!{evil}")
    git(user, "config", "submodule.recurse", "true")
    git(user, "add", "-A")
    git(user, "commit", "-q", "-m", "Sub")
    tools, worktree = opened(user)
    assert [*(worktree.tree / "sub").iterdir()] == []
    (worktree.tree / "a.txt").write_text("changed\n")
    assert [one["path"] for one in did(tools["git_status"])["changes"]] == ["a.txt"]
    did(tools["git_commit"], message="Change")
    assert not (tmp_path / "pwned").exists()


def test_object_that_is_missing_is_not_fetched_by_a_program(tmp_path: Path) -> None:
    pwned = tmp_path / "pwned"
    users = [build(tmp_path / folder) for folder in ("naive", "ours")]
    for user in users:
        blob = git(user, "rev-parse", "main:a.txt")
        (user / ".git/objects" / blob[:2] / blob[2:]).unlink()
        git(user, "config", "core.repositoryFormatVersion", "1")
        git(user, "config", "extensions.partialClone", "origin")
        git(user, "config", "remote.origin.promisor", "true")
        git(user, "config", "remote.origin.url", str(user))
        git(user, "config", "remote.origin.uploadpack", f"touch '{pwned}'; true")
    git(users[0], "show", "main", check=False)
    assert pwned.exists()
    pwned.unlink()
    with pytest.raises(Fatal):
        opened(users[1])
    assert not pwned.exists()


def test_tree_that_would_write_into_a_repository_is_not_checked_out(tmp_path: Path) -> None:
    user = build(tmp_path)
    blob = git(user, "hash-object", "-w", "--stdin", given="evil")
    inner = git(user, "mktree", given=f"100755 blob {blob}\tpre-commit\n")
    tree = git(user, "mktree", given=f"040000 tree {inner}\t.git\n")
    commit = git(user, "commit-tree", tree, "-m", "Evil")
    git(user, "update-ref", "refs/heads/evil", commit)
    with pytest.raises(Fatal, match="invalid path"):
        opened(user, base="evil")


def test_file_with_the_name_of_an_option_is_a_file(tmp_path: Path) -> None:
    tools, worktree = opened(build(tmp_path))
    for name in ("--output=x", ":(glob)**", "-rf"):
        (worktree.tree / name).write_text("x")
    assert did(tools["git_commit"], message="--amend")["files"] == 3
    assert did(tools["git_log"], limit=1)["commits"][0]["subject"] == "--amend"
    assert not (worktree.tree / "x").exists()


@pytest.mark.parametrize(
    "name",
    [
        "--upload-pack=touch x",
        "-x",
        "a..b",
        "a@{1}",
        "a b",
        "x.lock",
        "a/.b",
        "/a",
        "a/",
        "a\nb",
        "HEAD~1",
        "a^",
        "a:b",
        "",
        "é",
        "a//b",
        "$(x)",
        "a.lock/b",
    ],
)
def test_word_that_git_could_take_for_something_else_is_no_branch(name: str) -> None:
    with pytest.raises(BadInput):
        branch(name)


@pytest.mark.parametrize(
    "text", ["--all", "HEAD", "main", "abc", "--output=x", "deadbeef~1", "@{-1}"]
)
def test_word_that_is_no_id_is_no_commit(tmp_path: Path, text: str) -> None:
    with pytest.raises(Refused):
        short_id(text)


def test_branch_with_the_name_of_an_option_harms_nobody(tmp_path: Path) -> None:
    user = build(tmp_path)
    odd = "refs/heads/--upload-pack=touch${IFS}pwned"
    git(user, "update-ref", odd, git(user, "rev-parse", "main"))
    with pytest.raises(ValueError, match="name of a branch"):
        opened(user, base=odd.removeprefix("refs/heads/"), name="odd")
    tools, _ = opened(user)
    assert did(tools["git_log"])["commits"]


@pytest.mark.parametrize("kind", ["link", "file", "nothing", "inner link"])
def test_repository_behind_a_link_is_not_opened(tmp_path: Path, kind: str) -> None:
    user, other = build(tmp_path / "one"), build(tmp_path / "two")
    if kind == "inner link":
        shutil.rmtree(user / ".git/objects")
        (user / ".git/objects").symlink_to(other / ".git/objects")
    else:
        shutil.rmtree(user / ".git")
    if kind == "link":
        (user / ".git").symlink_to(other / ".git")
    if kind == "file":
        (user / ".git").write_text(f"gitdir: {other}/.git\n")
    with pytest.raises(BadInput, match="main worktree"):
        Repository.open(user)


@pytest.mark.parametrize(
    ("name", "target"),
    [
        ("x", "/etc/passwd"),
        ("x", "../../outside"),
        ("d/x", "../.."),
        ("d/x", "../../y"),
        ("x", "a/../../y"),
    ],
)
def test_link_that_leads_out_is_not_committed(tmp_path: Path, name: str, target: str) -> None:
    tools, worktree = opened(build(tmp_path))
    path = worktree.tree / name
    path.parent.mkdir(exist_ok=True)
    path.symlink_to(target)
    if (name, target) == ("d/x", "../.."):
        target = "out"
    with pytest.raises(Refused, match="leads out"):
        did(tools["git_commit"], message="x")


def test_link_within_is_committed(tmp_path: Path) -> None:
    tools, worktree = opened(build(tmp_path))
    (worktree.tree / "d").mkdir()
    (worktree.tree / "d/x").symlink_to("../a.txt")
    assert did(tools["git_commit"], message="x")["files"] == 1


@pytest.mark.parametrize(
    "name", [".env", "keys/id_rsa", "deploy.pem", "a\u202eb", "sp ace ", "b\\c"]
)
def test_secret_or_misleading_name_is_not_committed(tmp_path: Path, name: str) -> None:
    tools, worktree = opened(build(tmp_path))
    path = worktree.tree / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("x")
    with pytest.raises(Refused):
        did(tools["git_commit"], message="x")


def test_git_itself_in_the_worktree_is_not_reached(tmp_path: Path) -> None:
    tools, worktree = opened(build(tmp_path))
    (worktree.tree / ".git").write_text("gitdir: /etc\n")
    (worktree.tree / "a.txt").write_text("changed\n")
    assert [one["path"] for one in did(tools["git_status"])["changes"]] == ["a.txt"]


@pytest.mark.parametrize("unusual", ["fifo", "socket"])
def test_special_files_are_left_out(tmp_path: Path, unusual: str) -> None:
    tools, worktree = opened(build(tmp_path))
    path = worktree.tree / "odd"
    if unusual == "fifo":
        os.mkfifo(path)
    else:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(str(path))
    (worktree.tree / "a.txt").write_text("changed\n")
    assert did(tools["git_commit"], message="x")["files"] == 1


def test_user_in_the_midst_of_work_notices_nothing(tmp_path: Path) -> None:
    user = build(tmp_path)
    busy(user)
    before = everything(user)
    tools, worktree = opened(user)
    (worktree.tree / "a.txt").write_text("mine\n")
    for number in (1, 2):
        (worktree.tree / f"{number}.txt").write_text("x")
        for tool in tools.values():
            if tool.name.startswith("git_s"):
                continue
            tool.check({"message": "x"}) if tool.effect != "read" else did(tool)
        did(tools["git_commit"], key=f"r/s/{number}", message="Change")
    worktree.remove()
    assert everything(user) == before
    assert not (tmp_path / "runs/run-1").exists()
