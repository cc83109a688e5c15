"""Does one thing to a store in a process of its own, which may be killed meanwhile.

A server without threads forks a child for each line of its input, because a process that only has
to be killed need not be started from scratch. Each child opens the store anew.
"""

import gc
import json
import os
import resource
import sys
import tempfile
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from langgraph.types import Command
from pydantic import BaseModel, JsonValue

from checkpoints.limits import Retention
from checkpoints.retention import prune
from checkpoints.store import open_store
from graphs.session import Agent
from tests.behaviour.killing import Fuse
from tests.behaviour.machine.agent import Move, Story, Told, machine_agent
from tests.behaviour.machine.world import World
from tools.contract import JsonObject
from tools.errors import SurefootError, UnknownRun
from tools.records import Answer, Review

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
MOST_BYTES = 64_000_000
ROUNDS = 8
"""So often at most somebody is asked anew until a run ends."""


class Order(BaseModel):
    """What a child is to do."""

    url: str
    world: Path
    now: datetime
    do: str
    run: str = ""
    point: str = ""
    number: int = 0
    more: dict[str, Any] = {}


def start(agent: Agent, order: Order) -> JsonValue:
    try:
        return agent.open(order.run).resume().status
    except UnknownRun:
        return agent.run(order.more["story"], run_id=order.run).status


def honest(world: World, review: Review) -> Answer:
    """Return a yes; whether something happened is told as it is."""
    happened = any(line.key == review.key for line in world.lines)
    no = review.kind == "doubt" and not happened
    return Answer(decision="reject" if no else "approve", reviewer="tester")


def answer(agent: Agent, order: Order) -> JsonValue:
    said = Answer(**order.more["said"], reviewer="tester")
    agent.store.reviews.answer(order.more["review"], said)
    return agent.open(order.run).resume().status if order.more["resume"] else "answered"


def settle(agent: Agent, order: Order) -> JsonValue:
    """Go on with every run, and say yes to everything, until they have ended."""
    approved: list[JsonValue] = []
    for name in order.more["runs"]:
        run = agent.open(name).resume()
        for _ in range(ROUNDS):
            for review in run.pending:
                said = honest(World(order.world), review)
                if said.decision == "approve" and review.action is not None:
                    args = review.action.args
                    approved.append([review.key, args["name"], args["text"]])
                agent.store.reviews.answer(review.id, said)
            run.resume()
    return approved


def undo(agent: Agent, order: Order) -> JsonValue:
    items = agent.open(order.run).undo(order.more["step"]).items
    return [{"key": item.key, "outcome": item.outcome} for item in items]


def fork(agent: Agent, order: Order) -> JsonValue:
    run = agent.open(order.run)
    done = run.forking(order.more["step"]).to_json()["done"]
    run.fork(order.more["step"], **order.more["how"], run_id=order.more["child"])
    return done


def let_go(agent: Agent, order: Order) -> JsonValue:
    limits = Retention(max_runs=order.more["keep"])
    went = prune(agent.store, limits, now=order.now, by="tester", dry_run=False)
    return [one.run for one in went.runs]


def raw(agent: Agent, order: Order) -> JsonValue:
    """Use the graph as plain LangGraph lets anybody use it."""
    payload: Any = order.more.get("payload")
    if "resume" in order.more:
        payload = Command(resume=order.more["resume"])
    agent.graph.invoke(payload, {"configurable": {"thread_id": order.run}})
    return "invoked"


DOING: dict[str, Callable[[Agent, Order], JsonValue]] = {
    "start": start,
    "answer": answer,
    "settle": settle,
    "undo": undo,
    "fork": fork,
    "prune": let_go,
    "raw": raw,
}


def done(order: Order) -> JsonObject:
    """Do it and tell what came of it."""
    fuse = Fuse(order.point, order.number)
    try:
        with open_store(order.url, clock=lambda: order.now) as store:
            agent = machine_agent(store, World(order.world, fuse), lambda: order.now)
            fuse.watch(store)
            return {"came": DOING[order.do](agent, order)}
    except SurefootError as refusal:
        return {"refused": f"{type(refusal).__name__}: {refusal}"}
    except Exception:  # noqa: BLE001  # the machine judges it
        return {"raised": traceback.format_exc()}


def warm_up() -> None:
    """Load and make once what every child would otherwise load and make for itself."""
    with tempfile.TemporaryDirectory() as folder:
        url, world = f"sqlite:///{folder}/store.db", Path(folder) / "world"
        moves = tuple(Move(tool=tool, name="a") for tool in ("put", "swap"))
        story = Story(steps=(Told(id="s", moves=moves),)).model_dump_json()
        for do, more in (("start", {"story": story}), ("undo", {"step": None})):
            done(Order(url=url, world=world, now=NOW, do=do, run="r", more=more))
    gc.collect()
    gc.freeze()


def serve() -> None:
    """Fork a child for each order, and tell how it ended."""
    warm_up()
    # A child that runs wild must not fill the machine.
    resource.setrlimit(resource.RLIMIT_FSIZE, (MOST_BYTES, MOST_BYTES))
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            told = done(Order.model_validate_json(line))
            os.write(1, f"{json.dumps(told)}\n".encode())
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if os.WIFSIGNALED(status):
            os.write(1, b'{"killed": true}\n')


if __name__ == "__main__":
    serve()
