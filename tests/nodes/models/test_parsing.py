"""Tolerant in form, strict in content, bounded in time."""

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nodes.models.parsing import MAX_ANSWER_BYTES, parse
from nodes.state import Decision

DONE = '{"kind": "done", "reasoning": "a, } b ```"}'
WANTED = Decision(kind="done", reasoning="a, } b ```")


@pytest.mark.parametrize(
    "text",
    [
        DONE,
        f"  {DONE}\n",
        f"Here you are:\n{DONE}\nAnything else?",
        f"```json\n{DONE}\n```",
        f"I {{think}} so.\n```\n{DONE}\n```\nBye",
        DONE.replace('"}', '",}'),
        f"Twice: {DONE} and {DONE}",
        "\ufeff" + DONE,
    ],
)
def test_form_does_not_matter(text: str) -> None:
    assert parse(text, Decision) == WANTED


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "empty"),
        (" \n", "empty"),
        ("done", "no JSON object"),
        ("[1, 2]", "no JSON object"),
        ('{"kind": "done"', "no JSON object"),
        ('{"kind": NaN}', "no JSON object"),
        ('{"kind": "fly"}', "kind"),
        ('{"kind": "done", "gate": "cleared"}', "gate"),
        ('{"kind": "done", "confidence": 7}', "confidence"),
        ('{"kind": "act", "action": {"tool": "put", "args": {"n": 1e999}}}', "no JSON may hold"),
        ('{"kind": "act", "action": {"tool": "p", "args": {"n": "\\ud800"}}}', "no JSON may hold"),
        ('{"kind": "done"} or {"kind": "give_up"}', "more than one"),
        ("x" * (MAX_ANSWER_BYTES + 1), "longer"),
        ("é" * (MAX_ANSWER_BYTES // 2 + 1), "longer"),
    ],
)
def test_what_cannot_be_used_has_its_reason(text: str, why: str) -> None:
    found = parse(text, Decision)
    assert isinstance(found, str)
    assert why in found


def test_reason_does_not_repeat_the_answer() -> None:
    assert "plugh" not in str(parse('{"kind": "plugh"}', Decision))


@pytest.mark.parametrize(
    "part", ["{", "[", '"', '"\\', '{"a":', "```\n", "```{", ",  ", '{"a":"', "\\", "{}", "é{"]
)
def test_time_is_bounded_for_repetitive_text(part: str) -> None:
    text = (part * MAX_ANSWER_BYTES)[: MAX_ANSWER_BYTES // 2]
    started = time.process_time()
    parse(text, Decision)
    assert time.process_time() - started < 2.0


@settings(max_examples=200, deadline=None, derandomize=True)
@given(text=st.text(max_size=300) | st.text(alphabet='{}[]",:\\`\n 1aé', max_size=300))
def test_any_text_is_read_or_refused(text: str) -> None:
    assert isinstance(parse(text, Decision), Decision | str)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(
    made=st.builds(
        Decision,
        kind=st.sampled_from(["done", "give_up"]),
        reasoning=st.text(max_size=100),
        confidence=st.floats(0, 1),
    ),
    before=st.text(alphabet="abc \n.,`", max_size=40),
    after=st.text(alphabet="abc \n.,", max_size=40),
)
def test_what_was_meant_is_found_between_any_prose(made: Decision, before: str, after: str) -> None:
    assert parse(f"{before}\n{json.dumps(made.to_json())}\n{after}", Decision) == made
