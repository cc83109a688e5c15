"""The tables of the store. The ledger is the record; the others are indexes over it.

LangGraph's own tables, `checkpoints` and `writes`, live in the same file; see `savers.py`.
"""

from collections.abc import Mapping
from datetime import UTC, datetime

from sqlalchemy import (
    Column,
    ColumnElement,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    func,
)

STORE_VERSION = 3
"""Version of everything below; raised with each migration."""

metadata = MetaData()

store_version = Table(
    "store_version",
    metadata,
    Column("version", Integer, nullable=False),
    Column("forms", Text, nullable=False, server_default="plain"),
)
"""One row; `forms` tells how content is sealed, see `keyring.py`."""

ledger = Table(
    "ledger",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("run", Text, nullable=False),
    Column("at", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("dedupe", Text, nullable=False, unique=True),
    Column("prev", Text, nullable=False),
    Column("hash", Text, nullable=False),
    Index("ledger_by_run", "run", "seq"),
)

ledger_head = Table(
    "ledger_head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("seq", Integer, nullable=False),
    Column("hash", Text, nullable=False),
)

effects = Table(
    "effects",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("key", Text, nullable=False, unique=True),
    Column("run", Text, nullable=False),
    Column("tool", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("changes", Integer, nullable=False),
    Column("record", Text, nullable=False),
    Index("effects_by_run", "run", "seq"),
    Index("effects_by_tool", "tool", "state"),
    sqlite_autoincrement=True,
)

clearances = Table(
    "clearances",
    metadata,
    Column("key", Text, primary_key=True),
    Column("record", Text, nullable=False),
)

reviews = Table(
    "reviews",
    metadata,
    Column("id", Text, primary_key=True),
    Column("run", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("expires_at", Text, nullable=False),
    Column("record", Text, nullable=False),
    Index("reviews_by_state", "state", "run"),
)

artifacts = Table(
    "artifacts",
    metadata,
    Column("ref", Text, primary_key=True),
    Column("data", LargeBinary, nullable=False),
)

runs = Table(
    "runs",
    metadata,
    Column("run", Text, primary_key=True),
    Column("created_at", Text, nullable=False),
    Column("changes", Integer, nullable=False),
    Column("record", Text, nullable=False),
    Index("runs_by_age", "created_at"),
)

leases = Table(
    "leases",
    metadata,
    Column("run", Text, primary_key=True),
    Column("owner", Text, nullable=False),
    Column("host", Text, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("started", Text, nullable=False),
    Column("fence", Integer, nullable=False),
    Column("since", Text, nullable=False),
    Column("expires_at", Text, nullable=False),
)

spending = Table(
    "spending",
    metadata,
    Column("call", Text, primary_key=True),
    Column("run", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("tokens", Integer, nullable=False),
    Column("usd", Float, nullable=False),
    Column("reserved_tokens", Integer, nullable=False),
    Column("reserved_usd", Float, nullable=False),
    Column("at", Text, nullable=False),
    Index("spending_by_run", "run", "at"),
)

model_cache = Table(
    "model_cache",
    metadata,
    Column("key", Text, primary_key=True),
    Column("answer", Text, nullable=False),
    Column("expires_at", Text, nullable=False),
    Index("model_cache_by_expiry", "expires_at"),
)

CONTENT: Mapping[str, tuple[str, str]] = {
    "ledger": ("seq", "body"),
    "effects": ("key", "record"),
    "clearances": ("key", "record"),
    "reviews": ("id", "record"),
    "artifacts": ("ref", "data"),
    "runs": ("run", "record"),
    "model_cache": ("key", "answer"),
}
"""For each table with content: the column that names a row, and the one that is sealed."""

_REFUSED = "BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END"

SQLITE_TRIGGERS = (
    f"CREATE TRIGGER ledger_is_never_changed BEFORE UPDATE ON ledger {_REFUSED}",
    f"CREATE TRIGGER ledger_is_never_cut BEFORE DELETE ON ledger {_REFUSED}",
)

POSTGRES_TRIGGERS = (
    """CREATE FUNCTION ledger_is_append_only() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'the ledger is append-only'; END $$""",
    """CREATE TRIGGER ledger_is_never_changed BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_is_append_only()""",
)


def stamp(at: datetime) -> str:
    """Return an instant as text whose order is the order of time."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def begins(column: Column[str], text: str) -> ColumnElement[bool]:
    """Return the condition that a column begins with a text, letter for letter."""
    return func.substr(column, 1, len(text)) == text
