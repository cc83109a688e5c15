"""What an index of ours is: table and columns; its name is derived, never given."""

import hashlib
import re

from pydantic import Field

from tools.contract import Record, canonical

OWN_PREFIX = "sf_"
"""Names of our indexes begin so; ownership itself is proved by the journal, not by the name."""


class IndexSpec(Record):
    """An index to be: a table, and columns in order, each `name` or `name DESC`."""

    table: str = Field(min_length=1, max_length=200)
    columns: tuple[str, ...] = Field(min_length=1, max_length=8)

    @property
    def name(self) -> str:
        """Readable, unique, a plain identifier whatever the table is called."""
        readable = re.sub(r"[^A-Za-z0-9_]+", "_", "_".join((self.table, *self.columns)))[:60]
        unique = hashlib.sha256(canonical(self.to_json()).encode()).hexdigest()[:8]
        return f"{OWN_PREFIX}{readable.strip('_')}_{unique}"
