"""The contract suite finds each way in which a tool can be unsound.

That a sound one passes, `tests/contract/test_tools.py` shows.
"""

import os
from pathlib import Path

import pytest
from pydantic import JsonValue

from graphs.proving.proof import prove
from tests.graphs.proving.specimens import Notes, WriteNote
from tools.contract import Happened, JsonObject, Preview, digest
from tools.results import MAX_RESULT_BYTES


class Leaky(WriteNote):
    """Lets through what must be refused."""

    def wanted(self, args: JsonObject, before: JsonValue) -> JsonValue:
        return args["text"]


class Brittle(WriteNote):
    """Breaks on a name that it does not expect."""

    def resources(self, args: JsonObject) -> frozenset[str]:
        return frozenset({f"note:{str(args['text']).split()[0]}"})


class Eager(WriteNote):
    """Does it while it only should show it."""

    def preview(self, args: JsonObject) -> Preview:
        self.write(args, args["text"])
        return super().preview(args)


class Vain(WriteNote):
    """Promises another change than it makes."""

    def preview(self, args: JsonObject) -> Preview:
        return super().preview(args).model_copy(update={"leaves": digest("another")})


class Blind(WriteNote):
    """Always says that it happened."""

    def probe(self, args: JsonObject, snapshot: JsonObject, key: str) -> Happened:
        return "yes"


class Appending(WriteNote):
    """Adds to the note, so that a repetition shows, and cannot tell whether it did."""

    def apply(self, args: JsonObject, key: str) -> JsonValue:
        with self.path(args).open("a") as note:
            note.write(str(args["text"]))
            note.flush()
        return {}

    def probe(self, args: JsonObject, snapshot: JsonObject, key: str) -> Happened:
        return "no"


class OneNote(Notes):
    """Has one action, for trials that take long."""

    def actions(self) -> list[JsonObject]:
        return [{"name": "known", "text": "new"}]


class Torn(WriteNote):
    """Removes the old text before it writes the new one, and takes a removed one for undone."""

    def write(self, args: JsonObject, value: JsonValue) -> None:
        self.path(args).unlink(missing_ok=True)
        if value is not None:
            self.path(args).write_text(str(value))

    def undo(self, args: JsonObject, snapshot: JsonObject, result: JsonValue) -> None:
        if self.read(args) is not None:
            super().undo(args, snapshot, result)


class Careless(WriteNote):
    """Undoes over what somebody else wrote."""

    def compare(self, args: JsonObject, snapshot: JsonObject, result: JsonValue) -> None:  # type: ignore[override]  # leaves it to undo
        return None

    def undo(self, args: JsonObject, snapshot: JsonObject, result: JsonValue) -> None:
        self.write(args, snapshot["before"])


class Forgetful(WriteNote):
    """Leaves a file behind that was not there."""

    def write(self, args: JsonObject, value: JsonValue) -> None:
        super().write(args, value or "")


class Shared(WriteNote):
    """Says that two notes are apart, and counts them in one file."""

    def apply(self, args: JsonObject, key: str) -> JsonValue:
        order = self.folder / "order.txt"
        order.write_text((order.read_text() if order.exists() else "") + os.urandom(4).hex())
        return super().apply(args, key)


@pytest.mark.parametrize(
    ("tool", "trial"),
    [
        (Leaky, "refusals"),
        (Brittle, "wrong arguments"),
        (Eager, "previews"),
        (Vain, "effects"),
        (Blind, "crashes"),
        (Appending, "crashes"),
        (Torn, "crashes in undo"),
        (Careless, "conflicts"),
        (Forgetful, "undo"),
        (Shared, "side by side"),
    ],
)
def test_unsound_tool_is_found(tool: type[WriteNote], trial: str) -> None:
    base = OneNote if trial.startswith("crashes") else Notes
    kind = type("Unsound", (base,), {"kind": tool})
    assert prove(kind, points=100, trials=[trial]).trials[trial]


def test_finding_names_the_action_that_shows_it() -> None:
    kind = type("Unsound", (Notes,), {"kind": Careless})
    found = prove(kind, trials=["conflicts"]).findings
    assert found[0].args == {"name": "fresh", "text": "new"}


class Flooding(WriteNote):
    """Returns more than anybody can read."""

    def apply(self, args: JsonObject, key: str) -> JsonValue:
        super().apply(args, key)
        return {"text": "x" * (3 * MAX_RESULT_BYTES)}


def test_result_that_is_too_large_is_cut() -> None:
    kind = type("Large", (Notes,), {"kind": Flooding})
    assert prove(kind, trials=["effects"]).findings == ()


def test_specimen_can_be_made_anywhere(tmp_path: Path) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    first.mkdir()
    second.mkdir()
    assert Notes(first).world() == Notes(second).world()
