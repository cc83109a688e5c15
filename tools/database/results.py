"""What a query returned, small enough to keep, exact enough to prove that nothing changed."""

import hashlib
import math
from collections import Counter
from typing import Final

from pydantic import JsonValue

from tools.contract import Record, canonical
from tools.database.session import Row, Value

MAX_ROWS: Final = 5_000
MAX_CHARACTERS: Final = 1_000_000
"""Beyond either, a sample keeps no more rows, and digests are compared."""
_LONG: Final = 400
_RELATIVE: Final = 1e-9
_ABSOLUTE: Final = 1e-9
"""A sum that cancels to nothing has no relative error."""
_MODULUS: Final = 2**128


class ResultSample(Record):
    """The result of a query."""

    columns: tuple[str, ...]
    row_count: int
    ordered: bool
    """Whether the query orders its rows."""
    limited: bool
    """Whether it has a top-level LIMIT."""
    rows: tuple[tuple[JsonValue, ...], ...]
    """The first rows; blobs and long texts are tagged objects."""
    digest: str
    """Of all rows whatever their order, floats rounded to six digits."""
    order_digest: str
    """Of all rows in their order; empty when the query does not order them."""

    @property
    def complete(self) -> bool:
        """Whether every row is kept."""
        return len(self.rows) == self.row_count


class Sampler:
    """Takes in a result batch by batch, in bounded memory."""

    def __init__(self, *, ordered: bool, limited: bool) -> None:
        self.columns: tuple[str, ...] = ()
        self._ordered = ordered
        self._limited = limited
        self._rows: list[tuple[JsonValue, ...]] = []
        self._characters = 0
        self._count = 0
        self._sum = 0
        self._chain = hashlib.blake2b(digest_size=16)

    def add(self, batch: list[Row]) -> None:
        """Take in some rows."""
        for row in batch:
            cells = tuple(cell(value) for value in row)
            text = canonical([_rounded(value) for value in cells])
            fingerprint = hashlib.blake2b(text.encode(), digest_size=16).digest()
            self._sum = (self._sum + int.from_bytes(fingerprint, "big")) % _MODULUS
            self._chain.update(fingerprint)
            self._characters += len(text)
            if len(self._rows) < MAX_ROWS and self._characters < MAX_CHARACTERS:
                self._rows.append(cells)
        self._count += len(batch)

    def sample(self) -> ResultSample:
        """Return what was taken in."""
        return ResultSample(
            columns=tuple(_valid(column) for column in self.columns),
            row_count=self._count,
            ordered=self._ordered,
            limited=self._limited,
            rows=tuple(self._rows),
            digest=f"{self._sum:032x}",
            order_digest=self._chain.hexdigest() if self._ordered else "",
        )


def cell(value: Value) -> JsonValue:
    """Return a value of SQLite as JSON: blobs, long texts and infinities as tagged objects."""
    if isinstance(value, bytes):
        long = len(value) > _LONG
        shown = hashlib.blake2b(value, digest_size=16).hexdigest() if long else value.hex()
        return {"blob_digest" if long else "blob": shown, "bytes": len(value)}
    if isinstance(value, str):
        text = _valid(value)
        if len(text) <= _LONG:
            return text
        shown = hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
        return {"text_digest": shown, "begins": text[:80], "characters": len(text)}
    if isinstance(value, float) and not math.isfinite(value):
        return {"float": str(value)}
    return value


def same_result(before: ResultSample, after: ResultSample) -> str:
    """Return why two results differ; empty when they are the same.

    Rows are compared in order only when the query orders them. Floats may differ by one part in
    10^9, because a sum depends on the order in which rows are read.
    """
    if before.columns != after.columns:
        return f"the columns changed from {before.columns} to {after.columns}"
    if before.row_count != after.row_count:
        return f"the number of rows changed from {before.row_count} to {after.row_count}"
    kept = before.complete and after.complete
    same_set = _same_set(before, after) if kept else before.digest == after.digest
    if not same_set:
        hint = " (LIMIT without ORDER BY may return any rows)"
        return "the rows differ" + (hint if before.limited and not before.ordered else "")
    if not before.ordered:
        return ""
    same_order = (
        all(map(_close_rows, before.rows, after.rows))
        if kept
        else before.order_digest == after.order_digest
    )
    return "" if same_order else "rows that tie in ORDER BY come in another order"


def _same_set(before: ResultSample, after: ResultSample) -> bool:
    """Compare as multisets: exactly first, then what is left over with tolerance."""
    left = Counter(canonical(list(row)) for row in before.rows)
    right = Counter(canonical(list(row)) for row in after.rows)
    rows = {canonical(list(row)): row for row in (*before.rows, *after.rows)}
    gone = sorted((rows[key] for key in (left - right).elements()), key=_rounded_key)
    come = sorted((rows[key] for key in (right - left).elements()), key=_rounded_key)
    return all(map(_close_rows, gone, come))


def _rounded_key(row: tuple[JsonValue, ...]) -> str:
    return canonical([_rounded(value) for value in row])


def _close_rows(left: tuple[JsonValue, ...], right: tuple[JsonValue, ...]) -> bool:
    return all(map(_close, left, right))


def _close(left: JsonValue, right: JsonValue) -> bool:
    if type(left) is not type(right):
        return False
    if isinstance(left, float) and isinstance(right, float):
        return math.isclose(left, right, rel_tol=_RELATIVE, abs_tol=_ABSOLUTE)
    return left == right


def _rounded(value: JsonValue) -> JsonValue:
    return float(f"{value:.5e}") + 0.0 if isinstance(value, float) else value


def _valid(text: str) -> str:
    """Return text that any JSON reader takes: bytes that are not UTF-8 shown as escapes."""
    if text.isascii():
        return text
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
