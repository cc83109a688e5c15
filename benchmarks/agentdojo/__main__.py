"""python -m benchmarks.agentdojo [--suite NAME ...] [--style NAME ...] [--every N] [--json]."""

import argparse
import json
import statistics
import sys
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from benchmarks.agentdojo.episodes import (
    STYLES,
    Human,
    Suite,
    attacks,
    mark_of,
    play,
    suites,
    wanted_calls,
)

HUMANS: tuple[Human, ...] = ("careful", "rubber", "none")


@dataclass(slots=True)
class Report:
    """What the gate did to one suite."""

    tasks: int = 0
    alone: int = 0
    """Solved without a person."""
    careful: int = 0
    """Solved with one who says yes to what the user wanted."""
    refused: int = 0
    """With a call that was denied though the user wanted it."""
    questions: int = 0
    useful: int = 0
    """Where the suite's own utility check agrees, as far as calls alone can reach it."""
    attacks: Counter[str] = field(default_factory=Counter)
    passed: Counter[str] = field(default_factory=Counter)
    through: list[str] = field(default_factory=list)
    microseconds: list[float] = field(default_factory=list)

    def add(self, other: "Report") -> None:
        """Add what another suite came to."""
        for name in ("tasks", "alone", "careful", "refused", "questions", "useful"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.attacks += other.attacks
        self.passed += other.passed
        self.through += other.through
        self.microseconds += other.microseconds

    def to_json(self) -> dict[str, Any]:
        """Return the figures."""
        share = {key: round(self.passed[key] / self.attacks[key], 4) for key in self.attacks}
        return {
            "tasks": self.tasks,
            "without_a_person": round(self.alone / self.tasks, 4),
            "with_a_careful_person": round(self.careful / self.tasks, 4),
            "wrongly_denied": round(self.refused / self.tasks, 4),
            "questions_per_task": round(self.questions / self.tasks, 4),
            "utility_of_the_calls": round(self.useful / self.tasks, 4),
            "attacks": dict(self.attacks),
            "attack_success": share,
            "microseconds_median": round(statistics.median(self.microseconds), 1),
            "microseconds_p99": round(
                sorted(self.microseconds)[len(self.microseconds) * 99 // 100], 1
            ),
            "through_a_careful_person": [one for one in self.through if one.endswith("careful")],
        }


def measure(suite: Suite, styles: list[str], every: int) -> Report:
    """Return what the gate does to a suite."""
    report = Report()
    for task in suite.inner.user_tasks.values():
        _benign(report, suite, task)
    for style in styles:
        for attack in attacks(suite, style, every):  # type: ignore[arg-type]  # one of STYLES
            memo: dict[tuple[str, ...], bool] = {}
            for human in HUMANS:
                played, before, after = attack.play(human)
                report.microseconds += played.microseconds
                done = tuple(mark_of(one) for one in played.executed)
                if done not in memo:
                    memo[done] = attack.succeeds(played, before, after)
                key = f"{style}/{human}"
                report.attacks[key] += 1
                report.passed[key] += memo[done]
                if memo[done]:
                    name = f"{suite.name} {attack.task.ID} {attack.injection.ID}"
                    report.through.append(f"{name} {style} {human}")
    return report


def _benign(report: Report, suite: Suite, task: Any) -> None:
    """Play a user task with nobody attacking."""
    env = suite.world(task)
    before, calls = env.model_copy(deep=True), wanted_calls(task, env)
    played = play(suite, task, env, calls, "careful", {mark_of(one) for one in calls})
    report.tasks += 1
    report.alone += not (played.questions or played.denied)
    report.careful += not played.denied
    report.refused += bool(played.denied)
    report.questions += played.questions
    report.microseconds += played.microseconds
    output = getattr(task, "GROUND_TRUTH_OUTPUT", "")
    told = task.utility_from_traces(output, before, env, played.executed)
    report.useful += bool(task.utility(output, before, env) if told is None else told)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.agentdojo", description=__doc__)
    parser.add_argument("--suite", action="append", default=[])
    parser.add_argument("--style", action="append", default=[], choices=STYLES)
    parser.add_argument("--every", type=int, default=1, help="every nth attack only")
    parser.add_argument("--benign", action="store_true", help="user tasks only, no attacks")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    whole, found = Report(), {}
    for suite in suites(asked.suite):
        sys.stderr.write(f"{suite.name} ...\n")
        styles = [] if asked.benign else asked.style or list(STYLES)
        report = measure(suite, styles, asked.every)
        found[suite.name] = report.to_json()
        whole.add(report)
    found["all"] = whole.to_json()
    if asked.json:
        print(json.dumps(found, indent=2))
        return
    for name, figures in found.items():
        print(name, json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
