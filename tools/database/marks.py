"""Marks an index with the effect that made it, so that another's equal index is never ours.

SQLite keeps the text of CREATE INDEX word for word, comments between its parentheses included. The
name says nothing: it follows from table and columns, so that a colleague's agent chooses it, too.
What remains assumed: two stores that work on one database do not name their runs alike.
"""

import re
from typing import Final

from tools.contract import digest

_MARK: Final = re.compile(r" /\* surefoot [0-9a-f]{16} \*/\)$")


def marked(sql: str, key: str) -> str:
    """Return our CREATE INDEX with the mark of an effect.

    Args:
        sql: As `statements.create_index` writes it; ends with a parenthesis.
        key: The effect's key.
    """
    return f"{sql.removesuffix(')')} /* surefoot {digest(key)[:16]} */)"


def unmarked(sql: str) -> str:
    """Return a CREATE INDEX without its mark; one that has none as it is."""
    return _MARK.sub(")", sql)
