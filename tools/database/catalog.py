"""What a schema is, as plain records: tables, columns and indexes by their exact names."""

from pydantic import Field

from tools.contract import Record
from tools.errors import Refused


class Column(Record):
    """A column of a table."""

    name: str
    type: str
    """As declared; empty when it has none."""
    not_null: bool
    primary_key: int
    """Its place in the primary key, counted from 1; 0 when it is not in it."""


class Index(Record):
    """An index, ours or not."""

    name: str
    table: str
    columns: tuple[str, ...]
    """Each `name`, `name DESC` or `<expr>`; ` COLLATE X` follows where the index asks for one."""
    unique: bool
    partial: bool
    origin: str
    """`c` made by CREATE INDEX, `u` by a UNIQUE constraint, `pk` by a primary key."""
    sql: str
    """Its CREATE INDEX; empty when a constraint made it."""


class Table(Record):
    """An ordinary table."""

    name: str
    columns: tuple[Column, ...]
    indexes: tuple[Index, ...]
    rows: int
    """Number of rows; -1 when they were not counted."""
    without_rowid: bool
    sql: str

    def split_column(self, column: str) -> tuple[str, bool]:
        """Return the exact name of `name` or `name DESC`, and whether it descends.

        Raises:
            Refused: The table has no such column.
        """
        names = {known.name for known in self.columns}
        if column in names:
            return column, False
        bare = column.removesuffix(" DESC")
        if bare not in names or bare == column:
            raise Refused(
                f"The table {self.name!r} has no column {column!r}.",
                advice=f"It has: {', '.join(sorted(names))}.",
            )
        return bare, True


class Schema(Record):
    """The ordinary tables of a database; SQLite's internal tables are left out."""

    tables: dict[str, Table]
    others: dict[str, str] = Field(default_factory=dict)
    """SQL of views, triggers, virtual tables and what belongs to them, by `kind name`."""

    def table(self, name: str) -> Table:
        """Return a table by its exact name.

        Raises:
            Refused: No such table.
        """
        if name not in self.tables:
            known = ", ".join(sorted(self.tables)[:20]) or "none"
            raise Refused(f"There is no table {name!r}.", advice=f"Tables: {known}.")
        return self.tables[name]

    def indexes(self) -> dict[str, Index]:
        """Return all indexes by name."""
        return {index.name: index for table in self.tables.values() for index in table.indexes}

    def index(self, name: str) -> Index:
        """Return an index by its exact name.

        Raises:
            Refused: No such index.
        """
        known = self.indexes()
        if name not in known:
            raise Refused(
                f"There is no index {name!r}.",
                advice=f"Indexes: {', '.join(sorted(known)[:20]) or 'none'}.",
            )
        return known[name]
