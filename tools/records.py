"""The records that cross rooms, and the protocols of the memory that keeps them.

`nodes` think with these, `checkpoints` keeps them, neither imports the other.
"""

from contextlib import AbstractContextManager
from datetime import datetime
from typing import Literal, Protocol

from pydantic import Field

from tools.contract import Action, Artifacts, Clearances, Journal, JsonObject, Record

Outcome = Literal["verified", "unverified", "failed", "looped", "over_budget", "denied", "aborted"]
Status = Literal["running", "waiting"] | Outcome
AnswerKind = Literal["approve", "edit", "reject", "respond", "abort", "replan"]
ReviewKind = Literal["action", "plan", "doubt", "limit", "stuck", "loop"]


class LedgerEntry(Record):
    """One line of the append-only record; `hash` covers everything before it through `prev`."""

    seq: int
    run: str
    at: datetime
    kind: str
    """What happened, e.g. `plan`, `decision`, `verdict`, `clearance`, `effect`, `check`."""
    subject: str
    """What it is about: a step, an effect key, a review id."""
    body: JsonObject
    prev: str
    hash: str


class ChainReport(Record):
    """Result of walking the hash chain."""

    entries: int
    head: str
    """Hash of the newest entry; keep it elsewhere to notice a rewritten or cut ledger."""
    problems: tuple[str, ...] = ()


class Answer(Record):
    """What a person said to a review."""

    decision: AnswerKind
    reviewer: str = ""
    message: str = Field(default="", max_length=4000)
    args: JsonObject | None = None
    """The edited arguments (action) or the edited plan (plan); only with `edit`."""
    action_hash: str = ""
    """Hash that the person saw; when given it must match the review's."""


class Review(Record):
    """One question to a person, bound to one action hash."""

    id: str
    run: str
    step: str
    key: str
    """Effect key that an approval would clear; the step for plans."""
    kind: ReviewKind
    action: Action | None = None
    action_hash: str
    target: str = ""
    """Digest of what the action would act on, as the person saw it."""
    title: str
    why: str
    """Why a person is asked: the rule or limit that fired."""
    card: JsonObject = Field(default_factory=dict)
    """Everything shown to the person: preview, reasoning, alternatives, confidence, undo."""
    allowed: tuple[AnswerKind, ...] = ("approve", "edit", "reject", "respond", "abort")
    created_at: datetime
    expires_at: datetime
    state: Literal["waiting", "answered", "withdrawn"] = "waiting"
    answer: Answer | None = None
    answered_at: datetime | None = None


class RunInfo(Record):
    """One row of the run index."""

    run: str
    domain: str
    objective: str
    status: Status
    reason: str = ""
    fingerprint: str
    version: str
    settings: JsonObject = Field(default_factory=dict)
    """What another process needs to assemble the same agent; no secrets."""
    created_at: datetime
    updated_at: datetime


class SpendLimits(Record):
    """What the models of a run may cost."""

    max_usd: float = Field(ge=0.0, allow_inf_nan=False)
    max_tokens: int = Field(ge=0)


class Charge(Record):
    """One model call in the books: an upper bound before it is made, the truth afterwards."""

    call: str
    run: str
    role: str
    model: str
    state: Literal["reserved", "settled", "released", "refused"]
    """`refused`: it would pass a limit; such a charge is not kept and its call not made."""
    tokens: int = Field(ge=0)
    """What counts: the upper bound while reserved, the usage when settled, 0 when released."""
    usd: float = Field(ge=0.0, allow_inf_nan=False)
    reserved_tokens: int = Field(ge=0)
    reserved_usd: float = Field(ge=0.0, allow_inf_nan=False)
    at: datetime
    reason: str = ""
    """The limit that refused it."""


class Totals(Record):
    """What the models of a run have cost, calls whose end is unknown at their upper bound."""

    calls: int = 0
    """Calls that were, or may have been, billed."""
    open: int = 0
    """Those of them that are neither settled nor released."""
    tokens: int = 0
    usd: float = 0.0


EVERY_ENTRY = 1_000_000
"""A limit for those who want all of a run."""


class Ledger(Protocol):
    """The append-only, hash-chained record of everything."""

    def append(self, run: str, kind: str, subject: str, body: JsonObject) -> LedgerEntry:
        """Add an entry; the same run, kind, subject and body again return the first entry."""
        ...

    def entries(
        self, run: str | None = None, *, after: int = 0, limit: int = 10_000
    ) -> list[LedgerEntry]:
        """Return entries in order, of one run or of all."""
        ...

    def verify(self) -> ChainReport:
        """Walk the whole chain and report every changed, removed, reordered or inserted entry."""
        ...


class Reviews(Protocol):
    """Questions to people and their answers."""

    def open(self, review: Review) -> Review:
        """Keep a review; one with the same id is returned as it is kept."""
        ...

    def answer(self, review_id: str, answer: Answer) -> Review:
        """Keep an answer, once.

        Raises:
            UnknownReview: No such review, or it is answered or withdrawn already.
            BadInput: The answer is of a kind that is not allowed, or names another action hash.
        """
        ...

    def withdraw(self, review_id: str, reason: str) -> None:
        """Close a waiting review without an answer; no-op when it no longer waits."""
        ...

    def get(self, review_id: str) -> Review:
        """Return a review; an unambiguous beginning of its id suffices.

        Raises:
            UnknownReview: No review, or more than one, begins so.
        """
        ...

    def waiting(self, run: str | None = None) -> list[Review]:
        """Return the reviews that wait, soonest expiry first."""
        ...

    def answered(self, *, limit: int = 5_000) -> list[Review]:
        """Return the newest answered reviews of all runs, oldest first."""
        ...


class Runs(Protocol):
    """Index of runs."""

    def create(self, info: RunInfo) -> None:
        """Keep a new run; no-op when the same run is there already."""
        ...

    def get(self, run: str) -> RunInfo:
        """Return a run; an unambiguous beginning of its name suffices.

        Raises:
            UnknownRun: No run, or more than one, begins so.
        """
        ...

    def find(self, run: str) -> RunInfo | None:
        """Return a run by its whole name, or None."""
        ...

    def set_status(self, run: str, status: Status, reason: str = "") -> None:
        """Change a run's status; also written to the ledger."""
        ...

    def adopt(self, run: str, *, fingerprint: str, version: str) -> None:
        """Note the graph and version that go on with a run; also written to the ledger."""
        ...

    def all(self, *, limit: int = 100) -> list[RunInfo]:
        """Return runs, newest first."""
        ...


class Leases(Protocol):
    """Exactly one process advances a run."""

    def acquire(self, run: str) -> int:
        """Take or renew the run's lease for this store's owner; return its fencing number.

        A lease whose owner is dead (same host, process gone) or that has expired is taken over.

        Raises:
            RunBusy: Another living owner holds it.
        """
        ...

    def node(self, run: str) -> AbstractContextManager[None]:
        """Let one node at a time work on a run, and give the lease back when it fails.

        Raises:
            RunBusy: A node of the run is at work in this process.
        """
        ...

    def release(self, run: str) -> None:
        """Give the lease back; no-op when it is not ours."""
        ...


class Spending(Protocol):
    """The books of model calls: reserved before, settled after, each call counted once."""

    def reserve(
        self,
        call: str,
        *,
        run: str,
        role: str,
        model: str,
        tokens: int,
        usd: float,
        limits: SpendLimits,
    ) -> Charge:
        """Enter a call at its upper bound, or return it `refused` when a limit would be passed.

        The same call again returns its entry as it is.
        """
        ...

    def settle(self, call: str, *, tokens: int, usd: float) -> Charge:
        """Replace the upper bound by what was billed; only the first end of a call counts.

        Raises:
            KeyError: No such call.
        """
        ...

    def release(self, call: str) -> Charge:
        """Take a reservation back: nothing was billed; only the first end of a call counts.

        Raises:
            KeyError: No such call.
        """
        ...

    def of_run(self, run: str) -> list[Charge]:
        """Return the run's charges, oldest first."""
        ...

    def totals(self, run: str) -> Totals:
        """Return what the run has spent."""
        ...


WEEK_SECONDS = 7 * 24 * 3600.0
"""How long a model's answer is good for, when nobody says otherwise."""


class ModelCache(Protocol):
    """Answers of models as plain JSON, by the digest of exactly what was asked."""

    def find(self, key: str) -> JsonObject | None:
        """Return an answer that has not expired."""
        ...

    def keep(self, key: str, answer: JsonObject, *, seconds: float) -> None:
        """Keep an answer for so many seconds; it replaces an older one."""
        ...

    def clear(self) -> None:
        """Forget all answers."""
        ...


class Memory(Protocol):
    """All of the store that nodes may use."""

    @property
    def ledger(self) -> Ledger:
        """The record."""
        ...

    @property
    def journal(self) -> Journal:
        """Effects."""
        ...

    @property
    def clearances(self) -> Clearances:
        """Permissions."""
        ...

    @property
    def reviews(self) -> Reviews:
        """Questions."""
        ...

    @property
    def artifacts(self) -> Artifacts:
        """Large values."""
        ...

    @property
    def runs(self) -> Runs:
        """The index."""
        ...

    @property
    def leases(self) -> Leases:
        """Who may advance what."""
        ...

    @property
    def spending(self) -> Spending:
        """What models cost."""
        ...

    @property
    def model_cache(self) -> ModelCache:
        """What models said."""
        ...

    def transaction(self) -> AbstractContextManager[None]:
        """Commit everything inside together, or nothing; may be nested."""
        ...
