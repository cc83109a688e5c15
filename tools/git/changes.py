"""What changed between two trees, and whether it is too much."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from tools.errors import Refused
from tools.files.names import is_normal
from tools.git.command import Git

State = Literal["added", "changed", "deleted"]
_STATES: Final[dict[str, State]] = {"A": "added", "D": "deleted"}
_LINK: Final = "120000"
_SUBMODULE: Final = "160000"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One file that differs."""

    path: str
    state: State
    mode: str
    """As git has it; that before when it was deleted."""
    blob: str
    """Its new content; zeros when it was deleted."""
    added: int
    deleted: int
    """Lines; a binary file has none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """How much one commit may change."""

    max_files: int
    max_lines: int
    max_bytes: int
    """Of one file."""


def changes_between(git: Git, old: str, new: str) -> list[Change]:
    """Return what changed from one tree to another."""
    raw = git.data("diff-tree", "-r", "-z", "--raw", "--numstat", "--no-renames", old, new, "--")
    fields = raw.decode("utf-8", "surrogateescape").split("\0")[:-1]
    split = next((at for at, word in enumerate(fields) if "\t" in word), len(fields))
    lines = {
        path: (one, other) for one, other, path in (word.split("\t", 2) for word in fields[split:])
    }
    return [_change(*pair, lines) for pair in zip(fields[:split:2], fields[1:split:2], strict=True)]


def _change(head: str, path: str, lines: dict[str, tuple[str, str]]) -> Change:
    old_mode, mode, _, blob, letter = head.lstrip(":").split(" ")
    added, deleted = lines.get(path, ("-", "-"))
    return Change(
        path=path,
        state=_STATES.get(letter[0], "changed"),
        mode=old_mode if letter[0] == "D" else mode,
        blob=blob,
        added=int(added) if added.isdecimal() else 0,
        deleted=int(deleted) if deleted.isdecimal() else 0,
    )


def refuse_excess(changes: Sequence[Change], budget: Budget, git: Git) -> None:
    """Raise when a change is larger than one commit may be.

    Raises:
        Refused: It has too many files or lines, or one of its files is too large.
    """
    lines = sum(change.added + change.deleted for change in changes)
    if len(changes) > budget.max_files or lines > budget.max_lines:
        raise Refused(
            f"The change has {len(changes)} files and {lines} lines; "
            f"at most {budget.max_files} and {budget.max_lines} may be committed at once.",
            advice="Change less, or delete what does not belong to it.",
        )
    for change, size in _sizes(git, [one for one in changes if one.state != "deleted"]):
        if size > budget.max_bytes:
            raise Refused(
                f"{change.path!r} has {size} bytes; at most {budget.max_bytes} may be committed."
            )


def refuse_kinds(changes: Sequence[Change], denies: Callable[[str], str], git: Git) -> None:
    """Raise when something changed that no commit of an agent may hold.

    Raises:
        Refused: A secret, another repository, a link that leads out, or a misleading name.
    """
    for change in changes:
        pattern = denies(change.path)
        if pattern:
            raise Refused(f"{change.path!r} is kept from agents ({pattern}).")
        if not all(is_normal(part) for part in change.path.split("/")):
            raise Refused(f"{change.path!a} has a name that cannot be told from others.")
        if change.mode == _SUBMODULE:
            raise Refused(
                f"{change.path!r} is another repository.", advice="Delete its `.git` folder."
            )
        if change.mode == _LINK and change.state != "deleted":
            _refuse_outward(change, git)


def _refuse_outward(change: Change, git: Git) -> None:
    target = git.data("cat-file", "blob", change.blob).decode("utf-8", "replace")
    depth = change.path.count("/")
    for part in target.split("/"):
        depth += -1 if part == ".." else 0 if part in {"", "."} else 1
        if depth < 0 or target.startswith("/"):
            raise Refused(f"The link {change.path!r} leads out of the repository: {target!r:.200}.")


def _sizes(git: Git, changes: Sequence[Change]) -> Iterator[tuple[Change, int]]:
    real = [change for change in changes if change.mode != _SUBMODULE]
    asked = "".join(f"{change.blob}\n" for change in real).encode()
    told = git.run("cat-file", "--batch-check=%(objectsize)", given=asked) if real else ""
    for change, size in zip(real, told.split(), strict=True):
        yield change, int(size)
