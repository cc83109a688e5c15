"""Tells what each query would take with a given set of indexes, measuring no plan twice."""

import shutil
from collections.abc import Collection, Iterable, Mapping, Sequence
from time import monotonic
from typing import Final

from tools.contract import Record
from tools.database.catalog import Schema
from tools.database.measure import measure
from tools.database.scratch import Scratch
from tools.database.size import estimate_index_bytes
from tools.database.spec import IndexSpec
from tools.database.statements import Statement, create_index, parse_query
from tools.database.usage import tables_of
from tools.database.workload import Query
from tools.errors import Refused, Transient
from tools.progress import report

Indexes = frozenset[IndexSpec]
Plan = tuple[str, ...]

_QUICK_MS: Final = 50.0
"""Queries below this are run several times, because noise is a large share of their time."""
_REPEATS: Final = 4
CLEARLY_SLOWER: Final = 1.5
CLEARLY_SLOWER_MS: Final = 20.0
"""A run is stopped when it takes so many times as long, and so much longer, than it did."""
_SPARE_BYTES: Final = 64 * 1024 * 1024
_SORT_FACTOR: Final = 3
"""An index needs room for itself and for sorting."""


class TimeUp(Exception):
    """The time for the whole simulation is over; what was found so far stands."""


class Timing(Record):
    """What a query takes with one plan."""

    ms: float
    """Of the best run; when `complete` is false, the time limit that it reached."""
    steps: int
    """Thousands of VM steps."""
    rows: int
    plan: Plan
    complete: bool = True


Timings = Mapping[str, Timing]
"""By query id."""


class Trials:
    """Measures on the full copy what the blank copy says has another plan.

    Args:
        full: Copy with data.
        blank: Copy without.
        schema: Of the original.
        queries: The workload.
        limit_seconds: Time that one run of a query may take.
        deadline: When the whole must end, on the monotonic clock.
    """

    def __init__(
        self,
        *,
        full: Scratch,
        blank: Scratch,
        schema: Schema,
        queries: Sequence[Query],
        limit_seconds: float,
        deadline: float,
    ) -> None:
        self._full = full
        self._blank = blank
        self._schema = schema
        self._limit = limit_seconds
        self._deadline = deadline
        self._parsed = {query.id: parse_query(query.sql) for query in queries}
        self._tables = {name: tables_of(one.text, schema) for name, one in self._parsed.items()}
        self._plans: dict[tuple[str, Indexes], Plan] = {}
        self._timings: dict[tuple[str, Plan], Timing] = {}
        self._creations: dict[IndexSpec, Statement] = {}
        self._impossible: dict[IndexSpec, str] = {}
        self.queries: dict[str, Query] = {}
        """Those that run, by id; filled by `baseline`."""

    def baseline(self, queries: Iterable[Query]) -> dict[str, str]:
        """Measure all queries as the database is; return why some cannot be measured."""
        failed = {}
        for query in queries:
            report(f"Measuring {query.id} {query.name} on the copy")
            try:
                plan = self.plan(query.id, frozenset())
                self._timings[query.id, plan] = self._measure(query, self._limit)
                self.queries[query.id] = query
            except Refused as fault:
                failed[query.id] = str(fault)
            except TimeUp:
                failed[query.id] = "The time for the simulation was over."
        return failed

    def plan(self, query_id: str, indexes: Indexes) -> Plan:
        """Return the plan of a query with these indexes; empty when the blank copy has none."""
        tables = self._tables[query_id]
        relevant = frozenset(spec for spec in indexes if spec.table.lower() in tables)
        key = (query_id, relevant)
        if key not in self._plans:
            with self._blank.having([self.creation(spec) for spec in sorted_specs(relevant)]):
                self._plans[key] = self._explain(self._parsed[query_id])
        return self._plans[key]

    def timings(self, indexes: Indexes, *, against: Timings | None = None) -> Timings:
        """Return what each query takes with just these indexes of ours.

        Args:
            indexes: The indexes.
            against: What to compare with. A query that turns out to be clearly slower than there
                is stopped, and its timing is not `complete`.

        Raises:
            TimeUp: Before all was measured.
            Refused: One of the indexes cannot be built.
        """
        keys = {name: (name, self.plan(name, indexes)) for name in self.queries}
        limits = {name: self._patience(against[name] if against else None) for name in keys}
        missing = [name for name, key in keys.items() if not self._known(key, limits[name])]
        if missing:
            self._build(indexes)
            with self._full.only(indexes):
                for name in missing:
                    self._timings[keys[name]] = self._measure(self.queries[name], limits[name])
        return {name: self._timings[key] for name, key in keys.items()}

    def confirm(self, query_id: str, indexes: Indexes, *, against: Timing | None = None) -> Timing:
        """Measure a query once more and keep the better time: noise only ever adds.

        Args:
            query_id: A query whose timing with these indexes is known.
            indexes: The indexes.
            against: As for `timings`.

        Raises:
            TimeUp: There is no time for it.
        """
        key = (query_id, self.plan(query_id, indexes))
        self._build(indexes)
        with self._full.only(indexes):
            again = self._measure(self.queries[query_id], self._patience(against))
        self._timings[key] = min(
            again, self._timings[key], key=lambda one: (not one.complete, one.ms)
        )
        return self._timings[key]

    def _patience(self, known: Timing | None) -> float:
        """Return how many seconds a query may take before it is clearly slower than known."""
        if known is None:
            return self._limit
        return min(self._limit, (CLEARLY_SLOWER * known.ms + CLEARLY_SLOWER_MS) / 1000)

    def _known(self, key: tuple[str, Plan], limit: float) -> bool:
        timing = self._timings.get(key)
        return timing is not None and (timing.complete or timing.ms >= limit * 1000)

    def analyzed(self, indexes: Indexes) -> Timings:
        """Return what each query takes with these indexes and fresh statistics.

        Raises:
            TimeUp: Before all was measured.
        """
        timings = dict(self.timings(indexes))
        self._build(indexes)
        with self._full.only(indexes):
            self._full.analyze()
            for name, query in self.queries.items():
                plan = self._full.plan(self._parsed[name])
                if plan not in {timings[name].plan, self.plan(name, indexes)}:
                    known = self._timings.get((name, plan))
                    timings[name] = known or self._measure(query, self._limit)
        return timings

    @property
    def expired(self) -> bool:
        """Whether the time is over."""
        return monotonic() >= self._deadline

    def creation(self, spec: IndexSpec) -> Statement:
        """Return the CREATE INDEX of a specification."""
        if spec not in self._creations:
            self._creations[spec] = create_index(spec, self._schema)
        return self._creations[spec]

    def size_bytes(self, spec: IndexSpec) -> int:
        """Return the size of an index; 0 when it was never built."""
        built = self._full.built.get(spec)
        return built.size_bytes if built else 0

    def build_ms(self, spec: IndexSpec) -> float:
        """Return what it took to build an index, in milliseconds; 0 when it never was."""
        built = self._full.built.get(spec)
        return built.build_ms if built else 0.0

    def _explain(self, parsed: Statement) -> Plan:
        try:
            return self._blank.plan(parsed)
        except Refused:
            # It reads a virtual table, which the blank copy does not have.
            return ()

    def _build(self, indexes: Collection[IndexSpec]) -> None:
        for spec in sorted_specs(indexes):
            if spec in self._impossible:
                raise Refused(self._impossible[spec])
            if spec not in self._full.built:
                report(f"Trying {spec.table}({', '.join(spec.columns)}) on the copy")
                self._build_one(spec)

    def _build_one(self, spec: IndexSpec) -> None:
        try:
            self._check_room(spec)
            self._full.build(spec, self.creation(spec), limit_seconds=self._left())
        except Transient as fault:
            raise TimeUp from fault
        except Refused as fault:
            self._impossible[spec] = fault.what
            raise

    def _check_room(self, spec: IndexSpec) -> None:
        table = self._schema.table(spec.table)
        names = tuple(table.split_column(column)[0] for column in spec.columns)
        size = estimate_index_bytes(self._full, table, names, max(table.rows, 0))
        free = shutil.disk_usage(self._full.folder).free
        if free < _SORT_FACTOR * size + _SPARE_BYTES:
            raise Refused(f"There is too little room to try it: {free} bytes are free.")

    def _measure(self, query: Query, limit_seconds: float) -> Timing:
        limit = min(limit_seconds, self._left())
        try:
            best = measure(self._full, query, repeats=1, limit_seconds=limit)
            if best.ms < _QUICK_MS:
                again = measure(self._full, query, repeats=_REPEATS, limit_seconds=self._limit)
                best = min(best, again, key=lambda one: one.ms)
        except Transient:
            self._left()
            plan = self._full.plan(self._parsed[query.id])
            return Timing(ms=limit * 1000, steps=0, rows=0, plan=plan, complete=False)
        return Timing(ms=best.ms, steps=best.steps, rows=best.rows, plan=best.plan)

    def _left(self) -> float:
        left = self._deadline - monotonic()
        if left <= 0:
            raise TimeUp
        return left


def sorted_specs(indexes: Collection[IndexSpec]) -> list[IndexSpec]:
    """Return indexes in an order that does not depend on hashes."""
    return sorted(indexes, key=lambda spec: (spec.table, spec.columns))
