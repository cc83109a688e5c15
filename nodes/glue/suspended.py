"""Where programs wait: in the store, under the key of the decision that they wait for.

A glue entry on the ledger names what is left of a program; what came of its call is on the ledger
too. Both are found again by whatever process goes on, and by a fork in the run that it came from.
"""

import base64
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from threading import Lock
from typing import Final

from pydantic import Field

from nodes.glue.interpreter import Answer
from nodes.glue.programs import Written
from nodes.glue.told import Told
from nodes.state import Decision
from tools.contract import JsonObject, Record
from tools.records import LedgerEntry, Memory

KIND: Final = "glue"
_PAGE: Final = 10_000
_REMEMBERED: Final = 256
_PARENTS: Final = 20
"""Forks of forks that are followed back."""


class Waiting(Record):
    """A program after one of its turns, as it is kept."""

    written: Written
    printed: str = ""
    left: str = ""
    """What it goes on with, base64; empty when it is over."""
    decision: Decision
    """What it wants, or how it ended."""
    interpreter: str = ""
    """Which version kept it."""
    broken: int = Field(default=0, ge=0)
    """Programs of this step that broke before this one."""

    @property
    def over(self) -> bool:
        """Whether there is nothing to go on with."""
        return not self.left

    @property
    def rest(self) -> bytes:
        """What it goes on with."""
        return base64.b64decode(self.left)


@dataclass(frozen=True, slots=True)
class Found:
    """A program that waits, and where it is."""

    waiting: Waiting
    key: str
    seq: int

    @property
    def run(self) -> str:
        """The run that kept it."""
        return self.key.rsplit("/", 2)[0]

    @property
    def ordinal(self) -> int:
        """The decision that it was kept for."""
        return int(self.key.rpartition("/")[2])


@dataclass(slots=True)
class _Index:
    """Where the newest program of each step is, as far as a run's ledger was read."""

    read: int = 0
    newest: dict[str, LedgerEntry] = field(default_factory=dict)
    parent: str = ""
    """The run that this one is a fork of."""


@dataclass(frozen=True, slots=True)
class Suspended:
    """The programs that wait in one store.

    Args:
        memory: The store.
    """

    memory: Memory
    _runs: OrderedDict[str, _Index] = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)

    def keep(self, run: str, key: str, waiting: Waiting) -> None:
        """Keep a program under the key of its decision."""
        with self.memory.transaction():
            ref = self.memory.artifacts.put(waiting.to_json())
            state = "over" if waiting.over else "waits"
            body: JsonObject = {"program": ref, "origin": waiting.written.origin, "state": state}
            self.memory.ledger.append(run, KIND, key, body)

    def newest(self, run: str, step: str, ordinal: int) -> Found | None:
        """Return the newest program of a step that was kept, at the latest for this decision.

        A fork goes on with the program of the run that it came from; None when there is none.
        """
        index = self._index(run)
        entry, parent = index.newest.get(step), index.parent
        for _ in range(_PARENTS):
            if entry is not None or not parent:
                break
            kept = [
                one
                for one in self._after(parent, 0)
                if one.kind == KIND and one.subject == f"{parent}/{step}/{ordinal - 1}"
            ]
            entry, parent = (kept[-1], "") if kept else (None, self._index(parent).parent)
        return None if entry is None else self._found(entry)

    def came_of(self, found: Found) -> Answer:
        """Return what came of the call that a program waits for."""
        told = Told(found.key)
        for entry in self._after(found.run, found.seq):
            told.take(entry.kind, entry.subject, self._body(entry))
        return told.answer(self.memory)

    def _index(self, run: str) -> _Index:
        """Return what a run's ledger holds; what was read before is not read again."""
        with self._lock:
            index = self._runs.setdefault(run, _Index())
            self._runs.move_to_end(run)
            if len(self._runs) > _REMEMBERED:
                self._runs.popitem(last=False)
            for entry in self._after(run, index.read):
                index.read = entry.seq
                if entry.kind == KIND:
                    index.newest[entry.subject.rsplit("/", 2)[1]] = entry
                elif entry.kind == "fork":
                    index.parent = str(self._body(entry).get("of", ""))
            return index

    def _after(self, run: str, seq: int) -> Iterator[LedgerEntry]:
        while True:
            page = self.memory.ledger.entries(run, after=seq, limit=_PAGE)
            yield from page
            if len(page) < _PAGE:
                return
            seq = page[-1].seq

    def _found(self, entry: LedgerEntry) -> Found:
        kept = self.memory.artifacts.get(str(entry.body["program"]))
        return Found(Waiting.model_validate(kept), entry.subject, entry.seq)

    def _body(self, entry: LedgerEntry) -> JsonObject:
        """Return the body of an entry; a large one is an artifact."""
        if set(entry.body) != {"artifact", "bytes"}:
            return entry.body
        whole = self.memory.artifacts.get(str(entry.body["artifact"]))
        return whole if isinstance(whole, dict) else {}
