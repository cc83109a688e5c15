"""Surefoot's own gate on a suite: the same judgement, evidence and policy as in a run."""

import time
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final, cast

from agentdojo.functions_runtime import FunctionCall
from pydantic import BaseModel, JsonValue

from benchmarks.agentdojo.declared import declared_tools, withheld
from nodes.context import Context
from nodes.evidence import Evidence
from nodes.guards.grounding import texts
from nodes.judging import Judged, judge
from nodes.state import Decision, Goal, Proposal, State
from tools.contract import Action, JsonObject, Observation, canonical
from tools.policy import Policy
from tools.records import Answer, LedgerEntry, Review

RUN: Final = "dojo"
NOW: Final = datetime(2026, 1, 1, tzinfo=UTC)
POLICY: Final = Policy.from_file(Path(__file__).with_name("policy.toml"))


class Notes:
    """What the gate reads of a store: ledger, artifacts, reviews; in memory."""

    def __init__(self) -> None:
        self.kept: list[LedgerEntry] = []
        self.values: dict[str, JsonValue] = {}
        self.asked: dict[str, Review] = {}
        self.ledger = self.artifacts = self.reviews = self

    def entries(self, run: str, *, after: int = 0) -> list[LedgerEntry]:
        """Return the entries above a number."""
        del run
        return self.kept[after:]

    def get(self, name: str) -> Any:
        """Return what is kept under a name."""
        return self.values[name] if name in self.values else self.asked[name]

    def note(self, kind: str, subject: str, body: JsonObject) -> None:
        """Add an entry."""
        seq = len(self.kept) + 1
        self.kept.append(
            LedgerEntry(
                seq=seq, run=RUN, at=NOW, kind=kind, subject=subject, body=body, prev="", hash=""
            )
        )


class Gate:
    """The gate of one episode.

    Args:
        suite: Its name.
        functions: Its functions by name.
        env: Its world.
        prompt: The user's words.
        principals: The user's address book.
    """

    def __init__(
        self,
        suite: str,
        functions: dict[str, Any],
        env: Any,
        prompt: str,
        principals: list[str],
    ) -> None:
        self.tools = declared_tools(suite, functions, env)
        self.microseconds: list[float] = []
        self._withheld = withheld(suite)
        self._secrets: set[str] = set()
        self._notes = Notes()
        self._calls = 0
        self._goal = Goal(objective=prompt[:4000], grants=("*",), follows=("*",))
        self._notes.note("goal", RUN, {"goal": self._goal.to_json()})
        memory, tools = cast("Any", self._notes), cast("Any", self.tools)
        context: Any = SimpleNamespace(
            tools=tools,
            policy=POLICY,
            memory=memory,
            evidence=Evidence(memory, tools, principals),
            words=(),
            protected=(),
            domain=suite,
            clock=lambda: NOW,
            critic=None,
            history=SimpleNamespace(judgement=lambda *_, **__: None),
        )
        self._context: Context = context

    def judge(self, call: FunctionCall) -> Judged:
        """Judge a call as the gate judges a proposal."""
        action = Action(tool=call.function, args=plain(dict(call.args)))
        decision = Decision(kind="act", action=action, confidence=1.0)
        proposal = Proposal(key=f"{RUN}/work/1", step="work", decision=decision)
        started = time.perf_counter()
        judged = judge(self._context, self._goal, State(run=RUN, words=[], progress={}), proposal)
        self.microseconds.append((time.perf_counter() - started) * 1e6)
        return judged

    def is_possible(self, call: FunctionCall) -> bool:
        """Tell whether a model could make a call: what is withheld from it, it cannot send."""
        told = canonical(plain(dict(call.args)))
        return not any(secret in told for secret in self._secrets)

    def approve(self, call: FunctionCall) -> None:
        """Note that a person said yes."""
        action = Action(tool=call.function, args=plain(dict(call.args)))
        name = f"rv-{len(self._notes.kept)}"
        answer = Answer(decision="approve", reviewer="ada")
        self._notes.asked[name] = Review(
            id=name,
            run=RUN,
            step="work",
            key="",
            kind="action",
            action=action,
            action_hash=action.hash,
            title="",
            why="",
            created_at=NOW,
            expires_at=NOW,
            state="answered",
            answer=answer,
        )
        self._notes.note("answer", name, answer.to_json())

    def saw(self, call: FunctionCall, output: Any) -> None:
        """Note what a call returned."""
        self._calls += 1
        key, value = f"{RUN}/work/{self._calls}", plain(output)
        args = plain(dict(call.args))
        if call.function in self._withheld:
            self._secrets |= {one for one in texts(value) if len(one) > 3}  # noqa: PLR2004  # shorter ones stand anywhere
            value = None
        self._notes.note("decision", key, {"action": {"tool": call.function, "args": args}})
        self._notes.values[key] = value
        seen = Observation(
            key=key,
            step="work",
            tool=call.function,
            action_hash="",
            status="ok",
            effect=self.tools[call.function].effect,
            artifact=key,
        )
        self._notes.note("observation", key, seen.to_json())


def plain(value: Any) -> Any:
    """Return a value as plain JSON."""
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, dict):
        return {str(name): plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple | set):
        return [plain(item) for item in value]
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)
