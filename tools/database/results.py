"""What a query returned, small enough to keep, exact enough to prove that nothing changed."""

import hashlib
import math
from typing import Final

from pydantic import JsonValue

from tools.contract import Record, canonical
from tools.database.session import Row, Value
from tools.database.shape import Shape

MAX_ROWS: Final = 5_000
MAX_CHARACTERS: Final = 1_000_000
"""Beyond either, a sample keeps no more rows, and digests are compared."""
_LONG: Final = 400
_RELATIVE: Final = 1e-9
_ABSOLUTE: Final = 1e-9
"""A sum that cancels to nothing has no relative error."""
_MODULUS: Final = 2**128
Cells = tuple[JsonValue, ...]
"""A row as JSON."""


class ResultSample(Record):
    """The result of a query."""

    columns: tuple[str, ...]
    row_count: int
    ordered: bool
    """Whether the query orders its rows."""
    limited: bool
    """Whether a top-level LIMIT may have left rows out."""
    skipped: bool = False
    """Whether OFFSET may have left rows out."""
    keys: tuple[int, ...] = ()
    """Places of the columns by which it is ordered; empty when they are not all in the output."""
    rows: tuple[Cells, ...]
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

    def __init__(self, shape: Shape) -> None:
        self.columns: tuple[str, ...] = ()
        self._shape = shape
        self._rows: list[Cells] = []
        self._characters = 0
        self._count = 0
        self._sum = 0
        self._chain = hashlib.blake2b(digest_size=16)

    def add(self, batch: list[Row]) -> None:
        """Take in some rows."""
        for row in batch:
            cells = tuple(cell(value) for value in row)
            text = canonical([rounded(value) for value in cells])
            fingerprint = hashlib.blake2b(text.encode(), digest_size=16).digest()
            self._sum = (self._sum + int.from_bytes(fingerprint, "big")) % _MODULUS
            self._chain.update(fingerprint)
            self._characters += len(text)
            if len(self._rows) < MAX_ROWS and self._characters < MAX_CHARACTERS:
                self._rows.append(cells)
        self._count += len(batch)

    def sample(self) -> ResultSample:
        """Return what was taken in."""
        shape = self._shape
        return ResultSample(
            columns=tuple(_valid(column) for column in self.columns),
            row_count=self._count,
            ordered=shape.ordered,
            limited=shape.limit is not None and self._count >= shape.limit,
            skipped=shape.skips,
            keys=shape.places(self.columns),
            rows=tuple(self._rows),
            digest=f"{self._sum:032x}",
            order_digest=self._chain.hexdigest() if shape.ordered else "",
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


def close_rows(left: Cells, right: Cells) -> bool:
    """Tell whether two rows are equal but for the rounding of floats."""
    return all(map(_close, left, right))


def _close(left: JsonValue, right: JsonValue) -> bool:
    if type(left) is not type(right):
        return False
    if isinstance(left, float) and isinstance(right, float):
        return math.isclose(left, right, rel_tol=_RELATIVE, abs_tol=_ABSOLUTE)
    return left == right


def rounded(value: JsonValue) -> JsonValue:
    """Return a float of six digits; anything else as it is."""
    return float(f"{value:.5e}") + 0.0 if isinstance(value, float) else value


def _valid(text: str) -> str:
    """Return text that any JSON reader takes: bytes that are not UTF-8 shown as escapes."""
    if text.isascii():
        return text
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
