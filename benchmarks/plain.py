"""What is compared with: plain LangGraph, and loops without any framework, doing the same work.

Each step is one call of a model (the whole conversation is sent) and one line appended to a file.
"""

import json
import operator
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Annotated, Any, TypedDict

import httpx
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph

Message = dict[str, str]
Model = Callable[[list[Message]], str]
Note = Callable[[int], None]

FIRST: Message = {"role": "user", "content": "Note every number."}
PADDING = " " * 60
"""So that a step adds about 212 bytes to the prompt, as in `reference/performance.md`."""


class Conversation(TypedDict):
    """The state of plain LangGraph."""

    messages: Annotated[list[Message], operator.add]


def rules(steps: int) -> Model:
    """Return a model that needs no server."""

    def answer(messages: list[Message]) -> str:
        number = len(messages) // 2 + 1
        kind = "act" if number <= steps else "done"
        args = {"tool": "note", "args": {"number": number}}
        said = {"kind": kind, "action": args, "reasoning": "the next one", "confidence": 1.0}
        return json.dumps(said)

    return answer


def server(client: httpx.Client, url: str) -> Model:
    """Return the model that a server is."""

    def answer(messages: list[Message]) -> str:
        request = {"model": "loopback", "messages": messages}
        reply = client.post(f"{url}/v1/chat/completions", json=request).json()
        return str(reply["choices"][0]["message"]["content"])

    return answer


def noting(folder: Path, noted: Note) -> Note:
    """Return what appends a line."""

    def note(number: int) -> None:
        with (folder / "notes").open("a") as file:
            file.write(f"{number}\n")
        noted(number)

    return note


def decided(message: Message) -> int:
    """Return the number that is to be noted; 0 when all is done."""
    said = json.loads(message["content"])
    return int(said["action"]["args"]["number"]) if said["kind"] == "act" else 0


def told(number: int) -> Message:
    """Return what came of it."""
    return {"role": "user", "content": f"noted {number}{PADDING}"}


Graph = CompiledStateGraph[Conversation, None, Conversation, Conversation]


def two_nodes(model: Model, note: Note, saver: BaseCheckpointSaver[Any] | None) -> Graph:
    """Return the smallest graph that has a model and a tool."""

    def think(state: Conversation) -> Conversation:
        return {"messages": [{"role": "assistant", "content": model(state["messages"])}]}

    def act(state: Conversation) -> Conversation:
        number = decided(state["messages"][-1])
        note(number)
        return {"messages": [told(number)]}

    def onward(state: Conversation) -> str:
        return "act" if decided(state["messages"][-1]) else END

    graph = StateGraph(Conversation)
    graph.add_node("think", think)
    graph.add_node("act", act)
    graph.add_edge(START, "think")
    graph.add_conditional_edges("think", onward, ["act", END])
    graph.add_edge("act", "think")
    return graph.compile(checkpointer=saver)


def config(thread: str) -> RunnableConfig:
    """Return the configuration of a thread without a limit of steps."""
    return {"configurable": {"thread_id": thread}, "recursion_limit": 1_000_000}


def run_graph(graph: Graph, thread: str, *, resume: bool = False) -> None:
    """Run it with `durability="sync"`; the default repeats up to 420 effects after a kill."""
    given: Conversation | None = None if resume else {"messages": [FIRST]}
    graph.invoke(given, config(thread), durability="sync")


def bare_loop(model: Model, note: Note) -> None:
    """Loop with nothing durable."""
    messages = [FIRST]
    while True:
        messages.append({"role": "assistant", "content": model(messages)})
        number = decided(messages[-1])
        if not number:
            return
        note(number)
        messages.append(told(number))


def journalled_loop(folder: Path, model: Model, note: Note) -> None:
    """Loop with a journal of two commits per step (intent, outcome): the least that is durable."""
    with closing(sqlite3.connect(folder / "store.db", isolation_level=None)) as journal:
        journal.execute("PRAGMA journal_mode=WAL")
        journal.execute("CREATE TABLE journal(id INTEGER PRIMARY KEY, body TEXT)")
        messages = [FIRST]
        while True:
            messages.append({"role": "assistant", "content": model(messages)})
            number = decided(messages[-1])
            if not number:
                return
            journal.execute("INSERT INTO journal(body) VALUES (?)", (json.dumps(messages[-1]),))
            note(number)
            messages.append(told(number))
            journal.execute("INSERT INTO journal(body) VALUES (?)", (json.dumps(messages[-1]),))
