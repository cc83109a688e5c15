"""Values that matter are admitted for where they come from."""

from pathlib import Path

import pytest
from pydantic import JsonValue

from nodes.guards.grounding import Grounds, ungrounded
from tests.behaviour.shelf import Take


@pytest.fixture
def tool(tmp_path: Path) -> Take:
    (tmp_path / "there").write_text("")
    return Take(tmp_path)


@pytest.mark.parametrize(
    ("name", "words", "missing"),
    [
        ("there", [], []),
        ("elsewhere", [], ["elsewhere"]),
        ("elsewhere", ["take elsewhere, please"], []),
        ("else", ["take elsewhere"], ["else"]),
        (" ", ["   "], [" "]),
        ("a.b", ["axb"], ["a.b"]),
        ("the", ["tidy the shelf"], ["the"]),
        ("the", ["take 'the'"], []),
        ("5", ["the top 5"], ["5"]),
    ],
)
def test_value_needs_a_trusted_origin(
    tool: Take, name: JsonValue, words: list[str], missing: list[str]
) -> None:
    assert ungrounded(tool, {"name": name}, Grounds(words=tuple(words))) == missing


def test_values_inside_lists_and_objects_count(tool: Take) -> None:
    args: JsonValue = {"name": ["there", {"deep": "unknown"}, 7]}
    assert isinstance(args, dict)
    assert ungrounded(tool, args, Grounds()) == ["unknown", "7"]
