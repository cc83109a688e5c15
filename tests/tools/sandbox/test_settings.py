"""What `[tools.commands]` may say, and which arguments a recipe takes."""

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from tools.errors import Refused
from tools.sandbox.settings import CommandSettings, Recipe

PATTERNS = ("-v", "--only=[a-z]+", r"[\w./]+\.py", "all")


def test_words_alone_are_a_recipe() -> None:
    said = CommandSettings.model_validate({"recipes": {"test": ["python", "-m", "pytest"]}})
    assert said.recipes["test"] == Recipe(argv=("python", "-m", "pytest"))


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ({}, "nothing to run"),
        ({"recipes": {"test": []}}, "at least 1 item"),
        ({"recipes": {"Test me": ["x"]}}, "pattern"),
        ({"recipes": {"test": {"argv": ["x"], "arguments": ["("]}}}, "not a regular expression"),
        ({"recipes": {"test": {"argv": ["x"], "cwd": "../up"}}}, "from the workspace down"),
        ({"recipes": {"test": {"argv": ["x"], "shell": True}}}, "Extra inputs"),
        ({"code": True, "sandbox": "none"}, "bubblewrap"),
        ({"code": True, "seconds": 0}, "greater than 0"),
    ],
)
def test_what_makes_no_sense_is_refused(table: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        CommandSettings.model_validate(table)


@pytest.mark.parametrize("argument", ["-v", "--only=unit", "tests/test_a.py", "all"])
def test_arguments_that_match_are_added(argument: str) -> None:
    recipe = Recipe(argv=("run",), arguments=PATTERNS)
    assert recipe.command([argument]) == ("run", argument)


@pytest.mark.parametrize(
    "argument", ["", "-x", "-a.py", "a.py\n", "a.py;b", "--only=Unit", "a.py\0", "-v ", "all all"]
)
def test_arguments_that_do_not_are_refused(argument: str) -> None:
    with pytest.raises(Refused, match="is not among those"):
        Recipe(argv=("run",), arguments=PATTERNS).command([argument])


@settings(derandomize=True, max_examples=100)
@given(st.lists(st.text(max_size=12) | st.from_regex(r"-?[a-z./]+(\.py)?\n?"), max_size=3))
def test_only_what_matches_as_a_whole_is_ever_added(more: list[str]) -> None:
    recipe = Recipe(argv=("run",), arguments=PATTERNS)
    try:
        command = recipe.command(more)
    except Refused:
        return
    for argument in command[1:]:
        matching = [one for one in PATTERNS if re.fullmatch(one, argument)]
        assert matching
        assert not argument.startswith("-") or any(one.startswith("-") for one in matching)


def test_only_arguments_without_a_pattern_are_the_operators_own_words() -> None:
    assert Recipe(argv=("run",), arguments=PATTERNS).literals == {"-v", "all"}
