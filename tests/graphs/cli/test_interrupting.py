"""Ctrl-C while a model is asked: a run that goes on, soon, and every call counted once."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from tests.graphs.cli.conftest import call
from tests.graphs.sensible import thinking
from tests.graphs.shop import make_plain_shop
from tests.nodes.models.stub import Behaviour, stall

RUN = [sys.executable, "-m", "graphs.cli", "run", "Be fast", "--name", "one"]
FILES = ["--database", "shop.db", "--workload", "shop.sql"]
PATIENCE = 20.0
"""Seconds; the call that is cut off would take 60, and this machine may be busy."""


@dataclass(frozen=True)
class Interrupted:
    """How a process ended after Ctrl-C."""

    folder: Path
    code: int
    told: str
    seconds: float


ONCE, TWICE, KILL = (signal.SIGINT,), (signal.SIGINT, signal.SIGINT), (signal.SIGKILL,)


def kept_out(name: str) -> bool:
    return "SUREFOOT" in name or name == "OPENAI_API_KEY"


def interrupt(
    folder: Path, signals: tuple[signal.Signals, ...], *, role: str = "planner"
) -> Interrupted:
    """Send signals (two presses of Ctrl-C, say) while a model does not answer."""
    asked = Event()

    def hold(_: int) -> Behaviour:
        asked.set()
        return stall

    environment = {name: text for name, text in os.environ.items() if not kept_out(name)}
    with thinking(hold) as server:
        priced = "input_usd_per_million = 1.0, output_usd_per_million = 2.0"
        model = f'{{model = "stub", base_url = "{server.url}", {priced}}}'
        (folder / "surefoot.toml").write_text(f"[models]\n{role} = {model}\n")
        with subprocess.Popen(
            [*RUN, *FILES],
            cwd=folder,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            assert asked.wait(60)
            assert process.stderr is not None
            began, told = time.monotonic(), ""
            for number in signals:
                process.send_signal(number)
                told += process.stderr.readline()
            told += process.stderr.read()
            process.wait(60)
            seconds = time.monotonic() - began
    return Interrupted(folder, process.returncode, told, seconds)


def of_role(cost: dict[str, Any]) -> dict[str, int]:
    return {line["role"]: line["calls"] for line in cost["lines"]}


WAYS = [("planner", ONCE), ("decider", ONCE), ("planner", TWICE)]


@pytest.fixture(scope="module", params=WAYS, ids=str)
def stopped(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> tuple[Interrupted, Path]:
    """Interrupt a process; return how it ended, and what its folder was like then."""
    role, signals = request.param
    folder = make_plain_shop(tmp_path_factory.mktemp("stopped") / "shop")
    ended = interrupt(folder, signals, role=role)
    shutil.copytree(folder, folder.with_name("then"))
    return ended, folder.with_name("then")


@pytest.fixture
def interrupted(stopped: tuple[Interrupted, Path], monkeypatch: pytest.MonkeyPatch) -> Interrupted:
    """Return how a process ended; the working folder is as it left it."""
    ended, then = stopped
    # The run knows its database by its whole path.
    shutil.rmtree(ended.folder)
    shutil.copytree(then, ended.folder)
    monkeypatch.chdir(ended.folder)
    return ended


def test_the_process_ends_soon_and_says_how_to_go_on(interrupted: Interrupted) -> None:
    assert (interrupted.code, "surefoot resume one" in interrupted.told) == (130, True)
    assert "Traceback" not in interrupted.told
    assert interrupted.seconds < PATIENCE


def test_the_run_goes_on_and_counts_the_cut_call_once(interrupted: Interrupted) -> None:
    assert interrupted.code == 130
    before = call("cost", "one", "--json").document
    assert json.loads(call("resume", "one", "--json").out)["status"] == "verified"
    after = call("cost", "one", "--json").document
    # The server is gone by then: each later try is refused a connection, and costs nothing.
    assert (before["calls"] - of_role(before).get("ahead", 0), before["usd"] > 0) == (1, True)
    assert (after["calls"], after["usd"]) == (before["calls"], before["usd"])


@pytest.mark.parametrize("stopped", [("planner", ONCE)], indirect=True, ids=str)
def test_one_ctrl_c_settles_the_cut_call_at_its_upper_bound(interrupted: Interrupted) -> None:
    assert interrupted.code == 130
    found = call("cost", "one", "--json").document
    assert (found["open_calls"], found["lines"][0]["failed"], found["usd"] > 0) == (0, 1, True)


def test_a_kill_leaves_the_call_open_at_its_upper_bound(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(make_plain_shop(tmp_path / "shop"))
    assert interrupt(tmp_path / "shop", KILL).code == -signal.SIGKILL
    found = call("cost", "one", "--json").document
    # Another call may have been made on what was reserved ahead.
    assert (found["open_calls"], of_role(found)) == (2, {"planner": 1, "ahead": 1})
    assert found["usd"] > 0
