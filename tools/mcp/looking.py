"""What the settings say of a tool's effect, put into calls: look, has it happened, take it back."""

import string
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from pydantic import BaseModel, JsonValue, ValidationError

from tools.closed_model import closed_model
from tools.contract import Happened, JsonObject, canonical
from tools.errors import BadInput, Fatal, Refused, UndoConflict
from tools.mcp.answers import Answer
from tools.mcp.link import Link
from tools.mcp.pins import Definition
from tools.mcp.references import Missing, arguments, filled
from tools.mcp.settings import Ask, Look, Override
from tools.plain_text import plain

Scope = Mapping[str, JsonValue]
MAX_LOOK_CHARACTERS: Final = 262_144


@dataclass(frozen=True, slots=True, kw_only=True)
class Hand:
    """One tool of a server, ready to be called."""

    link: Link
    definition: Definition
    model: type[BaseModel]

    def call(self, args: JsonObject, *, acts: bool) -> Answer:
        """Call it.

        Raises:
            ToolFault: See `Link.call`.
            OutcomeUnknown: See `Link.call`.
        """
        return self.link.call(self.definition, args, acts=acts)

    def fitted(self, args: JsonObject) -> JsonObject:
        """Return arguments that the settings made, checked.

        Raises:
            Fatal: They do not fit.
        """
        try:
            return self.model.model_validate(args).model_dump(mode="json")
        except ValidationError as fault:
            first = fault.errors(include_url=False, include_input=False)[0]["msg"]
            raise Fatal(
                f"The settings call {self.definition.called!r} with what it does not take: {first}."
            ) from fault


def hand(link: Link, definition: Definition) -> Hand:
    """Return a tool ready to be called.

    Raises:
        BadInput: Its schema cannot be closed.
    """
    model = closed_model(definition.called, definition.parameters)
    return Hand(link=link, definition=definition, model=model)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reversal:
    """How the effect of one tool is seen and taken back, as the settings say."""

    override: Override
    hands: Mapping[str, Hand] = field(default_factory=dict)
    """The server's tools by its own names."""

    def asked(self) -> list[Definition]:
        """Return the tools that it relies on."""
        told = self.override
        asks = [one for one in (told.look, told.probe, told.undo, told.undo_new) if one is not None]
        return [self._hand(ask).definition for ask in asks]

    def before(self, args: JsonObject) -> JsonValue:
        """Return what is there before an action; nothing when only its result would tell its name.

        Raises:
            ToolFault: The server does not show it, or it is too large to be kept.
        """
        try:
            return self.look({"args": args})
        except Missing:
            return None

    def look(self, scope: Scope) -> JsonValue:
        """Return what is there of the one thing that an action touches; None for nothing.

        Raises:
            Missing: It is not known what to look at.
            ToolFault: The server does not show it, or it is too large to be kept.
        """
        ask = self.override.look
        if ask is None:
            return None
        answer = self._called(ask, scope)
        if answer.failed and ask.absent and ask.absent in answer.text:
            return None
        if answer.failed:
            told = plain(answer.text, 200)
            raise Fatal(f"{ask.tool!r} does not show what would be changed: {told}.")
        seen = _chosen(answer.fields, ask)
        if len(canonical(seen)) > MAX_LOOK_CHARACTERS:
            raise Refused(
                f"{ask.tool!r} shows more than {MAX_LOOK_CHARACTERS} characters.",
                advice="Name the `fields` that count in surefoot.toml.",
            )
        return seen

    def foreseen(self, args: JsonObject) -> JsonValue:
        """Return what `look` will show of an action once it has happened; None when unforeseeable.

        It is all that `look` shows when the settings name the same fields for both.
        """
        told = self.override
        if told.look is None or told.probe is not None:
            return None
        try:
            return arguments(told.happened, {"args": args}) or None
        except Missing:
            return None

    @property
    def foresees_all(self) -> bool:
        """Whether `foreseen` is all that `look` shows."""
        look = self.override.look
        return (
            look is not None and bool(look.fields) and {*look.fields} == {*self.override.happened}
        )

    def happened(self, scope: Scope) -> Happened:
        """Tell whether it happened.

        Raises:
            ToolFault: The server cannot be asked.
        """
        told = self.override
        if not told.happened:
            return "unknown"
        try:
            if told.probe is None:
                seen = self.look(scope)
                untouched = seen == scope.get("before")
            else:
                answer = self._called(told.probe, scope)
                seen, untouched = answer.fields, not answer.failed
        except Missing:
            return "unknown"
        if _shows(seen, told.happened, scope):
            return "yes"
        return "no" if untouched else "unknown"

    def is_undone(self, scope: Scope, seen: JsonValue) -> bool:
        """Tell whether what `look` shows is how it is to be when it is taken back."""
        if seen == scope.get("before"):
            return True
        return bool(self.override.undone) and _shows(seen, self.override.undone, scope)

    def undo(self, scope: Scope) -> None:
        """Call what takes it back.

        Raises:
            UndoConflict: The server does not do it.
            ToolFault: It cannot be asked.
        """
        told = self.override
        ask = told.undo_new if scope.get("before") is None and told.undo_new else told.undo
        if ask is None:
            return
        try:
            answer = self._called(ask, scope)
        except Missing as fault:
            raise UndoConflict(
                f"{ask.tool!r} would need {fault}, which is not known.",
                advice="Take it back by hand.",
            ) from fault
        if answer.failed:
            raise UndoConflict(f"{ask.tool!r} does not take it back: {plain(answer.text, 200)}.")

    def _called(self, ask: Ask, scope: Scope) -> Answer:
        hand = self._hand(ask)
        return hand.call(hand.fitted(arguments(ask.args, scope)), acts=False)

    def _hand(self, ask: Ask) -> Hand:
        if ask.tool not in self.hands:
            raise BadInput(f"The server has no tool {ask.tool!r}, which the settings name.")
        return self.hands[ask.tool]


def resources(patterns: tuple[str, ...], args: JsonObject, otherwise: str) -> frozenset[str]:
    """Return names of what an action touches, made of its arguments."""
    if not patterns:
        return frozenset({otherwise})
    return frozenset(_Named().vformat(pattern, (), args) for pattern in patterns)


class _Named(string.Formatter):
    """Puts arguments in the place of their names, and nothing else: no attributes, no formats."""

    def get_field(self, field_name: str, args: Any, kwargs: Any) -> tuple[Any, str]:  # noqa: ANN401  # the formatter's own types
        del args
        value = kwargs.get(field_name, "")
        return (value if isinstance(value, str) else f"{value}"), field_name


def _chosen(seen: JsonValue, ask: Look) -> JsonValue:
    if not ask.fields or not isinstance(seen, dict):
        return seen
    return {name: seen.get(name) for name in ask.fields}


def _shows(seen: JsonValue, wanted: Mapping[str, JsonValue], scope: Scope) -> bool:
    if not isinstance(seen, dict):
        return False
    try:
        return all(seen.get(name) == filled(value, scope) for name, value in wanted.items())
    except Missing:
        return False
