from collections.abc import Iterator
from pathlib import Path

import pytest

from checkpoints.store import Store, open_store
from graphs.render.story import Story, read_story
from graphs.session import Run
from nodes.state import Alternative, Decision
from tests.behaviour.shelf import Clock, Script, act, script, shelf_agent, step

EVIL = "<script>alert(1)</script>\x1b[31m\u202eevil"
"""What a model or a database may write into any text."""


def mind() -> Script:
    told = {
        "reasoning": f"It is needed. {EVIL}",
        "alternatives": (Alternative(option=f"leave it {EVIL}", why_not="too slow"),),
        "evidence": ("look",),
    }
    return script(
        step("look", "look"),
        step("tune", "put", needs=("look",)),
        step("tidy", "take", needs=("look",)),
        look=[act("look", name="a", confidence=1.0)],
        tune=[
            act("put", name="a", text="useless"),
            Decision.model_validate(act("put", name="a", text="goal").model_dump() | told),
        ],
        tidy=[act("take", name="b")],
    )


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(tmp_path: Path, clock: Clock) -> Iterator[Store]:
    with open_store(f"sqlite:///{tmp_path / 'store.db'}", clock=clock) as opened:
        yield opened


@pytest.fixture
def waiting(tmp_path: Path, store: Store, clock: Clock) -> Run:
    folder = tmp_path / "shelf"
    folder.mkdir()
    (folder / "b").write_text("b")
    return shelf_agent(store, folder, mind(), clock=clock).run(f"Say goal {EVIL}", run_id="r")


@pytest.fixture
def ended(waiting: Run, clock: Clock) -> Run:
    clock.move(hours=2)
    return waiting.approve(reviewer="ada", message="go on")


@pytest.fixture
def story(ended: Run, store: Store) -> Story:
    return read_story(store, ended.id)
