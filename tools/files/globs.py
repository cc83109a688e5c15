"""Patterns of names: `*` and `?` within a part, `**` for any folders; none of them is slow.

A pattern without `/` fits any part of a name: `.git` is the folder wherever it lies, and all that
is in it; `/notes` is the one in the workspace itself. Letter case and Unicode form make no
difference, as they make none on some disks.
"""

import re
from collections.abc import Iterable
from fnmatch import fnmatchcase, translate
from functools import lru_cache

from tools.files.names import parents, split, twin


def matches(pattern: str, name: str) -> bool:
    """Tell whether a pattern fits a name itself; without `/` it need only fit the last part."""
    if "/" not in pattern:
        return fnmatchcase(name.rpartition("/")[2], pattern)
    return _fits(pattern.strip("/").split("/"), name.split("/"))


class Patterns:
    """Tells whether any of some patterns covers a name: fits it, or a folder above it.

    Args:
        patterns: Those that count.
    """

    def __init__(self, patterns: Iterable[str]) -> None:
        self._patterns = tuple(pattern.rstrip("/") for pattern in patterns)
        anywhere = [twin(pattern) for pattern in self._patterns if "/" not in pattern]
        self._anywhere = re.compile("|".join(map(translate, anywhere)) or r"(?!)")
        self._anchored = [
            (pattern, [twin(part) for part in pattern.strip("/").split("/")])
            for pattern in self._patterns
            if "/" in pattern
        ]
        self._itself = lru_cache(maxsize=8_192)(self._fitting)

    def covering(self, name: str) -> str:
        """Return a pattern that covers a name; empty when none does."""
        if not self._patterns:
            return ""
        return next(filter(None, map(self._itself, (*parents(name), name))), "")

    def _fitting(self, name: str) -> str:
        """Return a pattern that fits a name itself."""
        last = twin(split(name)[1])
        if self._anywhere.match(last):
            named = (pattern for pattern in self._patterns if "/" not in pattern)
            return next(pattern for pattern in named if fnmatchcase(last, twin(pattern)))
        if not self._anchored:
            return ""
        parts = [twin(part) for part in name.split("/")]
        fitting = (pattern for pattern, wanted in self._anchored if _fits(wanted, parts))
        return next(fitting, "")


def _fits(wanted: list[str], parts: list[str]) -> bool:
    """Match part by part; every pair is looked at once, so that no pattern is slow."""
    reached = {0}
    for want in wanted:
        if want == "**":
            reached = {*range(min(reached), len(parts) + 1)} if reached else reached
        else:
            reached = {at + 1 for at in reached if at < len(parts) and fnmatchcase(parts[at], want)}
    return len(parts) in reached
