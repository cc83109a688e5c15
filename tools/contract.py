"""What a tool is: a LangChain-shaped callable plus everything that makes it safe to run.

Words as in DESIGN.md section 2. All that is stored is frozen plain JSON, without import paths.
"""

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import ClassVar, Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from tools.errors import Refused, SurefootError
from tools.versions import Versions

EffectClass = Literal["read", "reversible", "irreversible"]
Trust = Literal["trusted", "untrusted"]
Happened = Literal["yes", "no", "unknown"]
EffectState = Literal["intended", "applied", "failed", "undoing", "undone", "in_doubt"]
STANDING: frozenset[EffectState] = frozenset({"applied", "undoing"})
"""States in which an effect is in the world; an undo cut short may have to be completed."""
JsonObject = dict[str, JsonValue]
Clock = Callable[[], datetime]
"""Returns the present as an aware UTC datetime; injected, so that tests own the time."""

MAX_ARGUMENT_BYTES = 16_384
"""Arguments larger than this are refused before any tool sees them."""


def canonical(value: JsonValue | Mapping[str, JsonValue]) -> str:
    """Return the one JSON text of a value: sorted keys, no spaces, no NaN."""
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False
    )


def digest(value: JsonValue | Mapping[str, JsonValue]) -> str:
    """Return the SHA-256 (hex) of a value's canonical JSON."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()


class Record(BaseModel):
    """Base of all stored types: immutable, closed, plain JSON."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def to_json(self) -> JsonObject:
        """Return the record as a JSON object."""
        return self.model_dump(mode="json")


class Action(Record):
    """A tool name and its arguments; its identity is the hash of both."""

    tool: str = Field(max_length=200)
    args: JsonObject = Field(default_factory=dict)

    @property
    def hash(self) -> str:
        """SHA-256 of the canonical JSON of tool and arguments."""
        return digest({"tool": self.tool, "args": self.args})

    def without(self, fields: frozenset[str]) -> "Action":
        """Return the action without arguments of these names; itself when it has none of them."""
        if fields.isdisjoint(self.args):
            return self
        kept = {name: value for name, value in self.args.items() if name not in fields}
        return self.model_copy(update={"args": kept})


class Preview(Record):
    """The exact change that an action would make, for the person who decides."""

    summary: str
    statement: str = ""
    before: str = ""
    """State or plan as it is, e.g. EXPLAIN before."""
    after: str = ""
    """State or plan as it would be."""
    shows: str = ""
    """What `before` and `after` are, e.g. `Query plans`; empty when they are the thing itself."""
    facts: dict[str, JsonValue] = Field(default_factory=dict)
    """Figures with their units in the key: `size_bytes`, `rows`, `index_count`."""
    undo: str = ""
    """How it is undone, or why it cannot be."""
    leaves: str = ""
    """Digest of what it would leave, as `Versions.left` tells it; empty when unforeseeable."""


class EffectRecord(Record):
    """One journal entry: what was intended, what it found, what came of it."""

    key: str
    """`run/step/ordinal`, minted in `decide`; unique for ever."""
    run: str
    step: str
    action: Action
    state: EffectState
    snapshot: JsonObject = Field(default_factory=dict)
    result: JsonValue = None
    error: str = ""
    seq: int = 0
    """Order of intent within the store; undo walks it backwards."""
    at: datetime


class ToolCard(Record):
    """What a planner or decider is told of a tool."""

    name: str
    description: str
    effect: EffectClass
    parameters: JsonObject
    """JSON schema of the arguments."""
    foreign: bool = False
    """Whether an outsider wrote any of it: shown to models as untrusted text."""

    def to_json(self) -> JsonObject:
        """Return what is shown and compared; whose words it is decides where, and is not in it."""
        return self.model_dump(mode="json", exclude={"foreign"})


class Tool(ABC):
    """One thing that the agent may do to the world.

    A subclass declares the class variables and implements `apply` and `resources`; a tool with an
    effect also implements `snapshot`, `probe`, `preview` and, when reversible, `undo`.
    Arguments reach every method already validated by `check`.
    """

    name: ClassVar[str]
    description: ClassVar[str]
    effect: ClassVar[EffectClass] = "irreversible"
    args_schema: ClassVar[type[BaseModel]]
    """Pydantic model with `extra="forbid"`."""
    authority: ClassVar[frozenset[str]] = frozenset()
    """Arguments that decide who, where and how much."""
    content: ClassVar[frozenset[str]] = frozenset()
    """Arguments that are only carried."""
    output_trust: ClassVar[Trust] = "untrusted"
    """`trusted` only when no outsider can write any field of the output."""
    secret_fields: ClassVar[frozenset[str]] = frozenset()
    """Top-level output fields that never reach a model, ledger or artifact."""
    trusted_fields: ClassVar[frozenset[str]] = frozenset()
    """Fields of an untrusted output that no outsider can write: dotted paths, `*` for each item."""
    verbs: ClassVar[frozenset[str]] = frozenset()
    """Words with which people ask for it; none when any goal may need it."""
    outgoing: ClassVar[frozenset[str]] = frozenset()
    """Content arguments that reach other people: no address may be in them that nobody named."""
    destroys: ClassVar[bool] = False
    """Whether it ends something that is there; what, a person must have said."""
    evidence: ClassVar[frozenset[str]] = frozenset({"*"})
    """Paths of its results that show something; what stands elsewhere are a model's words."""
    foreign: ClassVar[bool] = False
    """Whether an outsider wrote name or description: shown to models as untrusted text."""
    volatile: ClassVar[frozenset[str]] = frozenset()
    """Fields of arguments and output that say nothing of what was done or found, e.g. the time."""
    polls_seconds: ClassVar[float] = 0.0
    """How long the same reading may come again, as it waits for something; 0 for not at all."""
    transactional: ClassVar[bool] = False
    """Whether the key is written in the effect's own transaction, so that `probe` is certain.

    Its outcome is committed together with what comes next: a crash before that loses nothing.
    """

    def check(self, args: Mapping[str, JsonValue]) -> JsonObject:
        """Return the arguments validated and normalised.

        Raises:
            Refused: When they do not fit the schema or are larger than `MAX_ARGUMENT_BYTES`.
        """
        try:
            size = len(canonical(args))
        except (ValueError, TypeError, RecursionError) as fault:
            raise Refused(f"The arguments of {self.name!r} are not plain JSON.") from fault
        if size > MAX_ARGUMENT_BYTES:
            raise Refused(
                f"The arguments of {self.name!r} are {size} bytes; "
                f"at most {MAX_ARGUMENT_BYTES} are accepted."
            )
        try:
            return self.args_schema.model_validate(args).model_dump(mode="json")
        except ValidationError as fault:
            problems = "; ".join(
                f"{'.'.join(str(part) for part in error['loc']) or 'arguments'}: {error['msg']}"
                for error in fault.errors(include_url=False, include_input=False)[:5]
            )
            raise Refused(f"The arguments of {self.name!r} do not fit: {problems}.") from fault

    @abstractmethod
    def resources(self, args: JsonObject) -> frozenset[str]:
        """Return the names of what the action touches, e.g. `table:orders`.

        Used for scope (each must match the goal's boundaries) and for parallelism (actions whose
        resources intersect run in turn).
        """

    @abstractmethod
    def apply(self, args: JsonObject, key: str) -> JsonValue:
        """Do it and return the result; `key` is the idempotency key.

        Raises:
            Refused: Outside the tool's vocabulary; nothing was done.
            Transient: May work later; nothing was done.
            Fatal: Will not work; nothing was done.
        """

    def known_values(self, args: JsonObject) -> frozenset[str]:
        """Return the authority values that the tool vouches for.

        A closed set that it reads from the world itself and no outsider can extend by text, e.g.
        the table and column names of the live schema. Values in it count as grounded.
        """
        del args
        return frozenset()

    def bounds(self) -> tuple[str, ...]:
        """Return what holds the tool, in short lines for people: folders, hosts, limits."""
        return ()

    def target(self, args: JsonObject) -> str:
        """Return what the action would act on, when the arguments alone do not say it.

        An approval is bound to it: the definition behind a name, the digest of what will be
        overwritten. If it changes between question and effect, the question is asked anew.

        Raises:
            ToolFault: It cannot be told; nothing was done.
        """
        del args
        return ""

    def snapshot(self, args: JsonObject) -> JsonObject:
        """Return what undo and probe will need; taken and committed before `apply`."""
        del args
        return {}

    def preview(self, args: JsonObject) -> Preview:
        """Return the exact change, computed without making it."""
        return Preview(summary=f"{self.name} {canonical(args)}")

    def probe(self, args: JsonObject, snapshot: JsonObject, key: str) -> Happened:
        """Tell whether an effect whose outcome was lost took place."""
        del args, snapshot, key
        return "unknown"

    def undo(self, args: JsonObject, snapshot: JsonObject, result: JsonValue) -> None:
        """Bring back what the snapshot holds; must be idempotent.

        The runner adds the effect's own key to the snapshot, as `key`.

        Raises:
            UndoConflict: The world no longer is as the effect left it; nothing was undone.
        """
        del args, snapshot, result
        raise SurefootError(f"{self.name!r} cannot be undone.")

    def compare(self, args: JsonObject, snapshot: JsonObject, result: JsonValue) -> Versions | None:
        """Return what `undo` would find, changing nothing; None when only `undo` can tell."""
        del args, snapshot, result
        return None

    def card(self) -> ToolCard:
        """Return what planners and deciders are told of this tool."""
        # Loads for 0.2 s what looking at runs does not need.
        from langchain_core.utils.function_calling import (  # noqa: PLC0415  # see above
            convert_to_openai_tool,
        )

        function = convert_to_openai_tool(self.args_schema)["function"]
        return ToolCard(
            name=self.name,
            description=self.description,
            effect=self.effect,
            parameters=function["parameters"],
            foreign=self.foreign,
        )


class Clearance(Record):
    """Permission to run one action hash once, given by a rule or a person."""

    key: str
    action_hash: str
    by: Literal["rule", "person"]
    name: str
    """The rule that fired, or the reviewer."""
    review: str = ""
    """The review that was answered, when a person gave it."""
    target: str = ""
    """Digest of what the action was to act on when it was cleared; empty when nothing is bound."""
    confidence: float = 1.0
    tainted: bool = False
    entrusted: bool = False
    """Whether a person allowed such actions beforehand, in the goal."""
    risk: float = 1.0
    """Upper bound of the share that people reject of such actions."""
    waived: bool = False
    """Whether a person said that such actions need no question for a while."""
    expires_at: datetime


class Clearances(Protocol):
    """Where clearances are kept: outside the graph's state, so that state cannot forge one."""

    def grant(self, clearance: Clearance) -> None:
        """Keep a clearance; a later one for the same key replaces it."""
        ...

    def find(self, key: str) -> Clearance | None:
        """Return the clearance for an effect key, expired or not."""
        ...


class Journal(Protocol):
    """The effect journal: every state change is committed before the call returns."""

    def find(self, key: str) -> EffectRecord | None:
        """Return the entry of a key."""
        ...

    def intend(
        self, *, key: str, run: str, step: str, action: Action, snapshot: JsonObject
    ) -> None:
        """Commit the intent and the snapshot.

        Intended again, because it did not happen the first time, it gets the new snapshot; no-op
        when more than that is known of the key.
        """
        ...

    def settle(
        self,
        key: str,
        state: EffectState,
        *,
        result: JsonValue = None,
        error: str = "",
        urgent: bool = True,
    ) -> None:
        """Commit what came of it. Also written to the ledger, in the same transaction.

        One that is not urgent may be lost in a crash: it can be found out again.
        """
        ...

    def of_run(self, run: str) -> list[EffectRecord]:
        """Return the run's entries, oldest first."""
        ...


class Artifacts(Protocol):
    """Content-addressed store for what is too large for state."""

    def put(self, value: JsonValue) -> str:
        """Keep a JSON value and return its reference, `sha256:...`."""
        ...

    def get(self, ref: str) -> JsonValue:
        """Return the value of a reference.

        Raises:
            KeyError: No such artifact.
        """
        ...


class Call(Record):
    """One cleared action on its way to the runner."""

    key: str
    run: str
    step: str
    action: Action


class Observation(Record):
    """What came of a call, bounded; the whole result is an artifact."""

    key: str
    step: str
    tool: str
    action_hash: str
    status: Literal["ok", "refused", "transient", "fatal", "in_doubt"]
    effect: EffectClass
    summary: str = ""
    """At most 500 characters for people and models."""
    artifact: str = ""
    result_digest: str = ""
    """Of the result without its volatile fields."""
    likeness: str = ""
    """Hash of the action without its volatile arguments; empty when it has none."""
    left: str = ""
    """Digest of what an effect acts on, as it left it; empty when nobody can tell."""
    trust: Trust = "untrusted"
    seconds: float = 0.0
    replayed: bool = False
    """True when the journal already knew the result and nothing ran."""
