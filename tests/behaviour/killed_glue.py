"""Runs a program as a decider, in processes that kill themselves at a named point, once."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

from pydantic import JsonValue

from checkpoints.store import Store, open_store
from graphs.session import Agent, Run
from nodes.context import Situation
from nodes.glue.decider import GlueDecider
from nodes.glue.programs import RunbookPrograms
from nodes.state import Decision
from tests.behaviour import shelf
from tests.behaviour.forks import serve
from tools.contract import JsonObject

CODE = """
print("one")
put("b", "first")
print("two")
try:
    print("sent", send("b"))
except PermissionError as no:
    print("not sent:", no)
print("three")
put("a", "goal")
print("four")
"""


def die_once(root: Path) -> None:
    """Kill this process the hardest way, unless it happened before."""
    if not (root / "died").exists():
        (root / "died").touch()
        os.kill(os.getpid(), signal.SIGKILL)


class DyingGlue(GlueDecider):
    """Dies when a decision is kept, before anybody else knows of it."""

    root = Path()
    at = 0

    def decide(self, situation: Situation) -> Decision:
        made = super().decide(situation)
        if situation.ordinal == self.at:
            die_once(self.root)
        return made


class DyingSend(shelf.Send):
    """Dies when it has started and nobody noted it, or when it has sent, so that nobody knows."""

    point = ""

    def snapshot(self, args: JsonObject) -> JsonObject:
        if self.point == "start":
            die_once(self.folder.parent)
        return super().snapshot(args)

    def apply(self, args: JsonObject, key: str) -> JsonValue:
        sent = super().apply(args, key)
        if self.point == "send":
            die_once(self.folder.parent)
        return sent


def agent(store: Store, root: Path) -> Agent:
    shelf.Send = DyingSend  # type: ignore[misc]  # this process exists to break this tool
    mind = shelf.script(shelf.step("work", "put", "send"))
    decider = DyingGlue(RunbookPrograms({"work": CODE}), store, mind)
    return shelf.shelf_agent(store, root / "shelf", planner=mind, decider=decider)


def go(root: Path, point: str, command: str) -> str:
    """Start a run, or go on with it, and return its status; dies at the point on the way."""
    kind, _, number = point.partition(" ")
    DyingSend.point = point
    DyingGlue.root, DyingGlue.at = root, int(number or 0) if kind == "kept" else 0
    with open_store(f"sqlite:///{root / 'store.db'}", clock=shelf.Clock()) as store:
        made = agent(store, root)
        commands: dict[str, Callable[[], Run]] = {
            "run": lambda: made.begin("Make a say goal, and send 'b'", run_id="r"),
            "resume": lambda: made.open("r"),
            "approve": lambda: made.open("r").approve(resume=False),
            "reject": lambda: made.open("r").reject(resume=False),
        }
        run, seen = commands[command](), 0
        for event in run.stream():
            seen += event.kind == kind
            if event.kind == kind and seen == int(number or 0):
                die_once(root)
        return run.status


if __name__ == "__main__":
    serve(go)
