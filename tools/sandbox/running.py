"""The tool that runs a command and carries over to the workspace what it changed."""

from collections.abc import Sequence
from threading import Lock
from typing import ClassVar, Final

from pydantic import JsonValue

from tools.contract import EffectClass, Happened, JsonObject, Preview, digest
from tools.files.contents import observe
from tools.files.names import resource
from tools.files.text import MAX_DIFF_CHARACTERS, change_of
from tools.files.tree import unlisted
from tools.sandbox.carrying import Carrier, changes_json, changes_of, told
from tools.sandbox.commandtool import CommandTool, counted, listed
from tools.sandbox.settings import Recipe
from tools.sandbox.staging import Stage
from tools.sandbox.workshop import Came, Change, Workshop
from tools.versions import Versions

_OUTPUT_CHARACTERS: Final = 4_000


class RunCommand(CommandTool):
    """Runs a recipe on a copy and makes its changes in the workspace, after they were seen.

    Args:
        workshop: Where it is run.
        carrier: Makes the changes.
    """

    name = "run_command"
    description = (
        "Run a configured command and keep in the workspace what it changed. It runs on a private "
        "copy, without network; one that fails changes nothing."
    )
    effect: ClassVar[EffectClass] = "reversible"

    def __init__(self, workshop: Workshop, carrier: Carrier) -> None:
        super().__init__(workshop)
        self._carrier = carrier
        self._stage = Stage(workshop)
        self._planned: dict[str, JsonObject] = {}
        self._lock = Lock()

    @property
    def recipes(self) -> dict[str, Recipe]:
        """The recipes that may keep what they change."""
        return {name: one for name, one in super().recipes.items() if one.keeps_changes}

    def resources(self, args: JsonObject) -> frozenset[str]:
        """Return the recipe, and every file and folder that it changes.

        Raises:
            ToolFault: It cannot be told, because the command fails or cannot be run.
        """
        changed = {resource(change.name) for change in self._came(args).changes}
        return super().resources(args) | changed

    def target(self, args: JsonObject) -> str:
        """Return what is there and what it is to be: an approval is of exactly these changes.

        Raises:
            ToolFault: It cannot be told.
        """
        changes = self._came(args).changes
        return digest({"before": told(changes, after=False), "after": told(changes, after=True)})

    def snapshot(self, args: JsonObject) -> JsonObject:
        """Keep what is there and what it is to be, all of it.

        Raises:
            ToolFault: It cannot be told, or was changed meanwhile.
        """
        came = self._came(args)
        plan: JsonObject = {
            "changes": changes_json(self._carrier.keep(came.changes)),
            "came": _told_of(str(args["recipe"]), came, self.workshop.box.name),
        }
        self._plan(args, plan)
        return plan

    def preview(self, args: JsonObject) -> Preview:
        """Return every change, as diffs.

        Raises:
            ToolFault: It cannot be told.
        """
        came = self._came(args)
        names = listed(came.changes)
        return Preview(
            summary=f"{args['recipe']}: {came.how}; {counted(came.changes)}",
            statement=self._diffs(came.changes),
            facts=names,
            undo="Every file and folder becomes again what it was.",
            leaves=digest(_by_resource(told(came.changes, after=True))),
        )

    def apply(self, args: JsonObject, key: str) -> JsonValue:
        """Make the changes: all of them, or none.

        Raises:
            Refused: Somebody else has changed something of it.
            Fatal: The disk is full, or read-only.
        """
        del key
        with self._lock:
            plan = self._planned.pop(digest(args), None)
        plan = plan or self.snapshot(args)
        self._carrier.carry(changes_of(plan["changes"]))
        return plan["came"]

    def probe(self, args: JsonObject, snapshot: JsonObject, key: str) -> Happened:
        """Tell by every file and folder; what a kill left half done is put back by the way."""
        del key
        happened = self._carrier.stands(changes_of(snapshot["changes"]))
        if happened == "no":
            self._plan(args, snapshot)
        return happened

    def compare(self, args: JsonObject, snapshot: JsonObject, result: JsonValue) -> Versions | None:
        """Return every file and folder in its three versions."""
        del args, result
        changes = changes_of(snapshot["changes"])
        return Versions(
            subject=f"files:{digest([one.name for one in changes])[:16]}",
            before=_by_resource(told(changes, after=False)),
            left=_by_resource(told(changes, after=True)),
            now=_by_resource(self._carrier.compared(changes)),
            several=True,
        )

    def undo(self, args: JsonObject, snapshot: JsonObject, result: JsonValue) -> None:
        """Make every file and folder what it was.

        Raises:
            UndoConflict: One is no longer as it was left; nothing was put back.
        """
        del args, result
        self._carrier.put_back(changes_of(snapshot["changes"]))

    def _came(self, args: JsonObject) -> Came:
        """Run it, unless that is known, and refuse what is not to be carried over."""
        recipe, argv = self.recipe(args)
        came = self._stage.came(recipe, argv)
        self._carrier.refuse(came.changes)
        return came

    def _plan(self, args: JsonObject, plan: JsonObject) -> None:
        """Remember what an action was planned to do, until it is done."""
        with self._lock:
            self._planned[digest(args)] = plan

    def _diffs(self, changes: Sequence[Change]) -> str:
        text = "".join(self._diff(change) for change in changes)
        if len(text) <= MAX_DIFF_CHARACTERS:
            return text
        return f"{text[:MAX_DIFF_CHARACTERS]}\n(and more)\n"

    def _diff(self, change: Change) -> str:
        before, after = change.before, change.after
        kinds = {one.kind for one in (before, after) if one is not None}
        if kinds != {"file"}:
            return f"{change.what} {' and '.join(sorted(kinds))} {change.name}\n"
        old = bytearray()
        if before is not None:
            observe(self._carrier.root.exact, unlisted(change.name), into=old)
        diff = change_of(
            change.name,
            None if before is None else bytes(old),
            None if after is None else change.data,
        ).diff
        mode = ""
        if before is not None and after is not None and before.mode != after.mode:
            mode = f"mode of {change.name}: {before.mode:04o} -> {after.mode:04o}\n"
        return mode + diff


def _told_of(recipe: str, came: Came, sandbox: str) -> JsonObject:
    """Return what came of a command, as its result tells it."""
    return {
        "summary": f"{recipe}: {came.how}; {counted(came.changes)}, carried over.",
        "exit_code": came.ended.exit_code,
        "stdout": came.stdout[-_OUTPUT_CHARACTERS:],
        "stderr": came.stderr[-_OUTPUT_CHARACTERS:],
        "truncated": max(len(came.stdout), len(came.stderr)) > _OUTPUT_CHARACTERS
        or came.ended.stdout.truncated
        or came.ended.stderr.truncated,
        "changes": listed(came.changes),
        "sandbox": sandbox,
    }


def _by_resource(versions: JsonObject) -> JsonObject:
    return {resource(name): version for name, version in versions.items()}
