"""Circles are found, and work that only looks like a circle is left alone."""

from collections.abc import Callable, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nodes.guards.loops import Trace, find_loop


def act(name: str, *, args: str = "", result: str = "same") -> Trace:
    return Trace(tool=name, args=args, result=result, progress=False)


def read(name: str, *, args: str = "", result: str = "same") -> Trace:
    return Trace(tool=name, args=args, result=result, progress=False, read=True)


def moved(name: str) -> Trace:
    return Trace(tool=name, args="", result="same", progress=True)


def acts(names: str) -> list[Trace]:
    return [act(name) for name in names]


def numbered(make: Callable[[int], Trace], count: int = 24) -> list[Trace]:
    return [make(number) for number in range(count)]


@pytest.mark.parametrize(
    ("trail", "period"),
    [
        pytest.param(acts("AAA"), 1, id="same action, same result"),
        pytest.param([read("r")] * 3, 1, id="same read, same result"),
        pytest.param(acts("XYAAA"), 1, id="after other work"),
        pytest.param(acts("ABABAB"), 2, id="there and back"),
        pytest.param(acts("ABCABCABC"), 3, id="period three"),
        pytest.param([read("r"), act("edit"), read("test")] * 3, 3, id="read, edit, test"),
        pytest.param(acts("ABCDABCDABCD"), 4, id="period four"),
        pytest.param([moved("A"), *acts("AAA")], 1, id="progress ended before"),
        pytest.param(
            [one for page in range(3) for one in (act("A"), read("r", args=str(page)))],
            1,
            id="hidden by new reads",
        ),
        pytest.param(acts("ABBACDDC"), 0, id="few actions in no order"),
        pytest.param(acts("ABABBABA"), 0, id="two actions in no order"),
    ],
)
def test_a_circle_is_found(trail: Sequence[Trace], period: int) -> None:
    loop = find_loop(trail)
    assert loop is not None
    assert loop.period == period


@pytest.mark.parametrize(
    "trail",
    [
        pytest.param([], id="nothing yet"),
        pytest.param(acts("AA"), id="one more try"),
        pytest.param(acts("ABAB"), id="one repeat"),
        pytest.param(acts("AABA"), id="interrupted"),
        pytest.param(numbered(lambda n: read("page", args=str(n))), id="pagination"),
        pytest.param(
            numbered(lambda n: read("page", args=str(n), result=str(n))), id="pages that differ"
        ),
        pytest.param(numbered(lambda n: act("edit", args=str(n))), id="batch edits, same answer"),
        pytest.param(numbered(lambda n: act("poll", result=str(n))), id="result changes"),
        pytest.param(numbered(lambda n: read("poll", result=str(n))), id="reading a moving value"),
        pytest.param(
            numbered(lambda n: act("edit", args=str(n)) if n % 2 else act("test", result=str(n))),
            id="edit and test, with new findings",
        ),
        pytest.param([moved("A")] * 24, id="progress each time"),
        pytest.param([act("A"), moved("B")] * 12, id="progress within the cycle"),
        pytest.param([*acts("AA"), moved("B"), *acts("AA")], id="progress between"),
        pytest.param([*acts("AAA"), moved("B")], id="progress at last"),
        pytest.param(acts("ABCDEFGH"), id="eight different actions"),
        pytest.param([read(name) for name in "ABBACDDC"], id="looking around again, in no order"),
    ],
)
def test_honest_work_is_left_alone(trail: Sequence[Trace]) -> None:
    assert find_loop(trail) is None


def test_the_loop_names_its_cycle_and_says_what_happened() -> None:
    loop = find_loop(acts("XABABAB"))
    assert loop is not None
    assert loop.cycle == (act("A"), act("B"))
    assert loop.reason == "A -> B came 3 times in a row with the same results."


def test_aimless_actions_are_named() -> None:
    loop = find_loop(acts("ABABBABA"))
    assert loop is not None
    assert "only 2 different ones" in loop.reason


traces = st.builds(
    Trace,
    tool=st.sampled_from("ABC"),
    args=st.sampled_from("12"),
    result=st.sampled_from("xy"),
    progress=st.booleans(),
    read=st.booleans(),
)


@settings(derandomize=True)
@given(st.lists(traces, max_size=30), traces)
def test_progress_ends_every_loop(trail: list[Trace], last: Trace) -> None:
    assert find_loop([*trail, last.model_copy(update={"progress": True})]) is None


@settings(derandomize=True)
@given(st.lists(traces, max_size=12), st.lists(traces, min_size=1, max_size=4))
def test_every_cycle_up_to_four_without_progress_is_found(
    before: list[Trace], cycle: list[Trace]
) -> None:
    stale = [trace.model_copy(update={"progress": False}) for trace in cycle]
    assert find_loop([*before, *stale * 3]) is not None


@settings(derandomize=True)
@given(st.lists(traces, max_size=30, unique_by=lambda trace: trace.key))
def test_actions_that_all_differ_are_no_loop(trail: list[Trace]) -> None:
    assert find_loop(trail) is None
