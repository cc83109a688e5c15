"""Plain LangGraph on its own SQLite savers; apart from `plain`, because loading them costs time."""

import asyncio
import sqlite3
from pathlib import Path

from langgraph.checkpoint.sqlite import SqliteSaver
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

from benchmarks.plain import FIRST, Model, Note, config, two_nodes


def saver_of(folder: Path) -> SqliteSaver:
    """Return LangGraph's SQLite saver (WAL, `synchronous=FULL`: its own defaults)."""
    return SqliteSaver(sqlite3.connect(folder / "store.db", check_same_thread=False))


def run_together(folder: Path, makers: list[tuple[Model, Note]]) -> None:
    """Run many at once on the asynchronous saver; models and notes stay synchronous."""

    async def work() -> None:
        async with AsyncSqliteSaver.from_conn_string(str(folder / "store.db")) as saver:
            graphs = [two_nodes(model, note, saver) for model, note in makers]
            await asyncio.gather(
                *(
                    graph.ainvoke({"messages": [FIRST]}, config(str(at)), durability="sync")
                    for at, graph in enumerate(graphs)
                )
            )

    asyncio.run(work())
