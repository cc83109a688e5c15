"""`resume --wait`: says that it waits, goes on when the other is done, and can be left."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from checkpoints.store import Store, open_store
from tests.graphs.cli.conftest import call

WAIT = [sys.executable, "-u", "-m", "graphs.cli", "resume", "one", "--no-input", "--wait", "inf"]


@pytest.fixture
def holder(waiting: Path) -> Iterator[Store]:
    """Return a store that holds the run, as another process does."""
    with open_store(f"sqlite:///{waiting / 'surefoot.db'}") as store:
        store.leases.acquire("one")
        yield store


def waiting_process(folder: Path) -> "subprocess.Popen[str]":
    """Return a process that has said that it waits."""
    process = subprocess.Popen(
        WAIT, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ
    )
    assert process.stdout is not None
    for line in process.stdout:
        if "waited for" in line:
            break
    return process


def test_without_waiting_the_run_is_refused(holder: Store) -> None:
    refused = call("resume", "one", "--no-input")
    assert (refused.code, "is held by process" in refused.err) == (25, True)


def test_waiting_ends_when_it_was_long_enough(holder: Store) -> None:
    assert call("resume", "one", "--no-input", "--wait", "0.1").code == 25


def test_waiting_ends_when_the_other_is_done(waiting: Path, holder: Store) -> None:
    with waiting_process(waiting) as process:
        holder.leases.release("one")
        process.communicate(timeout=60)
    assert process.returncode == 10


def test_ctrl_c_leaves(waiting: Path, holder: Store) -> None:
    with waiting_process(waiting) as process:
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=60)
    assert (process.returncode, "Traceback" in told) == (130, False)
    assert holder.leases.is_held("one")
