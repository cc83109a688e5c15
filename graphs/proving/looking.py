"""Trials that must not change anything: declarations, wrong arguments, refusals, previews."""

from collections.abc import Callable, Iterator

from pydantic import JsonValue

from graphs.proving.attacks import attacked
from graphs.proving.bench import Bench, Ground, Hands
from graphs.proving.findings import Finding, difference
from tools.contract import JsonObject, Tool
from tools.errors import Refused, ToolFault
from tools.toolbox import lint


def declarations(bench: Bench) -> Iterator[str]:
    """The declarations hold together, and a model can be told of the tool."""
    with bench.ground() as ground, ground.hands() as hands:
        yield from lint(hands.tool)
        if not hands.tool.description.strip():
            yield "it has no description"
        if hands.tool.card().parameters.get("type") != "object":
            yield "its arguments are no JSON object"
        if not ground.specimen.actions():
            yield "the specimen names no action, so nothing can be tried"


def wrong_arguments(bench: Bench) -> Iterator[Finding]:
    """Whatever the arguments are, they are refused or looked at, and nothing breaks or changes."""
    with bench.ground() as ground, ground.hands() as hands:
        before = ground.specimen.world()
        for action in ground.specimen.actions():
            for args in attacked(action):
                problem = _unharmed(hands.tool, args)
                if problem:
                    yield Finding(trial="", args=args if _is_short(args) else None, what=problem)
            now = ground.specimen.world()
            if now != before:
                what = f"looking at wrong arguments changed the world: {difference(before, now)}"
                yield Finding(trial="", args=action, what=what)
                return


def _is_short(args: JsonObject) -> bool:
    try:
        return len(repr(args).encode()) < 1_000  # noqa: PLR2004  # what a report can show
    except UnicodeEncodeError:
        return False


def _unharmed(tool: Tool, args: JsonObject) -> str:
    """Ask everything that is asked before an action; return what broke."""
    try:
        checked = tool.check(args)
        for _, ask in _questions(tool):
            ask(checked)
    except ToolFault:
        return ""
    except Exception as fault:  # noqa: BLE001  # any other fault is what the trial looks for
        return f"it broke with {type(fault).__name__}: {fault!s:.200}"
    return ""


def _questions(tool: Tool) -> tuple[tuple[str, Callable[[JsonObject], object]], ...]:
    return (
        ("resources", tool.resources),
        ("known_values", tool.known_values),
        ("target", tool.target),
        ("preview", tool.preview),
        ("snapshot", tool.snapshot),
    )


def refusals(bench: Bench) -> Iterator[Finding]:
    """What must be refused is, at the latest when it would be done, and changes nothing."""
    with bench.ground() as ground, ground.hands() as hands:
        before = ground.specimen.world()
        for number, args in enumerate(ground.specimen.refused(), 1):
            if not _refuses(hands, args, number):
                yield Finding(trial="", args=args, what="it was not refused")
            now = ground.specimen.world()
            if now != before:
                what = f"it changed the world though it must be refused: {difference(before, now)}"
                yield Finding(trial="", args=args, what=what)
                return


def _refuses(hands: Hands, args: JsonObject, number: int) -> bool:
    try:
        return hands.act(args, number).status == "refused"
    except Refused:
        return True


def previews(bench: Bench) -> Iterator[Finding]:
    """Whatever is asked before an action changes nothing, and says the same twice."""
    with bench.ground() as ground, ground.hands() as hands:
        before = ground.specimen.world()
        for action in ground.specimen.actions():
            args = hands.tool.check(action)
            for name, ask in _questions(hands.tool):
                if ask(args) != ask(args):
                    yield Finding(
                        trial="", args=action, what=f"`{name}` says one thing, then another"
                    )
                yield from _unchanged(ground, before, name, action)


def _unchanged(
    ground: Ground, before: JsonValue, name: str, action: JsonObject
) -> Iterator[Finding]:
    now = ground.specimen.world()
    if now != before:
        what = f"`{name}` changed the world: {difference(before, now)}"
        yield Finding(trial="", args=action, what=what)
