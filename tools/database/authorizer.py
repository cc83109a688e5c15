"""What the engine itself lets a connection do: the second defence, which needs no vocabulary.

SQLite asks these functions about every access while it compiles a statement.
"""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass

from tools.database.vetting import FORBIDDEN_FUNCTIONS

Authorizer = Callable[[int, str | None, str | None, str | None, str | None], int]
_CATALOG_PRAGMAS = frozenset(
    {
        "data_version",
        "table_list",
        "table_xinfo",
        "index_list",
        "index_xinfo",
        "page_count",
        "freelist_count",
        "page_size",
    }
)
_SEARCH_PRAGMAS = frozenset({"data_version", "page_size"})
"""Full-text tables ask for these, without a value, when they are read."""
_LAYOUT = frozenset({"type", "name", "tbl_name", "rootpage", "sql"})
_DROP_CLEARS = ("sqlite_master", "sqlite_stat1", "sqlite_stat4")
_ROW_ACTIONS = (sqlite3.SQLITE_INSERT, sqlite3.SQLITE_DELETE)
_STATISTICS_ACTIONS = (
    *_ROW_ACTIONS,
    sqlite3.SQLITE_CREATE_TABLE,
    sqlite3.SQLITE_DROP_TABLE,
)


@dataclass(frozen=True, slots=True)
class Scope:
    """The one effect that a writer may have."""

    create: tuple[str, str] | None = None
    """Name and table of the index that may be made."""
    drop: tuple[str, str] | None = None
    """Name and table of the index that may be dropped."""
    statistics: bool = False
    """Whether sqlite_stat1 may be written, by ANALYZE or to restore it."""


def reads_only(is_catalog: Callable[[], bool]) -> Authorizer:
    """Return the authorizer of a reader.

    Args:
        is_catalog: Tells whether the statement at hand is one of ours about the schema; only those
            may use PRAGMA functions.
    """

    def authorize(
        action: int, first: str | None, second: str | None, base: str | None, via: str | None
    ) -> int:
        del base, via
        return _verdict(_may_read(action, first, second, catalog=is_catalog()))

    return authorize


def changes_only(scope: Scope) -> Authorizer:
    """Return the authorizer of a writer: reading, and the one effect of its scope."""
    grants = _granted(scope)

    def authorize(
        action: int, first: str | None, second: str | None, base: str | None, via: str | None
    ) -> int:
        if _may_read(action, first, second, catalog=True) and action != sqlite3.SQLITE_UPDATE:
            return sqlite3.SQLITE_OK
        if base != "main" or via is not None:
            return sqlite3.SQLITE_DENY
        analyzes = scope.statistics and action == sqlite3.SQLITE_ANALYZE
        return _verdict(analyzes or (action, first, second) in grants)

    return authorize


def builds_copy(
    action: int, first: str | None, second: str | None, base: str | None, via: str | None
) -> int:
    """Authorize the making of an empty copy of a schema in memory."""
    makes = {sqlite3.SQLITE_CREATE_TABLE, sqlite3.SQLITE_CREATE_INDEX, sqlite3.SQLITE_CREATE_VIEW}
    makes |= {sqlite3.SQLITE_REINDEX, sqlite3.SQLITE_ANALYZE}
    writes = {sqlite3.SQLITE_INSERT, sqlite3.SQLITE_UPDATE, sqlite3.SQLITE_DELETE}
    own = action in writes and first in {"sqlite_master", "sqlite_stat1", "sqlite_sequence"}
    via_none = via is None and base == "main"
    return _verdict(
        _may_read(action, first, second, catalog=True) or (via_none and (own or action in makes))
    )


def _verdict(allowed: bool) -> int:  # noqa: FBT001  # turns a finding into SQLite's code
    return sqlite3.SQLITE_OK if allowed else sqlite3.SQLITE_DENY


def _may_read(action: int, first: str | None, second: str | None, *, catalog: bool) -> bool:
    name = (first or "").lower()
    if action == sqlite3.SQLITE_READ:
        return catalog or not name.startswith(("pragma_", "sqlite_dbpage", "sqlite_stmt", "dbstat"))
    if action == sqlite3.SQLITE_FUNCTION:
        return (second or "").lower() not in FORBIDDEN_FUNCTIONS
    if action == sqlite3.SQLITE_PRAGMA:
        return name in _CATALOG_PRAGMAS if catalog else name in _SEARCH_PRAGMAS and second is None
    if action == sqlite3.SQLITE_UPDATE:
        # Declaring a virtual table compiles, and never runs, an UPDATE of the schema's layout.
        return name == "sqlite_master" and second in _LAYOUT
    return action in {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_RECURSIVE}


def _granted(scope: Scope) -> frozenset[tuple[int, str | None, str | None]]:
    """Return what a scope needs; sqlite_master is written by SQLite's own bookkeeping only.

    Statements that name sqlite_master are refused by SQLite itself ("may not be modified").
    """
    grants: set[tuple[int, str | None, str | None]] = set()
    if scope.create:
        grants |= {
            (sqlite3.SQLITE_CREATE_INDEX, *scope.create),
            (sqlite3.SQLITE_REINDEX, scope.create[0], None),
            (sqlite3.SQLITE_INSERT, "sqlite_master", None),
        }
    if scope.drop:
        grants |= {
            (sqlite3.SQLITE_DROP_INDEX, *scope.drop),
            (sqlite3.SQLITE_UPDATE, "sqlite_master", "rootpage"),
        }
        grants |= {(sqlite3.SQLITE_DELETE, name, None) for name in _DROP_CLEARS}
    if scope.statistics:
        grants |= {(action, "sqlite_stat1", None) for action in _STATISTICS_ACTIONS}
        grants |= {(sqlite3.SQLITE_UPDATE, "sqlite_master", column) for column in _LAYOUT}
        grants |= {(action, "sqlite_master", None) for action in _ROW_ACTIONS}
    return frozenset(grants)
