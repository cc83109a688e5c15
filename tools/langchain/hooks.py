"""What an adapter may be told about a LangChain tool besides effect, authority and trust."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field

from pydantic import JsonValue

from tools.contract import Happened, JsonObject, Preview
from tools.errors import ToolFault
from tools.versions import Versions


@dataclass(frozen=True, slots=True, kw_only=True)
class Hooks:
    """Callables that stand for the methods of `Tool` of the same name, and its rarer declarations.

    Each may be left out.
    """

    resources: Callable[[JsonObject], Iterable[str]] | None = None
    """What an action touches; `tool:NAME` when it is not told."""
    known_values: Callable[[JsonObject], Iterable[str]] | None = None
    target: Callable[[JsonObject], str] | None = None
    snapshot: Callable[[JsonObject], JsonObject] | None = None
    preview: Callable[[JsonObject], Preview] | None = None
    probe: Callable[[JsonObject, JsonObject, str], Happened] | None = None
    """Needed for a reversible tool."""
    undo: Callable[[JsonObject, JsonObject, JsonValue], None] | None = None
    """Needed for a reversible tool; idempotent, and UndoConflict when the world has changed."""
    compare: Callable[[JsonObject, JsonObject, JsonValue], Versions | None] | None = None
    outgoing: Collection[str] | None = None
    """Content arguments that reach other people; all of them when it is not told."""
    trusted_fields: Collection[str] = ()
    """Fields of the output that no outsider can write, e.g. `artifact.id`."""
    verbs: Collection[str] = ()
    """Words with which people ask for it."""
    destroys: bool = False
    """Whether it ends something that is there."""
    faults: Mapping[type[Exception], type[ToolFault]] = field(default_factory=dict)
    """What the tool's own exceptions mean: Refused, Transient, Fatal; all say: nothing was done."""


NO_HOOKS = Hooks()
