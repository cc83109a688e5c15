"""Repositories of users: friendly ones, and ones that name programs wherever git allows it."""

import hashlib
import os
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

NAMES = {
    "GIT_AUTHOR_NAME": "Ada",
    "GIT_AUTHOR_EMAIL": "ada@example.com",
    "GIT_COMMITTER_NAME": "Ada",
    "GIT_COMMITTER_EMAIL": "ada@example.com",
    "GIT_AUTHOR_DATE": "1700000000 +0000",
    "GIT_COMMITTER_DATE": "1700000000 +0000",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_NOSYSTEM": "1",
    "HOME": "/nonexistent",
    "PATH": os.environ["PATH"],
}


def git(folder: Path, *words: str, given: str = "", check: bool = True) -> str:
    """Run git as the user would."""
    done = subprocess.run(
        ["git", "-C", str(folder), *words],
        input=given,
        capture_output=True,
        text=True,
        env=NAMES,
        check=False,
    )
    assert not check or done.returncode == 0, done.stderr
    return done.stdout.strip()


def build(folder: Path, files: Mapping[str, str] | None = None) -> Path:
    """Make a repository with one commit on `main`, in the midst of its user's work."""
    user = folder / "user"
    user.mkdir(parents=True)
    git(user, "init", "-q", "-b", "main")
    for name, text in (files or {"a.txt": "one\ntwo\n", "b.txt": "b\n"}).items():
        (user / name).parent.mkdir(parents=True, exist_ok=True)
        (user / name).write_text(text)
    git(user, "add", "-A")
    git(user, "commit", "-q", "-m", "First")
    return user


def busy(user: Path) -> None:
    """Let the user have a stash, a staged change, an unstaged one and a new file."""
    (user / "a.txt").write_text("stashed\n")
    git(user, "stash", "-q")
    (user / "b.txt").write_text("staged\n")
    git(user, "add", "b.txt")
    (user / "a.txt").write_text("dirty\n")
    (user / "new.txt").write_text("mine\n")


def everything(user: Path, *, but: tuple[str, ...] = ()) -> dict[str, str]:
    """Return what the user has, byte for byte, without objects that nothing leads to."""
    found: dict[str, str] = {}
    for path in sorted(user.rglob("*")):
        name = path.relative_to(user).as_posix()
        if name.startswith((".git/objects/", *but)) or path.is_dir():
            continue
        looks = path.lstat()
        content = os.fsencode(path.readlink()) if path.is_symlink() else path.read_bytes()
        seen = hashlib.sha256(content).hexdigest()
        found[name] = f"{looks.st_mode:o} {looks.st_mtime_ns} {looks.st_ino} {seen}"
    return found


# Ways of naming a program. Each plants one in a repository that is not yet used.


def script(user: Path, pwned: Path, name: str = "evil.sh") -> str:
    """Make a program that leaves a mark, and passes on what it is given."""
    path = user.parent / name
    path.write_text(f"#!/bin/sh\ntouch '{pwned}'\ncat\nexit 0\n")
    path.chmod(0o755)
    return str(path)


def hooks(user: Path, evil: str) -> None:
    for name in (
        *("pre-commit", "post-commit", "commit-msg", "prepare-commit-msg", "post-checkout"),
        *("reference-transaction", "post-merge", "pre-merge-commit", "post-index-change"),
    ):
        hook = user / ".git" / "hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\nexec {evil} </dev/null\n")
        hook.chmod(0o755)


def hooks_elsewhere(user: Path, evil: str) -> None:
    hooks(user, evil)
    (user / ".git" / "hooks").rename(user / ".git" / "elsewhere")
    git(user, "config", "core.hooksPath", str(user / ".git" / "elsewhere"))


def monitor(user: Path, evil: str) -> None:
    git(user, "config", "core.fsmonitor", evil)


def filters(user: Path, evil: str) -> None:
    for kind in ("clean", "smudge"):
        git(user, "config", f"filter.evil.{kind}", evil)
    _attributes(user, "* filter=evil")


def filter_process(user: Path, evil: str) -> None:
    git(user, "config", "filter.evil.process", evil)
    _attributes(user, "* filter=evil")


def text_conversion(user: Path, evil: str) -> None:
    git(user, "config", "diff.evil.textconv", evil)
    _attributes(user, "* diff=evil")


def diff_driver(user: Path, evil: str) -> None:
    git(user, "config", "diff.evil.command", evil)
    _attributes(user, "* diff=evil")


def external_diff(user: Path, evil: str) -> None:
    git(user, "config", "diff.external", evil)


def merge_driver(user: Path, evil: str) -> None:
    git(user, "config", "merge.evil.driver", f"{evil} %A")
    _attributes(user, "* merge=evil")


def signatures(user: Path, evil: str) -> None:
    git(user, "config", "gpg.program", evil)
    git(user, "config", "commit.gpgSign", "true")


def pager(user: Path, evil: str) -> None:
    git(user, "config", "core.pager", evil)
    git(user, "config", "pager.log", evil)


def included(user: Path, evil: str) -> None:
    more = user / ".git" / "more"
    more.write_text(f'[core]\n\tfsmonitor = "{evil}"\n\thooksPath = "{user}/.git/hooks"\n')
    git(user, "config", "include.path", str(more))
    hooks(user, evil)


def _attributes(user: Path, line: str) -> None:
    (user / ".gitattributes").write_text(f"{line}\n")
    plain = ["-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null"]
    blob = git(user, *plain, "hash-object", "-w", "--no-filters", ".gitattributes")
    git(user, *plain, "update-index", "--add", "--cacheinfo", f"100644,{blob},.gitattributes")
    tree = git(user, *plain, "write-tree")
    commit = git(user, *plain, "commit-tree", tree, "-p", "HEAD", "-m", "Attributes")
    git(user, *plain, "update-ref", "refs/heads/main", commit)


TRAPS: dict[str, Callable[[Path, str], None]] = {
    trap.__name__: trap
    for trap in (
        hooks,
        hooks_elsewhere,
        monitor,
        filters,
        filter_process,
        text_conversion,
        diff_driver,
        external_diff,
        merge_driver,
        signatures,
        pager,
        included,
    )
}
