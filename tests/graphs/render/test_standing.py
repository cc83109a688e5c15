"""What is shown of a run's status when its process died, or its effects were taken back."""

from datetime import UTC, datetime

import pytest

from graphs.render.standing import Tally, changes_text, standing
from tools.records import RunInfo, Status

AT = datetime(2026, 11, 22, tzinfo=UTC)


def info(status: Status) -> RunInfo:
    return RunInfo(
        run="r",
        domain="shelf",
        objective="Write",
        status=status,
        fingerprint="f",
        version="1",
        created_at=AT,
        updated_at=AT,
    )


@pytest.mark.parametrize(
    ("status", "tally", "held", "shown"),
    [
        ("running", {}, True, "running"),
        ("running", {"applied": 1}, False, "interrupted"),
        ("waiting", {"undone": 1}, False, "waiting"),
        ("verified", {"applied": 2, "undone": 1}, False, "verified"),
        ("verified", {"undone": 3, "failed": 1}, False, "verified, undone"),
        ("verified", {"undoing": 1, "undone": 1}, False, "verified"),
        ("failed", {}, False, "failed"),
    ],
)
def test_status_is_put_right(status: Status, tally: Tally, shown: str, *, held: bool) -> None:
    assert standing(info(status), tally, held=held) == shown


def test_changes_are_counted_by_what_became_of_them() -> None:
    assert changes_text({"applied": 2, "undone": 1, "failed": 4, "in_doubt": 1}) == (
        "2 kept, 1 undone, 1 open"
    )
