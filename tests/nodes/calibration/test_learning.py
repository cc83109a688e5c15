"""A question is left out only where answers prove it; and never for good."""

from collections.abc import Sequence
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nodes.calibration.learning import FIRST_LOOK, NEVER, Learner, Sample, find_threshold
from nodes.calibration.logistic import fit
from nodes.calibration.scores import brier, calibration_error, reliability

scored = st.lists(st.tuples(st.floats(min_value=0, max_value=1), st.booleans()), max_size=300)


def taught(samples: Sequence[Sample], alpha: float = 0.05) -> Learner:
    learner = Learner(alpha)
    for sample in samples:
        learner.add(sample)
    return learner


def yes(count: int, said: float = 0.9) -> list[Sample]:
    return [Sample((said,), approved=True)] * count


def test_cold_start_asks() -> None:
    assert taught(yes(FIRST_LOOK - 1)).risk((1.0,)) == 1.0


def test_enough_approvals_spare_the_question_at_that_confidence_and_above() -> None:
    learner = taught(yes(FIRST_LOOK))
    assert learner.risk((0.9,)) <= 0.05
    assert learner.risk((0.89,)) == 1.0


def test_a_share_of_rejections_keeps_asking() -> None:
    every_tenth = [Sample((0.9,), approved=number % 10 > 0) for number in range(FIRST_LOOK)]
    assert taught(every_tenth).risk((0.9,)) == 1.0


def test_rejections_after_that_start_anew() -> None:
    learner = taught([*yes(FIRST_LOOK), *[Sample((0.9,), approved=False)] * 2])
    assert learner.risk((0.9,)) == 1.0
    assert learner.resets == 1


def test_confidence_that_says_the_opposite_is_read_the_other_way_round() -> None:
    chance = Random(7)  # noqa: S311  # a simulation
    saids = [chance.random() for _ in range(FIRST_LOOK * 9)]
    learner = taught([Sample((said,), approved=chance.random() > said**2) for said in saids])
    assert learner.rule.model is not None
    assert learner.rule.model.weights[1] < 0


@given(scored, st.floats(min_value=0.01, max_value=0.4), st.floats(min_value=0.001, max_value=0.2))
def test_no_threshold_without_proof(
    scored: list[tuple[float, bool]], alpha: float, delta: float
) -> None:
    threshold, bound = find_threshold(scored, alpha, delta)
    above = [approved for score, approved in scored if score >= threshold]
    assert (threshold == NEVER) == (bound == 1.0)
    if threshold != NEVER:
        assert above.count(False) <= alpha * len(above)
        assert bound <= alpha


@given(scored, st.integers(min_value=0, max_value=299))
def test_one_more_rejection_never_lowers_the_threshold(
    scored: list[tuple[float, bool]], place: int
) -> None:
    worse = [
        (score, approved and number != place) for number, (score, approved) in enumerate(scored)
    ]
    assert find_threshold(worse, 0.1, 0.1)[0] >= find_threshold(scored, 0.1, 0.1)[0]


def test_fit_finds_what_made_the_labels() -> None:
    chance = Random(1)  # noqa: S311  # a simulation
    rows = [(chance.random(), chance.gauss(0, 1)) for _ in range(4_000)]
    labels = [chance.random() < 1 / (1 + 2.718281828 ** -(3 * a - 1 + 0.5 * b)) for a, b in rows]
    assert fit(rows, labels).weights == pytest.approx((-1, 3, 0.5), abs=0.35)


def test_fit_survives_labels_that_are_all_the_same() -> None:
    assert fit([(0.5,), (0.7,)], [True, True]).probability((0.6,)) > 0.9


def test_scores_of_what_is_always_right_and_always_wrong() -> None:
    right, wrong = [(1.0, True), (0.0, False)], [(1.0, False), (0.0, True)]
    assert (brier(right), calibration_error(right)) == (0.0, 0.0)
    assert (brier(wrong), calibration_error(wrong)) == (1.0, 1.0)
    assert [(one.low, one.count, one.came) for one in reliability(wrong)] == [
        (0, 1, 1),
        (0.9, 1, 0),
    ]
