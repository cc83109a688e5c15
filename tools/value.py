"""Tools whose effect is that one thing gets another value: a file, a row, a setting, a record.

Everything that makes such a tool safe follows from how the thing is read and written.
"""

import difflib
from abc import abstractmethod
from typing import ClassVar

from pydantic import JsonValue

from tools.contract import EffectClass, Happened, JsonObject, Preview, Tool, canonical, digest
from tools.errors import UndoConflict
from tools.versions import Versions


class ValueTool(Tool):
    """Gives one thing another value, and can give it back the old one.

    A subclass says what the thing is, how it is read and written, and what it is to become.
    Approvals are bound to the value that was there when a person was asked.
    """

    effect: ClassVar[EffectClass] = "reversible"

    @abstractmethod
    def subject(self, args: JsonObject) -> str:
        """Return the one name of the thing, e.g. `note:monday`."""

    @abstractmethod
    def read(self, args: JsonObject) -> JsonValue:
        """Return its value; None when it is not there.

        Raises:
            ToolFault: It cannot be read.
        """

    @abstractmethod
    def wanted(self, args: JsonObject, before: JsonValue) -> JsonValue:
        """Return the value that it is to get in the place of another.

        Raises:
            Refused: It must not get that value.
        """

    @abstractmethod
    def write(self, args: JsonObject, value: JsonValue) -> None:
        """Give it a value, wholly or not at all; None removes it.

        Raises:
            ToolFault: It cannot be written; nothing was changed.
        """

    def resources(self, args: JsonObject) -> frozenset[str]:
        """Return the one thing."""
        return frozenset({self.subject(args)})

    def target(self, args: JsonObject) -> str:
        """Return what will be replaced."""
        return canonical(self.read(args))

    def snapshot(self, args: JsonObject) -> JsonObject:
        """Return the value that is there, and the one that is to come."""
        before = self.read(args)
        return {"before": before, "after": self.wanted(args, before)}

    def preview(self, args: JsonObject) -> Preview:
        """Return both values, and what differs."""
        before = self.read(args)
        after = self.wanted(args, before)
        changed = difflib.unified_diff(
            _lines(before), _lines(after), "before", "after", lineterm=""
        )
        return Preview(
            summary=f"{'Change' if before is not None else 'Make'} {self.subject(args)}",
            statement="\n".join(changed),
            undo="The old value is put back." if before is not None else "It is removed again.",
            leaves=digest(after),
        )

    def apply(self, args: JsonObject, key: str) -> JsonValue:
        """Write the value."""
        del key
        before = self.read(args)
        self.write(args, self.wanted(args, before))
        return {
            "summary": f"{self.subject(args)} was {'changed' if before is not None else 'made'}."
        }

    def probe(self, args: JsonObject, snapshot: JsonObject, key: str) -> Happened:
        """Tell by the value that is there."""
        del key
        now = self.read(args)
        if now == snapshot["after"]:
            return "yes"
        return "no" if now == snapshot["before"] else "unknown"

    def compare(self, args: JsonObject, snapshot: JsonObject, result: JsonValue) -> Versions:
        """Return the three values."""
        del result
        return Versions(
            subject=self.subject(args),
            before=snapshot["before"],
            left=snapshot["after"],
            now=self.read(args),
        )

    def undo(self, args: JsonObject, snapshot: JsonObject, result: JsonValue) -> None:
        """Write the old value.

        Raises:
            UndoConflict: Somebody gave it a third one; nothing was undone.
        """
        del result
        now = self.read(args)
        if now == snapshot["before"]:
            return
        if now != snapshot["after"]:
            raise UndoConflict(f"{self.subject(args)} was changed since.")
        self.write(args, snapshot["before"])


def _lines(value: JsonValue) -> list[str]:
    if value is None:
        return []
    return (value if isinstance(value, str) else canonical(value)).splitlines()
