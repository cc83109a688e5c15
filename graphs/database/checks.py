"""The database's own evaluator: looks at the database and the journal, never at reasons.

Constraints hold before and after: the schema but for index changes on the journal, row counts,
content digests, and each query's result. Expectations judge single effects by measured time;
success judges the whole.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nodes.context import Examination
from nodes.state import Check
from tools.contract import EffectRecord, JsonObject
from tools.database.connection import Database, Reader
from tools.database.content import schema_digest, table_digests
from tools.database.measure import (
    Measurement,
    ResultSample,
    measure,
    measure_and_sample,
    same_result,
)
from tools.database.schema import Schema, read_schema
from tools.database.spec import IndexSpec
from tools.database.statements import parse_query
from tools.database.workload import Query, Workload
from tools.progress import report

MIN_SPEEDUP = 1.2
"""The workload must be this many times faster for success."""
MIN_GAIN = 0.05
"""An effect must save this share of the time of the queries whose plan it changed."""
SLOWER_FACTOR, SLOWER_MS = 1.3, 2.0
"""A query is slower when it passes both, in every one of `REPEATS_ON_DOUBT` fresh measurements."""
REPEATS_ON_DOUBT = 3

Timings = Mapping[str, Measurement]


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseChecks:
    """Checks of one database under one workload.

    Args:
        database: Read only here.
        workload: Its queries are run for their time and their results.
        limit_seconds: Time limit of one query.
    """

    database: Database
    workload: Workload
    limit_seconds: float = 60.0

    def baseline(self) -> JsonObject:
        """Measure everything before anything is done."""
        with self.database.reader(limit_seconds=self.limit_seconds) as reader:
            schema = read_schema(reader)
            report("Digesting every table's content")
            content = {name: item.to_json() for name, item in table_digests(reader).items()}
            queries: JsonObject = {}
            for query in self.workload.queries:
                timing, sample = self._measure(reader, query)
                queries[query.id] = {"timing": timing.to_json(), "sample": sample.to_json()}
        return {
            "schema": _bare(schema),
            "indexes": list(_index_names(schema)),
            "content": dict(content),
            "queries": queries,
        }

    def examine(
        self,
        baseline: JsonObject,
        before: JsonObject,
        fresh: Sequence[EffectRecord],
        *,
        standing: Sequence[EffectRecord] = (),
    ) -> Examination:
        """Judge fresh effects: cheap constraints, affected results, and the gain of each."""
        base, last = _Kept(baseline), _Kept(before)
        with self.database.reader(limit_seconds=self.limit_seconds) as reader:
            schema = read_schema(reader)
            expected = _expected(last.indexes, fresh)
            checks = [
                _same_schema(base, schema),
                _only_ours(schema, expected),
                _same_rows(base, schema),
            ]
            timings = dict(last.timings)
            affected = []
            for query in self.workload.queries:
                if reader.plan(parse_query(query.sql)) == last.timings[query.id].plan:
                    continue
                affected.append(query)
                timings[query.id], sample = self._measure(reader, query)
                checks.append(_same_result(query, base.samples[query.id], sample))
            self._settle_doubts(reader, affected, last.timings, timings)
        checks += [_expectation(record, affected, last.timings, timings) for record in fresh]
        return Examination(checks=tuple(checks), measured=_measured(schema, timings))

    def conclude(self, baseline: JsonObject, kept: Sequence[EffectRecord]) -> Examination:
        """Judge the end: everything is measured anew, every table digested again."""
        base = _Kept(baseline)
        with self.database.reader(limit_seconds=self.limit_seconds) as reader:
            schema = read_schema(reader)
            expected = _expected(base.indexes, kept)
            checks = [
                _same_schema(base, schema),
                _only_ours(schema, expected),
                _same_rows(base, schema),
            ]
            report("Digesting every table's content again")
            digests = {name: item.to_json() for name, item in table_digests(reader).items()}
            checks.append(_same_content(base.content, digests))
            timings = {}
            for query in self.workload.queries:
                timings[query.id], sample = self._measure(reader, query)
                checks.append(_same_result(query, base.samples[query.id], sample))
            changed = [
                query
                for query in self.workload.queries
                if timings[query.id].plan != base.timings[query.id].plan
            ]
            self._settle_doubts(reader, changed, base.timings, timings)
        # A query that runs as it ran before is neither faster nor slower: the rest is noise.
        timings = {**base.timings, **{query.id: timings[query.id] for query in changed}}
        checks += [
            _faster(self.workload, base.timings, timings),
            _none_slower(changed, base.timings, timings),
        ]
        return Examination(checks=tuple(checks), measured=_measured(schema, timings))

    def _measure(self, reader: Reader, query: Query) -> tuple[Measurement, ResultSample]:
        report(f"Measuring {query.id} {query.name}")
        return measure_and_sample(reader, query, repeats=2, limit_seconds=self.limit_seconds)

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
                if not _slower(before[query.id], after[query.id]):
                    break
                again = measure(reader, query, repeats=3, limit_seconds=self.limit_seconds)
                if again.ms < after[query.id].ms:
                    after[query.id] = again


class _Kept:
    """Reads what `baseline`, `examine` or `conclude` stored."""

    def __init__(self, stored: Mapping[str, Any]) -> None:
        self.schema: str = stored["schema"]
        self.indexes = frozenset(stored["indexes"])
        self.content: Mapping[str, JsonObject] = stored.get("content", {})
        queries: Mapping[str, Any] = stored["queries"]
        self.timings = {
            name: Measurement.model_validate(item["timing"]) for name, item in queries.items()
        }
        self.samples = {
            name: ResultSample.model_validate(item["sample"])
            for name, item in queries.items()
            if "sample" in item
        }
        self.rows = {name: item["rows"] for name, item in self.content.items()}


def _index_names(schema: Schema) -> list[str]:
    return sorted(
        index.name
        for table in schema.tables.values()
        for index in table.indexes
        if index.origin == "c"
    )


def _bare(schema: Schema) -> str:
    """Return the digest of the schema without any index that a statement created."""
    return schema_digest(schema, ignoring=frozenset(_index_names(schema)))


def _measured(schema: Schema, timings: Timings) -> JsonObject:
    return {
        "schema": _bare(schema),
        "indexes": list(_index_names(schema)),
        "queries": {name: {"timing": timing.to_json()} for name, timing in timings.items()},
    }


def _expected(indexes: frozenset[str], effects: Sequence[EffectRecord]) -> frozenset[str]:
    """Return the indexes that should be there after these effects."""
    for record in effects:
        if record.action.tool == "create_index":
            indexes |= {IndexSpec.model_validate(record.action.args).name}
        elif record.action.tool.startswith("drop_"):
            indexes -= {str(record.action.args["name"])}
    return indexes


def _constraint(name: str, problem: str, fine: str) -> Check:
    return Check(name=name, kind="constraint", holds=not problem, detail=problem or fine)


def _same_schema(base: _Kept, schema: Schema) -> Check:
    problem = "" if _bare(schema) == base.schema else "tables, views or triggers changed"
    return _constraint("schema", problem, "tables, views and triggers are as they were")


def _only_ours(schema: Schema, expected: frozenset[str]) -> Check:
    found = frozenset(_index_names(schema))
    lost, extra = sorted(expected - found), sorted(found - expected)
    problem = "; ".join(
        part
        for part in (
            f"missing: {', '.join(lost)}" if lost else "",
            f"not on the journal: {', '.join(extra)}" if extra else "",
        )
        if part
    )
    return _constraint("indexes", problem, "only indexes on the journal changed")


def _same_rows(base: _Kept, schema: Schema) -> Check:
    changed = [
        f"{name} had {base.rows[name]} rows, has {table.rows}"
        for name, table in schema.tables.items()
        if name in base.rows and base.rows[name] != table.rows
    ]
    return _constraint("rows", "; ".join(changed), "every table has the rows it had")


def _same_content(before: Mapping[str, JsonObject], after: Mapping[str, JsonObject]) -> Check:
    changed = sorted(name for name in before if before[name] != after.get(name))
    problem = f"the content of {', '.join(changed)} changed" if changed else ""
    return _constraint("content", problem, "every table's content digest is what it was")


def _same_result(query: Query, before: ResultSample, after: ResultSample) -> Check:
    problem = same_result(before, after)
    text = f"{query.id} {query.name}: {problem}" if problem else ""
    return _constraint(f"result of {query.id}", text, f"{query.id} returns what it returned")


def _slower(before: Measurement, after: Measurement) -> bool:
    return after.ms > before.ms * SLOWER_FACTOR and after.ms > before.ms + SLOWER_MS


def _total(queries: Iterable[Query], timings: Timings) -> float:
    return sum(timings[query.id].ms * query.calls for query in queries)


def _expectation(
    record: EffectRecord, affected: Sequence[Query], before: Timings, after: Timings
) -> Check:
    """Judge one effect by the queries whose plan changed."""
    was, now = _total(affected, before), _total(affected, after)
    slower = [query.id for query in affected if _slower(before[query.id], after[query.id])]
    needs_gain = not record.action.tool.startswith("drop_")
    if slower:
        problem = f"{', '.join(slower)} got slower"
    elif needs_gain and not affected:
        problem = "no query uses it"
    elif needs_gain and was - now < MIN_GAIN * was:
        problem = f"its queries took {was:,.1f} ms and take {now:,.1f} ms: too little"
    else:
        problem = ""
    noun = "query" if len(affected) == 1 else "queries"
    fine = f"{len(affected)} {noun} went from {was:,.1f} to {now:,.1f} ms"
    return Check(
        name="helps" if needs_gain else "hurts nobody",
        kind="expectation",
        holds=not problem,
        detail=problem or fine,
        key=record.key,
        measured={"before_ms": was, "after_ms": now, "queries": [query.id for query in affected]},
    )


def _faster(workload: Workload, before: Timings, after: Timings) -> Check:
    was, now = _total(workload.queries, before), _total(workload.queries, after)
    speedup = was / now if now > 0 else 1.0
    return Check(
        name="faster",
        kind="success",
        holds=speedup >= MIN_SPEEDUP,
        detail=f"the workload took {was:,.1f} ms, takes {now:,.1f} ms: {speedup:,.1f} times faster",
        measured={"before_ms": was, "after_ms": now, "speedup": speedup},
    )


def _none_slower(changed: Sequence[Query], before: Timings, after: Timings) -> Check:
    slower = [query.id for query in changed if _slower(before[query.id], after[query.id])]
    return Check(
        name="none slower",
        kind="success",
        holds=not slower,
        detail=f"{', '.join(slower)} got slower" if slower else "no query got slower",
    )
