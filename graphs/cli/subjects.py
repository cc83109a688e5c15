"""What a run works on, as the command line says it: a database, or a workspace with tools."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from checkpoints.store import Store
from graphs.settings import Settings
from tools.errors import BadInput
from tools.policy import Policy

if TYPE_CHECKING:
    from graphs.session import Agent


class Subject(Protocol):
    """Makes the agent for one thing that can be worked on."""

    @property
    def told(self) -> str:
        """What it is, in a line for people."""
        ...

    @property
    def playbook(self) -> str:
        """Who plans and decides when no model does."""
        ...

    def agent(self, store: Store, settings: Settings, policy: Policy | None) -> "Agent":
        """Return the agent for it.

        Raises:
            BadInput: Something that it needs is missing or cannot be used.
        """
        ...


@dataclass(frozen=True, slots=True)
class OfDatabase:
    """A database and its queries."""

    database: Path
    workload: Path
    playbook: str = "the playbook"

    @property
    def told(self) -> str:
        """What it is."""
        return f"on {self.database} with the queries of {self.workload}"

    def agent(self, store: Store, settings: Settings, policy: Policy | None) -> "Agent":
        """Return the database agent."""
        from graphs.database.graph import database_agent  # noqa: PLC0415  # loads LangGraph

        return database_agent(
            database=self.database,
            workload=self.workload,
            store=store,
            policy=policy,
            settings=settings,
        )


@dataclass(frozen=True, slots=True)
class OfWorkspace:
    """The tools of `surefoot.toml`, and maybe a runbook."""

    runbook: Path | None

    @property
    def told(self) -> str:
        """What it is."""
        return "with the tools of surefoot.toml"

    @property
    def playbook(self) -> str:
        """Who plans and decides when no model does."""
        return f"the runbook {self.runbook}" if self.runbook else ""

    def agent(self, store: Store, settings: Settings, policy: Policy | None) -> "Agent":
        """Return the workspace agent."""
        from graphs.workspace.graph import workspace_agent  # noqa: PLC0415  # loads LangGraph

        return workspace_agent(store=store, settings=settings, runbook=self.runbook, policy=policy)


def subject_of(
    database: Path | None, workload: Path | None, runbook: Path | None, settings: Settings
) -> Subject:
    """Return what the options name.

    Raises:
        BadInput: They name nothing, half of it, or two things.
    """
    if database is not None and workload is not None and runbook is None:
        return OfDatabase(database, workload)
    if database is not None or workload is not None:
        raise BadInput(
            "--database and --workload belong together, and a runbook works without them.",
            advice="Give both for a database, or neither for the tools of surefoot.toml.",
        )
    if settings.tools.is_empty:
        raise BadInput(
            "There is nothing to work on.",
            advice=(
                "Give --database FILE and --workload FILE, or a [tools] table in surefoot.toml; "
                "docs/tools.md shows one."
            ),
        )
    return OfWorkspace(runbook)
