"""The only executor: every action passes here, with a clearance for its exact hash, or not at all.

Protocol for an effect (DESIGN.md G3): intent and snapshot are committed, then the tool applies,
then the result is committed. Found again after a crash, an applied effect returns its result, an
intended one is probed: happened (adopt), did not (apply, if it is still cleared), unknown (in
doubt, a person decides).
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock
from typing import TypeVar

from pydantic import JsonValue

from tools.contract import (
    Artifacts,
    Call,
    Clearance,
    Clearances,
    Clock,
    EffectRecord,
    Happened,
    Journal,
    JsonObject,
    Observation,
    Tool,
    digest,
)
from tools.errors import Fatal, NotCleared, Refused, RunBusy, SurefootError, ToolFault, Transient
from tools.policy import Facts, Policy
from tools.results import bounded, jsonable, summary, without_secrets
from tools.toolbox import Toolbox
from tools.versions import Versions

SUMMARY_CHARACTERS = 500
T = TypeVar("T")
RETRY_DELAYS_SECONDS = (0.2, 1.0)
"""Waits before another try of an action that failed in a way that may pass."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Runner:
    """Runs cleared calls through the journal.

    Args:
        tools: What may be run.
        policy: Judged again here, so that no state can talk its way past the gate.
        journal: Where effects are kept.
        clearances: Where permissions are kept.
        artifacts: Where whole results go.
        clock: Tells whether a clearance has expired.
        sleep: Waits between tries; injected for tests.
    """

    tools: Toolbox
    policy: Policy
    journal: Journal
    clearances: Clearances
    artifacts: Artifacts
    clock: Clock
    sleep: Callable[[float], None] = time.sleep
    _running: set[str] = field(default_factory=set)
    _lock: Lock = field(default_factory=Lock)

    def run(self, call: Call) -> Observation:
        """Run one call and return what came of it.

        Raises:
            NotCleared: No valid clearance for exactly this action, and the journal does not know
                it; nothing ran.
            RunBusy: The same call is running already in this process.
        """
        tool = self._tool(call)
        with self._lock:
            if call.key in self._running:
                raise RunBusy(f"The action {call.key!r} is running already in this process.")
            self._running.add(call.key)
        started = time.perf_counter()
        try:
            observation = (self._read if tool.effect == "read" else self._act)(tool, call)
        finally:
            with self._lock:
                self._running.discard(call.key)
        return observation.model_copy(update={"seconds": time.perf_counter() - started})

    def irreversible(self, record: EffectRecord) -> str:
        """Return why an effect cannot be undone here; empty when it can."""
        tool = self.tools.get(record.action.tool)
        if tool is None:
            return (
                f"The tool {record.action.tool!r} that made it is not available. "
                "Undo with the version and settings that made the run."
            )
        return "" if tool.effect == "reversible" else f"{tool.name!r} cannot be undone."

    def compare(self, record: EffectRecord) -> Versions | None:
        """Return what undoing an effect would find; None when only undoing can tell.

        Raises:
            ToolFault: It cannot be looked at for now.
        """
        tool, args = self._maker(record), record.action.args
        return self.patiently(lambda: tool.compare(args, _found(record), record.result))

    def happened(self, record: EffectRecord) -> Happened:
        """Tell by a look at the world whether an effect took place."""
        call = Call(key=record.key, run=record.run, step=record.step, action=record.action)
        return self._probe(self._maker(record), call, record.snapshot)

    def undo(self, record: EffectRecord) -> None:
        """Ask the tool to bring back what the record's snapshot holds; the caller journals it.

        Raises:
            UndoConflict: The world no longer is as the effect left it; nothing was undone.
            SurefootError: The tool is gone or cannot undo.
            ToolFault: It cannot for now; nothing was undone.
        """
        tool, args = self._maker(record), record.action.args
        self.patiently(lambda: tool.undo(args, _found(record), record.result))

    def _maker(self, record: EffectRecord) -> Tool:
        """Return the tool that can undo an effect."""
        reason = self.irreversible(record)
        if reason:
            raise SurefootError(reason)
        return self.tools[record.action.tool]

    def _tool(self, call: Call) -> Tool:
        """Return the tool, or raise when a clearance says that another action was meant."""
        tool = self.tools.get(call.action.tool)
        if tool is None:
            raise NotCleared(f"There is no tool {call.action.tool!r}.")
        clearance = self.clearances.find(call.key)
        if clearance is not None and clearance.action_hash != call.action.hash:
            raise _uncleared(call)
        return tool

    def _require_clearance(self, tool: Tool, call: Call) -> None:
        """Raise when this exact action may not run now."""
        clearance = self.clearances.find(call.key)
        if clearance is None or clearance.action_hash != call.action.hash:
            raise _uncleared(call)
        if clearance.expires_at <= self.clock():
            raise NotCleared(
                f"The clearance of {call.key!r} expired {clearance.expires_at:%Y-%m-%d %H:%M} UTC.",
                advice="Ask again.",
            )
        self._judge(tool, call, clearance)
        if clearance.target:
            _same_target(tool, call, clearance)

    def _judge(self, tool: Tool, call: Call, clearance: Clearance) -> None:
        args = tool.check(call.action.args)
        verdict = self.policy.judge(
            Facts(
                action=call.action,
                effect=tool.effect,
                resources=tuple(sorted(tool.resources(args))),
                confidence=clearance.confidence,
                tainted=clearance.tainted,
                entrusted=clearance.entrusted,
                risk=clearance.risk,
                waived=clearance.waived,
            )
        )
        by_rule = clearance.by == "rule"
        if verdict.decision == "deny" or (verdict.decision == "ask" and by_rule):
            raise NotCleared(
                f"The policy says {verdict.decision} to {call.key!r} by rule {verdict.rule!r}; "
                f"its clearance came from {clearance.by} {clearance.name!r}."
            )

    def _read(self, tool: Tool, call: Call) -> Observation:
        self._require_clearance(tool, call)
        try:
            result = self.patiently(lambda: tool.apply(call.action.args, call.key))
        except ToolFault as fault:
            return _failure(tool, call, fault)
        except Exception as fault:  # noqa: BLE001  # a tool's bug fails its step, not the run
            return _failure(tool, call, Fatal(f"{tool.name!r} broke: {fault}."))
        return self._success(tool, call, result)

    def _act(self, tool: Tool, call: Call) -> Observation:
        record = self.journal.find(call.key)
        if record is None:  # what the journal knows is found out first, cleared or not
            self._require_clearance(tool, call)
            return self._begin(tool, call)
        if record.action.hash != call.action.hash:
            return _failure(
                tool, call, Refused(f"{call.key!r} was used for another action before.")
            )
        if record.state == "intended":
            return self._recover(tool, call, record)
        if record.state in {"applied", "undoing", "undone"}:
            return self._success(tool, call, record.result, replayed=True)
        if record.state == "in_doubt":
            return _doubt(tool, call)
        return _failure(tool, call, Fatal(record.error or "It failed before."), replayed=True)

    def _begin(self, tool: Tool, call: Call) -> Observation:
        try:
            snapshot = _snapshot(tool, call)
        except ToolFault as fault:
            return _failure(tool, call, fault)
        self._intend(call, snapshot)
        return self._apply(tool, call, snapshot)

    def _recover(self, tool: Tool, call: Call, record: EffectRecord) -> Observation:
        happened = self._probe(tool, call, record.snapshot)
        if happened != "no":
            return self._adopt(tool, call, happened)
        try:
            self.patiently(lambda: self._require_clearance(tool, call))
            # The world may have changed since, and undo must bring back what is there now.
            snapshot = self.patiently(lambda: _snapshot(tool, call))
        except (NotCleared, ToolFault) as refusal:
            self.journal.settle(call.key, "failed", error=refusal.what)
            fault = refusal if isinstance(refusal, ToolFault) else Refused(refusal.what)
            return _failure(tool, call, fault)
        self._intend(call, snapshot)
        return self._apply(tool, call, snapshot)

    def _intend(self, call: Call, snapshot: JsonObject) -> None:
        self.journal.intend(
            key=call.key, run=call.run, step=call.step, action=call.action, snapshot=snapshot
        )

    def _probe(self, tool: Tool, call: Call, snapshot: JsonObject) -> Happened:
        """Ask the tool, patiently, whether an effect took place."""
        try:
            return self.patiently(lambda: tool.probe(call.action.args, snapshot, call.key))
        except Exception:  # noqa: BLE001  # a tool that cannot tell, or breaks, leaves it unknown
            return "unknown"

    def _apply(self, tool: Tool, call: Call, snapshot: JsonObject) -> Observation:
        try:
            made = jsonable(self.patiently(lambda: tool.apply(call.action.args, call.key)))
            result = bounded(without_secrets(made, tool.secret_fields))
        except ToolFault as fault:
            self.journal.settle(call.key, "failed", error=fault.what)
            return _failure(tool, call, fault)
        except Exception as fault:  # noqa: BLE001  # a tool's bug must not lose track of its effect
            happened = self._probe(tool, call, snapshot)
            if happened == "no":
                self.journal.settle(call.key, "failed", error=repr(fault))
                return _failure(tool, call, Fatal(f"{tool.name!r} broke: {fault!r}."))
            return self._adopt(tool, call, happened)
        urgent = not tool.transactional
        self.journal.settle(call.key, "applied", result=result, urgent=urgent)
        return self._success(tool, call, result)

    def _adopt(self, tool: Tool, call: Call, happened: Happened) -> Observation:
        if happened == "unknown":
            self.journal.settle(call.key, "in_doubt", error="It is not known whether it happened.")
            return _doubt(tool, call)
        self.journal.settle(call.key, "applied", result={"adopted": True})
        return self._success(tool, call, {"adopted": True}, replayed=True)

    def patiently(self, attempt: Callable[[], T]) -> T:
        """Try again after faults that may pass; the last one is raised."""
        for delay in RETRY_DELAYS_SECONDS:
            try:
                return attempt()
            except Transient:
                self.sleep(delay)
        return attempt()

    def _success(
        self, tool: Tool, call: Call, result: JsonValue, *, replayed: bool = False
    ) -> Observation:
        value = bounded(without_secrets(jsonable(result), tool.secret_fields))
        return Observation(
            key=call.key,
            step=call.step,
            tool=tool.name,
            action_hash=call.action.hash,
            status="ok",
            effect=tool.effect,
            summary=summary(value)[:SUMMARY_CHARACTERS],
            artifact=self.artifacts.put(value),
            result_digest=digest(without_secrets(value, tool.volatile)),
            likeness=_likeness(tool, call),
            left=_left(tool, call),
            trust=tool.output_trust,
            replayed=replayed,
        )


def _found(record: EffectRecord) -> JsonObject:
    """Return an effect's snapshot with its key: a lost result cannot say what it was done under."""
    return record.snapshot | {"key": record.key}


_BUGS = (ArithmeticError, AttributeError, LookupError, OSError, RuntimeError, TypeError, ValueError)


def _snapshot(tool: Tool, call: Call) -> JsonObject:
    """Take what undo will need; a tool that breaks on it has done nothing yet."""
    try:
        return tool.snapshot(call.action.args)
    except _BUGS as fault:
        raise Fatal(f"{tool.name!r} broke before it did anything: {fault!r}.") from fault


def _likeness(tool: Tool, call: Call) -> str:
    like = call.action.without(tool.volatile)
    return "" if like is call.action else like.hash[:16]


def _left(tool: Tool, call: Call) -> str:
    """Return the digest of what an effect acts on, as it is now."""
    if tool.effect == "read":
        return ""
    try:
        return digest(tool.target(call.action.args))[:16]
    except Exception:  # noqa: BLE001  # it only tells circles apart; the effect is done and kept
        return ""


def _same_target(tool: Tool, call: Call, clearance: Clearance) -> None:
    """Raise when what was approved is not what the action would act on now."""
    if digest(tool.target(call.action.args)) != clearance.target:
        raise Refused(
            f"What {call.action.tool!r} would act on is no longer what {clearance.name!r} approved."
        )


def _uncleared(call: Call) -> NotCleared:
    return NotCleared(
        f"No clearance for {call.action.tool!r} with exactly these arguments ({call.key})."
    )


def _doubt(tool: Tool, call: Call) -> Observation:
    return Observation(
        key=call.key,
        step=call.step,
        tool=tool.name,
        action_hash=call.action.hash,
        status="in_doubt",
        effect=tool.effect,
        summary="It is not known whether this happened.",
    )


def _failure(tool: Tool, call: Call, fault: ToolFault, *, replayed: bool = False) -> Observation:
    status = {Refused: "refused", Transient: "transient"}.get(type(fault), "fatal")
    return Observation.model_validate(
        {
            "key": call.key,
            "step": call.step,
            "tool": tool.name,
            "action_hash": call.action.hash,
            "status": status,
            "effect": tool.effect,
            "summary": str(fault)[:SUMMARY_CHARACTERS],
            "result_digest": digest({"error": fault.what}),
            "likeness": _likeness(tool, call),
            "replayed": replayed,
        }
    )
