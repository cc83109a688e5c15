"""The tool that moves a file to another name."""

from typing import ClassVar, NamedTuple

from pydantic import BaseModel, ConfigDict, JsonValue

from tools.contract import EffectClass, Happened, JsonObject, Preview, digest
from tools.errors import Refused, ToolFault, UndoConflict
from tools.files.contents import Sight, Thing
from tools.files.filetool import FileTool
from tools.files.names import normal, resource, split
from tools.files.space import Name, brief
from tools.versions import Versions


class MoveFileArgs(BaseModel):
    """Which file, and what it is to be called."""

    model_config = ConfigDict(extra="forbid")

    path: Name
    new_path: Name


class _Plan(NamedTuple):
    old: str
    new: str
    sight: Sight
    folders: list[str]


class MoveFile(FileTool):
    """Moves or renames one file; there must be nothing of the new name."""

    name = "move_file"
    description = "Move or rename a file within the workspace; the new name must be free."
    effect: ClassVar[EffectClass] = "reversible"
    args_schema = MoveFileArgs
    authority: ClassVar[frozenset[str]] = frozenset({"path", "new_path"})

    def resources(self, args: JsonObject) -> frozenset[str]:
        """Return the file under both names."""
        return super().resources(args) | {resource(normal(str(args["new_path"])))}

    def target(self, args: JsonObject) -> str:
        """Return the file as it is: an approval is of moving exactly that."""
        found = self.space.now(self.writable(args))
        return digest(found.thing.told()) if found else "nothing"

    def snapshot(self, args: JsonObject) -> JsonObject:
        """Tell what is moved, from where to where, and which folders are made for it.

        Raises:
            Refused: It cannot be done.
        """
        plan = self._plan(args)
        self.space.expect(self, args, plan.sight.thing)
        return {
            "old": plan.old,
            "new": plan.new,
            "thing": plan.sight.thing.to_json(),
            "folders": [*plan.folders],
        }

    def preview(self, args: JsonObject) -> Preview:
        """Return both names.

        Raises:
            Refused: It cannot be done.
        """
        plan = self._plan(args)
        return Preview(
            summary=f"Move {plan.old} to {plan.new} ({plan.sight.thing.size} bytes, unchanged)",
            statement=f"rename from {plan.old}\nrename to {plan.new}\n",
            before=plan.old,
            after=plan.new,
            facts={"bytes": plan.sight.thing.size, "folders_made": len(plan.folders)},
            undo="The file gets its old name back; folders made for it go if they are empty.",
            leaves=digest(None),
        )

    def apply(self, args: JsonObject, key: str) -> JsonValue:
        """Rename the file.

        Raises:
            Refused: It cannot be done, or the file is not what it was when this was planned.
        """
        del key
        plan, root = self._plan(args), self.space.root
        self.space.refuse_unexpected(self, args, plan.sight.thing)
        made = root.make_folders(plan.folders[-1]) if plan.folders else []
        try:
            root.rename(plan.old, plan.new, seen=plan.sight.seen)
        except ToolFault:
            self.space.remove_empty(made)
            raise
        return {
            "summary": f"Moved {plan.old} to {plan.new}.",
            "path": plan.new,
            "old_path": plan.old,
            "bytes": plan.sight.thing.size,
        }

    def probe(self, args: JsonObject, snapshot: JsonObject, key: str) -> Happened:
        """Tell by where the file is."""
        del key
        old, new = self._there(snapshot)
        if old is None and new is not None:
            return "yes"
        if old is not None and new is None:
            self.space.expect(self, args, old)
            return "no"
        return "unknown"

    def compare(self, args: JsonObject, snapshot: JsonObject, result: JsonValue) -> Versions | None:
        """Return what there is of the old name; of the new one, `undo` tells."""
        del args, result
        found = self.space.now(str(snapshot["old"]))
        return Versions(
            subject=resource(str(snapshot["old"])),
            before=_thing(snapshot).told(),
            left=None,
            now=found.thing.told() if found else None,
        )

    def undo(self, args: JsonObject, snapshot: JsonObject, result: JsonValue) -> None:
        """Give the file its old name back.

        Raises:
            UndoConflict: It is no longer there as it was left, or its old name is taken.
        """
        del args, result
        name, new_name, root = str(snapshot["old"]), str(snapshot["new"]), self.space.root.exact
        old, new = self._there(snapshot)
        if old is None:
            found = self.space.now(new_name)
            if self.space.now(name) is not None:
                raise UndoConflict(
                    f"There is another {name!r} now, where {new_name!r} is to go back to.",
                    advice="Move one of them away, then undo again.",
                )
            if new is None or found is None:
                there = brief(found.thing) if found else "gone"
                raise UndoConflict(
                    f"{new_name!r} is no longer what was moved there: it was "
                    f"{brief(_thing(snapshot))}, and is {there}.",
                    advice="Someone has changed it since; keep a copy, then undo again.",
                )
            root.make_folders(split(name)[0])
            root.rename(new_name, name, seen=found.seen)
        self.space.remove_empty(snapshot["folders"])

    def _there(self, snapshot: JsonObject) -> tuple[Thing | None, Thing | None]:
        """Return the file under its old and its new name, where it is what was to be moved."""
        thing = _thing(snapshot)
        found = [self.space.now(str(snapshot[which])) for which in ("old", "new")]
        old, new = (each.thing if each and thing.is_like(each.thing) else None for each in found)
        return old, new

    def _plan(self, args: JsonObject) -> _Plan:
        old, new = self.writable(args), self.writable(args, "new_path")
        found = self.space.load(old) if old else None
        if found is None:
            raise Refused(f"There is no {old!r} in the workspace.", advice=self.space.alike(old))
        if not new or self.space.root.stat(new) is not None:
            raise Refused(f"There is a {new or '.'!r} already.", advice="Choose a free name.")
        return _Plan(old, new, found.sight, self.space.missing_above(new, but=old))


def _thing(snapshot: JsonObject) -> Thing:
    return Thing.model_validate(snapshot["thing"])
