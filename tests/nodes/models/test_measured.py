"""What of a request may differ when it is replayed, and what may not."""

import json
from typing import Any

import pytest

from nodes.models.measured import alike, masked, pieces


def request(text: str, **given: Any) -> dict[str, Any]:
    return {"model": "stub", "messages": [{"type": "human", "text": text}], **given}


def same(one: str, other: str) -> bool:
    return alike(pieces(request(one)), pieces(request(other)))


def rejected(*pairs: tuple[str, str]) -> str:
    return json.dumps(
        {"rejected": [{"column": column, "reason": why} for column, why in pairs]},
        separators=(",", ":"),
    )


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ('{"ms":0.196,"rows":3}', '{"ms":12,"rows":3}'),
        ('{"predicted_ms_after":0.1}', '{"predicted_ms_after":1e-05}'),
        ('{"steps":10}', '{"steps":12}'),
        (json.dumps('{"build_ms":0.4}'), json.dumps('{"build_ms":31.25}')),
        ("from 8 to 2 ms (3.9 times faster)", "from 1,008 to 3 ms (336 times faster)"),
        ("saves only 1.8% of it", "saves only 0.2% of it"),
        ("ok after 0.42 s", "ok after 12 s"),
        (f"<data-{'a1' * 12}>", f"<data-{'b2' * 12}>"),
        (rejected(("a", "too slow"), ("b", "")), rejected(("b", "no plan"), ("a", ""))),
    ],
)
def test_what_was_measured_may_differ(one: str, other: str) -> None:
    assert same(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ('{"rows":3}', '{"rows":4}'),
        ('{"ms":1,"table":"a"}', '{"ms":1,"table":"b"}'),
        ('{"max_steps_of":1}', '{"max_steps_of":2}'),
        ("3 queries measured", "4 queries measured"),
        ("sf_a_12345678", "sf_a_87654321"),
        (rejected(("a", "")), rejected(("b", ""))),
        (rejected(("a", "")), rejected(("a", ""), ("b", ""))),
        ("Make it fast", "Drop it"),
    ],
)
def test_anything_else_may_not(one: str, other: str) -> None:
    assert not same(one, other)


def test_another_model_is_another_request() -> None:
    assert not alike(pieces(request("a")), pieces(request("a") | {"model": "other"}))


def test_a_text_may_be_cut_earlier_because_its_numbers_are_longer() -> None:
    start = '{"ms":%s,"names":"' + "x" * 200
    end = " ... (cut; 99%s characters in all)\nafter"
    assert same(start % 1 + "xxx" + end % 1, start % 12.25 + end % 22)


def test_what_stands_after_a_cut_may_not_differ() -> None:
    text = "x" * 200 + " ... (cut; 991 characters in all)\n"
    assert not same(text + "one", text + "two")


def test_what_stands_before_a_cut_may_not_differ() -> None:
    end = "x" * 200 + " ... (cut; 991 characters in all)\n"
    assert not same("one" + end, "two" + end)


def test_a_list_of_rejections_that_is_cut_is_left_out() -> None:
    end = ',{"column" ... (cut; 991 characters in all)\n'
    one, other = rejected(("a", "slow"))[:-2] + end, rejected(("b", "big"))[:-2] + end
    assert same("x" * 200 + one, "x" * 200 + other)


def test_words_are_left_as_they_are() -> None:
    assert masked("3 steps, 5 tables, q1, 2026-11-22") == "3 steps, 5 tables, q1, 2026-11-22"
