"""Why one action was taken, or was not: everything that the ledger holds about it, in order."""

from collections.abc import Iterable

from pydantic import Field, JsonValue

from graphs.render.text import label_of, line, origin_text, told
from graphs.render.timeline import (
    action_of,
    allowance_text,
    answered,
    by_key,
    degraded_text,
    undo_text,
)
from tools.contract import JsonObject, Record
from tools.records import LedgerEntry


class Trail(Record):
    """The decision trail of one action; each item is a ledger body with its time, `at`."""

    key: str
    label: str
    step: JsonObject = Field(default_factory=dict)
    """The plan's words for the step."""
    decision: JsonObject = Field(default_factory=dict)
    """Empty for a limit: nobody decides to reach it."""
    asked_models: tuple[JsonObject, ...] = ()
    """Calls of models that led to the decision."""
    degraded: tuple[JsonObject, ...] = ()
    """What took over from a model, and why."""
    gates: tuple[JsonObject, ...] = ()
    reviews: tuple[JsonObject, ...] = ()
    answers: tuple[JsonObject, ...] = ()
    effects: tuple[JsonObject, ...] = ()
    observations: tuple[JsonObject, ...] = ()
    checks: tuple[JsonObject, ...] = ()
    undo: tuple[JsonObject, ...] = ()
    limits: tuple[JsonObject, ...] = ()
    """What a person made of a soft limit."""

    @property
    def action(self) -> str:
        """The action on one line."""
        return action_of(self.decision)


def trail(entries: Iterable[LedgerEntry], key: str) -> Trail | None:
    """Return the trail of an effect key or of a limit, or None when nothing was decided there.

    Args:
        entries: The run's ledger.
        key: `run/step/ordinal`, or that of the question about a limit.
    """
    whole = list(entries)
    about = by_key(whole).get(key, {})
    if not (about.get("decision") or about.get("limit")):
        return None
    return Trail(
        key=key,
        label=label_of(key),
        step=_step(whole, key.rsplit("/", 2)[-2]),
        decision=next(iter(about.get("decision", ())), {}),
        asked_models=tuple(about.get("model_call", ())),
        degraded=tuple(about.get("degraded", ())),
        gates=tuple(about.get("gate", ())),
        reviews=tuple(about.get("review", ())),
        answers=tuple(about.get("answer", ())),
        effects=tuple(about.get("effect", ())),
        observations=tuple(about.get("observation", ())),
        checks=tuple(about.get("check", ())),
        undo=tuple(about.get("undo", ())),
        limits=tuple(about.get("limit", ())),
    )


def keys_of(entries: Iterable[LedgerEntry], step: str) -> list[str]:
    """Return the keys that a person may mean by `tune` (all of the step), `tune.2` or `limit`."""
    found = [entry.subject for entry in entries if entry.kind == "decision" or _is_limit(entry)]
    return [key for key in dict.fromkeys(found) if step in (label_of(key), key.split("/")[-2])]


def _is_limit(entry: LedgerEntry) -> bool:
    """Tell whether an entry is a person's answer to a soft limit."""
    return entry.kind == "limit" and "decision" in entry.body


def _step(entries: list[LedgerEntry], step: str) -> JsonObject:
    plans = [entry.body.get("steps") for entry in entries if entry.kind == "plan"]
    steps = [item for plan in plans if isinstance(plan, list) for item in plan]
    return next(
        (item for item in reversed(steps) if isinstance(item, dict) and item.get("id") == step), {}
    )


Section = tuple[str, list[str]]
"""A heading and its lines."""


def sections(found: Trail) -> list[Section]:
    """Return a trail in words: headings with lines; headings without lines are left out."""
    decision = found.decision
    told = [
        *(_decided(found) if decision else []),
        ("Why", [str(decision.get("reasoning", ""))]),
        ("Instead of", _alternatives(decision)),
        ("Rests on", [str(item) for item in _list(decision.get("evidence"))]),
        ("Confidence", [_percent(decision.get("confidence"))]),
        ("Models asked", [call_text(body) for body in found.asked_models]),
        ("Degraded", [degraded_text(body) for body in found.degraded]),
        ("Gate", [_gate(body) for body in found.gates]),
        ("Asked", [_asked(body) for body in found.reviews]),
        ("Answered", [_answer(body) for body in found.answers]),
        ("The change", [line for body in found.reviews for line in _change(body)]),
        ("Effect", [_effect(body) for body in found.effects]),
        ("Came", [_seen(body) for body in found.observations]),
        ("Checks", [check_text(body) for body in found.checks]),
        ("Undo", [undo_text(body) for body in found.undo]),
        ("Limits", [allowance_text(body) for body in found.limits]),
    ]
    return [(head, lines) for head, lines in told if any(line.strip() for line in lines)]


def _decided(found: Trail) -> list[Section]:
    by = origin_text(found.decision.get("origin", "?"))
    return [
        ("Step", [f"{found.step.get('title', '')}", *_expected(found.step)]),
        ("Decision", [found.action, f"by {by} at {_when(found.decision)}"]),
    ]


def _expected(step: JsonObject) -> list[str]:
    return [f"expected: {step['expects']}"] if step.get("expects") else []


def check_text(check: JsonObject) -> str:
    """Return a check on one line: `holds: helps: 3 queries went from ...`."""
    verdict = "holds" if check.get("holds") else "BROKEN"
    return f"{verdict}: {check.get('name')} ({check.get('kind')}): {check.get('detail')}"


def call_text(call: JsonObject) -> str:
    """Return a call of a model on one line: `stub: answered, 120 tokens, $0.0012`."""
    reason = f" ({line(call.get('reason'))})" if call.get("reason") else ""
    usd = call.get("usd")
    paid = f"${usd:.6f}" if isinstance(usd, int | float) else "$?"
    return (
        f"{line(call.get('model'))}: {call.get('came')}{reason}, "
        f"{call.get('tokens')} tokens, {paid}, {call.get('seconds')} s"
    )


def _list(value: JsonValue) -> list[JsonValue]:
    return value if isinstance(value, list) else []


def _alternatives(decision: JsonObject) -> list[str]:
    return [
        f"{item.get('option')}: {item.get('why_not')}"
        for item in _list(decision.get("alternatives"))
        if isinstance(item, dict)
    ]


def _percent(value: JsonValue) -> str:
    return f"{value:.0%}" if isinstance(value, int | float) else ""


def _gate(body: JsonObject) -> str:
    return f"{body.get('gate')} by rule {body.get('rule')}: {body.get('reason')}"


def _asked(body: JsonObject) -> str:
    if body.get("state") == "withdrawn":
        return f"withdrawn: {body.get('reason')}"
    until = str(body.get("expires_at", ""))[:16].replace("T", " ")
    return f"{body.get('id')}: {body.get('title')} ({body.get('why')} Offer until {until} UTC.)"


def _answer(body: JsonObject) -> str:
    args = body.get("args")
    edited = f" with {told(args)}" if isinstance(args, dict) else ""
    seen = f" (action {str(body.get('reviewed_hash', ''))[:12]})"
    return answered({"answer": [body]}) + edited + seen + f" at {_when(body)}"


def _change(body: JsonObject) -> list[str]:
    card = body.get("card")
    preview = card.get("preview") if isinstance(card, dict) else None
    if not isinstance(preview, dict):
        return []
    return [
        f"{name}: {preview[name]}"
        for name in ("statement", "before", "after", "undo")
        if preview.get(name)
    ]


def _effect(body: JsonObject) -> str:
    error = f": {body['error']}" if body.get("error") else ""
    return f"{body.get('state')} at {_when(body)}{error}"


def _when(body: JsonObject) -> str:
    """Return a time to the second: `2026-11-26 00:45:31 UTC`."""
    at = str(body.get("at", ""))
    return f"{at[:19].replace('T', ' ')} UTC" if at.endswith("+00:00") else at


def _seen(body: JsonObject) -> str:
    return (
        f"{body.get('status')} in {body.get('seconds', 0)} s, {body.get('trust')} output: "
        f"{body.get('summary')}"
    )
