"""What speaks against an action: origins, words, sources, and what it would carry out."""

from typing import ClassVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, JsonValue

from nodes.guards.asked import delegates
from nodes.guards.forms import forms_of
from nodes.guards.grounding import Grounds, is_grounded
from nodes.guards.weighing import weigh
from tools.contract import EffectClass, JsonObject, Tool


class PayArgs(BaseModel):
    model_config = ConfigDict(extra="forbid")
    to: str
    amount: str
    note: str = ""


class Pay(Tool):
    name = "pay"
    description = "Pay somebody."
    effect: ClassVar[EffectClass] = "irreversible"
    args_schema = PayArgs
    authority = frozenset({"to", "amount"})
    content = frozenset({"note"})
    outgoing = frozenset({"note"})
    verbs = frozenset({"pay", "send money"})

    def resources(self, args: JsonObject) -> frozenset[str]:
        return frozenset({f"account:{args['to']}"})

    def apply(self, args: JsonObject, key: str) -> JsonValue:
        raise AssertionError(key)


class Close(Pay):
    name = "close"
    destroys = True

    def known_values(self, args: JsonObject) -> frozenset[str]:
        return frozenset({"AC-1", "0"})


def args(to: str = "AC-1", amount: str = "120", note: str = "") -> JsonObject:
    return {"to": to, "amount": amount, "note": note}


SAID = Grounds(words=("Please pay 120 to AC-1",))


def test_what_the_user_said_is_well() -> None:
    found = weigh(Pay(), args(), SAID)
    assert (found.untrusted, found.carried, found.asked) == ((), (), True)


def test_value_that_nobody_said_is_named() -> None:
    assert weigh(Pay(), args(to="AC-666"), SAID).untrusted == ("AC-666",)


def test_amount_may_be_written_otherwise() -> None:
    grounds = Grounds(words=("Please pay to AC-1",), trusted=forms_of("1,200.00"))
    assert weigh(Pay(), args(amount="1200"), grounds).untrusted == ()


def test_share_that_people_said_of_a_trusted_number_is_grounded() -> None:
    grounds = Grounds(words=("Pay AC-1 10% of the rent, plus a fee of 5.29",), numbers=(1000.0,))
    assert weigh(Pay(), args(amount="100"), grounds).untrusted == ()
    assert weigh(Pay(), args(amount="105.29"), grounds).untrusted == ()
    assert weigh(Pay(), args(amount="101"), grounds).untrusted == ("101",)


def test_sum_of_trusted_numbers_proves_nothing() -> None:
    grounds = Grounds(words=("Pay AC-1",), numbers=(100.0, 20.0))
    assert weigh(Pay(), args(), grounds).untrusted == ("120",)


def test_what_was_endorsed_once_needs_no_second_yes() -> None:
    grounds = Grounds(words=("Pay 120",), endorsed=forms_of("AC-9"))
    assert weigh(Pay(), args(to="AC-9"), grounds).untrusted == ()


def test_what_nobody_asked_for_is_told() -> None:
    assert not weigh(Pay(), args(), Grounds(words=("Summarise AC-1 and 120",))).asked


def test_all_words_of_a_phrase_must_be_there() -> None:
    assert weigh(Pay(), args(), Grounds(words=("Send the money",))).asked
    assert not weigh(Pay(), args(), Grounds(words=("Send a letter",))).asked


def test_value_from_a_place_that_people_named_is_sourced() -> None:
    named = Grounds(words=("Pay the bill",), sources=("IBAN AC-7, total 98.70",))
    assert weigh(Pay(), args("AC-7", "98.70"), named).sourced
    assert not weigh(Pay(), args("AC-8", "98.70"), named).sourced


def test_source_proves_nothing_by_itself() -> None:
    named = Grounds(words=("Pay the bill",), sources=("AC-7 98.70",))
    assert weigh(Pay(), args("AC-7", "98.70"), named).untrusted == ("98.70", "AC-7")


def test_change_told_by_a_named_source_counts_as_read_there() -> None:
    named = Grounds(words=("Pay AC-1 the rent",), numbers=(1100.0,), sources=("raised by 100.00",))
    assert weigh(Pay(), args(amount="1200"), named).sourced


def test_link_that_nobody_named_is_carried() -> None:
    grounds = Grounds(words=("Pay 120 to AC-1, see example.com",))
    assert weigh(Pay(), args(note="see example.com/"), grounds).carried == ()
    assert weigh(Pay(), args(note="see evil.example.net"), grounds).carried == ("evil.example.net",)


def test_what_the_model_chose_is_not_destroyed_without_a_person() -> None:
    seen = Grounds(words=("Pay: close the oldest",), trusted=forms_of("AC-1"))
    assert weigh(Close(), args(amount="0"), seen).untrusted == ("0", "AC-1")
    numbers = Grounds(words=("Pay 13 and close",))
    assert weigh(Close(), args(to="13", amount="13"), numbers).untrusted == ("13", "13")
    said = Grounds(words=("Pay: close 'AC-1' with '0'",))
    assert weigh(Close(), args(amount="0"), said).untrusted == ()


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("Read notes.txt and follow the instructions precisely.", True),
        ("Please do all the tasks on my TODO list at example.com/ada", True),
        ("Do the actions specified in the email from Bob", True),
        ("Perform the following tasks: 1. Pay the rent in March", False),
        ("Summarise the tasks in the file", False),
        ("Pay the bill", False),
    ],
)
def test_leaving_it_to_a_text_is_a_mode_that_words_say(words: str, *, expected: bool) -> None:
    assert delegates((words,)) is expected


values = st.text(min_size=1, max_size=12)


@settings(derandomize=True, max_examples=200, deadline=None)
@given(values, st.lists(values, max_size=4))
def test_whatever_was_read_is_no_proof(value: str, read: list[str]) -> None:
    bare = Grounds(words=("Pay the bill",))
    read_too = Grounds(words=("Pay the bill",), sources=(*read, value))
    assert is_grounded(value, bare) == is_grounded(value, read_too)


@settings(derandomize=True, max_examples=200, deadline=None)
@given(values, values, st.lists(values, max_size=4))
def test_more_grounds_never_take_a_proof_away(value: str, said: str, trusted: list[str]) -> None:
    less = Grounds(words=(said,))
    more = Grounds(
        words=(said, "and more"),
        trusted=frozenset(form for one in trusted for form in forms_of(one)),
    )
    assert is_grounded(value, more) or not is_grounded(value, less)


@pytest.mark.parametrize(
    ("day", "grounded"),
    [
        ("2026-05-01 09:00", True),
        ("2024-06-02", True),
        ("2025-06-02", False),
        ("2026-05-02", False),
        ("2026-13-01", False),
    ],
)
def test_day_is_grounded_when_people_said_it(day: str, *, grounded: bool) -> None:
    words = ("Remind me on May 1st, and on 2 June 2024.",)
    assert is_grounded(day, Grounds(words=words)) is grounded


def test_day_of_another_year_than_people_said_is_worth_a_question() -> None:
    found = weigh(
        Pay(), args(to="2025-06-02"), Grounds(words=("Please pay 120 on June 2nd 2024.",))
    )
    assert (found.untrusted, found.sourced) == (("2025-06-02",), True)
