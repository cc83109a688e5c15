"""The graph that `langgraph.json` names loads as LangGraph Server loads it."""

import asyncio
import json
from pathlib import Path
from pkgutil import resolve_name

import pytest

from graphs.routes import EDGES
from tests.hostile.test_evil_database import make
from tools.errors import BadInput

ROOT = Path(__file__).parents[3]


def spec() -> str:
    named: str = json.loads((ROOT / "langgraph.json").read_text())["graphs"]["database"]["path"]
    return named


async def nodes() -> set[str]:
    async with resolve_name(spec())() as graph:
        return set(graph.get_graph().nodes)


def test_named_graph_has_our_nodes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shop = make(tmp_path)
    monkeypatch.setenv("SUREFOOT_DATABASE", str(shop))
    monkeypatch.setenv("SUREFOOT_WORKLOAD", str(shop.with_name("slow.sql")))
    monkeypatch.setenv("SUREFOOT_STORE", f"sqlite:///{tmp_path / 'store.db'}")
    assert set(EDGES) <= asyncio.run(nodes())


def test_missing_settings_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BadInput, match="needs a database and a workload"):
        asyncio.run(nodes())
