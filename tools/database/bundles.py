"""Finds, by plans alone, which candidates SQLite would use, and which of them only together."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Final

from tools.database.spec import IndexSpec
from tools.database.trials import Indexes, Plan, Trials, sorted_specs

ROUNDS: Final = 3
"""The planner's first, second and third choice for each query."""
_INDEX: Final = re.compile(r"\bINDEX (\w+)")


def find_bundles(
    trials: Trials, candidates: Mapping[str, Sequence[IndexSpec]]
) -> tuple[list[Indexes], list[Indexes]]:
    """Return sets of indexes that are worth measuring.

    For each query the planner is offered all its candidates; what it picks is a bundle. Then it is
    offered the others, and so on. Nothing is built for this.

    Args:
        trials: Knows the plans.
        candidates: By query id.

    Returns:
        The planner's first choice for each query; and all its choices and each single index of
        them. Both without repeats and in a fixed order.
    """
    first: dict[Indexes, None] = {}
    found: dict[Indexes, None] = {}
    for query_id, offered in candidates.items():
        bundles = list(_choices(trials, query_id, frozenset(offered)))
        first.update(dict.fromkeys(bundles[:1]))
        for bundle in bundles:
            found.setdefault(bundle)
            found.update(dict.fromkeys(frozenset({spec}) for spec in sorted_specs(bundle)))
    return list(first), list(found)


def used_in(plan: Plan, indexes: Collection[IndexSpec]) -> Indexes:
    """Return those of the indexes that a plan names."""
    names = {name for line in plan for name in _INDEX.findall(line)}
    return frozenset(spec for spec in indexes if spec.name in names)


def _choices(trials: Trials, query_id: str, offered: Indexes) -> Iterator[Indexes]:
    for _ in range(ROUNDS):
        picked = used_in(trials.plan(query_id, offered), offered)
        if not picked:
            return
        yield picked
        offered -= picked
