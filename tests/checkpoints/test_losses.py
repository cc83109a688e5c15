"""A commit that fails: who believed in it stops, everything else goes on, on either database."""

import resource
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from checkpoints.store import Store, open_store
from tests.checkpoints.clock import HandClock
from tests.postgres import hang_up
from tools.errors import RunBusy, StoreFault

Breaking = Callable[[Store], AbstractContextManager[None]]


@contextmanager
def full_disk(store: Store) -> Iterator[None]:
    """Let the kernel refuse what would make the store's log larger, as it is at a commit."""
    size = Path(f"{store.path}-wal").stat().st_size
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@contextmanager
def cut(store: Store) -> Iterator[None]:
    """Cut the connection from the server's side."""
    hang_up(store)
    yield


@pytest.fixture(params=("postgresql", "sqlite"))
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def broken(kind: str) -> Breaking:
    return cut if kind == "postgresql" else full_disk


@pytest.fixture
def url(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if kind == "postgresql":
        return str(request.getfixturevalue("postgres_url"))
    return f"sqlite:///{tmp_path}/store.db"


@pytest.fixture
def losing(url: str, clock: HandClock, broken: Breaking) -> Iterator[Store]:
    """Return a store that lost what two of its runs wrote."""
    with open_store(url, clock=clock) as store:
        for run in ("one", "two"):
            store.leases.acquire(run)
            store.ledger.append(run, "tick", "kept", {})
        store.flush()
        lose(store, broken)
        yield store


def lose(store: Store, broken: Breaking) -> None:
    """Let a commit fail with which something deferred goes."""
    # The lock keeps others from committing it before.
    with store._writer._lock:
        store.ledger.append("two", "tick", "lost", {})
        with broken(store), pytest.raises(StoreFault, match="not committed is lost"):
            write_urgently(store)


def write_urgently(store: Store) -> None:
    with store._writer.write(of="one", urgent=True):
        store.ledger.append("one", "tick", "urgent", {})


def subjects(store: Store, run: str) -> list[str]:
    return [entry.subject for entry in store.ledger.entries(run)]


def test_nothing_of_it_is_kept(losing: Store) -> None:
    assert [subjects(losing, run) for run in ("one", "two")] == [["kept"], ["kept"]]


@pytest.mark.parametrize("run", ["one", "two"])
def test_runs_that_may_believe_in_it_cannot_write(losing: Store, run: str) -> None:
    for _ in range(2):
        with pytest.raises(StoreFault, match="is lost"):
            losing.ledger.append(run, "tick", "late", {})
    assert subjects(losing, run) == ["kept"]


def test_giving_such_a_run_back_tells(losing: Store) -> None:
    with pytest.raises(StoreFault, match="is lost"):
        losing.leases.release("two")


def test_run_that_is_taken_anew_goes_on(losing: Store) -> None:
    losing.leases.acquire("two")
    losing.ledger.append("two", "tick", "anew", {})
    losing.leases.release("two")
    assert subjects(losing, "two") == ["kept", "anew"]


def test_each_run_is_taken_anew_for_itself(losing: Store) -> None:
    losing.leases.acquire("two")
    with pytest.raises(StoreFault):
        losing.ledger.append("one", "tick", "late", {})


def test_number_of_the_lease_grows(losing: Store) -> None:
    assert losing.leases.acquire("two") == 2


def test_another_process_may_take_the_run(losing: Store, url: str, clock: HandClock) -> None:
    with pytest.raises(StoreFault):
        losing.leases.release("two")
    with open_store(url, clock=clock) as other:
        other.leases.acquire("two")
        with pytest.raises(RunBusy):
            losing.leases.acquire("two")


def test_runs_that_were_not_held_write_as_before(losing: Store) -> None:
    losing.ledger.append("three", "tick", "kept", {})
    assert subjects(losing, "three") == ["kept"]
    assert losing.ledger.verify().problems == ()


def work_and_lose(store: Store, broken: Breaking) -> None:
    with store.leases.holding("two"):
        lose(store, broken)


def test_work_that_lost_something_ends_with_a_fault(
    url: str, clock: HandClock, broken: Breaking
) -> None:
    with open_store(url, clock=clock) as store:
        store.leases.acquire("one")
        with pytest.raises(StoreFault, match="is lost"):
            work_and_lose(store, broken)


def test_connection_that_was_cut_while_idle_is_replaced_unnoticed(
    postgres_url: str, clock: HandClock
) -> None:
    with open_store(postgres_url, clock=clock) as store:
        fence = store.leases.acquire("one")
        with cut(store):
            store.ledger.append("one", "tick", "kept", {})
        store.flush()
        with cut(store):
            assert subjects(store, "one") == ["kept"]
        assert store.leases.acquire("one") == fence


def cut_between(store: Store) -> None:
    with store.transaction():
        store.ledger.append("one", "tick", "first", {})
        with cut(store):
            store.ledger.append("one", "tick", "second", {})


def test_connection_cut_in_the_middle_keeps_nothing_of_the_transaction(
    postgres_url: str, clock: HandClock
) -> None:
    with open_store(postgres_url, clock=clock) as store:
        with pytest.raises(StoreFault, match="was cut"):
            cut_between(store)
        assert subjects(store, "one") == []
        store.ledger.append("one", "tick", "third", {})
        assert store.ledger.verify().problems == ()


def test_node_that_looks_for_what_was_lost_is_told_of_the_loss(losing: Store) -> None:
    with pytest.raises(StoreFault, match="is lost"), losing.leases.node("one"):
        losing.artifacts.get("sha256:what the lost transaction held")


def test_node_that_looks_for_what_never_was_fails_as_it_did(store: Store) -> None:
    with pytest.raises(KeyError), store.leases.node("one"):
        store.artifacts.get("sha256:nothing")
