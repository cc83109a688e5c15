"""What was usual in the runs before: targets, number of effects, cost of models."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median
from threading import Lock

from tools.contract import EffectRecord
from tools.errors import ToolFault
from tools.records import Memory, RunInfo
from tools.toolbox import Toolbox

LOOKED_AT = 50
"""Newest runs that count."""
MAX_RUNS = 16
"""Runs for which the past is kept at hand."""
ENOUGH = 5
"""With fewer runs nothing is usual yet; every target is new all the same."""


@dataclass(frozen=True, slots=True)
class Unusual:
    """How an action compares."""

    new_target: bool
    rate: float
    """Effects of this run, this one included, in medians of the runs before; 0: not enough runs."""
    cost: float
    """What the models of this run cost so far, in the same way."""


@dataclass(slots=True)
class _Past:
    touched: set[tuple[str, str]] = field(default_factory=set)
    effects: float = 0.0
    usd: float = 0.0


class Usual:
    """Compares with the ended runs of the same domain; reads them once for each run.

    Args:
        memory: Where they are.
        tools: Tell what an action touched.
    """

    def __init__(self, memory: Memory, tools: Toolbox) -> None:
        self._memory = memory
        self._tools = tools
        self._past: dict[str, _Past] = {}
        self._lock = Lock()

    def compare(self, run: str, domain: str, tool: str, resources: Sequence[str]) -> Unusual:
        """Return how an action compares with what was done before."""
        with self._lock:
            if run not in self._past:
                self._past[run] = self._read(run, domain)
            past = self._past[run]
            while len(self._past) > MAX_RUNS:
                del self._past[next(iter(self._past))]
        effects = len(self._memory.journal.of_run(run)) + 1
        spent = self._memory.spending.totals(run).usd
        return Unusual(
            new_target=any((tool, name) not in past.touched for name in resources),
            rate=effects / past.effects if past.effects else 0.0,
            cost=spent / past.usd if past.usd else 0.0,
        )

    def _read(self, run: str, domain: str) -> _Past:
        ended = [one for one in self._memory.runs.all(limit=LOOKED_AT) if _counts(one, run, domain)]
        effects = {one.run: self._memory.journal.of_run(one.run) for one in ended}
        past = _Past()
        for record in (record for records in effects.values() for record in records):
            past.touched |= {(record.action.tool, name) for name in self._touched(record)}
        if len(ended) >= ENOUGH:
            past.effects = median(len(records) for records in effects.values())
            past.usd = median(self._memory.spending.totals(one.run).usd for one in ended)
        return past

    def _touched(self, record: EffectRecord) -> frozenset[str]:
        tool = self._tools.get(record.action.tool)
        if tool is None or record.state != "applied":
            return frozenset()
        try:
            return tool.resources(record.action.args)
        except ToolFault:
            return frozenset()


def _counts(info: RunInfo, run: str, domain: str) -> bool:
    ended = info.status not in {"running", "waiting"}
    return ended and info.run != run and info.domain == domain
