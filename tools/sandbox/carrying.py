"""Carries over to a workspace what a program changed on its copy: all of it, or nothing.

What is carried over was staged before: every name, what is there and what it is to be. It is done
name by name; when that is cut short, whoever looks next puts back what was done of it.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from pydantic import JsonValue

from tools.contract import Artifacts, Happened, JsonObject
from tools.errors import Refused, SurefootError, ToolFault, Transient, UndoConflict
from tools.files.contents import Thing, kept, observe, present
from tools.files.guard import Guard
from tools.files.looks import refuse_unwritable
from tools.files.names import normal, parents
from tools.files.root import Root
from tools.files.tree import Difference, restore, unlisted
from tools.sandbox.workshop import Change

_CARRIED: Final = frozenset({"file", "folder"})
_ADVICE: Final = "Look at what the program does with try_command; it may have to be told otherwise."
_MOST: Final = 2**40
_NAMED: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Carrier:
    """Carries changes over to one workspace.

    Args:
        root: The workspace.
        guard: What of it nobody changes.
        artifacts: Where content is kept.
    """

    root: Root
    guard: Guard
    artifacts: Artifacts

    def refuse(self, changes: Sequence[Change]) -> None:
        """Raise when changes are not to be carried over.

        Raises:
            Refused: One is of a link or a special file, of a file that is protected or must not be
                replaced, or has a name that a workspace does not take.
        """
        made = {change.name for change in changes if change.before is None}
        for change in changes:
            things = [one for one in (change.before, change.after) if one is not None]
            if any(one.kind not in _CARRIED for one in things):
                raise Refused(
                    f"The program has {change.what} the link {change.name!r}; links are not "
                    "carried over.",
                    advice=_ADVICE,
                )
            self._refuse_name(change, made)

    def _refuse_name(self, change: Change, made: set[str]) -> None:
        name = normal(change.name)
        if name != change.name:
            raise Refused(f"The name {change.name!a} is none that a workspace takes.")
        self.guard.refuse_write(name)
        if change.before is None:
            if not {*parents(name)} & made:
                self.root.refuse_twin(name)
            return
        seen = self.root.stat(name)
        if seen is not None and change.before.kind == "file":
            refuse_unwritable(seen, name)

    def keep(self, changes: Sequence[Change]) -> list[Difference]:
        """Keep what is there, and what it is to be; return both.

        Raises:
            Transient: Something is no longer what it was when the program ran.
        """
        return [self._kept(change) for change in changes]

    def _kept(self, change: Change) -> Difference:
        found = observe(self.root.exact, change.name, artifacts=self.artifacts, most=_MOST)
        before = found.thing if found is not None else None
        same = before is None if change.before is None else change.before.is_like(before)
        if not same:
            raise Transient(f"{change.name!r} was changed while the program ran.")
        after = change.after
        if after is not None and after.kind == "file":
            after = kept(after, change.data, self.artifacts)
        return Difference(change.name, before, after)

    def carry(self, changes: Sequence[Difference]) -> None:
        """Make everything what it is to be, or leave everything as it is.

        Raises:
            Refused: Somebody else has changed something of it.
            ToolFault: It cannot be done; what was done of it was put back.
            SurefootError: Nor can that be put back.
        """
        forwards = [Difference(one.name, one.after, one.before) for one in changes]
        try:
            restore(self.root, self.artifacts, forwards)
        except UndoConflict as fault:
            raise Refused(
                f"{fault.what} It was changed by somebody else in the meantime.",
                advice="Run it again.",
            ) from fault
        except ToolFault as fault:
            self._take_back(changes, fault)
            raise

    def _take_back(self, changes: Sequence[Difference], why: ToolFault) -> None:
        try:
            self.put_back(changes)
        except (ToolFault, UndoConflict) as fault:
            names = ", ".join(one.name for one in changes[:_NAMED])
            raise SurefootError(
                f"{why.what} What was done of it cannot be put back: {fault.what}",
                changed=f"The changes of {names} were carried over by half.",
                advice="Make room, then resume the run: it is put back before anything else.",
            ) from fault

    def put_back(self, changes: Sequence[Difference]) -> None:
        """Make everything what it was; nothing else is touched.

        Raises:
            UndoConflict: Something is neither what it was nor what it was made.
        """
        self._settle(changes)
        restore(self.root, self.artifacts, changes)

    def stands(self, changes: Sequence[Difference]) -> Happened:
        """Tell whether everything was carried over; what is half done is put back first."""
        self._settle(changes)
        now = self._now(changes)
        if changes and now == told(changes, after=True):
            return "yes"
        if now == told(changes, after=False):
            return "no"
        try:
            restore(self.root, self.artifacts, changes)
        except UndoConflict:
            return "unknown"
        return "no"

    def compared(self, changes: Sequence[Difference]) -> JsonObject:
        """Return what there is of each name now.

        What is half put back counts as still there, so that putting back can be gone on with.
        """
        now = self._now(changes)
        before, after = told(changes, after=False), told(changes, after=True)
        between = all(now[name] in (before[name], after[name]) for name in now)
        return after if between and now != before else now

    def _now(self, changes: Sequence[Difference]) -> JsonObject:
        exact = self.root.exact
        found = {one.name: present(exact, unlisted(one.name), most=_MOST) for one in changes}
        return {name: _told(sight.thing if sight else None) for name, sight in found.items()}

    def _settle(self, changes: Sequence[Difference]) -> None:
        """Remove what a write that was killed has left aside."""
        for one in changes:
            with suppress(Refused):
                self.root.exact.settle(unlisted(one.name))


def told(changes: Sequence[Difference | Change], *, after: bool) -> JsonObject:
    """Return what each name is to be, or was, as people compare it."""
    return {one.name: _told(one.after if after else one.before) for one in changes}


def changes_json(changes: Sequence[Difference]) -> list[JsonValue]:
    """Return changes as JSON."""
    return [
        {"name": one.name, "before": _json(one.before), "after": _json(one.after)}
        for one in changes
    ]


def changes_of(value: JsonValue) -> list[Difference]:
    """Return the changes that `changes_json` stored."""
    rows = value if isinstance(value, list) else []
    return [
        Difference(str(row["name"]), _thing(row["before"]), _thing(row["after"]))
        for row in rows
        if isinstance(row, dict)
    ]


def _told(thing: Thing | None) -> JsonValue:
    return None if thing is None else thing.told()


def _json(thing: Thing | None) -> JsonValue:
    return None if thing is None else thing.model_dump(mode="json", exclude_defaults=True)


def _thing(value: JsonValue) -> Thing | None:
    return None if value is None else Thing.model_validate(value)
