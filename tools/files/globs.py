"""Patterns of names: `*` and `?` within a part, `**` for any folders; none of them is slow.

A pattern without `/` fits any part of a name: `.git` is the folder wherever it lies, and all that
is in it; `/notes` is the one in the workspace itself. Letter case and Unicode form make no
difference, as they make none on some disks.
"""

from collections.abc import Callable, Iterable
from fnmatch import fnmatchcase
from functools import lru_cache

from tools.files.names import twin


def covers(pattern: str, name: str) -> bool:
    """Tell whether a pattern fits a name, or a folder above it."""
    parts = [twin(part) for part in name.split("/")]
    wanted = [twin(part) for part in pattern.strip("/").split("/")]
    if "/" not in pattern.rstrip("/"):
        return any(fnmatchcase(part, wanted[0]) for part in parts)
    return any(_fits(wanted, parts[:count]) for count in range(1, len(parts) + 1))


def matches(pattern: str, name: str) -> bool:
    """Tell whether a pattern fits a name itself; without `/` it need only fit the last part."""
    if "/" not in pattern:
        return fnmatchcase(name.rpartition("/")[2], pattern)
    return _fits(pattern.strip("/").split("/"), name.split("/"))


def any_covers(patterns: Iterable[str]) -> Callable[[str], str]:
    """Return what names the first pattern that covers a name; empty when none does."""
    known = tuple(patterns)

    @lru_cache(maxsize=4_096)
    def first(name: str) -> str:
        return next((pattern for pattern in known if covers(pattern, name)), "")

    return first


def _fits(wanted: list[str], parts: list[str]) -> bool:
    """Match part by part; every pair is looked at once, so that no pattern is slow."""
    reached = {0}
    for want in wanted:
        if want == "**":
            reached = {*range(min(reached), len(parts) + 1)} if reached else reached
        else:
            reached = {at + 1 for at in reached if at < len(parts) and fnmatchcase(parts[at], want)}
    return len(parts) in reached
