"""Whatever is done on it, the ladder forbids what was found and stays within its bounds."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from nodes.guards.loops import Loop, Trace
from nodes.ladder import ASKING, MAX_EXCUSED, MAX_FORBIDDEN, Ladder, drawn, step_of
from nodes.state import Plan
from tests.behaviour.shelf import step
from tools.contract import Action

MOVES = ("insisted", "moved", "excuse", "calmed")
ACTIONS = [Action(tool=tool, args={"n": number}) for tool in "ab" for number in range(30)]


def circle(actions: Sequence[Action], name: str = "w") -> Loop:
    cycle = tuple(
        Trace(tool=one.tool, args=one.hash[:16], result="", progress=False, step=name)
        for one in actions
    )
    return Loop(period=len(cycle), cycle=cycle, reason="Round and round.")


circles = st.lists(st.sampled_from(ACTIONS), min_size=1, max_size=4).map(circle)
moves = st.lists(st.one_of(st.sampled_from(MOVES), circles), max_size=60)


def climb(moves: Sequence[str | Loop]) -> Ladder:
    ladder = Ladder()
    for move in moves:
        ladder = getattr(ladder, move)() if isinstance(move, str) else ladder.found(move)
    return ladder


@given(moves)
def test_bounds_hold(moves: Sequence[str | Loop]) -> None:
    ladder = climb(moves)
    assert 0 <= ladder.rung <= ASKING
    assert len(ladder.forbidden) <= MAX_FORBIDDEN
    assert len(ladder.excused) <= MAX_EXCUSED
    assert Ladder.model_validate(ladder.to_json()) == ladder


@given(moves, st.lists(st.sampled_from(ACTIONS), min_size=1, max_size=4))
def test_what_was_found_is_forbidden_in_its_step_only(
    moves: Sequence[str | Loop], actions: list[Action]
) -> None:
    ladder = climb(moves).found(circle(actions))
    assert all(ladder.forbids("w", one, frozenset()) for one in actions)
    assert not any(ladder.forbids("other", one, frozenset()) for one in actions)


@given(moves, st.lists(st.sampled_from(ACTIONS), min_size=1, max_size=4))
def test_what_a_person_excused_is_forbidden_no_more(
    moves: Sequence[str | Loop], actions: list[Action]
) -> None:
    ladder = climb(moves).found(circle(actions)).excuse()
    assert not any(ladder.forbids("w", one, frozenset()) for one in actions)
    assert {f"{one.tool}:{one.hash[:16]}" for one in actions} <= set(ladder.excused)


def test_circle_of_a_step_that_the_plan_has_no_more_is_asked_about_in_another() -> None:
    plan = Plan(steps=(step("one", "a"), step("two", "a")))
    gone, there = circle(ACTIONS[:1], "gone").cycle, circle(ACTIONS[:1], "two").cycle
    assert step_of(plan, (*there, *gone)).id == "two"
    assert step_of(plan, gone).id == step_of(plan, ()).id == "one"


def test_what_is_volatile_does_not_make_another_action() -> None:
    first, second = (Action(tool="a", args={"x": 1, "at": at}) for at in (1, 2))
    ladder = Ladder().found(circle([first.without(frozenset({"at"}))]))
    assert ladder.forbids("w", second, frozenset({"at"}))
    assert not ladder.forbids("w", second, frozenset())


def test_circle_is_drawn_with_its_end_at_its_beginning() -> None:
    assert drawn(circle([ACTIONS[0], ACTIONS[31]]).cycle).splitlines() == [
        f"┌─▶ a ({ACTIONS[0].hash[:16]})",
        f"│   b ({ACTIONS[31].hash[:16]})",
        "└── and again",
    ]
