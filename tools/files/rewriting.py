"""Effects on one file: something else is in it afterwards, or it is gone.

All of them are one: what the file holds is replaced by what is made of it and of the arguments.
What was there is kept before; what will be there is known before, byte for byte, so that a preview
is exact, a probe certain and a conflict seen. (`ValueTool` is the same for values that fit into
the journal; what a file holds is in artifacts.)
"""

from abc import abstractmethod
from typing import ClassVar, NamedTuple

from pydantic import JsonValue

from tools.contract import EffectClass, Happened, JsonObject, Preview, digest
from tools.errors import Refused, ToolFault, UndoConflict
from tools.files.contents import Thing, put_back, thing_of
from tools.files.filetool import FileTool
from tools.files.looks import fresh_mode, owner_in, refuse_unwritable
from tools.files.names import parents, resource, split
from tools.files.space import Loaded, brief, version
from tools.files.text import Change, change_of, decoded
from tools.versions import Versions


class Plan(NamedTuple):
    """One change of one file, before it is made."""

    name: str
    old: Loaded | None
    data: bytes | None
    """What the file is to hold; None when it is to go."""
    after: Thing | None
    folders: list[str]
    """What is missing above a new file."""

    @property
    def before(self) -> Thing | None:
        """The file as it is."""
        return self.old.sight.thing if self.old else None

    @property
    def change(self) -> Change:
        """How the file differs afterwards."""
        if self.old is not None and self.old.data is None:
            return Change(f"{self.name}: {self.old.sight.thing.size} bytes, not shown", 0, 0)
        return change_of(self.name, self.old.data if self.old else None, self.data)


class Rewriting(FileTool):
    """A tool that puts something else into a file."""

    effect: ClassVar[EffectClass] = "reversible"
    verb: ClassVar[str]
    """What it does, for summaries, e.g. `Edit`."""
    done: ClassVar[str]
    """What it did, e.g. `Edited`."""
    vouches = True

    @abstractmethod
    def rewritten(self, args: JsonObject, name: str, old: Loaded | None) -> bytes | None:
        """Return what the file is to hold; None when it is to go.

        Raises:
            Refused: That cannot be made of what is there.
        """

    def text_in(self, name: str, old: Loaded | None) -> str:
        """Return the text of a file that must be there to be changed.

        Raises:
            Refused: There is no such file, it is too large, or no text.
        """
        if old is None:
            raise Refused(
                f"There is no {name!r} in the workspace.",
                advice=f"{self.space.alike(name)} write_file makes a new file.",
            )
        text = None if old.data is None else decoded(old.data)
        if text is None:
            why = "too large" if old.data is None else "not text"
            raise Refused(f"{name!r} is {why}, so it cannot be edited.")
        return text

    def target(self, args: JsonObject) -> str:
        """Return the file as it is: an approval is of a change of exactly that."""
        found = self.space.now(self.writable(args))
        return digest(found.thing.told()) if found else "nothing"

    def snapshot(self, args: JsonObject) -> JsonObject:
        """Keep the file as it is, and tell what will be left.

        Raises:
            Refused: It cannot be done.
        """
        plan = self._plan(args, keep=True)
        self.space.expect(self, args, plan.before)
        return {
            "name": plan.name,
            "before": plan.before.to_json() if plan.before else None,
            "after": plan.after.told() if plan.after else None,
            "folders": [*plan.folders],
        }

    def preview(self, args: JsonObject) -> Preview:
        """Return the change as a diff.

        Raises:
            Refused: It cannot be done.
        """
        plan = self._plan(args)
        change = plan.change
        return Preview(
            summary=f"{self.verb} {plan.name}: "
            f"{_size(plan.before)} -> {_size(plan.after)}, +{change.added} -{change.removed} lines",
            statement=change.diff,
            before=_told(plan.before),
            after=_told(plan.after),
            facts={
                "bytes_before": plan.before.size if plan.before else 0,
                "bytes_after": plan.after.size if plan.after else 0,
                "lines_added": change.added,
                "lines_removed": change.removed,
            },
            undo="The file becomes again what it was, with its permissions and owner."
            if plan.before
            else "The file is removed, and the folders made for it if they are empty.",
            leaves=digest(plan.after.told() if plan.after else None),
        )

    def apply(self, args: JsonObject, key: str) -> JsonValue:
        """Replace, make or remove the file, wholly or not at all.

        Raises:
            Refused: It cannot be done, or the file is not what it was when this was planned.
            Fatal: The disk is full, or read-only.
        """
        del key
        plan = self._plan(args)
        self.space.refuse_unexpected(self, args, plan.before)
        seen, change = plan.old.sight.seen if plan.old else None, plan.change
        if plan.data is not None:
            made = self.space.root.make_folders(plan.folders[-1]) if plan.folders else []
            try:
                self.space.root.write(plan.name, [plan.data], over=seen)
            except ToolFault:
                self.space.remove_empty(made)
                raise
        elif seen is not None:
            self.space.root.unlink(plan.name, seen=seen)
        return {
            "summary": f"{self.done} {plan.name} ({_size(plan.after)}, "
            f"+{change.added} -{change.removed} lines).",
            "path": plan.name,
            "version": version(plan.after) if plan.after else "",
            "bytes": plan.after.size if plan.after else 0,
            "lines_added": change.added,
            "lines_removed": change.removed,
        }

    def probe(self, args: JsonObject, snapshot: JsonObject, key: str) -> Happened:
        """Tell by the file's hash; what neither made nor left is unknown.

        What a kill left aside is removed by the way.
        """
        del key
        name, before = str(snapshot["name"]), _kept(snapshot)
        self.space.settle(name)
        found = self.space.now(name)
        now = found.thing if found else None
        if _state(now) == snapshot["after"]:
            return "yes"
        if now is None if before is None else before.is_like(now):
            self.space.expect(self, args, before)
            return "no"
        return "unknown"

    def compare(self, args: JsonObject, snapshot: JsonObject, result: JsonValue) -> Versions | None:
        """Return the file in its three versions."""
        del args, result
        name = str(snapshot["name"])
        found = self.space.now(name)
        return Versions(
            subject=resource(name),
            before=_state(_kept(snapshot)),
            left=snapshot["after"],
            now=_state(found.thing if found else None),
        )

    def undo(self, args: JsonObject, snapshot: JsonObject, result: JsonValue) -> None:
        """Bring back the file as it was.

        Raises:
            UndoConflict: It is no longer as it was left.
        """
        del args, result
        name, before, root = str(snapshot["name"]), _kept(snapshot), self.space.root.exact
        self.space.settle(name)
        found = self.space.now(name)
        now = _state(found.thing if found else None)
        if now == _state(before):
            self.space.remove_empty(snapshot["folders"])
            return
        if now != snapshot["after"]:
            raise UndoConflict(
                f"{name!r} is no longer as it was left.",
                advice="Someone has changed it since; keep or move it away, then undo again.",
            )
        seen = found.seen if found else None
        if before is not None:
            root.make_folders(split(name)[0])
            put_back(root, name, before, self.space.artifacts, over=seen)
        elif seen is not None:
            root.unlink(name, seen=seen)
            self.space.remove_empty(snapshot["folders"])

    def _plan(self, args: JsonObject, *, keep: bool = False) -> Plan:
        """Look at the file and make what it is to hold; the guard has the last word."""
        name = self.writable(args)
        if not name:
            raise Refused("The workspace itself is no file.", advice="Name a file in it.")
        old = self.space.load(name, keep=keep)
        if old is not None:
            refuse_unwritable(old.sight.seen, name)
        data = self.rewritten(args, name, old)
        if data is not None and old is not None and data == old.data:
            raise Refused(f"{name!r} holds exactly that already.", advice="There is nothing to do.")
        missing = [] if old else self.space.missing_above(name)
        return Plan(name, old, data, None if data is None else self._left(name, old, data), missing)

    def _left(self, name: str, old: Loaded | None, data: bytes) -> Thing:
        """Return the file as it will be."""
        if old is not None:
            before = old.sight.thing
            return thing_of(data, before.mode, (before.uid, before.gid))
        seen = [self.space.root.stat(each) for each in ("", *parents(name))]
        nearest = [each for each in seen if each is not None][-1]
        return thing_of(data, fresh_mode(), owner_in(nearest))


def _kept(snapshot: JsonObject) -> Thing | None:
    before = snapshot["before"]
    return None if before is None else Thing.model_validate(before)


def _state(thing: Thing | None) -> JsonValue:
    return None if thing is None else thing.told()


def _size(thing: Thing | None) -> str:
    return "nothing" if thing is None else f"{thing.size} bytes"


def _told(thing: Thing | None) -> str:
    return "no file" if thing is None else brief(thing)
