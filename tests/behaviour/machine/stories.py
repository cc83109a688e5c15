"""What the machine may be asked to do, drawn by chance."""

from hypothesis import strategies as st

from tests.behaviour.machine.agent import Move, Story, Told
from tests.behaviour.machine.world import NAMES

MOVES = st.builds(
    Move,
    tool=st.sampled_from(("put", "put", "swap", "swap", "send")),
    name=st.sampled_from(NAMES),
    useless=st.sampled_from((False, False, False, False, True)),
)
STEPS = ("s1", "s2")


@st.composite
def stories(draw: st.DrawFn) -> Story:
    """Return one step or two, side by side or one after the other, of one to three moves."""
    moves = [draw(st.lists(MOVES, min_size=1, max_size=3)) for _ in range(draw(st.integers(1, 2)))]
    in_turn = draw(st.booleans())
    return Story(
        steps=tuple(
            Told(id=name, moves=tuple(told), needs=("s1",) if in_turn and name == "s2" else ())
            for name, told in zip(STEPS, moves, strict=False)
        )
    )


POINTS = ("COMMIT", "BEGIN", "before apply", "after apply", "before undo", "after undo")
FUSES = st.one_of(
    st.just(("", 0)),
    st.just(("", 0)),
    st.tuples(st.sampled_from(POINTS[:2]), st.integers(1, 9)),
    st.tuples(st.sampled_from(POINTS[2:]), st.integers(1, 2)),
)
"""Where a process is killed, if at all."""
