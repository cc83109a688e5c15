"""What a command loads: looking at runs must not wait for what only acting needs."""

import json
import subprocess
import sys

import pytest

MODELS = ("langchain_core.language_models.chat_models", "langchain_openai", "openai")
HEAVY = (*MODELS, "langchain_core", "langgraph", "langsmith", "sqlglot")


def loaded_by(statement: str) -> set[str]:
    """Return which of the heavy packages a fresh process has after a statement."""
    told = f"import json, sys; print(json.dumps([n for n in {HEAVY} if n in sys.modules]))"
    command = [sys.executable, "-c", f"{statement}\n{told}"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout))


@pytest.mark.parametrize("module", ["graphs", "graphs.cli.app", "checkpoints.store"])
def test_looking_at_runs_loads_neither_langgraph_nor_models(module: str) -> None:
    assert loaded_by(f"import {module}") == set()


def test_an_agent_without_models_loads_no_client_of_models() -> None:
    assert loaded_by("import graphs.database.graph").isdisjoint(MODELS)
