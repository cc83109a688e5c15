"""The database agent, ready to use: from Python, and from LangGraph Server."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from checkpoints.store import Store, open_store
from graphs.agent import AgentGraph, build_agent
from graphs.assembly import assemble
from graphs.database.domain import database_domain, database_settings
from graphs.models import KeptModels
from graphs.session import Agent
from graphs.settings import Settings, read_key, read_settings
from tools.errors import BadInput
from tools.policy import Policy


def database_agent(
    *,
    database: Path | str,
    workload: Path | str,
    store: Store,
    policy: Policy | None = None,
    settings: Settings | None = None,
) -> Agent:
    """Return the agent that makes the slow queries of a SQLite database fast.

    Args:
        database: The SQLite file.
        workload: A .sql file of the queries that matter.
        store: Where runs are kept; stays the caller's to close.
        policy: Rules; the domain's own when None.
        settings: Reviewer, offer time, default budget.

    Raises:
        BadInput: A file is missing or cannot be used.
    """
    kept = database_settings(store, database=Path(database), workload=Path(workload), policy=policy)
    if settings is not None and settings.models.roles.any_model:
        kept["models"] = KeptModels.of(settings.models).to_json()
    return assemble(database_domain(kept, store), store, settings=settings)


@asynccontextmanager
async def make_graph() -> AsyncIterator[AgentGraph]:
    """Give the graph to LangGraph Server, which brings its own checkpointer.

    Database and workload come from `surefoot.toml` or `SUREFOOT_DATABASE` and
    `SUREFOOT_WORKLOAD`, never from a request. The server asks for a graph per run; the store is
    open for as long. Files are read in a thread, because the server's loop may not wait for a disk.

    Raises:
        BadInput: They are not set.
    """
    settings = await asyncio.to_thread(read_settings)
    if not settings.database or not settings.workload:
        raise BadInput(
            "LangGraph Server needs a database and a workload to serve.",
            advice="Set SUREFOOT_DATABASE and SUREFOOT_WORKLOAD, or write them in surefoot.toml.",
        )
    store = await asyncio.to_thread(open_store, settings.store, key=read_key())
    try:
        yield await asyncio.to_thread(_serve, store, settings)
    finally:
        await asyncio.to_thread(store.close)


def _serve(store: Store, settings: Settings) -> AgentGraph:
    agent = database_agent(
        database=settings.database, workload=settings.workload, store=store, settings=settings
    )
    return build_agent(context=agent.context, tracing=agent.tracing, name="surefoot-database")
