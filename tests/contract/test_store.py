"""What every store must do, whatever it is kept in; a new kind joins by one line in KINDS."""

import base64
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from checkpoints.store import Store, open_store
from tools.contract import Action, Clearance
from tools.errors import BadInput, RunBusy, SurefootError, UnknownReview, UnknownRun
from tools.records import Answer, Memory, Review, RunInfo

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
ACTION = Action(tool="create_index", args={"table": "orders"})
KINDS = ("postgresql", "sqlite", "sealed postgresql", "sealed sqlite")
KEY = base64.b64encode(bytes(32)).decode()
Reopen = Callable[[], Store]


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def url(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if kind.endswith("postgresql"):
        return str(request.getfixturevalue("postgres_url"))
    return f"sqlite:///{tmp_path}/store.db"


@pytest.fixture
def reopen(url: str, kind: str) -> Iterator[Reopen]:
    """Open the same store, again and again, as a new owner each time."""
    opened: list[Store] = []

    def again() -> Store:
        key = KEY if kind.startswith("sealed") else ""
        opened.append(open_store(url, clock=lambda: NOW, key=key))
        return opened[-1]

    yield again
    for store in opened:
        store.close()


@pytest.fixture
def memory(reopen: Reopen) -> Memory:
    return reopen()


def review(name: str = "q-1") -> Review:
    return Review(
        id=name,
        run="run",
        step="tune",
        key="run/tune/1",
        kind="action",
        action=ACTION,
        action_hash=ACTION.hash,
        title="Create it?",
        why="a rule",
        created_at=NOW,
        expires_at=NOW + timedelta(hours=1),
    )


def info(run: str = "run") -> RunInfo:
    return RunInfo(
        run=run,
        domain="database",
        objective="Make it fast",
        status="running",
        fingerprint="f",
        version="0.1.0",
        created_at=NOW,
        updated_at=NOW,
    )


def live(memory: Memory) -> None:
    """Use every part once."""
    memory.runs.create(info())
    memory.leases.acquire("run")
    memory.artifacts.put({"rows": 3})
    memory.reviews.open(review())
    memory.reviews.answer("q-1", Answer(decision="approve", reviewer="ada"))
    memory.clearances.grant(
        Clearance(
            key="run/tune/1", action_hash=ACTION.hash, by="person", name="ada", expires_at=NOW
        )
    )
    memory.journal.intend(
        key="run/tune/1", run="run", step="tune", action=ACTION, snapshot={"was": None}
    )
    memory.journal.settle("run/tune/1", "applied", result={"name": "sf_x"})
    memory.runs.set_status("run", "verified", "faster")


def told(memory: Memory) -> list[object]:
    """Return everything that a life of `live` leaves behind."""
    return [
        memory.runs.all(),
        memory.reviews.get("q-1"),
        memory.clearances.find("run/tune/1"),
        memory.journal.of_run("run"),
        memory.ledger.entries(),
    ]


def test_everything_outlives_the_process(reopen: Reopen) -> None:
    live(reopen())
    assert told(reopen()) == told(reopen())
    assert all(told(reopen()))


def test_everything_that_happened_is_on_the_ledger_in_order(memory: Memory) -> None:
    live(memory)
    kinds = [entry.kind for entry in memory.ledger.entries("run")]
    assert kinds == ["run", "review", "answer", "effect", "effect", "status"]


def test_chain_of_a_life_is_whole(memory: Memory) -> None:
    live(memory)
    report = memory.ledger.verify()
    assert (report.problems, report.head) == ((), memory.ledger.entries()[-1].hash)


def test_repeating_what_a_crash_may_repeat_changes_nothing(memory: Memory) -> None:
    live(memory)
    before = told(memory)
    memory.runs.create(info())
    memory.reviews.open(review())
    memory.journal.intend(
        key="run/tune/1", run="run", step="tune", action=ACTION, snapshot={"was": None}
    )
    memory.runs.set_status("run", "verified", "faster")
    assert told(memory) == before


def fail_in_transaction(memory: Memory) -> None:
    with memory.transaction():
        live(memory)
        raise RuntimeError


def test_failed_transaction_leaves_nothing_of_any_part(memory: Memory) -> None:
    with pytest.raises(RuntimeError):
        fail_in_transaction(memory)
    assert (memory.runs.all(), memory.journal.of_run("run"), memory.ledger.entries()) == (
        [],
        [],
        [],
    )
    assert memory.reviews.waiting() == []
    assert memory.clearances.find("run/tune/1") is None


def test_one_owner_at_a_time(reopen: Reopen) -> None:
    one, two = reopen(), reopen()
    one.leases.acquire("run")
    with pytest.raises(RunBusy):
        two.leases.acquire("run")


def test_fence_grows_with_each_owner(reopen: Reopen) -> None:
    fences = []
    for _ in range(3):
        store = reopen()
        fences.append(store.leases.acquire("run"))
        store.leases.release("run")
    assert fences == [1, 2, 3]


@pytest.mark.parametrize(
    ("act", "error"),
    [
        (lambda memory: memory.runs.get("x"), UnknownRun),
        (lambda memory: memory.reviews.get("x"), UnknownReview),
        (lambda memory: memory.reviews.answer("q-1", Answer(decision="approve")), BadInput),
        (lambda memory: memory.journal.settle("x", "applied"), SurefootError),
        (lambda memory: memory.artifacts.get("x"), KeyError),
    ],
)
def test_refusals_are_typed(
    memory: Memory, act: Callable[[Memory], object], error: type[Exception]
) -> None:
    memory.reviews.open(review())
    with pytest.raises(error):
        act(memory)


def test_answer_is_kept_once_whoever_answers(reopen: Reopen) -> None:
    one, two = reopen(), reopen()
    one.reviews.open(review())
    one.reviews.answer("q-1", Answer(decision="approve", reviewer="ada"))
    with pytest.raises(UnknownReview, match="'ada'"):
        two.reviews.answer("q-1", Answer(decision="reject", reviewer="bob"))
