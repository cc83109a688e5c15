"""The only statements that a connection executes, and the only place that makes them.

A `Statement` cannot be built elsewhere. Text from outside becomes one by passing `vetting`; DDL is
written here from names that exist in the live schema and is read again before it is believed.
"""

from dataclasses import KW_ONLY, dataclass, field
from typing import Final, Literal

from sqlglot import exp

from tools.database.catalog import Schema, Table
from tools.database.marks import marked
from tools.database.shape import Shape, shape_of
from tools.database.spec import IndexSpec
from tools.database.vetting import one_piece, parse, vet_query
from tools.errors import Refused

Kind = Literal[
    "query", "explain", "catalog", "create_index", "drop_index", "analyze", "statistics", "copy"
]

_SEAL: Final = object()
_PLAIN: Final = Shape()


@dataclass(frozen=True, slots=True)
class Statement:
    """Vetted SQL text; made only by the functions of this module."""

    text: str
    kind: Kind
    _: KW_ONLY
    shape: Shape = _PLAIN
    """What the text of a query tells of its result."""
    seal: object = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.seal is not _SEAL:
            raise Refused("A Statement is made by tools.database.statements, never by hand.")


def _fixed(text: str, kind: Kind) -> Statement:
    return Statement(" ".join(text.split()), kind, seal=_SEAL)


TABLES: Final = _fixed(
    """SELECT l.name, l.type, l.wr, m.sql FROM pragma_table_list AS l
    JOIN sqlite_master AS m ON m.type = 'table' AND m.name = l.name
    WHERE l.schema = 'main' AND l.type IN ('table', 'shadow') AND l.name NOT LIKE 'sqlite\\_%'
    ESCAPE '\\' ORDER BY l.name""",
    "catalog",
)
"""Ordinary and shadow tables: name, type, WITHOUT ROWID, SQL."""
COLUMNS: Final = _fixed(
    'SELECT name, type, "notnull", pk FROM pragma_table_xinfo(?) WHERE hidden <> 1 ORDER BY cid',
    "catalog",
)
INDEXES: Final = _fixed(
    """SELECT l.name, l."unique", l.partial, l.origin, m.sql FROM pragma_index_list(?) AS l
    LEFT JOIN sqlite_master AS m ON m.type = 'index' AND m.name = l.name ORDER BY l.name""",
    "catalog",
)
INDEX_COLUMNS: Final = _fixed(
    'SELECT name, "desc", coll FROM pragma_index_xinfo(?) WHERE key = 1 ORDER BY seqno', "catalog"
)
INDEX_ROW: Final = _fixed(
    "SELECT tbl_name, sql FROM sqlite_master WHERE type = 'index' AND name = ?", "catalog"
)
"""Table and SQL of the index of a name."""
SCHEMA_ROWS: Final = _fixed(
    """SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL
    AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
    ORDER BY CASE type WHEN 'table' THEN 0 WHEN 'index' THEN 1 ELSE 2 END, rowid""",
    "catalog",
)
"""Kind, name and SQL of everything that was created, tables first."""
STATISTICS_TABLES: Final = _fixed(
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'sqlite\\_stat%' ESCAPE '\\'"
    " ORDER BY name",
    "catalog",
)
STATISTICS: Final = _fixed("SELECT tbl, idx, stat FROM sqlite_stat1 ORDER BY rowid", "catalog")
INDEX_NAMES: Final = _fixed("SELECT name FROM sqlite_master WHERE type = 'index'", "catalog")
TABLE_NAMES: Final = _fixed("SELECT name FROM sqlite_master WHERE type = 'table'", "catalog")
MAKES_HISTOGRAMS: Final = _fixed("SELECT sqlite_compileoption_used('ENABLE_STAT4')", "catalog")
"""Whether ANALYZE of this build of SQLite writes sqlite_stat4, too."""
PAGE_SIZE: Final = _fixed("PRAGMA page_size", "catalog")
PAGE_COUNT: Final = _fixed("PRAGMA page_count", "catalog")
DATA_VERSION: Final = _fixed("PRAGMA data_version", "catalog")
"""Moves when another connection commits."""
FREE_PAGES: Final = _fixed("PRAGMA freelist_count", "catalog")
ANALYZE: Final = _fixed("ANALYZE", "analyze")
LOAD_STATISTICS: Final = _fixed("ANALYZE sqlite_master", "analyze")
CLEAR_STATISTICS: Final = _fixed("DELETE FROM sqlite_stat1", "statistics")
CLEAR_INDEX_STATISTICS: Final = _fixed("DELETE FROM sqlite_stat1 WHERE idx = ?", "statistics")
ADD_STATISTICS: Final = _fixed(
    "INSERT INTO sqlite_stat1(tbl, idx, stat) VALUES (?, ?, ?)", "statistics"
)
DROP_STATISTICS: Final = _fixed("DROP TABLE sqlite_stat1", "statistics")


def quote(name: str) -> str:
    """Return a name as a quoted identifier."""
    return '"' + name.replace('"', '""') + '"'


def parse_query(text: str) -> Statement:
    """Return the one SELECT (or compound SELECT) of a text, without its comments.

    Raises:
        Refused: It is anything else; the message says which rule it breaks.
    """
    piece = one_piece(text)
    return Statement(piece.text, "query", shape=shape_of(piece, vet_query(piece)), seal=_SEAL)


def explain(statement: Statement) -> Statement:
    """Return the EXPLAIN QUERY PLAN of a query."""
    _expect(statement.kind == "query", "only a query has a plan")
    return Statement(f"EXPLAIN QUERY PLAN {statement.text}", "explain", seal=_SEAL)


def count_rows(table: Table) -> Statement:
    """Return the query that counts the rows of a table."""
    return Statement(f"SELECT count(*) FROM {quote(table.name)}", "query", seal=_SEAL)


def all_rows(table: Table) -> Statement:
    """Return the query of a table's whole content in the order of its key."""
    keys = [column.name for column in table.columns if column.primary_key]
    if not table.without_rowid:
        taken = {column.name.lower() for column in table.columns}
        keys = [name for name in ("rowid", "_rowid_", "oid") if name not in taken][:1]
    order = ", ".join(quote(name) if table.without_rowid else name for name in keys)
    order = order or ", ".join(quote(column.name) for column in table.columns)
    text = f"SELECT * FROM {quote(table.name)} ORDER BY {order}"
    return Statement(text, "query", shape=Shape(ordered=True), seal=_SEAL)


def first_rows(table: Table, columns: tuple[str, ...], limit: int) -> Statement:
    """Return the query of some columns of a table's first rows."""
    names = ", ".join(quote(name) for name in columns)
    text = f"SELECT {names} FROM {quote(table.name)} LIMIT {limit:d}"
    return Statement(text, "query", shape=Shape(limit=limit), seal=_SEAL)


def create_index(spec: IndexSpec, schema: Schema, *, key: str = "") -> Statement:
    """Return the CREATE INDEX of a specification.

    Args:
        spec: What to make.
        schema: Where table and columns must exist.
        key: The effect whose mark it bears; none when empty.

    Raises:
        Refused: The table or a column does not exist in the schema.
    """
    table = schema.table(spec.table)
    columns = [table.split_column(column) for column in spec.columns]
    written = ", ".join(quote(name) + (" DESC" if down else "") for name, down in columns)
    text = f"CREATE INDEX {quote(spec.name)} ON {quote(spec.table)} ({written})"
    text = marked(text, key) if key else text
    _expect(_index_of(text) == (spec.name, spec.table, columns), "it does not read as it was meant")
    return Statement(text, "create_index", seal=_SEAL)


def drop_index(name: str, schema: Schema) -> Statement:
    """Return the DROP INDEX of an ordinary index.

    Raises:
        Refused: No such index, or it is unique or belongs to a constraint.
    """
    index = schema.index(name)
    if index.unique or index.origin != "c":
        raise Refused(
            f"The index {name!r} enforces uniqueness or a constraint.",
            advice="Only ordinary indexes can be dropped.",
        )
    text = f"DROP INDEX {quote(index.name)}"
    tree = parse(one_piece(text))
    names = [identifier.this for identifier in tree.find_all(exp.Identifier)]
    meant = isinstance(tree, exp.Drop) and tree.args.get("kind") == "INDEX" and names == [name]
    _expect(meant, "it does not read as it was meant")
    return Statement(text, "drop_index", seal=_SEAL)


def analyze() -> Statement:
    """Return ANALYZE of the whole database."""
    return ANALYZE


def recreate_index(sql: str, name: str, table: str) -> Statement:
    """Return a stored CREATE INDEX as a statement, word for word, to undo a drop.

    Raises:
        Refused: It is not the CREATE INDEX of that name on that table.
    """
    piece = one_piece(sql)
    tree = parse(piece)
    index = tree.this if isinstance(tree, exp.Create) else None
    meant = (
        isinstance(index, exp.Index)
        and tree.args.get("kind") == "INDEX"
        and not tree.args.get("unique")
        and (index.name, index.args["table"].name) == (name, table)
    )
    _expect(meant, f"the stored SQL is not the CREATE INDEX of {name!r} on {table!r}")
    return Statement(sql, "create_index", seal=_SEAL)


def copy_of_schema(sql: str) -> Statement:
    """Return a stored CREATE of a table, index or view, for an empty copy in memory only.

    Raises:
        Refused: It is another statement, or several.
    """
    words = [token.name for token in one_piece(sql).tokens[:2]]
    _expect(
        words[:1] == ["create"] and words[1:] in (["table"], ["index"], ["unique"], ["view"]),
        "it creates no table, index or view",
    )
    return Statement(sql, "copy", seal=_SEAL)


def _index_of(text: str) -> tuple[str, str, list[tuple[str, bool]]] | None:
    tree = parse(one_piece(text))
    index = tree.this if isinstance(tree, exp.Create) else None
    if not isinstance(index, exp.Index) or tree.args.get("unique"):
        return None
    ordered = index.args["params"].args["columns"]
    columns = [(part.this.name, bool(part.args.get("desc"))) for part in ordered]
    return index.name, index.args["table"].name, columns


def _expect(holds: bool, rule: str) -> None:  # noqa: FBT001  # an assertion reads like one
    if not holds:
        raise Refused(f"The statement is refused: {rule}.")
