"""Trials of undo: byte for byte, twice, and never over what somebody else did since."""

from collections.abc import Iterator

from graphs.proving.bench import Bench
from graphs.proving.findings import Finding, difference
from tools.contract import EffectClass, JsonObject


def reversible_actions(bench: Bench, *effects: EffectClass) -> list[JsonObject]:
    """Return the actions of a tool whose effect is one of these classes; none of another."""
    with bench.ground() as ground, ground.hands() as hands:
        return [*ground.specimen.actions()] if hands.tool.effect in effects else []


def undone(bench: Bench) -> Iterator[Finding]:
    """Undo brings back every byte, and doing it again changes nothing."""
    for action in reversible_actions(bench, "reversible"):
        with bench.ground() as ground, ground.hands() as hands:
            before = ground.specimen.world()
            hands.act(action)
            outcomes = hands.undo()
            now = ground.specimen.world()
            if outcomes != ["undone"] or now != before:
                what = f"undo says {outcomes}; {difference(before, now)}"
                yield Finding(trial="", args=action, what=what)
                continue
            for record in hands.store.journal.of_run("trial"):
                hands.runner.undo(record)
            if ground.specimen.world() != before:
                yield Finding(trial="", args=action, what="a second undo changed the world")


def conflicts(bench: Bench) -> Iterator[Finding]:
    """What somebody changed since is not overwritten: undo says so and leaves everything."""
    for action in reversible_actions(bench, "reversible"):
        with bench.ground() as ground, ground.hands() as hands:
            hands.act(action)
            ground.specimen.disturb(hands.tool.check(action))
            disturbed = ground.specimen.world()
            outcomes = hands.undo()
            now = ground.specimen.world()
            if now != disturbed:
                what = f"undo changed what somebody else did: {difference(disturbed, now)}"
                yield Finding(trial="", args=action, what=what)
            if outcomes and not outcomes[0].startswith("conflict"):
                yield Finding(trial="", args=action, what=f"undo reports no conflict: {outcomes}")
