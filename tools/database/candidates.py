"""Which indexes might help a query, and which existing ones nobody needs. Pure functions."""

from collections.abc import Iterable, Iterator
from typing import Final

from tools.contract import Record
from tools.database.catalog import Index, Schema, Table
from tools.database.spec import IndexSpec
from tools.database.usage import Term, Usage, usages
from tools.database.workload import Query

MAX_PER_QUERY: Final = 12
MAX_COLUMNS: Final = 8


class Redundant(Record):
    """An index whose every use another one serves."""

    name: str
    covered_by: str
    why: str


def candidates_for(query: Query, schema: Schema) -> list[IndexSpec]:
    """Return indexes that might make a query faster, most promising shapes first.

    Equality columns come first, then one range column or the columns of ORDER BY or GROUP BY,
    then, to cover the query, the other columns that it reads of the table.

    Args:
        query: The query.
        schema: Tables and the indexes there are.

    Returns:
        At most `MAX_PER_QUERY`; none that an existing index or a primary key begins with.

    Raises:
        Refused: The query cannot be parsed.
    """
    shapes = [list(_shapes(usage)) for usage in usages(query.sql, schema)]
    found: dict[IndexSpec, None] = {}
    for turn in range(max(map(len, shapes), default=0)):
        for own in shapes:
            if turn < len(own):
                found.setdefault(own[turn])
    return [spec for spec in found if not _exists(spec, schema)][:MAX_PER_QUERY]


def redundant_indexes(schema: Schema) -> list[Redundant]:
    """Return the indexes that are an exact copy or a strict beginning of another, by name.

    Only ordinary indexes made by CREATE INDEX are named: unique, partial and expression indexes
    do more than find rows. Of two copies the one that a constraint made stays, else the shorter
    name, else the first by alphabet.
    """
    found = []
    for table in schema.tables.values():
        for index in table.indexes:
            if _is_plain(index) and not index.unique and index.origin == "c":
                other = next((one for one in table.indexes if _replaces(one, index)), None)
                if other:
                    found.append(_redundant(index, other))
    return sorted(found, key=lambda item: item.name)


def _shapes(usage: Usage) -> Iterator[IndexSpec]:
    """Yield the indexes of one table instance, most promising first."""
    table = usage.table
    bases = _bases(usage)
    for base in bases:
        tails = list(_tails(usage, base))
        # Without a condition to search by, the table's own columns can still be read from an index.
        scans = not (base or usage.equal or usage.joined)
        lists = [[*base, *tail] for tail in tails] + ([base] if base or scans else [])
        yield from _specs(table, [_covering(usage, columns) for columns in lists])
        yield from _specs(table, lists)
    if usage.limited and usage.ordered:
        yield from _specs(table, [_covering(usage, _order(usage))])
    yield from _specs(table, [[name] for name in usage.either])


def _bases(usage: Usage) -> list[list[str]]:
    """Return the equality columns for each way in: as the inner side of a join, or the outer."""
    ways = [[key, *usage.equal] for key in usage.joined] + [list(usage.equal)]
    return [_distinct(way) for way in ways]


def _tails(usage: Usage, base: list[str]) -> Iterator[list[str]]:
    """Yield what may follow the equality columns."""
    for name in usage.ranged:
        if name not in base:
            yield [name]
    order = [column for column in _order(usage) if column.removesuffix(" DESC") not in base]
    if order:
        yield order
    groups = [name for name in usage.grouped if name not in base]
    if groups:
        yield groups


def _order(usage: Usage) -> list[str]:
    """Return the ORDER BY columns; a trailing rowid is in every index anyway, ascending."""
    terms: list[Term] = list(usage.ordered)
    key = _rowid_key(usage.table)
    names = [name for name, _ in terms]
    if key in names:
        terms = terms[: names.index(key) + 1]
    flip = bool(terms) and terms[-1][1]
    turned = [(name, down != flip) for name, down in terms if name != key]
    return [f"{name} DESC" if down else name for name, down in turned]


def _covering(usage: Usage, columns: list[str]) -> list[str]:
    """Return the columns with all others that the query reads, or nothing when too many."""
    bare = {column.removesuffix(" DESC") for column in columns}
    key = _rowid_key(usage.table)
    rest = [name for name in usage.columns if name not in bare and name != key]
    covering = [*columns, *rest]
    return covering if len(covering) <= MAX_COLUMNS else []


def _specs(table: Table, lists: Iterable[list[str]]) -> Iterator[IndexSpec]:
    """Yield the lists as specifications; the rowid needs no index."""
    key = _rowid_key(table)
    for columns in lists:
        if columns and columns[0] != key and len(columns) <= MAX_COLUMNS:
            kept = tuple(column for column in columns if column != key)
            yield IndexSpec(table=table.name, columns=kept)


def _rowid_key(table: Table) -> str:
    """Return the column that is the rowid, or nothing."""
    keys = [column for column in table.columns if column.primary_key]
    single = len(keys) == 1 and not table.without_rowid and keys[0].type.upper() == "INTEGER"
    return keys[0].name if single else ""


def _exists(spec: IndexSpec, schema: Schema) -> bool:
    """Tell whether an existing index or the primary key begins with these columns."""
    table = schema.tables[spec.table]
    keys = sorted((column.primary_key, column.name) for column in table.columns)
    primary = tuple(name for place, name in keys if place)
    existing = [index.columns for index in table.indexes if not index.partial]
    if table.without_rowid:
        existing.append(primary)
    wanted = spec.columns
    return any(known[: len(wanted)] == wanted for known in existing)


def _distinct(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))


def _is_plain(index: Index) -> bool:
    return not index.partial and "<expr>" not in index.columns


def _replaces(other: Index, index: Index) -> bool:
    """Tell whether another index serves every use of this one."""
    if other.name == index.name or not _is_plain(other):
        return False
    if other.columns == index.columns:
        return _rank(other) < _rank(index)
    return other.columns[: len(index.columns)] == index.columns


def _rank(index: Index) -> tuple[bool, int, str]:
    return not index.unique, len(index.name), index.name


def _redundant(index: Index, other: Index) -> Redundant:
    columns = ", ".join(index.columns)
    same = other.columns == index.columns
    why = (
        f"{other.name} is on the same columns ({columns})"
        if same
        else f"its columns ({columns}) are the first of {other.name} ({', '.join(other.columns)})"
    )
    return Redundant(name=index.name, covered_by=other.name, why=f"{why}.")
