"""Remembers answers as long as their servers allow, within bounds, in memory."""

import re
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import Lock

from tools.http.client import Answer

_MAX_AGE = re.compile(r"(?:^|[\s,])max-age\s*=\s*\"?(\d{1,9})", re.IGNORECASE)
_OK = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """One answer, and until when it needs no question."""

    answer: Answer
    fresh_until: float

    @property
    def validators(self) -> tuple[tuple[str, str], ...]:
        """Headers that ask the server whether this is still its answer."""
        asks = {"etag": "If-None-Match", "last-modified": "If-Modified-Since"}
        headers = self.answer.headers
        return tuple((ask, headers[name]) for name, ask in asks.items() if headers.get(name))


@dataclass(slots=True, kw_only=True)
class Cache:
    """Answers by URL, least recently used first out.

    Args:
        entries: How many are kept at most.
        max_bytes: How much they take at most.
        seconds: How long the longest is fresh, whatever its server says.
        clock: Monotonic seconds.
    """

    entries: int = 64
    max_bytes: int = 20_000_000
    seconds: float = 3_600.0
    clock: Callable[[], float] = time.monotonic
    _kept: OrderedDict[str, Kept] = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)

    def find(self, url: str) -> Kept | None:
        """Return what is kept of a URL, fresh or not."""
        with self._lock:
            if url in self._kept:
                self._kept.move_to_end(url)
            return self._kept.get(url)

    def is_fresh(self, kept: Kept) -> bool:
        """Tell whether an answer may be given without asking the server."""
        return self.clock() < kept.fresh_until

    def keep(self, url: str, answer: Answer, headers: Mapping[str, str] | None = None) -> None:
        """Keep an answer when its server allows it; forget an older one in any case.

        Args:
            url: What was asked.
            answer: What came.
            headers: Newer headers, of the answer that says that nothing changed.
        """
        told = {**answer.headers, **(headers or {})}
        control = told.get("cache-control", "").lower()
        found = _MAX_AGE.search(control)
        seconds = 0.0 if "no-cache" in control or not found else float(found[1]) - _age(told)
        kept = Kept(answer=answer, fresh_until=self.clock() + min(seconds, self.seconds))
        allowed = answer.status == _OK and not answer.truncated and "no-store" not in control
        with self._lock:
            self._kept.pop(url, None)
            if allowed and told.get("vary", "").strip() != "*" and (kept.validators or seconds > 0):
                self._kept[url] = kept
                self._shrink()

    def _shrink(self) -> None:
        size = sum(len(kept.answer.body) for kept in self._kept.values())
        while self._kept and (len(self._kept) > self.entries or size > self.max_bytes):
            _, oldest = self._kept.popitem(last=False)
            size -= len(oldest.answer.body)


def _age(headers: Mapping[str, str]) -> float:
    text = headers.get("age", "")
    return float(text) if text.isdecimal() and text.isascii() else 0.0
