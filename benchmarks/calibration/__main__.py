"""Broken promises and questions saved, over many repeats.

`python -m benchmarks.calibration [--repeats N] [--proposals N] [--json]`
"""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

from benchmarks.calibration.people import WORLDS, Case, World, answered
from nodes.calibration.learning import AUDITED, FIRST_LOOK, Learner, Rule

ALPHA: Final = 0.05
CROWD: Final = 1_500
"""Fresh cases on which a threshold in force is judged."""
PARTS: Final = 4


@dataclass(slots=True)
class Stream:
    """What became of one stream of proposals."""

    broken: bool = False
    """Whether a threshold was in force above which too much would be rejected."""
    saved: list[int] = field(default_factory=lambda: [0] * PARTS)
    """Questions left out in each quarter."""
    let_through: int = 0
    wrong: float = 0.0
    """Rejections to be expected among what was let through."""
    resets: int = 0


class Naive(Learner):
    """Takes the lowest threshold above which at most `alpha` were rejected: as one would."""

    def _look(self) -> None:
        self.looks += 1
        scored = [(one.features[0], one.approved) for one in self.samples]
        ranked = sorted(scored, reverse=True)
        self.rule, wrong = Rule(), 0
        for count, (score, approved) in enumerate(ranked, 1):
            wrong += not approved
            if count >= 10 and wrong / count <= self.alpha:  # noqa: PLR2004  # not of one or two
                self.rule = Rule(None, score, self.alpha)

    def _strained(self, sample: object) -> bool:
        del sample
        return False


def stream(
    world: World, seed: int, proposals: int, kind: Callable[[float], Learner] = Learner
) -> Stream:
    """Let a learner live through one stream.

    Args:
        world: Makes its cases.
        seed: Of everything that is chance in it.
        proposals: How long it is.
        kind: Makes the learner.
    """
    chance = Random(f"{world.__name__}/{seed}")  # noqa: S311  # a simulation
    told, learner = Stream(), kind(ALPHA)
    looked = 0
    for number in range(proposals):
        case = world(chance, number / proposals)
        spared = learner.risk(case.features) <= ALPHA
        if spared and chance.random() >= AUDITED:
            told.saved[number * PARTS // proposals] += 1
            told.let_through += 1
            told.wrong += 1.0 - case.right
        else:
            learner.add(answered(case, chance))
        if learner.looks != looked:
            looked = learner.looks
            told.broken |= _is_broken(world, learner, chance, number / proposals)
    told.resets = learner.resets
    return told


def _is_broken(world: World, learner: Learner, chance: Random, at: float) -> bool:
    """Tell whether more than was promised is wrong above the threshold in force."""
    crowd: Sequence[Case] = [world(chance, at) for _ in range(CROWD)]
    above = [1.0 - one.right for one in crowd if learner.risk(one.features) <= ALPHA]
    return bool(above) and sum(above) / len(above) > ALPHA


def figures(
    world: World, repeats: int, proposals: int, kind: Callable[[float], Learner]
) -> dict[str, Any]:
    """Return what many streams came to."""
    told = [stream(world, seed, proposals, kind) for seed in range(repeats)]
    passed = sum(one.let_through for one in told)
    quarter = proposals / PARTS * repeats
    return {
        "broken": round(sum(one.broken for one in told) / repeats, 4),
        "saved_by_quarter": [
            round(sum(one.saved[part] for one in told) / quarter, 3) for part in range(PARTS)
        ],
        "wrong_among_let_through": round(sum(one.wrong for one in told) / max(passed, 1), 4),
        "resets": round(sum(one.resets for one in told) / repeats, 2),
    }


def measure(repeats: int, proposals: int) -> dict[str, dict[str, Any]]:
    """Return the figures of each world, learned with a promise and naively."""
    kinds: dict[str, Callable[[float], Learner]] = {"Surefoot": Learner, "naive": Naive}
    return {
        world.__name__: {
            name: figures(world, repeats, proposals, kind) for name, kind in kinds.items()
        }
        for world in WORLDS
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.calibration", description=__doc__)
    parser.add_argument("--repeats", type=int, default=1_000)
    parser.add_argument("--proposals", type=int, default=FIRST_LOOK * 30)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    found = measure(asked.repeats, asked.proposals)
    if asked.json:
        sys.stdout.write(json.dumps(found, indent=2) + "\n")
        return
    for name, kinds in found.items():
        for kind, one in kinds.items():
            sys.stdout.write(f"{name:14} {kind:9} {json.dumps(one)}\n")


if __name__ == "__main__":
    main()
