"""A role whose models keep giving no usable answer is left alone for the rest of the run.

Everything follows from the ledger, so whoever resumes the run knows it too. Decisions that were
asked for side by side count in the order of the plan, however fast their answers came.
"""

from collections import Counter
from dataclasses import dataclass, field
from threading import Lock

from nodes.models.roles import Role
from tools.records import Ledger, LedgerEntry

MOST_FAILURES = 3
"""Times in a row that all models of a role gave no usable answer, until none is asked again."""
_PAGE = 1_000
_MOST_RUNS = 256
"""Runs that are remembered; of any other the ledger is read again."""


@dataclass(slots=True)
class _Run:
    """What the ledger of one run says up to an entry."""

    seq: int = 0
    failures: Counter[str] = field(default_factory=Counter)
    """Role to how many times in a row nobody answered."""
    round: dict[str, bool] = field(default_factory=dict)
    """Effect key to whether a decider answered; counts when the decision is recorded."""

    def read(self, entry: LedgerEntry) -> None:
        """Take one more entry into account."""
        self.seq = entry.seq
        role = str(entry.body.get("role"))
        answered = entry.kind == "model_call" and entry.body.get("came") == "answered"
        if entry.kind == "decision":
            if entry.subject in self.round:
                self._count("decider", answered=self.round.pop(entry.subject))
        elif answered or entry.kind == "unanswered":
            if role == "decider":
                self.round[entry.subject] = answered
            else:
                self._count(role, answered=answered)

    def _count(self, role: str, *, answered: bool) -> None:
        self.failures[role] = 0 if answered else self.failures[role] + 1


@dataclass(slots=True)
class Breaker:
    """Tells of each run which roles are to be left alone; usable from any thread."""

    _runs: dict[str, _Run] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def is_open(self, ledger: Ledger, run: str, role: Role) -> bool:
        """Tell whether the models of a role failed so often in a row that none is asked again."""
        with self._lock:
            return self._upto_now(ledger, run).failures[role] >= MOST_FAILURES

    def _upto_now(self, ledger: Ledger, run: str) -> _Run:
        """Read what was added since the last time."""
        known = self._runs.pop(run, None) or _Run()
        if len(self._runs) >= _MOST_RUNS:
            del self._runs[next(iter(self._runs))]
        self._runs[run] = known
        while fresh := ledger.entries(run, after=known.seq, limit=_PAGE):
            for entry in fresh:
                known.read(entry)
            if len(fresh) < _PAGE:
                break
        return known
