"""The schema: instants whose text sorts as time."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkpoints.schema import CONTENT, metadata, stamp

INSTANTS = st.datetimes(
    min_value=datetime(1970, 1, 2),  # noqa: DTZ001  # hypothesis wants naive bounds
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=30))]),
)


@given(one=INSTANTS, two=INSTANTS)
def test_stamps_sort_as_the_instants_do(one: datetime, two: datetime) -> None:
    assert (stamp(one) < stamp(two)) == (one < two)


def test_no_table_takes_a_name_of_langgraph() -> None:
    assert not {"checkpoints", "writes"} & set(metadata.tables)


LOOKED_UP = {"store_version", "ledger_head", "leases", "spending"}
"""Tables of which everything is looked up, counted or compared, and nothing was said by anybody."""


def test_every_table_is_sealed_or_known_to_hold_no_content() -> None:
    assert {*metadata.tables} == {*CONTENT} | LOOKED_UP


@pytest.mark.parametrize("table", CONTENT)
def test_what_is_sealed_is_told_by_columns_that_there_are(table: str) -> None:
    assert {*CONTENT[table]} <= {*metadata.tables[table].columns.keys()}
