"""Runs a shelf agent in processes that kill themselves at a named point, once."""

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pydantic import JsonValue

from checkpoints.effects import EffectJournal
from checkpoints.store import open_store
from graphs.session import Agent, Run
from nodes.state import Decision
from tests.behaviour import shelf
from tests.behaviour.forks import serve
from tools.contract import JsonObject


def die_once(marker: Path) -> None:
    """Kill this process the hardest way, unless it happened before."""
    if not marker.exists():
        marker.touch()
        os.kill(os.getpid(), signal.SIGKILL)


class DyingPut(shelf.Put):
    """Appends to a log, so that a repetition shows; dies before or after the effect."""

    point = ""

    def apply(self, args: JsonObject, key: str) -> JsonValue:
        marker = self.folder.parent / "died"
        if self.point == "before effect":
            die_once(marker)
        result = super().apply(args, key)
        with (self.folder.parent / "log").open("a") as log:
            log.write(f"{args['text']}\n")
        if self.point == "after effect":
            die_once(marker)
        return result


class DyingJournal(EffectJournal):
    """Dies right after a commit of the journal."""

    point = ""
    marker = Path()

    def intend(self, **kept: Any) -> None:
        super().intend(**kept)
        if self.point == "after intent":
            die_once(self.marker)

    def settle(self, key: str, state: Any, **came: Any) -> None:
        super().settle(key, state, **came)
        if self.point == f"after {state}":
            die_once(self.marker)


def breaking() -> shelf.Script:
    """An effect, and one that breaks a constraint."""
    return shelf.script(
        shelf.step("write", "put"),
        write=[
            shelf.act("put", name="a", text="goal"),
            shelf.act("put", name="keep", text="broken"),
        ],
    )


def mind() -> shelf.Script:
    """A useless effect, two that help, and a question."""
    return shelf.script(
        shelf.step("write", "put"),
        shelf.step("tidy", "take", needs=("write",)),
        write=[
            shelf.act("put", name="a", text="useless"),
            shelf.act("put", name="a", text="one"),
            shelf.act("put", name="a", text="goal"),
        ],
        tidy=[shelf.act("take", name="b")],
    )


class Replayable:
    """Decides by ordinal, so that a new process goes on where the old one died."""

    def __init__(self, root: Path) -> None:
        self.script = breaking() if (root / "breaking").exists() else mind()
        self.plan = self.script.plan

    def decide(self, situation: Any) -> Any:
        lines = self.script.decisions.get(situation.step.id, [])
        if situation.ordinal <= len(lines):
            return lines[situation.ordinal - 1]
        return Decision(kind="done", reasoning="as written", confidence=1.0)


def agent(store: Any, folder: Path) -> Agent:
    shelf.Put = DyingPut  # type: ignore[misc]  # this process exists to break this tool
    minds = Replayable(folder.parent)
    return shelf.shelf_agent(store, folder, planner=minds, decider=minds)


def go(root: Path, point: str, command: str) -> str:
    """Start a run, or go on with it, and return its status; dies at the point on the way."""
    DyingPut.point = DyingJournal.point = point
    DyingJournal.marker = root / "died"
    with open_store(f"sqlite:///{root / 'store.db'}", clock=shelf.Clock()) as store:
        store.journal.__class__ = DyingJournal
        made = agent(store, root / "shelf")
        commands: dict[str, Callable[[], Run]] = {
            "run": lambda: made.begin("Make a say goal", run_id="r"),
            "resume": lambda: made.open("r"),
            "approve": lambda: made.open("r").approve(resume=False),
        }
        run = commands[command]()
        for event in run.stream():
            if point == f"node {event.kind}":
                die_once(root / "died")
        return run.status


if __name__ == "__main__":
    serve(go)
