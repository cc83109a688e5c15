"""The schema: instants whose text sorts as time."""

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from checkpoints.schema import metadata, stamp

INSTANTS = st.datetimes(
    min_value=datetime(1970, 1, 2),  # noqa: DTZ001  # hypothesis wants naive bounds
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=30))]),
)


@given(one=INSTANTS, two=INSTANTS)
def test_stamps_sort_as_the_instants_do(one: datetime, two: datetime) -> None:
    assert (stamp(one) < stamp(two)) == (one < two)


def test_no_table_takes_a_name_of_langgraph() -> None:
    assert not {"checkpoints", "writes"} & set(metadata.tables)
