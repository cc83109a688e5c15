"""Names in git that mean one thing only: no options, no expressions, nothing to be looked up."""

import re

from tools.errors import BadInput, Refused

_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_SHORT = re.compile(r"[0-9a-f]{7,64}")
_BRANCH = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+/-]{0,199}")
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,59}")


def commit_id(text: str) -> str:
    """Return the whole id of a commit, tree or blob.

    Raises:
        Refused: It is none.
    """
    if not _COMMIT.fullmatch(text):
        raise Refused(f"{text!r:.80} is not the id of a commit.")
    return text


def short_id(text: str) -> str:
    """Return an id, or the beginning of one.

    Raises:
        Refused: It is neither.
    """
    if not _SHORT.fullmatch(text):
        raise Refused(
            f"{text!r:.80} is not the id of a commit.", advice="git_log tells which there are."
        )
    return text


def branch(text: str) -> str:
    """Return the name of a branch, in the part of git's grammar that is never anything else.

    Raises:
        BadInput: It is none.
    """
    odd = (".." in text, "//" in text, "/." in text, text.endswith((".", "/", ".lock")))
    if not _BRANCH.fullmatch(text) or any(odd) or ".lock/" in text:
        raise BadInput(
            f"{text!r:.80} cannot be the name of a branch here.",
            advice="Letters, digits and ._+/- are possible.",
        )
    return text


def worktree(text: str) -> str:
    """Return the name of a run's worktree.

    Raises:
        BadInput: It is none.
    """
    if not _NAME.fullmatch(text):
        raise BadInput(
            f"{text!r:.80} cannot be the name of a worktree.",
            advice="Small letters, digits and - are possible, 60 at most.",
        )
    return text
