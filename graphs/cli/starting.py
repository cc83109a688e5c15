"""Starts a run from what the command line says, and goes on with it while somebody answers."""

import uuid
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from checkpoints.store import open_store
from graphs.cli.asking import ask_all
from graphs.cli.ending import end
from graphs.cli.interrupting import resumable
from graphs.cli.live import watching
from graphs.cli.opening import check_name
from graphs.cli.printing import Printer
from graphs.cli.subjects import Subject
from graphs.cli.thinking import tell_minds
from graphs.settings import Settings, read_key
from nodes.state import Goal
from tools.errors import BadInput
from tools.policy import Policy

if TYPE_CHECKING:
    from graphs.session import Agent, Run

MAX_WORDS = 4000
"""Characters of a goal, as in `nodes/state.py`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What a run is to do, as the options say it."""

    objective: str
    subject: Subject
    policy: Path | None = None
    dry_run: bool = False
    review_plan: bool = False
    grants: Sequence[str] = ()
    follows: Sequence[str] = ()
    limits: Mapping[str, float | int | None] = field(default_factory=dict)
    """Parts of the budget; those that are None stay as they are."""

    def goal(self, agent: "Agent") -> Goal:
        """Return the goal.

        Raises:
            BadInput: Its words are none, or too many.
        """
        goal = agent.goal(
            _words(self.objective),
            dry_run=self.dry_run,
            review_plan=self.review_plan,
            grants=self.grants,
            follows=self.follows,
        )
        stated = {name: value for name, value in self.limits.items() if value is not None}
        return goal.model_copy(update={"budget": goal.budget.model_copy(update=stated)})

    def rules(self, settings: Settings) -> Policy | None:
        """Return the chosen policy; None for the domain's own."""
        chosen = self.policy or (Path(settings.policy) if settings.policy else None)
        return Policy.from_file(chosen) if chosen is not None else None


def start(
    printer: Printer,
    settings: Settings,
    job: Job,
    *,
    name: str | None,
    store: str | None,
    asks: bool,
) -> None:
    """Start a run, show it, and leave with its exit code.

    Args:
        printer: Where it is shown.
        settings: With the store and the models of this run.
        job: What is to be done.
        name: The `--name` option.
        store: The `--store` option, for the commands that are shown.
        asks: Whether a person may be asked here.
    """
    run = check_name(name) if name is not None else f"run-{uuid.uuid4().hex[:8]}"
    rules = job.rules(settings)
    with open_store(settings.store, key=read_key()) as memory:
        agent = job.subject.agent(memory, settings, rules)
        goal = job.goal(agent)
        with resumable(run, memory, printer, store):
            printer.say(f"{run}: {goal.objective}", "bold")
            printer.say(job.subject.told, "dim")
            tell_minds(printer, settings.models, job.subject.playbook)
            go(printer, agent.begin(goal, run_id=run), asks=asks)
        end(printer, memory, run, store=store)


def go(printer: Printer, handle: "Run", *, asks: bool, wait: float = 0.0) -> None:
    """Advance a run; ask what it asks when somebody is there; go on."""
    _show(printer, handle, wait)
    while asks and handle.status == "waiting" and ask_all(printer, handle):
        _show(printer, handle)


def _show(printer: Printer, handle: "Run", wait: float = 0.0) -> None:
    with watching(printer) as live, closing(handle.stream(wait=wait)) as events:
        for event in events:
            live(event)


def _words(objective: str) -> str:
    """Return a goal in words that can be pursued.

    Raises:
        BadInput: It is empty or too long.
    """
    if not 1 <= len(objective.strip()) <= MAX_WORDS:
        raise BadInput(
            f"The goal has {len(objective.strip())} characters; 1 to {MAX_WORDS} are accepted.",
            advice="Say in words what is to be reached.",
        )
    return objective.strip()
