import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphs.render.text import (
    action_text,
    bytes_text,
    label_of,
    line,
    seconds_text,
    version_texts,
    visible,
)


def test_escape_sequences_are_spelled_out() -> None:
    assert visible("\x1b[31mred\x07") == "\\u001b[31mred\\u0007"


def test_characters_that_reorder_text_are_spelled_out() -> None:
    assert visible("a\u202eb") == "a\\u202eb"


@given(st.text())
def test_no_control_character_remains(text: str) -> None:
    kinds = {unicodedata.category(sign) for sign in visible(text) if sign not in "\n\t"}
    assert not kinds & {"Cc", "Cf", "Cs", "Zl", "Zp"}


@given(st.text())
def test_carriage_return_and_escape_never_remain(text: str) -> None:
    assert not {"\x1b", "\r", "\x9b", "\x08"} & set(visible(f"{text}\x1b\r\x9b\x08"))


@given(st.text(), st.integers(min_value=1, max_value=80))
def test_a_line_is_one_line_of_bounded_length(text: str, most: int) -> None:
    assert len(line(text, most)) <= most
    assert "\n" not in line(text, most)


def test_an_action_reads_as_a_person_would_write_it() -> None:
    assert action_text("create_index", {"table": "orders", "columns": ["a", "b DESC"]}) == (
        "create_index table=orders columns=(a, b DESC)"
    )


def test_a_label_is_step_and_ordinal_whatever_the_run_is_called() -> None:
    assert label_of("my/run/tune/2") == "tune.2"


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0.021, "0.02 s"), (42, "42 s"), (185, "3:05 min"), (90000, "1 day, 1:00:00")],
)
def test_durations_read_well(seconds: float, told: str) -> None:
    assert seconds_text(seconds) == told


@pytest.mark.parametrize(
    ("size", "told"), [(812, "812 B"), (4200, "4.2 kB"), (31_000_000, "31 MB")]
)
def test_sizes_read_well(size: float, told: str) -> None:
    assert bytes_text(size) == told


def test_of_two_tables_only_what_differs_is_shown() -> None:
    left, now = version_texts({"a": "1", "b": "2"}, {"a": "1", "b": "3", "c": "4"})
    assert (left, now) == ('{"b":"2","c":null}', '{"b":"3","c":"4"}')


def test_nothing_is_shown_as_nothing() -> None:
    assert version_texts(None, "CREATE INDEX x") == ("nothing", "CREATE INDEX x")
