"""The database's own evaluator: looks at the database and the journal, never at reasons.

Constraints hold before and after: the schema but for index changes on the journal, row counts,
content digests, and each query's result. Expectations judge single effects by measured time;
success judges the whole.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from graphs.database.constraints import (
    expected_indexes,
    left_out,
    only_ours,
    same_answer,
    same_content,
    same_rows,
    same_schema,
)
from graphs.database.gains import expectation, faster, is_slower, none_slower, references
from graphs.database.kept import Kept, Timings, bare_digest, created_indexes, measured
from graphs.database.quiet import Watch, changed_tables, excused, more_than_ours, suspects
from nodes.context import Examination
from nodes.state import Check
from tools.contract import EffectRecord, JsonObject
from tools.database.compare import compare_results
from tools.database.connection import Database, Reader
from tools.database.content import table_digests
from tools.database.measure import Measurement, ResultSample, measure, measure_and_sample
from tools.database.schema import read_schema
from tools.database.statements import parse_query
from tools.database.workload import Query, Workload
from tools.errors import BadInput, Refused, SurefootError, Transient
from tools.progress import report

REPEATS_ON_DOUBT: Final = 3
"""Fresh measurements before a query counts as slower."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseChecks:
    """Checks of one database under one workload.

    Args:
        database: Read only here.
        workload: Its queries are run for their time and their results.
        effects_of: Returns all effects of a run, whatever became of them.
        limit_seconds: Time limit of one query.
    """

    database: Database
    workload: Workload
    effects_of: Callable[[str], Sequence[EffectRecord]]
    limit_seconds: float = 60.0

    def baseline(self) -> JsonObject:
        """Measure everything before anything is done; queries that fail are left out, by name.

        Raises:
            BadInput: No query of the workload can be run.
            ToolFault: The database cannot be read.
        """
        counter = self.database.change_counter()
        with self.database.reader(limit_seconds=self.limit_seconds) as reader:
            watch = Watch(reader)
            schema = read_schema(reader)
            content = _digests(reader)
            queries, failed = self._try_queries(reader)
            disturbed = watch.disturbed
        return {
            "schema": bare_digest(schema),
            "indexes": dict(created_indexes(schema)),
            "content": dict(content),
            "queries": queries,
            "failed": failed,
            "counter": counter,
            "disturbed": disturbed,
        }

    def _try_queries(self, reader: Reader) -> tuple[JsonObject, JsonObject]:
        """Return time and result of each query that can be run, and why the others cannot."""
        queries: JsonObject = {}
        failed: JsonObject = {}
        for query in self.workload.queries:
            try:
                timing, sample = self._measure(reader, query)
            except (Refused, Transient) as fault:
                failed[query.id] = f"{_title(query)} cannot be run. {fault.what}"
                report(f"Left out: {failed[query.id]}")
                if len(failed) == len(self.workload.queries):
                    raise _no_query(failed, fault) from fault
            else:
                queries[query.id] = {"timing": timing.to_json(), "sample": sample.to_json()}
        return queries, failed

    def examine(
        self,
        baseline: JsonObject,
        before: JsonObject,
        fresh: Sequence[EffectRecord],
        *,
        standing: Callable[[], Sequence[EffectRecord]],
    ) -> Examination:
        """Judge fresh effects: cheap constraints, affected results, and the gain of each.

        Args:
            baseline: From before anything was done; constraints are held against it.
            before: The last measurement; gains are reckoned from it.
            fresh: What is judged.
            standing: Returns all effects of the run that stand, oldest first.
        """
        kept = standing()
        base, last = Kept(baseline), Kept(before)
        with self.database.reader(limit_seconds=self.limit_seconds) as reader:
            watch = Watch(reader)
            schema = read_schema(reader)
            ours = only_ours(base, schema, kept)
            checks = [same_schema(base, schema), ours, same_rows(base, schema)]
            earlier = [record for record in kept if record not in fresh]
            known = references(last, base, expected_indexes(base.indexes, earlier))
            timings = dict(known)
            changed = []
            for query in base.measured_of(self.workload):
                if reader.plan(parse_query(query.sql)) == known[query.id].plan:
                    continue
                changed.append(query)
                timings[query.id], sample = self._measure(reader, query)
                checks.append(self._answer(reader, query, base.samples[query.id], sample))
            self._settle_doubts(reader, changed, known, timings)
            if suspects(checks) and self._written_by_others(base, watch, fresh):
                checks = excused(checks, changed_tables(base.content, _digests(reader)))
        checks += [expectation(record, changed, known, timings) for record in fresh]
        return Examination(checks=tuple(checks), measured=measured(schema, timings))

    def conclude(self, baseline: JsonObject, kept: Sequence[EffectRecord]) -> Examination:
        """Judge the end: everything is measured anew, every table digested again."""
        base = Kept(baseline)
        with self.database.reader(limit_seconds=self.limit_seconds) as reader:
            watch = Watch(reader)
            schema = read_schema(reader)
            checks = [
                same_schema(base, schema),
                only_ours(base, schema, kept),
                same_rows(base, schema),
            ]
            digests = _digests(reader)
            checks.append(same_content(base.content, digests))
            checks += [left_out(name, why) for name, why in base.failed.items()]
            timings, queries = {}, base.measured_of(self.workload)
            for query in queries:
                timings[query.id], sample = self._measure(reader, query)
                checks.append(self._answer(reader, query, base.samples[query.id], sample))
            changed = [
                query for query in queries if timings[query.id].plan != base.timings[query.id].plan
            ]
            self._settle_doubts(reader, changed, base.timings, timings)
            if suspects(checks) and self._written_by_others(base, watch, kept):
                checks = excused(checks, changed_tables(base.content, digests))
        # A query that runs as it ran before is neither faster nor slower: the rest is noise.
        timings = {**base.timings, **{query.id: timings[query.id] for query in changed}}
        checks += [
            faster(queries, base.timings, timings),
            none_slower(changed, base.timings, timings),
        ]
        return Examination(checks=tuple(checks), measured=measured(schema, timings))

    def _measure(self, reader: Reader, query: Query) -> tuple[Measurement, ResultSample]:
        report(f"Measuring {query.id} {query.name}")
        return measure_and_sample(reader, query, repeats=2, limit_seconds=self.limit_seconds)

    def _answer(
        self, reader: Reader, query: Query, before: ResultSample, after: ResultSample
    ) -> Check:
        """Compare results; run a query that seems to differ again, as it may never repeat."""
        found = compare_results(before, after)
        unstable = found.difference != "" and (
            parse_query(query.sql).shape.volatile
            or compare_results(after, self._measure(reader, query)[1]).difference != ""
        )
        return same_answer(query, found, unstable=unstable)

    def _written_by_others(self, base: Kept, watch: Watch, effects: Sequence[EffectRecord]) -> bool:
        """Tell whether it is certain that somebody else wrote since the baseline was begun."""
        if base.disturbed or watch.disturbed:
            return True
        if not effects:
            return False
        every = self.effects_of(effects[0].run)
        return more_than_ours(base.counter, self.database.change_counter(), every)

    def _settle_doubts(
        self,
        reader: Reader,
        queries: Iterable[Query],
        before: Timings,
        after: dict[str, Measurement],
    ) -> None:
        """Measure again what looks slower, and keep the best: noise only ever adds time."""
        for query in queries:
            for _ in range(REPEATS_ON_DOUBT):
                if not is_slower(before[query.id], after[query.id]):
                    break
                again = measure(reader, query, repeats=3, limit_seconds=self.limit_seconds)
                if again.ms < after[query.id].ms:
                    after[query.id] = again


def _digests(reader: Reader) -> dict[str, JsonObject]:
    report("Digesting every table's content")
    return {name: item.to_json() for name, item in table_digests(reader).items()}


def _title(query: Query) -> str:
    return f"The query {query.id} {query.name!r} on line {query.line} of the workload"


def _no_query(failed: JsonObject, fault: SurefootError) -> SurefootError:
    """Return the error when not a single query can be run; a lock or a time-out may pass."""
    if isinstance(fault, Transient):
        return fault
    others = f" Nor can {len(failed) - 1} more." if len(failed) > 1 else ""
    return BadInput(
        f"{next(iter(failed.values()))}{others}",
        advice="Correct the workload, or give the database that it belongs to.",
    )
