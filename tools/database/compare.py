"""Tells whether a query still returns what it returned, as far as its text says what that is.

A query that orders by a key leaves open how rows of one key come, and a LIMIT which of them: such
differences are told, and are none.
"""

from collections import Counter
from collections.abc import Iterable
from typing import Final

from pydantic import JsonValue

from tools.contract import Record, canonical
from tools.database.results import Cells, ResultSample, close_rows, rounded

_TIES: Final = "rows that tie in ORDER BY come in another order"
_ANY_ORDER: Final = "rows come in another order, by a key that the query does not return"
_ANY_ROWS: Final = "LIMIT without ORDER BY may return any rows, and returns others"
_HIDDEN_KEY: Final = "LIMIT returns other rows, chosen by a key that the query does not return"
_TIES_AT_THE_CUT: Final = "LIMIT cuts between rows that tie, and returns others of them"


class Comparison(Record):
    """How two results of a query differ; both empty when they are the same."""

    difference: str = ""
    """What the query's text does not allow to differ."""
    remark: str = ""
    """What differs and may."""


def compare_results(before: ResultSample, after: ResultSample) -> Comparison:
    """Compare two results.

    Rows are compared in order only when the query orders them. Floats may differ by one part in
    10^9, because a sum depends on the order in which rows are read.
    """
    if before.columns != after.columns:
        return _differ(f"the columns changed from {before.columns} to {after.columns}")
    if before.row_count != after.row_count:
        return _differ(f"the number of rows changed from {before.row_count} to {after.row_count}")
    whole = before.complete and after.complete
    if not (_same_set(before.rows, after.rows) if whole else before.digest == after.digest):
        return _compare_cut(before, after) if before.limited else _differ("the rows differ")
    if not before.ordered or _same_order(before, after):
        return Comparison()
    if not before.keys:
        return Comparison(remark=_ANY_ORDER)
    return Comparison(remark=_TIES) if _same_keys(before, after) else _differ("the order differs")


def _differ(difference: str) -> Comparison:
    return Comparison(difference=difference)


def _compare_cut(before: ResultSample, after: ResultSample) -> Comparison:
    """Compare results of which LIMIT left rows out: only rows at the cut may differ."""
    if not before.ordered:
        return Comparison(remark=_ANY_ROWS)
    if not before.keys:
        return Comparison(remark=_HIDDEN_KEY)
    same = (
        before.complete
        and after.complete
        and _same_keys(before, after)
        and _same_set(_inner(before), _inner(after))
    )
    return Comparison(remark=_TIES_AT_THE_CUT) if same else _differ("the rows differ")


def _inner(sample: ResultSample) -> list[Cells]:
    """Return the rows whose key is not the last one, nor, after OFFSET, the first."""
    keys = [_key(sample, row) for row in sample.rows]
    cut = [keys[-1], *keys[:1]] if sample.skipped else keys[-1:]
    return [row for row, key in zip(sample.rows, keys, strict=True) if key not in cut]


def _same_order(before: ResultSample, after: ResultSample) -> bool:
    if before.complete and after.complete:
        return all(map(close_rows, before.rows, after.rows))
    return before.order_digest == after.order_digest


def _same_keys(before: ResultSample, after: ResultSample) -> bool:
    """Compare the keys of the kept rows, in order."""
    pairs = zip(before.rows, after.rows, strict=False)
    return all(close_rows(_key(before, left), _key(after, right)) for left, right in pairs)


def _key(sample: ResultSample, row: Cells) -> Cells:
    """Return what a row is sorted by; a collation may take letters of either case for equal."""
    return tuple(_folded(row[place]) for place in sample.keys)


def _folded(value: JsonValue) -> JsonValue:
    return value.casefold() if isinstance(value, str) else value


def _same_set(before: Iterable[Cells], after: Iterable[Cells]) -> bool:
    """Compare as multisets: exactly first, then what is left over with tolerance."""
    rows: dict[str, Cells] = {}
    counts = []
    for side in (before, after):
        named = [(canonical(list(row)), row) for row in side]
        rows.update(named)
        counts.append(Counter(name for name, _ in named))
    left, right = counts
    gone = sorted((rows[key] for key in (left - right).elements()), key=_rounded_key)
    come = sorted((rows[key] for key in (right - left).elements()), key=_rounded_key)
    return len(gone) == len(come) and all(map(close_rows, gone, come))


def _rounded_key(row: Cells) -> str:
    return canonical([rounded(value) for value in row])
