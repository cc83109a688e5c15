"""Everything that people may want to see of one run, read from the store alone."""

from collections import Counter
from dataclasses import dataclass

from pydantic import JsonValue

from checkpoints.store import Store
from graphs.render.comparison import QueryRow, compare
from graphs.render.standing import Tally, standing
from graphs.render.timeline import Row, timeline, unfold
from tools.contract import EffectRecord, JsonObject
from tools.records import LedgerEntry, Review, RunInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """A run as the store tells it."""

    info: RunInfo
    entries: list[LedgerEntry]
    """Its lines on the ledger, oldest first, with large bodies put back."""
    effects: list[EffectRecord]
    pending: list[Review]
    queries: list[QueryRow]
    """Before and after; empty until the run has ended."""
    held: bool
    """Whether a living process advances it."""

    @property
    def tally(self) -> Tally:
        """How many effects are in each state."""
        return Counter(record.state for record in self.effects)

    @property
    def standing(self) -> str:
        """How it really stands, see `graphs/render/standing.py`."""
        return standing(self.info, self.tally, held=self.held)

    @property
    def rows(self) -> list[Row]:
        """The timeline."""
        return timeline(self.entries, self.effects)

    def newest(self, kind: str) -> JsonObject:
        """Return the body of the newest entry of a kind; empty when there is none."""
        return next((item.body for item in reversed(self.entries) if item.kind == kind), {})


def read_story(store: Store, run: str) -> Story:
    """Read a run.

    Args:
        store: Where it is kept.
        run: Its name, or an unambiguous beginning of it.

    Raises:
        UnknownRun: No run, or more than one, begins so.
    """
    info = store.runs.get(run)
    entries = unfold(store.ledger.entries(info.run), store.artifacts.get)
    return Story(
        info=info,
        entries=entries,
        effects=store.journal.of_run(info.run),
        pending=store.reviews.waiting(info.run),
        queries=_queries(store, info, entries),
        held=store.leases.is_held(info.run),
    )


def _queries(store: Store, info: RunInfo, entries: list[LedgerEntry]) -> list[QueryRow]:
    """Compare the baseline with the final measurement; only runs over a workload have them."""
    before = [item.body.get("artifact") for item in entries if item.kind == "baseline"]
    after = [item.body.get("measured") for item in entries if item.kind == "outcome"]
    workload = info.settings.get("workload")
    if not (before and after and after[-1] and workload):
        return []
    from tools.database.workload import parse_workload  # noqa: PLC0415  # loads sqlglot

    queries = parse_workload(str(store.artifacts.get(str(workload))))
    return compare(_load(store, before[0]), _load(store, after[-1]), queries)


def _load(store: Store, ref: JsonValue) -> JsonObject:
    """Return a measurement; empty when it was pruned."""
    try:
        value = store.artifacts.get(str(ref))
    except KeyError:
        return {}
    return value if isinstance(value, dict) else {}
