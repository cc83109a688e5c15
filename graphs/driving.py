"""Drives the graph of a run from node to node, until it ends or must wait for people."""

from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.types import Command

from graphs.agent import AgentGraph
from graphs.events import Asked
from nodes.context import Context
from tools.progress import Listener


@dataclass(frozen=True, slots=True, kw_only=True)
class Driver:
    """What moves one run; whoever uses it holds the run's lease."""

    run: str
    graph: AgentGraph
    context: Context

    def drive(
        self,
        payload: Any,  # noqa: ANN401  # what LangGraph's `stream` takes
        traced: RunnableConfig,
        watcher: Listener | None,
    ) -> Generator[None]:
        """Go on with a payload, and then with all news that the store holds.

        Yields after each node, when its checkpoint is kept: the run may be left there.

        Args:
            payload: What the graph is given first.
            traced: What the graph's configuration needs to be traced.
            watcher: Who is told what happens.
        """
        asked: set[str] = set()
        first = True
        while first or payload is not None:
            first = False
            with closing(self._nodes(payload, traced, watcher)) as nodes:
                yield from nodes
            if watcher is not None:
                self._tell_questions(watcher, asked)
                yield
            payload = self.wake()

    def wake(self) -> Command[Any] | None:
        """Return what wakes a paused graph when the store holds news for it, else None."""
        snapshot = self.graph.get_state(self._config)
        if not snapshot.interrupts:
            return None
        now = self.context.clock()
        waiting = [item["review"] for item in snapshot.values.get("waiting", [])]
        reviews = [self.context.memory.reviews.get(name) for name in waiting]
        if not any(item.state != "waiting" or item.expires_at <= now for item in reviews):
            return None
        return Command(resume={snapshot.interrupts[0].id: {"decision": "wake"}})

    @property
    def _config(self) -> RunnableConfig:
        return {"configurable": {"thread_id": self.run}}

    def _nodes(
        self,
        payload: Any,  # noqa: ANN401  # as above
        traced: RunnableConfig,
        watcher: Listener | None,
    ) -> Generator[None]:
        context = replace(self.context, watcher=watcher)
        config: RunnableConfig = {**self._config, **traced}
        for _ in self.graph.stream(payload, config, context=context, stream_mode="updates"):
            yield

    def _tell_questions(self, watcher: Listener, asked: set[str]) -> None:
        for review in self.context.memory.reviews.waiting(self.run):
            if review.id not in asked:
                asked.add(review.id)
                watcher(Asked(review=review).to_json())
