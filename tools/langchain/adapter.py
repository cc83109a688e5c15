"""Adapts any LangChain tool in one line; what is not declared is taken at its worst.

safe = adapted(tool, effect="read", authority={"path"})
"""

from collections.abc import Collection, Mapping
from typing import Any, Final

from langchain_core.messages import ToolMessage
from langchain_core.tools import BaseTool, ToolException
from pydantic import JsonValue

from tools.closed_model import closed_model
from tools.contract import (
    EffectClass,
    Happened,
    JsonObject,
    Preview,
    Tool,
    ToolCard,
    Trust,
    canonical,
)
from tools.errors import BadInput, OutcomeUnknown, Refused, ToolFault, Transient
from tools.langchain.arguments import refuse_unfilled, refuse_unfit, schema_of
from tools.langchain.calling import Caller
from tools.langchain.hooks import NO_HOOKS, Hooks
from tools.plain_text import plain
from tools.results import is_deep, jsonable
from tools.shortened import shortened
from tools.versions import Versions

DEFAULT_SECONDS: Final = 60.0
MAX_OUTPUT_CHARACTERS: Final = 200_000
MAX_DEPTH: Final = 40
SUMMARY_CHARACTERS: Final = 300
DESCRIPTION_CHARACTERS: Final = 2_000
PREVIEW_CHARACTERS: Final = 4_000


def adapted(
    tool: BaseTool,
    *,
    effect: EffectClass = "irreversible",
    authority: Collection[str] | None = None,
    trust: Trust = "untrusted",
    seconds: float = DEFAULT_SECONDS,
    filled: Mapping[str, Any] | None = None,
    hooks: Hooks = NO_HOOKS,
    foreign: bool = False,
) -> Tool:
    """Return a LangChain tool as one of ours.

    Args:
        tool: Any; sync or async, with arguments as a pydantic model or as a JSON schema.
        effect: What it does to the world; irreversible when it is not told.
        authority: Arguments that decide who, where and how much; all of them when it is not told.
        trust: `trusted` only when no outsider can write any of its output.
        seconds: How long a call may take.
        filled: Values of arguments that are injected (`InjectedToolArg`, `InjectedState`).
        hooks: How it is previewed, probed and undone, and what it touches.
        foreign: Whether an outsider wrote its name or description.

    Raises:
        BadInput: Its arguments cannot be closed or filled, or the declarations do not hold.
    """
    given, arguments = filled or {}, closed_model(tool.name, schema_of(tool))
    names = frozenset(arguments.model_fields)
    refuse_unfilled(tool, given, set(names))
    deciding = names if authority is None else frozenset(authority)
    leaving = names - deciding if hooks.outgoing is None else frozenset(hooks.outgoing)
    _refuse_contradictions(tool, effect, (deciding | leaving) - names, hooks)

    class Kind(Adapted):
        args_schema = arguments

    Kind.effect, Kind.output_trust, Kind.foreign = effect, trust, foreign
    Kind.authority, Kind.content, Kind.outgoing = deciding, names - deciding, leaving
    _declare(Kind, tool, hooks)
    return Kind(Caller(tool=tool, seconds=seconds, filled=given), hooks)


def _declare(kind: type["Adapted"], tool: BaseTool, hooks: Hooks) -> None:
    """Take over what it is called, and the rarer declarations."""
    kind.name, kind.description = tool.name, plain(tool.description, DESCRIPTION_CHARACTERS)
    kind.trusted_fields, kind.verbs = frozenset(hooks.trusted_fields), frozenset(hooks.verbs)
    kind.destroys = hooks.destroys


def _refuse_contradictions(
    tool: BaseTool, effect: EffectClass, unknown: frozenset[str], hooks: Hooks
) -> None:
    if unknown:
        raise BadInput(f"The tool {tool.name!r} has no argument {', '.join(sorted(unknown))}.")
    if effect == "reversible" and (hooks.undo is None or hooks.probe is None):
        raise BadInput(
            f"The tool {tool.name!r} is declared reversible, but cannot be undone and probed.",
            advice="Give hooks=Hooks(undo=..., probe=...), or declare it irreversible.",
        )


class Adapted(Tool):
    """A LangChain tool; made by `adapted`."""

    def __init__(self, caller: Caller, hooks: Hooks) -> None:
        self._caller = caller
        self._hooks = hooks

    def card(self) -> ToolCard:
        """Return what planners and deciders are told, with the closed schema."""
        schema = self.args_schema.model_json_schema()
        schema.pop("title", None)
        return ToolCard(
            name=self.name,
            description=self.description,
            effect=self.effect,
            parameters=schema,
            foreign=self.foreign,
        )

    def check(self, args: Mapping[str, JsonValue]) -> JsonObject:
        """Return the arguments with the defaults that the tool would fill in unseen.

        Raises:
            Refused: They do not fit the closed schema, or the tool's own model.
        """
        checked = super().check(args)
        refuse_unfit(self._caller.tool, checked)
        return checked

    def resources(self, args: JsonObject) -> frozenset[str]:
        """Return what the hook says, or the tool itself, so that its calls run in turn."""
        told = self._hooks.resources
        return frozenset({f"tool:{self.name}"} if told is None else told(args))

    def known_values(self, args: JsonObject) -> frozenset[str]:
        """Return what the hook vouches for."""
        told = self._hooks.known_values
        return frozenset() if told is None else frozenset(told(args))

    def target(self, args: JsonObject) -> str:
        """Return what the hook says that the action acts on."""
        return "" if self._hooks.target is None else self._hooks.target(args)

    def bounds(self) -> tuple[str, ...]:
        """Return what holds it; a LangChain tool runs in this process, with all its rights."""
        return (
            f"{self._caller.seconds:g} s a call, {MAX_OUTPUT_CHARACTERS} characters of output",
            "runs in this process with the rights of its user",
        )

    def snapshot(self, args: JsonObject) -> JsonObject:
        """Return what the hook keeps for undoing."""
        return {} if self._hooks.snapshot is None else self._hooks.snapshot(args)

    def preview(self, args: JsonObject) -> Preview:
        """Return what the hook foresees, or the call itself and that no more is known."""
        if self._hooks.preview is not None:
            return self._hooks.preview(args)
        return Preview(
            summary=f"Call {self.name}; what exactly it changes only the tool knows.",
            statement=plain(canonical(args), PREVIEW_CHARACTERS),
            undo="By its own undo." if self.effect == "reversible" else "",
        )

    def apply(self, args: JsonObject, key: str) -> JsonValue:
        """Call the tool.

        Raises:
            Refused: It says that it cannot do this.
            Transient: It took too long; only when it has no effect.
            ToolFault: As the hooks say of its own exceptions.
            OutcomeUnknown: It has an effect, and failed or took so long that nobody knows.
        """
        try:
            answer = self._caller.call(args, key)
        except ToolException as fault:
            raise self._failed(plain(str(fault), SUMMARY_CHARACTERS)) from fault
        except TimeoutError as fault:
            problem = f"{self.name!r} did not answer within {self._caller.seconds:g} s."
            raise (Transient if self.effect == "read" else OutcomeUnknown)(problem) from fault
        except tuple(self._hooks.faults) as fault:
            raise self._as_told(fault) from fault
        return _result(self.name, answer)

    def probe(self, args: JsonObject, snapshot: JsonObject, key: str) -> Happened:
        """Tell what the hook finds."""
        return "unknown" if self._hooks.probe is None else self._hooks.probe(args, snapshot, key)

    def undo(self, args: JsonObject, snapshot: JsonObject, result: JsonValue) -> None:
        """Undo as the hook does it."""
        if self._hooks.undo is None:
            super().undo(args, snapshot, result)
        else:
            self._hooks.undo(args, snapshot, result)

    def compare(self, args: JsonObject, snapshot: JsonObject, result: JsonValue) -> Versions | None:
        """Return the versions that the hook finds."""
        told = self._hooks.compare
        return None if told is None else told(args, snapshot, result)

    def _failed(self, problem: str) -> Exception:
        """Return what a tool's own word that it failed means: a probe knows better."""
        if self.effect != "read" and self._hooks.probe is not None:
            return OutcomeUnknown(f"{self.name!r} failed: {problem}.")
        changed = "Nothing was changed." if self.effect == "read" else "So says the tool."
        return Refused(f"{self.name!r} failed: {problem}.", changed=changed)

    def _as_told(self, fault: Exception) -> ToolFault:
        found = next(kind for own, kind in self._hooks.faults.items() if isinstance(fault, own))
        return found(f"{self.name!r} failed: {plain(str(fault), SUMMARY_CHARACTERS)}.")


def _result(name: str, answer: Any) -> JsonObject:  # noqa: ANN401  # whatever a tool returns
    """Return an answer as plain, bounded JSON; one that has no JSON is told of, never a failure.

    By now the effect has happened, and must not be taken for a failed one.
    """
    if not isinstance(answer, ToolMessage):
        kind = type(answer).__name__
        return {"summary": f"{name} returned a {kind}, which is not used.", "truncated": False}
    whole: JsonObject = {"content": _json(answer.content)}
    if answer.artifact is not None:
        whole["artifact"] = _json(answer.artifact)
    kept = shortened(whole, MAX_OUTPUT_CHARACTERS)
    shown = plain(answer.text, SUMMARY_CHARACTERS) or f"{name} returned nothing to read."
    told: JsonObject = {"summary": shown, "truncated": kept.truncated, "characters": kept.size}
    return told | (kept.value if isinstance(kept.value, dict) else {})


def _json(value: Any) -> JsonValue:  # noqa: ANN401  # whatever a tool returns
    try:
        found = jsonable(value)
    except (TypeError, ValueError, RecursionError):
        return f"(a {type(value).__name__}, which has no JSON)"
    return f"(a {type(value).__name__}, nested too deeply)" if is_deep(found, MAX_DEPTH) else found
