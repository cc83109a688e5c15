"""The loop guard calls every circle of the table one, and no honest work."""

from typing import Any

import pytest

from benchmarks.loops.__main__ import figures
from benchmarks.loops.patterns import PATTERNS, Pattern
from benchmarks.loops.rules import RULES, ours


@pytest.mark.parametrize("pattern", PATTERNS, ids=lambda pattern: pattern.name)
def test_guard_tells_circles_from_work(pattern: Pattern) -> None:
    assert ours(pattern.done) == pattern.circle


def test_table_is_hard_enough_for_every_other_rule() -> None:
    found: dict[str, dict[str, Any]] = {name: figures(rule) for name, rule in RULES.items()}
    assert found.pop("Surefoot")["precision"] == 1.0
    assert all(one["false_alarms"] and one["missed"] for one in found.values())
    assert len(PATTERNS) >= 40
