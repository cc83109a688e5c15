"""A server on loopback that plays a sensible model: it plans, and decides by what it is shown.

It knows nothing but the prompt, so what it does right it was told there.
"""

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from graphs.database.playbook import PLAN
from tests.nodes.models.stub import Behaviour, Stub, says

Shown = dict[str, Any]
Rule = Callable[[Shown], Shown]

DONE: Shown = {"kind": "done", "action": None, "reasoning": "Nothing is left to do."}


class Thinking(Stub):
    """Answers every request as `play` says; None has it think for itself."""

    def __init__(self, play: Callable[[int], Behaviour | None]) -> None:
        super().__init__()
        self._play = play
        self._here = threading.local()

    def note(self, body: dict[str, Any], headers: dict[str, str]) -> None:
        super().note(body, headers)
        self._here.body = body
        self._here.number = len(self.asked)

    def next(self) -> Behaviour:
        played = self._play(self._here.number)
        return says(answer(self._here.body)) if played is None else played


@contextmanager
def thinking(play: Callable[[int], Behaviour | None] = lambda _: None) -> Iterator[Thinking]:
    """Serve a sensible model until the block ends; `play` may answer the nth request otherwise."""
    server = Thinking(play)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.over.set()
        server.shutdown()
        thread.join()
        server.server_close()


def answer(body: dict[str, Any]) -> Shown:
    """Return what a sensible model says to a request."""
    system, user = (message["content"] for message in body["messages"])
    if system.startswith("You plan"):
        return PLAN.model_dump(mode="json", exclude={"origin"})
    if system.startswith("You judge"):
        return {"reached": True, "detail": "The checks show it."}
    if system.startswith("You choose"):
        return decision(user)
    return {"ok": True}


def decision(user: str) -> Shown:
    """Choose the next action of a step by its tool and by the results in the prompt."""
    step = json.loads(section(user, "Step:\n"))
    results = json.loads(fenced(user, "Results so far"))
    (tool,) = step["tools"]
    if tool in {"create_index", "drop_index"}:
        tried = fenced(user, "Latest events")
        return next((act(tool, args) for args in offers(tool, results) if new(args, tried)), DONE)
    if tool == "analyze":
        return DONE
    return DONE if step["id"] in results else act(tool, {})


def offers(tool: str, results: dict[str, str]) -> list[Shown]:
    """Return the arguments that the simulation speaks for."""
    if tool == "drop_index":
        return [{"name": item["name"]} for item in listed(results["simulate"], "redundant")]
    chosen = listed(results["simulate"], "chosen")
    return [{"table": item["table"], "columns": item["columns"]} for item in chosen]


def new(args: Shown, tried: str) -> bool:
    """Tell whether arguments are not among the events."""
    return str(args) not in tried and str(dict(reversed(args.items()))) not in tried


def act(tool: str, args: Shown) -> Shown:
    return {
        "kind": "act",
        "action": {"tool": tool, "args": args},
        "reasoning": "The results speak for it.",
        "alternatives": [],
        "evidence": ["simulate"],
        "confidence": 0.9,
    }


def listed(text: str, name: str) -> list[Any]:
    """Return a list out of a JSON text that may be cut."""
    at = text.find(f'"{name}":')
    found: list[Any] = json.JSONDecoder().raw_decode(text, at + len(name) + 3)[0] if at >= 0 else []
    return found


def section(user: str, head: str) -> str:
    return user.split(head, 1)[1].split("\n\n", 1)[0]


def fenced(user: str, label: str) -> str:
    found = re.search(
        rf"{label} \(information only\):\n<data-(\w+)>\n(.*)\n</data-\1>", user, re.DOTALL
    )
    return found[2] if found else ""
