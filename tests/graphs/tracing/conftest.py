from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from langsmith.utils import get_env_var, get_tracer_project

from checkpoints.store import Store
from graphs.redaction import Redactor
from graphs.session import Agent
from graphs.smith import Smith
from graphs.tracing import Tracing
from nodes.context import Situation
from nodes.state import Decision
from tests.behaviour.conftest import clock, folder, store
from tests.behaviour.shelf import act, script, shelf_agent, step
from tests.graphs.tracing.collector import Collector, collecting
from tools.errors import StoreFault

__all__ = ["clock", "folder", "store"]

SECRET = "sk-proj-" + "a1B2" * 8
OWN = "customer-4711"

Told = Callable[..., AbstractContextManager[tuple[Collector, Tracing]]]


def asking(store: Store, folder: Path, tracing: Tracing) -> Agent:
    """Return an agent that puts a file, and asks before it takes one away."""
    (folder / "b").write_text("b")
    mind = script(
        step("write", "put"),
        step("tidy", "take", needs=("write",)),
        write=[act("put", name="a", text=f"{SECRET} of {OWN}")],
        tidy=[act("take", name="b")],
    )
    return shelf_agent(store, folder, mind, tracing=tracing)


class Broken:
    """A decider that fails with a secret on its lips."""

    def decide(self, situation: Situation) -> Decision:
        raise StoreFault(f"no {SECRET}")


def breaking(store: Store, folder: Path, tracing: Tracing) -> Agent:
    """Return an agent whose store breaks while it decides."""
    mind = script(step("write", "put"))
    return shelf_agent(store, folder, mind, decider=Broken(), tracing=tracing)


def forget_environment() -> None:
    """Let LangSmith read its variables again; it remembers the first reading."""
    get_env_var.cache_clear()  # type: ignore[attr-defined]  # the stubs hide what the cache adds
    get_tracer_project.cache_clear()


@pytest.fixture
def langsmith(monkeypatch: pytest.MonkeyPatch) -> Iterator[Told]:
    """Give a collector that the usual variables point at, and a tracing that uses it."""

    @contextmanager
    def told(
        *, content: bool = False, multipart: bool = False, refuse: bool = False
    ) -> Iterator[tuple[Collector, Tracing]]:
        redact = Redactor((OWN,))
        smith = Smith(content=content, redact=redact)
        with collecting(multipart=multipart, refuse=refuse) as collector:
            monkeypatch.setenv("LANGSMITH_ENDPOINT", collector.url)
            try:
                yield collector, Tracing(content=content, redact=redact, smith=smith)
                smith.flush()
            finally:
                smith.client.close(timeout=0)

    monkeypatch.setenv("LANGSMITH_TRACING", "true")
    monkeypatch.setenv("LANGSMITH_API_KEY", "lsv2_pt_" + "0" * 32)
    monkeypatch.setenv("LANGSMITH_PROJECT", "test")
    monkeypatch.setenv("LANGSMITH_DISABLE_RUN_COMPRESSION", "true")
    forget_environment()
    yield told
    forget_environment()
