"""Approved calls through the runner, while the server changes its mind or dies."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from graphs.proving.bench import Bench, Hands
from tests.tools.mcp.specimens import DropNote, Notes, WriteNote
from tools.contract import JsonObject
from tools.errors import Refused

NEW: JsonObject = {"name": "new", "text": "hello"}
KEPT: JsonObject = {"name": "kept"}


@contextmanager
def world(kind: type[Notes]) -> Iterator[tuple[Hands, Path]]:
    with Bench(kind=kind).ground() as ground, ground.hands() as hands:
        yield hands, ground.specimen.folder


def test_definition_that_changes_after_the_approval_is_refused() -> None:
    with world(DropNote) as (hands, folder):
        approved = hands.call(KEPT)
        (folder / "more").write_text("And everything else.")
        with pytest.raises(Refused, match="no longer says the same"):
            hands.runner.run(approved)
        assert len([*folder.glob("*.txt")]) == 1


def test_tool_that_only_undoes_is_covered_by_the_approval_too() -> None:
    with world(WriteNote) as (hands, folder):
        approved = hands.call(NEW)
        (folder / "more").write_text("And everything else.")
        with pytest.raises(Refused, match="notes_drop"):
            hands.runner.run(approved)
        assert len([*folder.glob("*.txt")]) == 1


def test_effect_of_a_server_that_died_is_looked_for_and_adopted_once() -> None:
    with world(WriteNote) as (hands, folder):
        (folder / "crash").touch()
        seen = hands.act(NEW)
        (folder / "crash").unlink()
        assert (seen.status, seen.replayed) == ("ok", True)
        assert hands.undo() == ["undone"]
        assert len([*folder.glob("*.txt")]) == 1


def test_effect_of_a_server_that_died_is_in_doubt_when_nobody_can_look() -> None:
    with world(DropNote) as (hands, folder):
        (folder / "crash").touch()
        assert hands.act(KEPT).status == "in_doubt"
        (folder / "crash").unlink()
        assert hands.act(KEPT).status == "in_doubt"
        assert len([*folder.glob("*.txt")]) == 0
