"""Runs every trial on a specimen."""

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

from graphs.proving.acting import effects, side_by_side
from graphs.proving.bench import Bench
from graphs.proving.crashing import crashes, crashes_in_undo
from graphs.proving.findings import Finding, Proof
from graphs.proving.looking import declarations, previews, refusals, wrong_arguments
from graphs.proving.undoing import conflicts, undone
from tools.progress import report
from tools.specimen import Specimen

Trial = Callable[[Bench], Iterable[Finding | str]]

TRIALS: Mapping[str, Trial] = {
    "declarations": declarations,
    "wrong arguments": wrong_arguments,
    "refusals": refusals,
    "previews": previews,
    "effects": effects,
    "side by side": side_by_side,
    "undo": undone,
    "conflicts": conflicts,
    "crashes": crashes,
    "crashes in undo": crashes_in_undo,
}
MAX_FINDINGS = 5
"""Of one trial: the first few tell what is wrong."""


def prove(
    kind: type[Specimen], *, points: int = 25, trials: Collection[str] = tuple(TRIALS)
) -> Proof:
    """Return how a specimen's tool comes through its trials.

    Args:
        kind: Makes a specimen in an empty folder.
        points: At how many lines of an action, and of its undo, it is killed.
        trials: Those of `TRIALS` that are held.
    """
    started = time.monotonic()
    bench = Bench(kind=kind, points=points)
    found = {name: [*_tried(name, TRIALS[name], bench)] for name in trials}
    with bench.ground() as ground, ground.hands() as hands:
        name, effect = hands.tool.name, hands.tool.effect
    return Proof(
        title=kind.title or name,
        tool=name,
        effect=effect,
        trials={trial: len(listed) for trial, listed in found.items()},
        findings=tuple(finding for listed in found.values() for finding in listed),
        seconds=round(time.monotonic() - started, 2),
    )


def _tried(name: str, trial: Trial, bench: Bench) -> Iterator[Finding]:
    report(f"{bench.kind.__name__}: {name}")
    try:
        for number, found in enumerate(trial(bench)):
            if number == MAX_FINDINGS:
                return
            finding = Finding(trial=name, what=found) if isinstance(found, str) else found
            yield finding.model_copy(update={"trial": name})
    except Exception as fault:  # noqa: BLE001  # a tool that breaks fails its trial, not the suite
        yield Finding(trial=name, what=f"it broke with {type(fault).__name__}: {fault!s:.300}")
