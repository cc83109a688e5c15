"""A user's own tools are found by name, and what is none is told."""

from pathlib import Path

import pytest
from langchain_core.tools import tool

from graphs.workspace.own import own_tools
from tests.graphs.proving.specimens import WriteNote
from tools.contract import Artifacts
from tools.errors import BadInput


@tool
def shout(text: str) -> str:
    """Say it louder."""
    return text.upper()


def notes(artifacts: Artifacts) -> list[WriteNote]:
    """Return what a user's package makes."""
    del artifacts
    return [WriteNote(Path())]


HERE = "tests.graphs.workspace.test_own"


class Nothing:
    """Keeps nothing."""

    def put(self, value: object) -> str:
        raise AssertionError(value)

    def get(self, ref: str) -> None:
        raise KeyError(ref)


def test_function_makes_tools() -> None:
    assert [made.name for made in own_tools([f"{HERE}:notes"], Nothing())] == ["write_note"]


def test_langchain_tool_is_taken_at_its_worst() -> None:
    (made,) = own_tools([f"{HERE}:shout"], Nothing())
    assert made.name == "shout"
    assert made.effect == "irreversible"
    assert made.authority == {"text"}


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("no.such.module:tool", "cannot be found"),
        (f"{HERE}:missing", "cannot be found"),
        (HERE, "write package.module:object"),
        (f"{HERE}:HERE", "not a tool"),
    ],
)
def test_what_is_no_tool_is_told(name: str, told: str) -> None:
    with pytest.raises(BadInput, match=told):
        own_tools([name], Nothing())
