"""A tool of an MCP server as one of ours."""

import json
from collections.abc import Mapping, Sequence
from typing import ClassVar, Final

from pydantic import JsonValue

from tools.contract import (
    EffectClass,
    Happened,
    JsonObject,
    Preview,
    Tool,
    ToolCard,
    canonical,
    digest,
)
from tools.errors import BadInput, OutcomeUnknown, Refused, ToolFault, UndoConflict
from tools.mcp.looking import Hand, Reversal, resources
from tools.mcp.pins import Definition
from tools.mcp.references import Missing
from tools.mcp.settings import Override
from tools.plain_text import plain
from tools.versions import Versions

PREVIEW_CHARACTERS: Final = 4_000


def mcp_tool(hand: Hand, override: Override, hands: Mapping[str, Hand]) -> "McpTool":
    """Return a tool of a server.

    Args:
        hand: Calls it.
        override: What the settings say of it.
        hands: The other tools of the server, by its own names.

    Raises:
        BadInput: The settings name what it does not have.
    """
    definition = hand.definition
    names = frozenset(hand.model.model_fields)
    deciding = names if override.authority is None else frozenset(override.authority)
    leaving = names - deciding if override.outgoing is None else frozenset(override.outgoing)
    if unknown := (deciding | leaving) - names:
        raise BadInput(f"{definition.called!r} has no argument {', '.join(sorted(unknown))}.")

    class Kind(McpTool):
        args_schema = hand.model

    Kind.name, Kind.description = definition.called, definition.description
    Kind.effect, Kind.output_trust = _effect(override, definition), override.trust
    Kind.authority, Kind.content, Kind.outgoing = deciding, names - deciding, leaving
    Kind.trusted_fields, Kind.verbs = frozenset(override.trusted_fields), frozenset(override.verbs)
    Kind.destroys = override.destroys or definition.hints.get("destructiveHint", False)
    reversal = Reversal(override=override, hands=hands)
    return Kind(hand, reversal, [definition, *reversal.asked()])


def _effect(override: Override, definition: Definition) -> EffectClass:
    """Return the effect as declared, unless the server itself says that it is worse."""
    if override.effect == "read" and definition.warns:
        return "irreversible"
    return override.effect


class McpTool(Tool):
    """A tool of a server; made by `mcp_tool`."""

    foreign: ClassVar[bool] = True

    def __init__(self, hand: Hand, reversal: Reversal, relied: Sequence[Definition]) -> None:
        self._hand = hand
        self._reversal = reversal
        self._relied = relied

    @property
    def definition(self) -> Definition:
        """What the server said of it when the run began."""
        return self._hand.definition

    def card(self) -> ToolCard:
        """Return what planners and deciders are told, as somebody else's words."""
        return ToolCard(
            name=self.name,
            description=self.description,
            effect=self.effect,
            parameters=self._hand.definition.parameters,
            foreign=True,
        )

    def bounds(self) -> tuple[str, ...]:
        """Return what holds it."""
        link, hints = self._hand.link, self.definition.hints
        settings = link.settings
        where = settings.url or f"{settings.command} (a program with the rights of its user)"
        said = ", ".join(f"{name}={str(value).lower()}" for name, value in sorted(hints.items()))
        return (
            f"MCP server {link.name}: {where}",
            f"{settings.call_seconds:g} s a call, at most {settings.output_characters} characters",
            "refused when the server says something else of it than when the run began",
            *([f"the server's hints, which lower no risk: {said}"] if said else []),
        )

    def resources(self, args: JsonObject) -> frozenset[str]:
        """Return what the settings say that it touches, or the server."""
        told = self._reversal.override.resources
        return resources(told, args, f"mcp:{self._hand.link.name}")

    def target(self, args: JsonObject) -> str:
        """Return the digest of all that the server says of this tool and of those that undo it.

        Raises:
            Refused: The server says something else by now.
            ToolFault: It cannot be asked.
        """
        del args
        for definition in self._relied:
            self._hand.link.check(definition)
        return digest([definition.digest for definition in self._relied])

    def snapshot(self, args: JsonObject) -> JsonObject:
        """Return what there is before.

        Raises:
            ToolFault: The server does not show it.
        """
        return {} if self.effect == "read" else {"before": self._reversal.before(args)}

    def preview(self, args: JsonObject) -> Preview:
        """Return the call, and what is there now when the settings say how to look.

        Raises:
            ToolFault: The server does not show it.
        """
        look = self._reversal.override.look
        before, after = self._reversal.before(args), self._reversal.foreseen(args)
        told = json.dumps(args, indent=2, sort_keys=True, ensure_ascii=False)
        return Preview(
            summary=f"Call {self.name} of an MCP server; what it does only the server knows.",
            statement=plain(told, PREVIEW_CHARACTERS),
            shows=f"what {look.tool} shows" if look else "",
            before=plain(_shown(before), PREVIEW_CHARACTERS) if look else "",
            after=plain(_shown(after), PREVIEW_CHARACTERS) if after is not None else "",
            facts={"server": self._hand.link.name, "pinned": self.definition.digest[:12]},
            undo=self._undo_told(),
            leaves=digest(after) if after is not None and self._reversal.foresees_all else "",
        )

    def apply(self, args: JsonObject, key: str) -> JsonValue:
        """Call it.

        Raises:
            Refused: The server says that it cannot, or that the tool is another by now.
            ToolFault: The server cannot be used; nothing was done.
            OutcomeUnknown: It was called, and what came of it is not known.
        """
        acts = self.effect != "read"
        answer = self._hand.call(args, acts=acts)
        if answer.failed:
            self._refuse(plain(answer.text, 300), acts=acts)
        result = answer.result(self.name, self._hand.link.settings.output_characters)
        if self.effect == "reversible":
            scope: JsonObject = {"args": args, "result": answer.fields, "key": key}
            result |= {"fields": answer.fields} | self._seen(scope)
        return result

    def probe(self, args: JsonObject, snapshot: JsonObject, key: str) -> Happened:
        """Look whether it happened, as the settings say."""
        scope = {"args": args, "before": snapshot.get("before"), "key": key}
        return self._reversal.happened(scope)

    def compare(self, args: JsonObject, snapshot: JsonObject, result: JsonValue) -> Versions | None:
        """Return what there was, what was left, and what there is."""
        if self._reversal.override.look is None:
            return None
        scope = self._scope(args, snapshot, result)
        try:
            now = self._reversal.look(scope)
        except Missing:
            return None
        return Versions(
            subject=min(self.resources(args)),
            before=snapshot.get("before"),
            left=self._left(scope, result, now),
            now=now,
        )

    def undo(self, args: JsonObject, snapshot: JsonObject, result: JsonValue) -> None:
        """Take it back by the tool that the settings name, if all is as it was left.

        Raises:
            UndoConflict: It is not, or the server did not take it back.
            ToolFault: The server cannot be asked.
        """
        scope = self._scope(args, snapshot, result)
        try:
            now = self._reversal.look(scope)
        except Missing as fault:
            raise UndoConflict(
                f"What {self.name!r} made is not known: its result, with {fault}, was lost.",
                advice="Look for it, and take it back by hand.",
            ) from fault
        if self._reversal.is_undone(scope, now):
            return
        if now != self._left(scope, result, now):
            raise UndoConflict(
                f"What {self.name!r} changed was changed again since.",
                advice="Look at it, and settle it by hand.",
            )
        self._reversal.undo(scope)
        if not self._reversal.is_undone(scope, self._reversal.look(scope)):
            raise UndoConflict(
                f"{self.name!r} was taken back, and yet it is not as it was.",
                advice="Look at it, and settle it by hand.",
            )

    def _refuse(self, problem: str, *, acts: bool) -> None:
        """Raise for a server's own word that it failed: who can look, looks."""
        if acts and self._reversal.override.happened:
            raise OutcomeUnknown(f"{self.name!r} failed: {problem}.")
        changed = "So says the server; nothing else is known." if acts else "Nothing was changed."
        raise Refused(f"{self.name!r} failed: {problem}.", changed=changed)

    def _scope(self, args: JsonObject, snapshot: JsonObject, result: JsonValue) -> JsonObject:
        fields = result.get("fields") if isinstance(result, dict) else None
        return {"args": args, "before": snapshot.get("before"), "result": fields}

    def _left(self, scope: JsonObject, result: JsonValue, now: JsonValue) -> JsonValue:
        """Return what was left; when that was lost, what there is if it is what was meant."""
        if isinstance(result, dict) and "left" in result:
            return result["left"]
        return now if self._reversal.happened(scope) == "yes" else None

    def _seen(self, scope: JsonObject) -> JsonObject:
        """Return what an action left; nothing is said when the result does not tell its name."""
        try:
            return {"left": self._reversal.look(scope)}
        except (Missing, ToolFault):
            return {}

    def _undo_told(self) -> str:
        undo = self._reversal.override.undo
        if self.effect != "reversible" or undo is None:
            return "What the server did, only its owner can take back."
        return f"By {undo.tool!r} of the same server, if nobody changed it meanwhile."


def _shown(value: JsonValue) -> str:
    return "(nothing)" if value is None else canonical(value)
