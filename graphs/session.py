"""A small handle on the compiled graph: start, answer, resume, undo.

Adds nothing that plain LangGraph use would bypass; every guarantee lives in the nodes.
"""

import uuid
from collections.abc import Collection, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from langchain_core.runnables import RunnableConfig

from checkpoints.reversal import UndoReport
from checkpoints.store import Store
from checkpoints.undo import undo_run
from graphs.agent import AgentGraph
from graphs.driving import Driver
from graphs.events import Event, Held, read_events
from graphs.forking import Forking, fork, look
from graphs.handover import handed_over
from graphs.render.screen import show
from graphs.render.story import read_story
from graphs.render.views import GraphView, TimelineView
from graphs.tracing import Tracing
from nodes.context import Context
from nodes.guards.budget import Budget
from nodes.state import Boundaries, Goal, Plan, State
from nodes.upgrade import check_upgrade
from tools.contract import STANDING, EffectRecord, JsonObject
from tools.errors import BadInput, GraphChanged, RunBusy, SurefootError, UnknownReview
from tools.progress import Listener
from tools.records import Answer, AnswerKind, LedgerEntry, Review, RunInfo, Status

LIVING: tuple[Status, ...] = ("running", "waiting")


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """A graph with its dependencies; makes and reopens runs."""

    graph: AgentGraph
    context: Context
    store: Store
    boundaries: Boundaries = Boundaries()
    budget: Budget = Budget()
    tracing: Tracing = field(default_factory=Tracing)

    def goal(
        self,
        objective: str,
        *,
        dry_run: bool = False,
        review_plan: bool = False,
        grants: Sequence[str] = (),
        follows: Sequence[str] = (),
    ) -> Goal:
        """Return a goal with this agent's boundaries and budget.

        Args:
            objective: What is to be reached, in words.
            dry_run: Change nothing.
            review_plan: Show the plan to a person before anything runs.
            grants: Tools whose irreversible actions need no further question; see `Goal.grants`.
            follows: Tools with which a named text may be followed; see `Goal.follows`.
        """
        return Goal(
            objective=objective,
            boundaries=self.boundaries,
            budget=self.budget,
            dry_run=dry_run,
            review_plan=review_plan,
            grants=tuple(grants),
            follows=tuple(follows),
        )

    def run(self, goal: str | Goal, *, run_id: str | None = None) -> "Run":
        """Start a run and advance it until it ends or waits for a person.

        Args:
            goal: An objective in words, or a whole goal.
            run_id: Name of the run; made up when None.

        Raises:
            BadInput: A run of that name exists.
        """
        return self.begin(goal, run_id=run_id).resume()

    def begin(self, goal: str | Goal, *, run_id: str | None = None) -> "Run":
        """Return the handle of a run that begins when it is first advanced.

        `for event in agent.begin("...").stream()` tells all of it, `.watch()` shows it.

        Args:
            goal: An objective in words, or a whole goal.
            run_id: Name of the run; made up when None.

        Raises:
            BadInput: A run of that name exists.
        """
        name = run_id or f"run-{uuid.uuid4().hex[:8]}"
        if self.store.runs.find(name) is not None:
            raise BadInput(
                f"A run called {name!r} exists.", advice="Resume it, or choose another name."
            )
        whole = self.goal(goal) if isinstance(goal, str) else goal
        return Run(agent=self, id=name, goal=whole)

    def open(self, run_id: str) -> "Run":
        """Return the handle of a stored run; the beginning of its name suffices.

        Raises:
            UnknownRun: No such run.
        """
        return Run(agent=self, id=self.store.runs.get(run_id).run)

    def fork(self, run_id: str, step: str, **choices: Any) -> "Run":  # noqa: ANN401  # see `Run.fork`
        """Return a fork of a stored run; see `graphs/forking.py`."""
        return self.open(run_id).fork(step, **choices)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run: where it stands, what it asks, and the people's doors into it."""

    agent: Agent
    id: str
    goal: Goal | None = None
    """What it is to begin with; None for a run that the store knows."""

    @property
    def config(self) -> RunnableConfig:
        """The LangGraph configuration of this run."""
        return {"configurable": {"thread_id": self.id}}

    @property
    def info(self) -> RunInfo:
        """The run's row in the index."""
        return self.agent.store.runs.get(self.id)

    @property
    def status(self) -> Status:
        """`running`, `waiting`, or the outcome."""
        return self.info.status

    @property
    def _driver(self) -> Driver:
        agent = self.agent
        return Driver(run=self.id, graph=agent.graph, context=agent.context)

    @property
    def state(self) -> State:
        """The working set, as LangGraph keeps it."""
        values: Any = self.agent.graph.get_state(self.config).values
        found: State = values
        return found

    @property
    def plan(self) -> Plan | None:
        """The plan, once there is one."""
        stored = self.state.get("plan")
        return Plan.model_validate(stored) if stored else None

    @property
    def report(self) -> JsonObject:
        """The final report; empty while the run lives."""
        return self.state.get("report", {})

    @property
    def pending(self) -> list[Review]:
        """The questions that wait for a person."""
        return self.agent.store.reviews.waiting(self.id)

    @property
    def entries(self) -> list[LedgerEntry]:
        """The run's lines on the ledger, oldest first."""
        return self.agent.store.ledger.entries(self.id)

    @property
    def effects(self) -> list[EffectRecord]:
        """The run's effects, oldest first."""
        return self.agent.store.journal.of_run(self.id)

    @property
    def timeline(self) -> TimelineView:
        """One row per decision, across every pause; shows itself in a notebook."""
        return TimelineView(read_story(self.agent.store, self.id))

    @property
    def path(self) -> GraphView:
        """The graph with the way that this run took; shows itself in a notebook."""
        return GraphView.of(read_story(self.agent.store, self.id))

    def approve(self, review: str = "", **said: Any) -> "Run":  # noqa: ANN401  # see `answer`
        """Say yes to a question and go on; see `answer`."""
        return self.answer("approve", review, **said)

    def reject(self, review: str = "", **said: Any) -> "Run":  # noqa: ANN401  # see `answer`
        """Say no to a question and go on; see `answer`."""
        return self.answer("reject", review, **said)

    def edit(self, args: JsonObject, review: str = "", **said: Any) -> "Run":  # noqa: ANN401  # see `answer`
        """Answer with other arguments; they pass the policy again."""
        return self.answer("edit", review, args=args, **said)

    def answer(
        self,
        decision: AnswerKind,
        review: str = "",
        *,
        reviewer: str = "",
        message: str = "",
        args: JsonObject | None = None,
        resume: bool = True,
    ) -> "Run":
        """Answer a question and advance the run.

        Args:
            decision: approve, edit, reject, respond, abort or replan.
            review: Which question; the only pending one when empty.
            reviewer: Who answers; the agent's reviewer when empty.
            message: Words for the planner and decider.
            args: The edited arguments, with `edit`.
            resume: Go on at once; otherwise the answer waits in the store, and `stream`, `watch` or
                `resume` go on with it.

        Raises:
            UnknownReview: Nothing, or more than one thing, is asked.
            BadInput: This answer is not allowed here.
        """
        kept = self._pick(review)
        said = Answer(
            decision=decision,
            reviewer=reviewer or self.agent.context.reviewer,
            message=message,
            args=args,
            action_hash=kept.action_hash,
        )
        self.agent.store.reviews.answer(kept.id, said)
        return self.resume() if resume else self

    def _pick(self, review: str) -> Review:
        pending = self.pending
        if review:
            found = self.agent.store.reviews.get(review)
            if found.run != self.id:
                raise UnknownReview(
                    f"{found.id!r} is a question of run {found.run!r}, not {self.id!r}."
                )
            return found
        if len(pending) != 1:
            names = ", ".join(item.id for item in pending) or "none"
            raise UnknownReview(
                f"{len(pending)} questions wait ({names}).", advice="Name one of them."
            )
        return pending[0]

    def resume(self, *, wait: float = 0.0) -> "Run":
        """Go on from wherever the run stands; does nothing when it has ended or must wait.

        Args:
            wait: For how many seconds another that works on the run is waited for (`math.inf`: as
                long as it takes); then the run goes on from where that one left it.

        Raises:
            GraphChanged: The run was made by a graph that this one cannot continue.
            RunBusy: Another advances it, still.
        """
        for _ in handed_over(partial(self._unwatched, wait)):
            pass
        return self

    def watch(self, *, wait: float = 0.0) -> "Run":
        """Go on like `resume`, and show what happens while it happens.

        In a notebook one output is kept up to date; elsewhere each line is printed once.
        """
        with closing(self.stream(wait=wait)) as events:
            show(events)
        return self

    def stream(self, *, wait: float = 0.0) -> Generator[Event]:
        """Go on like `resume`, and yield each event when it happens.

        Ctrl-C, or leaving the loop and closing this generator, stops the run where that is safe: it
        no longer waits for a model, but for an action that runs. It can be resumed.

        Args:
            wait: For how many seconds another that works on the run is waited for.

        Raises:
            GraphChanged: The run was made by a graph that this one cannot continue.
            RunBusy: Another advances it, still.
        """
        with closing(handed_over(partial(self._advance, wait))) as told:
            yield from read_events(told)

    def _unwatched(self, wait: float, tell: Listener) -> Generator[None]:
        del tell
        return self._advance(wait, None)

    def _advance(self, wait: float, watcher: Listener | None) -> Generator[None]:
        """Drive the graph until it ends or no stored answer lets it go on; yields between nodes."""
        info = self.info if self.goal is None else self.agent.store.runs.find(self.id)
        if info is not None:
            if info.status not in LIVING:
                return
            self._check_graph(info)
        with self.agent.store.leases.holding(self.id, wait=wait, told=partial(_held, watcher)):
            goes_on, payload = self._next()
            if not goes_on:
                return
            try:
                with self.agent.tracing.segment(self.agent.context, self.id, payload) as traced:
                    yield from self._driver.drive(payload, traced, watcher)
            except SurefootError as fault:
                fault.changed = self._changed() or fault.changed
                raise

    def _check_graph(self, info: RunInfo) -> None:
        context = self.agent.context
        check_upgrade(info, present=context.fingerprint, tools=context.tools, memory=context.memory)

    def _next(self) -> tuple[bool, Any]:
        """Tell whether the run goes on, and with what; nobody else can move it meanwhile."""
        info = self.agent.store.runs.find(self.id)
        if info is None and self.goal is not None:
            return True, {"goal": self.goal.to_json()}
        status = self.status
        if status not in LIVING:
            return False, None
        snapshot = self.agent.graph.get_state(self.config)
        # `next` is empty too when a node finished and the process died before its checkpoint.
        if not snapshot.tasks:
            raise GraphChanged(f"Run {self.id!r} is {status}, but its graph has no next node.")
        payload = self._driver.wake()
        return payload is not None or not snapshot.interrupts, payload

    def _changed(self) -> str:
        """Say what stands when a fault stops the run; empty when nothing does."""
        standing = [record for record in self.effects if record.state in STANDING]
        if not standing:
            return ""
        return f"{len(standing)} earlier effects of run {self.id!r} stand; the rest was not begun."

    def undo(
        self,
        step: str | None = None,
        *,
        skip: Collection[str] = (),
        reviewer: str = "",
        dry_run: bool = False,
        wait: float = 0.0,
    ) -> UndoReport:
        """Undo the run's effects, newest first, all or from a step on, up to the first conflict.

        What was begun is journaled: after a crash, or a conflict that was settled by hand, another
        call goes on.

        Args:
            step: A step (`tune`) or one action of it (`tune.2`); everything when None.
            skip: Steps or actions whose effects are left as they are.
            reviewer: Who wants it; the agent's reviewer when empty.
            dry_run: Only say what would come of it, conflicts included.
            wait: For how many seconds another that works on the run is waited for.

        Raises:
            BadInput: No effect of the run is of a step that was named.
            RunBusy: The run is being advanced or undone, here or by another process.
            ToolFault: A tool could not look or undo for now; what was undone before stays so.
        """
        with self.agent.store.leases.holding(self.id, wait=wait):
            return undo_run(
                self.agent.store,
                self.id,
                reverser=self.agent.context.runner,
                by=reviewer or self.agent.context.reviewer,
                from_step=step,
                skip=skip,
                dry_run=dry_run,
            )

    def forking(self, step: str) -> Forking:
        """Return what a fork before a step would begin with; see `graphs/forking.py`."""
        return look(self.agent, self.id, step)

    def fork(self, step: str, **choices: Any) -> "Run":  # noqa: ANN401  # see `graphs/forking.py`
        """Return a new run that begins before a step of this one, not advanced yet."""
        return Run(agent=self.agent, id=fork(self.agent, self.id, step, **choices))


def _held(watcher: Listener | None, busy: RunBusy) -> None:
    """Tell whoever watches that another is waited for."""
    if watcher is not None:
        watcher(Held(by=busy.what).to_json())
