"""LangSmith: a run as a readable trace, with what people and checks said of it as feedback.

Silent unless the user's own variables (`LANGSMITH_TRACING`, ...) turn tracing on. Whatever goes
wrong between here and LangSmith is logged and never reaches the run.
"""

import logging
import uuid
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import requests
from langchain_core.tracers.langchain import LangChainTracer
from langgraph.errors import GraphBubbleUp
from langsmith import Client, RunTree, get_current_run_tree, trace, tracing_context
from langsmith.utils import LangSmithError, tracing_is_enabled

from graphs.redaction import Redactor

LOG = logging.getLogger(__name__)

FLUSH_SECONDS = 5.0
"""How long feedback waits for the trace that it is about; in the background."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Feedback:
    """What a person or a check said of a traced segment."""

    mark: str
    """Names this feedback for ever: the same one sent twice is one."""
    trace: uuid.UUID
    key: str
    score: float | None = None
    value: str | None = None
    comment: str | None = None


class GuardedClient(Client):
    """A client that also guards what `anonymizer` and `hide_*` leave as it is.

    Names, tags, the settings of models and their descriptions, in which keys and prompts may stand.
    """

    __slots__ = ("_content", "_redact")

    def __init__(self, *, content: bool, redact: Redactor) -> None:
        self._content, self._redact = content, redact
        hidden = not content
        super().__init__(anonymizer=self._clean, hide_inputs=hidden, hide_outputs=hidden)

    def _clean(self, data: Mapping[str, Any]) -> Any:  # noqa: ANN401  # whatever the client sends
        """Redact what is sent; of an error's text only its class is left without content."""
        if not self._content and set(data) == {"error"}:
            return {"error": str(data["error"]).partition("(")[0][:100]}
        return self._redact(dict(data))

    def create_run(self, name: str, *args: Any, **told: Any) -> None:  # noqa: ANN401  # as in `Client`
        """Tell of a run that began."""
        super().create_run(self._redact.text(name), *args, **self._guarded(told))

    def update_run(self, *args: Any, **told: Any) -> None:  # noqa: ANN401  # as in `Client`
        """Tell how a run went on."""
        super().update_run(*args, **self._guarded(told))

    def _guarded(self, told: dict[str, Any]) -> dict[str, Any]:
        guarded = {
            key: self._redact(value) if key in _OPEN else value for key, value in told.items()
        }
        if not self._content:
            guarded.pop("serialized", None)
            extra = guarded.get("extra") or {}
            guarded["extra"] = {key: extra[key] for key in extra if key not in _SETTINGS}
        return guarded


_OPEN = frozenset({"name", "tags", "extra", "serialized"})
_SETTINGS = frozenset({"invocation_params", "options"})


class PauseTracer(LangChainTracer):
    """LangChain's tracer, to which a node that waits for a person has ended, not failed."""

    def on_chain_error(self, error: BaseException, **said: Any) -> Any:  # noqa: ANN401  # LangChain's own types
        """End the run of a node; a pause is an output, anything else an error."""
        if not isinstance(error, GraphBubbleUp):
            return super().on_chain_error(error, **said)
        run_id = said.pop("run_id")
        return self.on_chain_end({"waiting": True}, run_id=run_id)


class Smith:
    """A LangSmith client that redacts, and the traces and feedback sent through it.

    Args:
        content: Whether inputs and outputs are sent.
        redact: What is replaced wherever it appears.
    """

    def __init__(self, *, content: bool = False, redact: Redactor | None = None) -> None:
        self._content = content
        self._redact = redact or Redactor()

    @cached_property
    def client(self) -> Client:
        """The client, made when the first trace begins."""
        return GuardedClient(content=self._content, redact=self._redact)

    @cached_property
    def _pool(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(max_workers=1, thread_name_prefix="surefoot-feedback")

    @contextmanager
    def segment(
        self, objective: str, metadata: Mapping[str, Any], tags: Sequence[str]
    ) -> Iterator[RunTree | None]:
        """Trace what happens inside as one tree; None when tracing is off or cannot begin.

        Args:
            objective: What the run is after; names the trace.
            metadata: Simple values, also given to every child.
            tags: Words to filter by.
        """
        if tracing_is_enabled() is not True or not self._ready():
            yield None
            return
        said, inputs = self._redact.text(objective), {"objective": objective}
        name = f"surefoot:{said[:60]}"
        with (
            tracing_context(client=self.client, metadata=dict(metadata), tags=list(tags)),
            trace(name, client=self.client, inputs=inputs) as tree,
        ):
            yield tree

    def _ready(self) -> bool:
        try:
            return bool(self.client)
        except (LangSmithError, ValueError) as fault:
            LOG.warning("LangSmith tracing is off: %s", self._redact.text(str(fault)))
            return False

    def callbacks(self, tree: RunTree) -> list[PauseTracer]:
        """Return what traces a graph under a tree."""
        return [PauseTracer(client=self.client, project_name=tree.session_name)]

    @contextmanager
    def tool(
        self, name: str, args: Mapping[str, Any], metadata: Mapping[str, Any]
    ) -> Iterator[None]:
        """Trace the call of a tool, when a trace is open."""
        if get_current_run_tree() is None:
            yield
            return
        with trace(name, "tool", client=self.client, inputs=dict(args), metadata=dict(metadata)):
            yield

    def say(self, project: str | None, said: Sequence[Feedback]) -> Future[None] | None:
        """Send feedback in the background, after the traces that it is about.

        Args:
            project: The LangSmith project of the traces.
            said: What to send; nothing happens when it is empty.
        """
        return self._pool.submit(self._send, project, said) if said else None

    def _send(self, project: str | None, said: Sequence[Feedback]) -> None:
        try:
            self.client.flush(timeout=FLUSH_SECONDS)
            session = self.client.read_project(project_name=project).id
            for item in said:
                self.client.create_feedback(
                    key=item.key,
                    trace_id=item.trace,
                    session_id=session,
                    score=item.score,
                    value=item.value,
                    comment=self._redact.text(item.comment) if item.comment else None,
                    feedback_id=uuid.uuid5(uuid.NAMESPACE_OID, item.mark),
                    stop_after_attempt=1,
                )
        except (LangSmithError, requests.RequestException, ValueError) as fault:
            LOG.warning("LangSmith did not take feedback: %s", self._redact.text(str(fault)))

    def flush(self) -> None:
        """Wait until everything that was traced is sent, at most `FLUSH_SECONDS` for each part."""
        wait([self._pool.submit(int)], timeout=FLUSH_SECONDS)
        self.client.flush(timeout=FLUSH_SECONDS)


def note(metadata: Mapping[str, Any]) -> None:
    """Add metadata to the run that is being traced now, if one is."""
    tree = get_current_run_tree()
    if tree is not None:
        tree.add_metadata(dict(metadata))
