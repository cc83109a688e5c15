"""A dry run of undo tells the truth about effects that touched several things."""

from datetime import UTC, datetime

from checkpoints.foresight import foresee
from tools.contract import Action, EffectRecord, Happened
from tools.versions import Versions


def effect(number: int, tool: str) -> EffectRecord:
    return EffectRecord(
        key=f"r/work/{number}",
        run="r",
        step="work",
        action=Action(tool=tool),
        state="applied",
        seq=number,
        at=datetime(2026, 1, 1, tzinfo=UTC),
    )


class World:
    """What each tool says of two files that a command changed, and of which one was edited."""

    def __init__(self, versions: dict[str, Versions]) -> None:
        self.versions = versions

    def irreversible(self, record: EffectRecord) -> str:
        return ""

    def compare(self, record: EffectRecord) -> Versions:
        return self.versions[record.action.tool]

    def happened(self, record: EffectRecord) -> Happened:
        return "yes"

    def undo(self, record: EffectRecord) -> None:
        raise AssertionError("a dry run undoes nothing")


def command(before: str, left: str, now: str) -> Versions:
    return Versions(
        subject="files:1",
        before={"file:a": before, "file:b": "b0"},
        left={"file:a": left, "file:b": "b1"},
        now={"file:a": now, "file:b": "b1"},
        several=True,
    )


def edit(before: str, left: str, now: str) -> Versions:
    return Versions(subject="file:a", before=before, left=left, now=now)


def test_an_edit_after_a_command_is_seen_through() -> None:
    versions = {"edit": edit("a1", "a2", "a2"), "command": command("a0", "a1", "a2")}
    foreseen = [*foresee([effect(1, "command"), effect(2, "edit")], World(versions), ())]
    assert [one.outcome for one in foreseen] == ["would undo", "would undo"]


def test_an_edit_before_a_command_is_seen_through() -> None:
    versions = {"edit": edit("a0", "a1", "a2"), "command": command("a1", "a2", "a2")}
    foreseen = [*foresee([effect(1, "edit"), effect(2, "command")], World(versions), ())]
    assert [one.outcome for one in foreseen] == ["would undo", "would undo"]


def test_what_somebody_else_changed_is_still_a_conflict() -> None:
    versions = {"edit": edit("a1", "a2", "a2"), "command": command("a0", "ax", "a2")}
    foreseen = [*foresee([effect(1, "command"), effect(2, "edit")], World(versions), ())]
    assert [one.outcome for one in foreseen] == ["would undo", "conflict"]
