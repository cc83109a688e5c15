"""What agents do that is a circle, and what only looks like one.

Each pattern says what was done and what came of it; where a false alarm or a miss of another
product is known, the table in `reference/product.md` section 7 names the report.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

LONG: Final = 8
"""How often each circle is gone round: any rule has time to notice."""
Came = Literal["ok", "refused", "fatal", "transient"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Did:
    """One action and what came of it."""

    tool: str
    args: str = ""
    """Canonical arguments, volatile ones included."""
    result: str = "True"
    """What came back, without what the tool declares volatile."""
    read: bool = False
    world: str = ""
    """What the effect left behind."""
    came: Came = "ok"
    like: str | None = None
    """The arguments without volatile ones, where there are any."""
    undone: bool = False
    polls: float = 0.0
    """Seconds of patience that the tool declares."""
    at: float = 0.0
    """When, in seconds."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """A pattern with its verdict."""

    name: str
    circle: bool
    done: tuple[Did, ...]


def look(tool: str = "read", args: str = "", result: str = "same") -> Did:
    """Return a look at something."""
    return Did(tool=tool, args=args, result=result, read=True)


def put(args: str, world: str, tool: str = "put", *, undone: bool = False) -> Did:
    """Return an effect that leaves a world."""
    return Did(tool=tool, args=args, world=world, undone=undone)


def fails(args: str = "", tool: str = "edit", result: str = "no such line") -> Did:
    """Return an action that does not work."""
    return Did(tool=tool, args=args, result=result, came="refused")


def _each(make: Callable[[int], Did | Sequence[Did]], count: int = 24) -> tuple[Did, ...]:
    found: list[Did] = []
    for number in range(count):
        made = make(number)
        found += [made] if isinstance(made, Did) else made
    return tuple(found)


def _poll(*, every: float, count: int, patience: float = 0.0, moves: bool = False) -> list[Did]:
    return [
        Did(
            tool="status",
            result=f"{number} %" if moves else "running",
            read=True,
            polls=patience,
            at=number * every,
        )
        for number in range(count)
    ]


def _circles() -> Iterable[tuple[str, Iterable[Did]]]:
    test = look("test", result="1 failed")
    yield "the same look, the same result", [look()] * LONG
    yield "the same failing edit", [fails()] * LONG
    yield "rephrased thoughts, the same call", [fails("x")] * LONG
    yield "two failing actions in turn", [fails("a"), fails("b")] * LONG
    yield "two looks in turn", [look(args="a"), look(args="b")] * LONG
    yield "read, failing edit, failing test", [look(), fails(), test] * LONG
    yield "four failing actions in turn", [fails(name) for name in "abcd"] * LONG
    yield "a setting there and back", [put("x=1", "1"), put("x=2", "2")] * LONG
    yield "an index made and dropped", [put("make", "is"), put("drop", "is not")] * LONG
    yield "a file moved in a ring", [put(f"to {name}", name, "move") for name in "abc"] * LONG
    yield "written again, nothing changed", [put("a", "a")] * LONG
    yield "done and undone by the checks", [put("a", "b", undone=True)] * LONG
    yield "two ways, each undone", [put(one, one, undone=True) for one in "ab"] * LONG
    yield "hidden by new reads", _each(lambda n: [fails(), look(args=str(n))], LONG)
    yield (
        "hidden by a clock in the arguments",
        _each(lambda n: Did(tool="edit", args=f"x at {n}", like="x", came="refused"), LONG),
    )
    yield "four actions in no order", [fails(name) for name in "abbacddc"] * LONG
    yield "two actions in no order", [fails(name) for name in "ababbaba"] * LONG
    yield "a poll beyond its patience", _poll(every=30, count=8, patience=60)
    yield "a poll that declares none", _poll(every=30, count=LONG)
    yield "after long honest work", [*_each(lambda n: put(str(n), str(n))), *[fails()] * LONG]
    yield "after pages", [*_each(lambda n: look(args=str(n))), *[look(args="9")] * LONG]
    yield "the gate says no each time", [Did(tool="drop", came="refused", result="denied")] * LONG
    yield "a fault that no retry mends", [Did(tool="run", came="fatal", result="no program")] * LONG
    yield (
        "an outage between the same failures",
        _each(lambda _: [fails(), Did(tool="edit", came="transient", result="locked")], LONG),
    )
    yield "an edit that is always the same, and its test", [put("a", "a"), test] * LONG


def _work() -> Iterable[tuple[str, Iterable[Did]]]:
    test = look("test", result="1 failed")
    yield "nothing yet", []
    yield "one more try", [fails()] * 2
    yield "one repeat of two", [fails("a"), fails("b")] * 2
    yield "pages", _each(lambda n: look("page", args=str(n), result=str(n)))
    yield "pages that are all empty", _each(lambda n: look("page", args=str(n), result="[]"))
    yield "batch edits, each answered True", _each(lambda n: put(f"file {n}", str(n)))
    yield "batch moves", _each(lambda n: put(f"{n} to old/", f"{n} gone", "move"))
    yield "the same letter to many", _each(lambda n: put(f"to {n}", f"sent {n}", "send"))
    yield "same result from different searches", _each(lambda n: look("find", args=str(n)))
    yield "same failure of different edits", _each(lambda n: fails(str(n)))
    yield "a poll that moves", _poll(every=1, count=24, moves=True)
    yield "a poll within its patience", _poll(every=2, count=24, patience=60)
    yield "retries after an outage", [Did(tool="get", came="transient", result="503")] * 6
    yield "a locked database", [Did(tool="put", came="transient", result="locked")] * 6
    yield (
        "an outage, then the work",
        [
            *[Did(tool="get", came="transient", result="503")] * 4,
            look(),
            put("a", "a"),
        ],
    )
    yield (
        "edit and test, new findings",
        _each(lambda n: [put(f"edit {n}", str(n)), look("test", result=f"{n} failed")], 12),
    )
    yield "edit and test, the same finding", _each(lambda n: [put(f"edit {n}", str(n)), test], 12)
    yield "one setting read between edits", _each(lambda n: [look(), put(str(n), str(n))], 12)
    yield "a line appended, again and again", _each(lambda n: put("line", f"{n} lines", "append"))
    yield "a counter", _each(lambda n: put("plus one", str(n), "count"))
    yield (
        "make, copy and check, table by table",
        _each(
            lambda n: [
                put(f"make {n}", f"{n}"),
                put(f"copy {n}", f"{n}!"),
                look("rows", args=str(n)),
            ],
            8,
        ),
    )
    yield (
        "four files in turn, each edit another",
        _each(lambda n: put(f"file {n % 4} v{n}", f"{n % 4} v{n}")),
    )
    yield "set back once", [put("x=1", "1"), put("x=2", "2"), put("x=1", "1"), look()]
    yield "undone once, then another way", [put("a", "b", undone=True), put("c", "c"), look()]
    yield "looking around in no order", [look(args=name) for name in "abbacddc"]
    yield (
        "progress between the same looks",
        _each(lambda n: [look(), look(), put(str(n), str(n))], 8),
    )
    yield "chunks of a download", _each(lambda n: look("get", args=f"bytes {n}", result="1 MiB"))
    yield "eight different failures", [fails(name) for name in "abcdefgh"]
    yield "two rounds, then something new", [*[fails("a"), fails("b")] * 2, fails("c")]
    yield (
        "a queue read until it is empty",
        _each(
            lambda n: [look("next", result=str(n)), put(f"take {n}", f"{24 - n} left", "take")], 12
        ),
    )


PATTERNS: Final = (
    *(Pattern(name, True, tuple(done)) for name, done in _circles()),  # noqa: FBT003  # a column
    *(Pattern(name, False, tuple(done)) for name, done in _work()),  # noqa: FBT003  # a column
)
