"""Trials of an action itself: once, foreseen, probed, bounded, and side by side."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import combinations

from pydantic import JsonValue

from graphs.proving.bench import Bench, Hands
from graphs.proving.findings import Finding, difference
from tools.contract import Happened, JsonObject, Tool, canonical, digest
from tools.results import MAX_RESULT_BYTES

MAX_PAIRS = 6


def effects(bench: Bench) -> Iterator[Finding]:
    """An action does once what its preview says; before and after, `probe` tells which it is."""
    with bench.ground() as listing:
        actions = listing.specimen.actions()
    for action in actions:
        with bench.ground() as ground, ground.hands() as hands:
            before = ground.specimen.world()
            for what in _acted(hands, action):
                yield Finding(trial="", args=action, what=what)
            now = ground.specimen.world()
            for what in _changed(hands.tool, before, now):
                yield Finding(trial="", args=action, what=what)
            hands.act(action)
            if ground.specimen.world() != now:
                what = "the same call again did something again"
                yield Finding(trial="", args=action, what=what)


def _acted(hands: Hands, action: JsonObject) -> Iterator[str]:
    tool, args = hands.tool, hands.tool.check(action)
    foreseen, snapshot = tool.preview(args).leaves, tool.snapshot(args)
    call = hands.call(action)
    acts = tool.effect != "read"
    if acts:
        yield from _probed(tool.probe(args, snapshot, call.key), "no", "before it happened")
    seen = hands.runner.run(call)
    if seen.status != "ok":
        yield f"it does not work: {seen.status}, {seen.summary}"
        return
    result = hands.store.artifacts.get(seen.artifact)
    if len(canonical(result)) > MAX_RESULT_BYTES:
        yield f"its result is larger than {MAX_RESULT_BYTES} bytes"
    if not acts:
        return
    yield from _probed(tool.probe(args, snapshot, call.key), "yes", "after it happened")
    yield from _left(tool, args, snapshot, result, foreseen)


def _probed(said: Happened, right: Happened, when: str) -> Iterator[str]:
    if said not in {right, "unknown"}:
        yield f"`probe` says {said!r} {when}"


def _left(
    tool: Tool, args: JsonObject, snapshot: JsonObject, result: JsonValue, foreseen: str
) -> Iterator[str]:
    """Compare what was foreseen, what is said to be left, and what is there."""
    versions = tool.compare(args, snapshot, result)
    if versions is None:
        return
    if versions.left != versions.now:
        what = difference(versions.left, versions.now)
        yield f"`compare` finds another thing than was left: {what}"
    if foreseen and foreseen != digest(versions.left):
        yield "the preview foresaw another thing than was left"


def _changed(tool: Tool, before: JsonValue, now: JsonValue) -> Iterator[str]:
    if tool.effect == "read" and now != before:
        yield f"a read changed the world: {difference(before, now)}"
    if tool.effect != "read" and now == before:
        yield "it changed nothing that the specimen's world shows"


def side_by_side(bench: Bench) -> Iterator[Finding]:
    """Actions that touch different things do the same at once as one after the other."""
    with bench.ground() as listing, listing.hands() as hands:
        pairs = [*combinations(listing.specimen.actions(), 2)]
        apart = [pair for pair in pairs if _is_disjoint(hands.tool, *pair)][:MAX_PAIRS]
    for pair in apart:
        worlds = [_both(bench, pair, workers) for workers in (1, 2)]
        if worlds[0] != worlds[1]:
            what = f"beside {pair[1]} the world becomes another: {difference(*worlds)}"
            yield Finding(trial="", args=pair[0], what=what)


def _is_disjoint(tool: Tool, one: JsonObject, other: JsonObject) -> bool:
    first, second = (tool.resources(tool.check(args)) for args in (one, other))
    return not first & second


def _both(bench: Bench, pair: tuple[JsonObject, JsonObject], workers: int) -> JsonValue:
    with bench.ground() as ground, ground.hands() as hands:
        calls = [hands.call(args, number) for number, args in enumerate(pair, 1)]
        with ThreadPoolExecutor(workers) as pool:
            states = [seen.status for seen in pool.map(hands.runner.run, calls)]
        return {"states": [*states], "world": ground.specimen.world()}
