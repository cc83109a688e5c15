"""Tells from the journal which indexes of one database are ours, and which effect dropped one.

A store keeps runs on many databases, and a name proves nothing: an index is ours only when a
standing effect of a run on the same file made exactly its SQL, mark included.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from checkpoints.store import Store
from tools.contract import EffectRecord
from tools.database.catalog import Index
from tools.database.marks import marked
from tools.database.spec import IndexSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Ownership:
    """What the journal says of the indexes of one database.

    Args:
        store: Its journal, and the runs that the effects belong to.
        database: Resolved path, as the settings of runs keep it.
    """

    store: Store
    database: str

    def owns(self, index: Index) -> bool:
        """Tell whether we made an index, and have not taken it back."""
        return any(made_sql(record) == index.sql for record in self._standing("create_index"))

    def dropper(self, name: str, sql: str) -> str:
        """Return the key of the standing effect that dropped an index; empty when there is none."""
        for tool in ("drop_own_index", "drop_index"):
            for record in self._standing(tool):
                if (record.action.args["name"], record.snapshot["sql"]) == (name, sql):
                    return record.key
        return ""

    def _standing(self, tool: str) -> Iterator[EffectRecord]:
        for record in self.store.journal.applied(tool):
            run = self.store.runs.find(record.run)
            if run is not None and run.settings.get("database") == self.database:
                yield record


def index_of(record: EffectRecord) -> str:
    """Return the name of the index that an effect made or dropped; empty for others."""
    if record.action.tool == "create_index":
        return IndexSpec.model_validate(record.action.args).name
    return str(record.action.args.get("name", ""))


def made_sql(record: EffectRecord) -> str:
    """Return the SQL of the index that a `create_index` effect made; it names table and index."""
    return marked(str(record.snapshot["sql"]), record.key)
