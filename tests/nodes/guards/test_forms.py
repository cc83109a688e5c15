"""One value is one value, however it is written."""

import pytest

from nodes.guards.forms import (
    dates_in,
    forms_of,
    links_in,
    mails_in,
    numbers_in,
    shares_in,
    spellings,
)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("1100", "1,100.00"),
        ("Ada@Example.com", "ada@example.com"),
        ("https://www.example.com/", "example.com"),
        ("2026-01-02", "2026-01-02 10:30"),
        ("e\u0301", "\u00e9"),
    ],
)
def test_same_value_has_a_form_in_common(one: str, other: str) -> None:
    assert forms_of(one) & forms_of(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("1100", "110"),
        ("ada@example.com", "ada@example.org"),
        ("example.com", "example.com.evil.net"),
        ("example.com/a", "example.com/b"),
        ("2026-01-02", "2026-01-03"),
        ("5", "text:5"),
    ],
)
def test_different_values_have_none(one: str, other: str) -> None:
    assert not forms_of(one) & forms_of(other)


def test_numbers_of_a_text_are_found_and_those_in_names_are_not() -> None:
    assert numbers_in("pay 1,200.50 or 3, not v2 or x1.5") == [1200.5, 3.0]


def test_percentages_are_found() -> None:
    assert shares_in("10% now, 19.5 % later, 7 apples") == [10.0, 19.5]


def test_links_are_found_and_mail_addresses_are_none() -> None:
    text = "See www.example.com/a, (http://b.example.org) or write to ada@mail.example.net."
    assert links_in(text) == {"example.com/a", "b.example.org"}
    assert mails_in(text) == {"ada@mail.example.net"}


def test_whole_number_is_spelled_in_each_way_that_json_has() -> None:
    assert spellings("1100") == {"1100", "1100.0"}
    assert spellings("a") == {"a"}


@pytest.mark.parametrize(
    ("text", "dates"),
    [
        ("on 2024-05-19 at 12:00", {"2024-05-19"}),
        ("on January 2nd 2025", {"2025-01-02"}),
        ("May 15th, 2024.", {"2024-05-15"}),
        ("May 1st to 5 may", {"--05-01", "--05-05"}),
        ("the 15th of November, 2024-05-19", {"--11-15", "2024-05-19"}),
        ("she may win 3 Mayors by 5/1/2024 or v2024-05-190", set()),
    ],
)
def test_days_that_read_the_same_everywhere_are_found(text: str, dates: set[str]) -> None:
    assert dates_in(text) == dates
