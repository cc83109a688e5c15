"""Which effect a commit is: lines at the end of its message that only Surefoot writes."""

import re
from collections.abc import Callable, Iterator
from typing import Final

from tools.contract import Clearance
from tools.errors import Refused
from tools.git.command import Git
from tools.plain_text import visible

Approvals = Callable[[str], Clearance | None]
"""Returns the clearance of an effect's key: who or what allowed it."""

MAX_MESSAGE_CHARACTERS: Final = 4_000
_WALKED: Final = 2_000
"""How many commits are looked at to find one."""
_OURS = re.compile(r"^\s*surefoot-", re.IGNORECASE | re.MULTILINE)


def message_of(text: str) -> str:
    """Return a commit's message as a model may write it.

    Raises:
        Refused: It is empty, or pretends to be a trailer of ours.
    """
    clean = visible(text).strip()
    if not clean:
        raise Refused("The commit has no message.", advice="Say what was changed and why.")
    if _OURS.search(clean):
        raise Refused("A commit message may not have lines that begin with 'Surefoot-'.")
    return clean


def with_trailers(message: str, key: str, clearance: Clearance | None) -> str:
    """Return a message that tells which effect this is and who allowed it."""
    lines = [*_trailers(key)]
    if clearance is not None:
        review = f" (review {clearance.review})" if clearance.review else ""
        lines.append(f"Surefoot-Approval: {_line(f'{clearance.by} {clearance.name}{review}')}")
    return message + "\n\n" + "\n".join(lines) + "\n"


def find_effect(git: Git, key: str, *, above: str, tip: str) -> str:
    """Return the commit that is an effect, between two commits; empty when there is none."""
    wanted = {*_trailers(key)}
    for commit, message in _messages(git, f"{above}..{tip}"):
        if wanted <= {*message.splitlines()}:
            return commit
    return ""


def is_ours(git: Git, commit: str) -> bool:
    """Tell whether a commit was made by a run."""
    message = git.run("log", "--max-count=1", "--format=%B", commit, "--")
    return any(line.startswith("Surefoot-Run: ") for line in message.splitlines())


def _trailers(key: str) -> tuple[str, str]:
    run, step, ordinal = ([""] * 2 + key.rsplit("/", 2))[-3:]
    return f"Surefoot-Run: {_line(run)}", f"Surefoot-Step: {_line(step)}.{_line(ordinal)}"


def _line(text: str) -> str:
    return " ".join(visible(text).split())


def _messages(git: Git, commits: str) -> Iterator[tuple[str, str]]:
    listed = git.data(
        "log", "-z", "--first-parent", f"--max-count={_WALKED}", "--format=%H%n%B", commits, "--"
    )
    for entry in listed.decode("utf-8", "replace").split("\0"):
        commit, _, message = entry.partition("\n")
        if commit:
            yield commit, message
