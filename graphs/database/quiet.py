"""Tells whether others wrote to the database while we worked: then results cannot be compared.

Two proofs are accepted, and nothing is assumed without one. Somebody committed while we only looked
(PRAGMA data_version moves), or the file's change counter rose by more than all of our own effects
and their undoing can account for. In WAL mode the counter stands still at most commits, so that
there a single write between two looks cannot be shown: it stays a broken constraint.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from nodes.state import Check
from tools.contract import EffectRecord, EffectState, JsonObject
from tools.database import statements
from tools.database.connection import Reader

_COMMITS: Final[Mapping[EffectState, int]] = {
    "failed": 0,
    "intended": 1,
    "in_doubt": 1,
    "applied": 1,
    "undoing": 2,
    "undone": 2,
}
"""How many transactions an effect may have committed at most."""
_OF_DATA: Final = ("rows", "content", "result of ")


class Watch:
    """Notices commits of other connections from now on.

    Args:
        reader: Stays open as long as the watch.
    """

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._first = self._version()

    @property
    def disturbed(self) -> bool:
        """Whether somebody has committed since."""
        return self._version() != self._first

    def _version(self) -> int:
        return int(self._reader.rows(statements.DATA_VERSION)[0][0])


def more_than_ours(before: int, after: int, effects: Sequence[EffectRecord]) -> bool:
    """Tell whether a file's change counter rose by more than a run's effects account for.

    Args:
        before: The counter at the baseline.
        after: The counter now.
        effects: All of the run, whatever became of them.
    """
    return after - before > sum(_COMMITS[record.state] for record in effects)


def changed_tables(before: Mapping[str, JsonObject], after: Mapping[str, JsonObject]) -> list[str]:
    """Return the tables whose content is not what it was."""
    return sorted(name for name in before if before[name] != after.get(name))


def suspects(checks: Sequence[Check]) -> list[Check]:
    """Return the broken constraints that a change of data by others may explain."""
    return [check for check in checks if not check.holds and check.name.startswith(_OF_DATA)]


def excused(checks: list[Check], tables: Sequence[str]) -> list[Check]:
    """Return the checks with those of data replaced by one that says that others changed it.

    Args:
        checks: Some of them broken.
        tables: Whose content changed; when there are none, it was not the data, and nothing is
            excused.
    """
    if not tables:
        return checks
    broken = suspects(checks)
    detail = (
        f"data of {', '.join(tables)} was changed by others while we worked; not compared: "
        f"{', '.join(check.name for check in broken)}"
    )
    quiet = Check(name="quiet", kind="success", holds=False, detail=detail)
    return [*(check for check in checks if check not in broken), quiet]
