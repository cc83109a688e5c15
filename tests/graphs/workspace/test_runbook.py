"""A runbook is read strictly, and every mistake is told in the file's words."""

from pathlib import Path

import pytest

from graphs.workspace.runbook import MAX_BYTES, parse_runbook, read_runbook
from tools.errors import BadInput

TEXT = """
objective = "Say hello"

[[steps]]
id = "look"
[[steps.actions]]
tool = "list_files"

[[steps]]
id = "write"
title = "Write the greeting"
[[steps.actions]]
tool = "write_file"
args = { path = "hello.txt", text = "hello" }
why = "The user wants it."
[[steps.actions]]
tool = "read_file"
args.path = "hello.txt"
"""


def test_steps_follow_each_other_unless_they_say_otherwise() -> None:
    plan = parse_runbook(TEXT, source="it").plan
    assert [(step.id, step.needs) for step in plan.steps] == [("look", ()), ("write", ("look",))]


def test_step_may_call_only_the_tools_of_its_actions() -> None:
    plan = parse_runbook(TEXT, source="it").plan
    assert plan.step("write").tools == ("write_file", "read_file")


def test_plan_says_where_it_comes_from() -> None:
    assert parse_runbook(TEXT, source="it").plan.origin == "runbook"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("steps = [", "not TOML"),
        ("", "steps"),
        ('[[steps]]\nid = "Not an id"\n', "steps.1.id"),
        ('[[steps]]\nid = "empty"\n', "either actions or a program"),
        (TEXT.replace("why =", "because ="), "steps.2.actions.1.because"),
        (
            TEXT.replace("read_file", "write_file").replace(
                'args.path = "hello.txt"', 'args = { path = "hello.txt", text = "hello" }'
            ),
            "one action twice",
        ),
        ("x" * (MAX_BYTES + 1), "larger than"),
    ],
)
def test_mistake_is_told(text: str, told: str) -> None:
    with pytest.raises(BadInput, match=told):
        parse_runbook(text, source="it")


def test_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot be read"):
        read_runbook(tmp_path / "none.toml")


def test_every_value_of_a_runbook_counts_as_said() -> None:
    said = parse_runbook(TEXT.replace('"hello" }', '"two\\nlines", count = 2 }'), source="it").said
    assert "'hello.txt'" in said
    assert "'2'" in said
    assert "'two\nlines'" in said
