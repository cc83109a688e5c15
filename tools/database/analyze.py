"""ANALYZE: refreshes the planner's statistics, and can put the old ones back."""

from collections.abc import Callable
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, JsonValue

from tools.contract import EffectClass, Happened, JsonObject, Preview, Tool
from tools.database import statements
from tools.database.connection import Database, Scope
from tools.database.session import Reader, Writer
from tools.database.statistics import (
    Statistic,
    add_statistics,
    kept,
    read_statistics,
    refuse_histograms,
)
from tools.errors import Refused, UndoConflict
from tools.versions import Versions


class NoArgs(BaseModel):
    """A tool without arguments."""

    model_config = ConfigDict(extra="forbid")


class Analyze(Tool):
    """Runs ANALYZE on the whole database."""

    name = "analyze"
    description = "Refresh the statistics from which SQLite chooses its plans (ANALYZE)."
    effect: ClassVar[EffectClass] = "reversible"
    args_schema = NoArgs

    def __init__(self, database: Database) -> None:
        self._database = database

    def resources(self, args: JsonObject) -> frozenset[str]:
        """Return the database."""
        del args
        return frozenset({"database:main"})

    def snapshot(self, args: JsonObject) -> JsonObject:
        """Return the statistics as they are.

        Raises:
            Refused: They could not be put back.
        """
        del args
        with self._database.reader() as reader:
            refuse_histograms(reader)
            if reader.rows(statements.MAKES_HISTOGRAMS) == [(1,)]:
                raise Refused("ANALYZE of this SQLite writes sqlite_stat4, which cannot be undone.")
            return {"statistics": _plain(read_statistics(reader))}

    def preview(self, args: JsonObject) -> Preview:
        """Return what statistics there are."""
        del args
        with self._database.reader() as reader:
            rows = read_statistics(reader)
        lines = [f"{table} {index or '-'}: {found}" for table, index, found in rows or []]
        return Preview(
            summary="Refresh the planner's statistics; no data changes.",
            statement=statements.analyze().text,
            before="\n".join(lines[:50]) or "no statistics",
            after="statistics of every table and index as they are now",
            shows="Statistics",
            facts={"statistics_rows": len(lines)},
            undo="The old statistics are put back, or removed when there were none.",
        )

    def apply(self, args: JsonObject, key: str) -> JsonValue:
        """Run ANALYZE and return what it found.

        Raises:
            Transient: The database is locked, or it took too long; nothing was changed.
            Fatal: The database cannot be written; nothing was changed.
        """
        del args, key
        with self._database.writer(Scope(statistics=True)) as writer:
            writer.rows(statements.analyze())
            rows = read_statistics(writer)
        return {"summary": f"Analyzed; {len(rows or [])} statistics.", "statistics": _plain(rows)}

    def probe(self, args: JsonObject, snapshot: JsonObject, key: str) -> Happened:
        """Return `no` when the statistics are as they were: running it (again) does no harm.

        Others are `unknown`: they do not tell whose ANALYZE made them.
        """
        del args, key
        with self._database.reader() as reader:
            now = read_statistics(reader)
        return "no" if now == kept(snapshot, "statistics") else "unknown"

    def compare(self, args: JsonObject, snapshot: JsonObject, result: JsonValue) -> Versions | None:
        """Return the statistics that ANALYZE found or replaced, without those of what is gone."""
        del args
        with self._database.reader() as reader:
            now, lives = read_statistics(reader) or [], _lives(reader)
        before = [row for row in kept(snapshot, "statistics") or [] if lives(row)]
        left = kept(result, "statistics") if isinstance(result, dict) else None
        left = now if left is None else [row for row in left if lives(row)]
        touched = {row[:2] for row in (*before, *left)}
        return Versions(
            subject="statistics",
            before=_by_name(before),
            left=_by_name(left),
            now=_by_name([row for row in now if row[:2] in touched]),
        )

    def undo(self, args: JsonObject, snapshot: JsonObject, result: JsonValue) -> None:
        """Put the old statistics back; those of indexes made or dropped since are left alone.

        Raises:
            UndoConflict: Someone has changed the statistics since.
        """
        del args
        left = kept(result, "statistics") if isinstance(result, dict) else None
        before = kept(snapshot, "statistics")
        with self._database.writer(Scope(statistics=True)) as writer:
            now = read_statistics(writer)
            lives = _lives(writer)
            wanted = [row for row in before or [] if lives(row)]
            if now == before:
                return
            if now is None:
                raise UndoConflict(
                    "Someone has removed the planner's statistics since.",
                    advice="Run ANALYZE again if plans are bad.",
                )
            if left is not None:
                _refuse_changed([row for row in left if lives(row)], now)
            known = {row[:2] for row in (*(left or now), *wanted)}
            wanted += [row for row in now if row[:2] not in known]
            _replace(writer, wanted, drop=before is None and not wanted)


def _replace(writer: Writer, wanted: list[Statistic], *, drop: bool) -> None:
    if drop:
        writer.rows(statements.DROP_STATISTICS)
        return
    writer.rows(statements.CLEAR_STATISTICS)
    add_statistics(writer, wanted)


def _refuse_changed(left: list[Statistic], now: list[Statistic]) -> None:
    changed = [row for row in left if row not in now]
    if changed:
        table, index, _ = changed[0]
        raise UndoConflict(
            f"The statistics of {index or table!r} are no longer as ANALYZE left them.",
            advice="Someone has analyzed since; run ANALYZE again if plans are bad.",
        )


def _by_name(rows: list[Statistic]) -> JsonValue:
    """Return statistics by index, or by table; None for none."""
    return {index or table: found for table, index, found in rows} or None


def _lives(reader: Reader) -> Callable[[Statistic], bool]:
    """Return a test whether the table and index of a statistic exist."""
    tables = {row[0] for row in reader.rows(statements.TABLE_NAMES)}
    indexes = {row[0] for row in reader.rows(statements.INDEX_NAMES)}

    def lives(row: Statistic) -> bool:
        # A WITHOUT ROWID table's primary key is listed under the table's own name.
        return row[0] in tables and (row[1] is None or row[1] in indexes or row[1] == row[0])

    return lives


def _plain(rows: list[Statistic] | None) -> JsonValue:
    return None if rows is None else [list(row) for row in rows]
