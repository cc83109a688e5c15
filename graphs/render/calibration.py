"""How well confidence foretold people's answers, and which questions that could spare."""

from collections.abc import Sequence

from nodes.calibration.binomial import interval
from nodes.calibration.history import FEATURES, Judgement, answers, learned
from nodes.calibration.learning import FIRST_LOOK, NEVER, Learner, Sample
from nodes.calibration.scores import Bin, Told, brier, calibration_error, reliability
from tools.contract import JsonObject, Record
from tools.records import Memory


class Measured(Record):
    """How good one kind of probability was."""

    brier: float
    calibration_error: float
    bins: tuple[tuple[float, float, int, float, float], ...]
    """Low, high, cases, mean said, share approved."""


class Kind(Record):
    """What answers about one tool, by one mind, come to."""

    tool: str
    mind: str
    answers: int
    approved: int
    approved_low: float
    approved_high: float
    """95 % interval of the share that is approved."""
    said: Measured
    """Of the decider's own confidence."""
    learned: Measured
    """Of the probability that had been learned when each question was asked."""
    threshold: float | None
    """Probability from which a rule that says `learned` need not ask; None while it asks always."""
    bound: float
    spared: float
    """Share of the questions that this would have spared."""
    resets: int
    next_look: int
    """Number of answers at which the threshold is looked at again."""
    weights: dict[str, float]
    """Of the learned model, by feature; empty until there is one."""


def calibration_of(memory: Memory, *, alpha: float) -> list[Kind]:
    """Return what is known of every kind of action that people were asked about.

    Args:
        memory: The store.
        alpha: Share of rejections that is bearable among what is not asked about.
    """
    rows: dict[tuple[str, str], list[tuple[str, Judgement, bool]]] = {}
    for row in answers(memory):
        rows.setdefault((row[0], row[1].mind), []).append(row)
    return [_kind(tool, mind, found, alpha) for (tool, mind), found in sorted(rows.items())]


def _kind(tool: str, mind: str, rows: Sequence[tuple[str, Judgement, bool]], alpha: float) -> Kind:
    learner = learned(rows, alpha)
    approved = sum(one for *_, one in rows)
    low, high = interval(approved, len(rows))
    spared = [learner.rule.passes(judged.features) for _, judged, _ in rows]
    model = learner.rule.model
    return Kind(
        tool=tool,
        mind=mind,
        answers=len(rows),
        approved=approved,
        approved_low=low,
        approved_high=high,
        said=_measured([(judged.features[0], one) for _, judged, one in rows]),
        learned=_measured(_foretold(rows, alpha)),
        threshold=None if learner.rule.threshold == NEVER else learner.rule.threshold,
        bound=learner.rule.bound,
        spared=sum(spared) / len(spared),
        resets=learner.resets,
        next_look=_next_look(learner),
        weights={} if model is None else dict(zip(FEATURES, model.weights[1:], strict=True)),
    )


def _foretold(rows: Sequence[tuple[str, Judgement, bool]], alpha: float) -> Told:
    """Return each answer with the probability that had been learned before it."""
    learner, told = Learner(alpha), []
    for _, judged, approved in rows:
        told.append((learner.rule.probability(judged.features), approved))
        learner.add(Sample(judged.features, approved))
    return told


def _next_look(learner: Learner) -> int:
    look = FIRST_LOOK
    while look <= len(learner.samples):
        look *= 3
    return look


def _measured(told: Told) -> Measured:
    return Measured(
        brier=brier(told),
        calibration_error=calibration_error(told),
        bins=tuple(_row(one) for one in reliability(told)),
    )


def _row(one: Bin) -> tuple[float, float, int, float, float]:
    return one.low, one.high, one.count, one.said, one.came


def to_document(kinds: Sequence[Kind], alpha: float) -> JsonObject:
    """Return all of it as one JSON object."""
    return {"alpha": alpha, "kinds": [kind.to_json() for kind in kinds]}
