"""Chooses where to kill, does it, and keeps count."""

import gc
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from random import Random

from tests.torture.check import Account, Violation, account_of, check
from tests.torture.kill import Trial, lived
from tests.torture.life import STAGES, live
from tests.torture.mishaps import MISHAPS, Fate, Mishap
from tests.torture.place import House, Place

STATEMENT = "statement"
WHOLE = "life"
"""All stages, one after the other."""
SHARE_OF_LIVES = 0.25
DONE = (
    "note apply, line written#1",
    "book apply, committed#1",
    "post apply, answered#1",
    "put apply, written#1",
)
"""Where an effect is in the world and its tool has not returned yet."""
MOST_KILLS = 10
"""In one life; then it is let live."""


@dataclass(frozen=True, slots=True)
class Case:
    """One world: what is done in it, and where one process after the other is killed.

    Reads `kill work: after commit#3 > 12.5 ms`: the first process is killed after its third commit,
    the one that goes on with the work after 12.5 ms, and the next one lives.
    """

    mishap: Mishap
    stage: str
    kills: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.mishap} {self.stage}: {' > '.join(self.kills)}"

    @classmethod
    def read(cls, text: str) -> "Case":
        """Return the case that reads so."""
        what, _, kills = text.partition(": ")
        mishap, _, stage = what.rpartition(" ")
        found = next((known for known in MISHAPS if known == mishap), MISHAPS[0])
        return cls(found, stage, tuple(kills.split(" > ")))

    @property
    def stages(self) -> tuple[str, ...]:
        return tuple(STAGES) if self.stage == WHOLE else (self.stage,)


@dataclass(slots=True)
class Tally:
    """What came of a campaign."""

    kills: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By kind of point and stage."""
    worlds: int = 0
    recoveries: int = 0
    killed_again: int = 0
    """Recoveries that were killed themselves."""
    doubts: int = 0
    """How often a person was asked whether something had happened."""
    violations: list[tuple[Case, Violation]] = field(default_factory=list)
    seconds: float = 0.0

    def of(self, kind: str) -> int:
        """Return how many violations are of a kind."""
        return sum(violation.kind == kind for _, violation in self.violations)


@dataclass(slots=True)
class Campaign:
    """Many worlds of one house."""

    house: House
    fate: Fate
    seed: int
    mishaps: Sequence[Mishap] = MISHAPS[:1]
    before: dict[str, Place] = field(default_factory=dict)
    """For each stage a world in which it is to be done next."""
    expected: dict[str, Account] = field(default_factory=dict)
    """For each stage how such a world stands when nothing was killed."""
    points: dict[str, dict[str, int]] = field(default_factory=dict)
    """For each stage how often it passes each point."""
    whole_seconds: float = 0.0
    tally: Tally = field(default_factory=Tally)

    def prepare(self) -> None:
        """Live once without a kill, stage by stage, and keep how the world was before each."""
        self._warm_up()
        place = self.house.fresh("begins")
        started = time.perf_counter()
        self.before[WHOLE] = place
        for stage in STAGES:
            self.before[stage] = place
            place = self.house.copy(place, f"after_{stage}")
            ended = lived(Trial(place, [stage]))
            if ended.fault:
                raise RuntimeError(ended.fault)
            self.points[stage] = ended.passed
            self.expected[stage] = account_of(place)
        self.expected[WHOLE] = self.expected[[*STAGES][-1]]
        self.whole_seconds = time.perf_counter() - started

    def _warm_up(self) -> None:
        """Import and cache here what every process would have to."""
        place = self.house.fresh("warm")
        live(place, list(STAGES), lambda _: None)
        self.house.drop(place)
        gc.collect()
        gc.freeze()

    def run(self, kills: int, progress: Callable[[Tally], None]) -> Tally:
        """Kill so many times."""
        started = time.perf_counter()
        for case in self.cases():
            if self.tally.kills.total() >= kills:
                break
            self.do(case)
            self.tally.seconds = time.perf_counter() - started
            progress(self.tally)
        return self.tally

    def cases(self) -> Iterator[Case]:
        """Yield cases without end: every point in an order of chance, and lives in between."""
        rng = Random(self.seed)  # noqa: S311  # chance that can be repeated
        while True:
            for stage, point in self._deck(rng):
                if rng.random() < SHARE_OF_LIVES / MOST_KILLS * 4:
                    instants = tuple(self._instant(rng) for _ in range(MOST_KILLS))
                    yield Case("kill", WHOLE, instants)
                yield self._case(rng, stage, point)

    def _case(self, rng: Random, stage: str, point: str) -> Case:
        mishap = rng.choice(self.mishaps)
        if mishap == "late":
            return Case(mishap, "break", (rng.choice(DONE),))
        return Case(mishap, stage, (point, *self._again(rng, stage)))

    def _deck(self, rng: Random) -> list[tuple[str, str]]:
        """Return each stage with each point of it, shuffled; of mere statements a sample."""
        deck: list[tuple[str, str]] = []
        statements: list[tuple[str, str]] = []
        for stage, points in self.points.items():
            for name, times in points.items():
                found = [(stage, f"{name}#{number}") for number in range(1, times + 1)]
                (statements if name == STATEMENT else deck).extend(found)
        deck += [(stage, point) for stage, point in statements if stage == "migrate"]
        deck += [(stage, point) for stage, point in deck if stage == "migrate"] * 3
        deck += rng.sample(statements, min(len(deck), len(statements)))
        rng.shuffle(deck)
        return deck

    def _again(self, rng: Random, stage: str) -> Iterator[str]:
        """Yield where the recovery is killed, and the recovery of that, now and then."""
        while rng.random() < 0.4:
            name = rng.choice([*self.points[stage]])
            number = rng.randint(1, self.points[stage][name])
            yield rng.choice((f"{name}#{number}", self._instant(rng)))

    def _instant(self, rng: Random) -> str:
        """Return an instant at which a whole life may be killed."""
        return f"{rng.uniform(5, max(10, self.whole_seconds * 400)):.1f} ms"

    def do(self, case: Case) -> None:
        """Copy a world, kill in it, recover, and check it."""
        place = self.house.copy(self.before[case.stage], f"world_{self.tally.worlds}")
        self.tally.worlds += 1
        faults = [*self._kill(case, place)]
        last = lived(Trial(place, case.stages, times=2))
        if last.fault:
            faults.append(Violation("fault", last.fault))
        if len(set(last.heads)) > 1:
            faults.append(Violation("again", "a second recovery did something"))
        found, doubts = check(place, self.expected[case.stage])
        self.tally.doubts += doubts
        self.tally.violations += [(case, violation) for violation in (*faults, *found)]
        self.house.drop(place)

    def _kill(self, case: Case, place: Place) -> Sequence[Violation]:
        for number, kill in enumerate(case.kills):
            came = self.fate.befall(case.mishap, Trial(place, case.stages, kill))
            if came.faults:
                return [Violation("fault", fault) for fault in came.faults]
            if not came.struck:  # it did not come to this point
                break
            self.tally.kills[_kind(kill), case.stage] += 1
            self.tally.recoveries += 1
            self.tally.killed_again += number > 0
        return []


def _kind(kill: str) -> str:
    """Return what kind of point this is."""
    name = kill.partition("#")[0]
    if kill.endswith(" ms"):
        return "at some instant"
    return name if name in {"before commit", "after commit", STATEMENT} else "inside a tool"
