"""What of a result may be kept: not too large, and not nested so deeply that nobody can read it."""

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import JsonValue

from tools.contract import Action, EffectRecord
from tools.results import MAX_RESULT_BYTES, MAX_RESULT_DEPTH, bounded, is_deep


def nested(levels: int) -> JsonValue:
    value: JsonValue = "x"
    for level in range(levels):
        value = [value] if level % 2 else {"a": value}
    return value


@pytest.mark.parametrize("levels", [0, 1, MAX_RESULT_DEPTH - 1])
def test_shallow_result_is_kept_as_it_is(levels: int) -> None:
    assert bounded(nested(levels)) == nested(levels)


@pytest.mark.parametrize("value", [nested(MAX_RESULT_DEPTH), nested(700), "x" * MAX_RESULT_BYTES])
def test_result_that_is_too_deep_or_too_large_is_kept_as_text(value: JsonValue) -> None:
    kept: Any = bounded(value)
    assert kept["truncated"] is True
    assert not is_deep(kept)
    EffectRecord(
        key="k", run="r", step="s", action=Action(tool="t"), state="applied", result=kept, at=NOW
    )


NOW = datetime(2026, 1, 1, tzinfo=UTC)
