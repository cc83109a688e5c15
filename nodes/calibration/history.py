"""What people answered before, for the gate: which questions count, and what they teach."""

from collections.abc import Sequence
from hashlib import sha256
from threading import Lock

from pydantic import JsonValue

from nodes.calibration.learning import AUDITED, Learner, Sample
from nodes.state import Decision, Progress
from tools.contract import JsonObject, Record, canonical
from tools.records import Memory, Review

FEATURES = ("said", "novel", "attempts", "undone", "evidence", "critic", "agreement", "likelihood")
"""What the probability is made from; all from 0 to 1."""
SETTLED = 4
"""Refusals in a step that count as many."""
CHARACTERS_A_SECOND = 50
"""Faster, nobody reads."""
MAX_RUNS = 16
"""Runs whose answers are kept at hand."""
SECONDS = 1.0, 15.0
"""Reading takes this long at least, and is not expected to take longer."""


class Judgement(Record):
    """What the gate knew of an action when it asked; kept on the card of the question."""

    mind: str
    """Digest of who decides and how: another model, prompt or graph starts anew."""
    features: tuple[float, ...]
    resources: tuple[str, ...]


class History:
    """Reads the answers of all runs; one for each agent of a process, usable from any thread.

    Read once for each run: what is answered during a run counts from the next one on.

    Args:
        memory: Where the answers are.
        mind: Digest of who decides and how.
    """

    def __init__(self, memory: Memory, mind: str) -> None:
        self._memory = memory
        self.mind = mind
        self._answers: dict[str, list[tuple[str, Judgement, bool]]] = {}
        self._learners: dict[tuple[str, str, float], Learner] = {}
        self._lock = Lock()

    def judgement(
        self,
        run: str,
        tool: str,
        *,
        decision: Decision,
        progress: Progress,
        resources: Sequence[str],
        steps: Sequence[str],
        rated: float | None = None,
    ) -> Judgement:
        """Return what is known of an action before it is judged.

        Args:
            run: The run.
            tool: The tool's name.
            decision: The decision to act.
            progress: How far its step is.
            resources: What it touches.
            steps: Steps that have a result, which a decision may name as evidence.
            rated: A critic's probability, when one was asked.
        """
        known = self._approved(run, tool)
        undone = [came.startswith("undone") for came in progress.tried.values()]
        shown = [one in steps for one in decision.evidence]
        features = (
            decision.confidence,
            float(not known.issuperset(resources)),
            min(progress.refused, SETTLED) / SETTLED,
            sum(undone) / max(len(undone), 1),
            sum(shown) / max(len(shown), 1),
            0.5 if rated is None else rated,
            decision.agreement,
            decision.likelihood,
        )
        return Judgement(mind=self.mind, features=features, resources=tuple(resources))

    def _approved(self, run: str, tool: str) -> set[str]:
        """Return what people approved that a tool touches."""
        with self._lock:
            return {
                name
                for one, judged, approved in self._load(run)
                if one == tool and approved
                for name in judged.resources
            }

    def risk(self, run: str, tool: str, alpha: float, judged: Judgement, key: str) -> float:
        """Return the bound of the share that people reject of such actions; 1 when unknown.

        Also 1 for those that are asked about to keep an eye on it, chosen by a salted hash.
        """
        with self._lock:
            if is_audited(key, self._salt(run)):
                return 1.0
            return self._learner(run, tool, alpha).risk(judged.features)

    def _salt(self, run: str) -> str:
        """Return what no model knows of a run: the hash of its first entry."""
        first = self._memory.ledger.entries(run, limit=1)
        return first[0].hash if first else ""

    def _learner(self, run: str, tool: str, alpha: float) -> Learner:
        rows = self._load(run)
        known = self._learners.get((run, tool, alpha))
        if known is None:
            known = learned([row for row in rows if row[0] == tool], alpha)
            self._learners[(run, tool, alpha)] = known
        return known

    def _load(self, run: str) -> list[tuple[str, Judgement, bool]]:
        """Return the answers that count for a run; the run that came first is forgotten first."""
        if run not in self._answers:
            self._answers[run] = answers(self._memory, self.mind)
        while len(self._answers) > MAX_RUNS:
            gone = next(iter(self._answers))
            del self._answers[gone]
            self._learners = {key: one for key, one in self._learners.items() if key[0] != gone}
        return self._answers[run]


def answers(memory: Memory, mind: str | None = None) -> list[tuple[str, Judgement, bool]]:
    """Return tool, judgement and approval of every question that counts, oldest first.

    Not counted: what was approved faster than it can be read, what had a value of unknown origin,
    and what was asked before there were judgements. What was undone later counts as rejected.

    Args:
        memory: Where the answers are.
        mind: Whose decisions; everybody's when None.
    """
    found = []
    for review in memory.reviews.answered():
        judged = judgement_of(review)
        if judged is None or (mind is not None and judged.mind != mind) or _is_hasty(review):
            continue
        if len(judged.features) != len(FEATURES):  # of a version that looked at other things
            continue
        found.append((str(review.card.get("tool", "")), judged, _is_approved(memory, review)))
    return found


def learned(rows: Sequence[tuple[str, Judgement, bool]], alpha: float) -> Learner:
    """Return what answers about one tool teach, for a share of rejections that is bearable."""
    learner = Learner(alpha)
    for _, judged, approved in rows:
        learner.add(Sample(judged.features, approved))
    return learner


def judgement_of(review: Review) -> Judgement | None:
    """Return what the gate knew when it asked, if the question is one to learn from."""
    kept: JsonValue = review.card.get("judged")
    if review.kind != "action" or not isinstance(kept, dict) or review.card.get("untrusted"):
        return None
    return Judgement.model_validate(kept)


def is_audited(key: str, salt: str) -> bool:
    """Tell whether a proposal belongs to the share that is always asked about.

    Args:
        key: Of the proposal.
        salt: What whoever proposes does not know, lest it chooses what is looked at.
    """
    return int(sha256(f"{salt}/{key}".encode()).hexdigest()[:8], 16) < AUDITED * 2**32


def _is_approved(memory: Memory, review: Review) -> bool:
    record = memory.journal.find(review.key)
    stands = record is None or record.state not in {"undone", "undoing"}
    return review.answer is not None and review.answer.decision == "approve" and stands


def _is_hasty(review: Review) -> bool:
    """Tell whether somebody said yes without the time to read."""
    if review.answer is None or review.answer.decision != "approve" or review.answered_at is None:
        return False
    shown: JsonObject = {name: review.card.get(name) for name in ("args", "reasoning", "preview")}
    length = len(review.title) + len(review.why) + len(canonical(shown))
    needed = min(max(length / CHARACTERS_A_SECOND, SECONDS[0]), SECONDS[1])
    return (review.answered_at - review.created_at).total_seconds() < needed
