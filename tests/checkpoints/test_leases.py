"""Leases: one living owner at a time, whatever the others try."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from contextvars import copy_context

import pytest

from checkpoints.leases import TTL
from checkpoints.store import Store, open_store
from tests.checkpoints.clock import HandClock
from tools.errors import RunBusy

CONTENDER = """
import sys
from checkpoints.store import open_store
from tools.errors import RunBusy

with open_store(sys.argv[1]) as store:
    print("ready", flush=True)
    for _ in sys.stdin:
        try:
            print("took", store.leases.acquire("run"), flush=True)
        except RunBusy as busy:
            print("busy", busy.what, flush=True)
"""


class Contender:
    """Another process that tries to take the lease whenever it is told to."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self.process, self._in, self._out = process, process.stdin, process.stdout

    def tell(self) -> None:
        self._in.write("go\n")
        self._in.flush()

    def hear(self) -> list[str]:
        return self._out.readline().split(maxsplit=1)


@contextmanager
def contender(url: str) -> Iterator[Contender]:
    with subprocess.Popen(
        [sys.executable, "-c", CONTENDER, url],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        made = Contender(process)
        try:
            assert made.hear() == ["ready"]
            yield made
        finally:
            process.kill()


def rewrite(store: Store, column: str, value: str) -> None:
    with closing(sqlite3.connect(store.path)) as connection:
        connection.execute(f"UPDATE leases SET {column} = ?", (value,))
        connection.commit()


@pytest.fixture
def rival(url: str, store: Store, clock: HandClock) -> Iterator[Store]:
    assert store.path.exists()
    with open_store(url, clock=clock) as opened:
        yield opened


def test_first_lease_has_fence_one(store: Store) -> None:
    assert store.leases.acquire("run") == 1


def test_renewal_keeps_the_fence(store: Store, clock: HandClock) -> None:
    store.leases.acquire("run")
    clock.move(200)
    assert store.leases.acquire("run") == 1


def test_renewal_prolongs(store: Store, rival: Store, clock: HandClock) -> None:
    for _ in range(3):
        store.leases.acquire("run")
        clock.move(200)
    with pytest.raises(RunBusy):
        rival.leases.acquire("run")


def test_other_owner_is_refused_by_name(store: Store, rival: Store) -> None:
    store.leases.acquire("run")
    with pytest.raises(RunBusy, match=rf"process {os.getpid()} on .* since 2026-11-22T12:00"):
        rival.leases.acquire("run")


def test_other_run_is_free(store: Store, rival: Store) -> None:
    store.leases.acquire("run")
    assert rival.leases.acquire("other") == 1


def test_released_lease_is_free_and_the_fence_grows(store: Store, rival: Store) -> None:
    store.leases.acquire("run")
    store.leases.release("run")
    assert rival.leases.acquire("run") == 2


def test_release_of_anothers_lease_does_nothing(store: Store, rival: Store) -> None:
    store.leases.acquire("run")
    rival.leases.release("run")
    with pytest.raises(RunBusy):
        rival.leases.acquire("run")


def test_living_process_of_this_host_keeps_its_lease_however_long(
    store: Store, rival: Store, clock: HandClock
) -> None:
    store.leases.acquire("run")
    clock.move(TTL.total_seconds() * 1000)
    with pytest.raises(RunBusy):
        rival.leases.acquire("run")


def test_expired_lease_of_another_host_is_taken_over(
    store: Store, rival: Store, clock: HandClock
) -> None:
    store.leases.acquire("run")
    rewrite(store, "host", "elsewhere pid:[1]")
    clock.move(TTL.total_seconds())
    assert rival.leases.acquire("run") == 2


def test_former_owner_is_refused_after_a_take_over(
    store: Store, rival: Store, clock: HandClock
) -> None:
    store.leases.acquire("run")
    rewrite(store, "host", "elsewhere pid:[1]")
    clock.move(TTL.total_seconds())
    rival.leases.acquire("run")
    with pytest.raises(RunBusy):
        store.leases.acquire("run")


def test_closing_a_store_gives_its_leases_back(url: str, store: Store, clock: HandClock) -> None:
    with open_store(url, clock=clock) as other:
        other.leases.acquire("run")
    assert store.leases.acquire("run") == 2


def test_later_process_with_the_same_number_is_not_the_owner(store: Store, rival: Store) -> None:
    store.leases.acquire("run")
    rewrite(store, "started", "1")
    assert rival.leases.acquire("run") == 2


def test_process_of_another_host_is_taken_to_live(store: Store, rival: Store) -> None:
    store.leases.acquire("run")
    rewrite(store, "host", "elsewhere pid:[1]")
    rewrite(store, "started", "1")
    with pytest.raises(RunBusy, match="'elsewhere'"):
        rival.leases.acquire("run")


def test_without_start_times_a_living_process_keeps_its_lease(store: Store, rival: Store) -> None:
    store.leases.acquire("run")
    rewrite(store, "started", "")
    with pytest.raises(RunBusy):
        rival.leases.acquire("run")


def test_without_start_times_an_expired_lease_is_taken_over(
    store: Store, rival: Store, clock: HandClock
) -> None:
    store.leases.acquire("run")
    rewrite(store, "started", "")
    clock.move(TTL.total_seconds())
    assert rival.leases.acquire("run") == 2


def test_without_start_times_a_gone_process_loses_its_lease(store: Store, rival: Store) -> None:
    store.leases.acquire("run")
    rewrite(store, "started", "")
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        gone.wait()
    rewrite(store, "pid", str(gone.pid))
    assert rival.leases.acquire("run") == 2


def test_one_of_two_racing_processes_wins(url: str) -> None:
    with contender(url) as one, contender(url) as two:
        for racer in (one, two):
            racer.tell()
        heard = sorted(racer.hear()[0] for racer in (one, two))
    assert heard == ["busy", "took"]


def test_lease_of_a_killed_process_is_taken_over(url: str) -> None:
    with contender(url) as victim:
        victim.tell()
        assert victim.hear() == ["took", "1\n"]
        victim.process.kill()
        victim.process.wait()
    with open_store(url) as store:
        assert store.leases.acquire("run") == 2


def test_lease_of_a_killed_process_nobody_waited_for_is_taken_over(url: str) -> None:
    with contender(url) as victim, open_store(url) as store:
        victim.tell()
        assert victim.hear() == ["took", "1\n"]
        victim.process.kill()
        os.waitid(os.P_PID, victim.process.pid, os.WEXITED | os.WNOWAIT)
        assert store.leases.acquire("run") == 2


def test_run_that_is_held_is_refused_to_another_handle_of_the_same_store(store: Store) -> None:
    with (
        ThreadPoolExecutor(1) as other,
        store.leases.holding("run"),
        pytest.raises(RunBusy, match="in this process"),
    ):
        other.submit(store.leases.acquire, "run").result()


def test_run_that_is_held_is_not_given_back_by_another_handle(store: Store, rival: Store) -> None:
    with ThreadPoolExecutor(1) as other, store.leases.holding("run"):
        other.submit(store.leases.release, "run").result()
        with pytest.raises(RunBusy):
            rival.leases.acquire("run")


def test_holding_inside_a_holding_ends_with_the_outer_one(store: Store, rival: Store) -> None:
    with store.leases.holding("run"):
        with store.leases.holding("run"):
            store.leases.release("run")
        with pytest.raises(RunBusy):
            rival.leases.acquire("run")
    assert rival.leases.acquire("run") == 2


def test_thread_with_a_copy_of_the_holders_context_may_renew(store: Store) -> None:
    with ThreadPoolExecutor(1) as pool, store.leases.holding("run"):
        assert pool.submit(copy_context().run, store.leases.acquire, "run").result() == 1
