"""A run as one table: a row for each decision, across every pause, put together from the ledger."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Literal

from pydantic import JsonValue

from graphs.render.text import action_text, label_of, line
from tools.contract import EffectRecord, EffectState, JsonObject, Record
from tools.records import LedgerEntry

RowKind = Literal[
    "goal", "plan", "action", "end of step", "limit", "degraded", "outcome", "fork", "pruned"
]


class Row(Record):
    """One decision of a run, or one of the few events around the decisions."""

    at: datetime
    label: str
    """`tune.2`, `plan`, or empty for what concerns the whole run."""
    kind: RowKind
    what: str
    why: str = ""
    confidence: float | None = None
    gate: str = ""
    """`cleared`, `waiting`, `again` or `denied`."""
    rule: str = ""
    who: str = ""
    """Who answered the question about it, and how; empty when nobody was asked."""
    waited: float | None = None
    """Seconds that the question waited for its answer."""
    came: str = ""
    """What came of it."""
    seconds: float | None = None
    """Time that the tool took."""
    effect: EffectState | Literal[""] = ""
    """State of its effect now; empty when it has none."""
    key: str = ""
    origin: str = ""
    """Who planned or decided it."""


Bodies = Mapping[str, Sequence[JsonObject]]
"""Bodies of the ledger entries about one decision, by kind, oldest first."""


def unfold(entries: Iterable[LedgerEntry], load: Callable[[str], JsonValue]) -> list[LedgerEntry]:
    """Return entries with the bodies that the ledger keeps as artifacts put back, unless pruned.

    Args:
        entries: Lines of the ledger.
        load: `store.artifacts.get`.
    """
    return [_whole(entry, load) for entry in entries]


def _whole(entry: LedgerEntry, load: Callable[[str], JsonValue]) -> LedgerEntry:
    if set(entry.body) != {"artifact", "bytes"}:
        return entry
    try:
        body = load(str(entry.body["artifact"]))
    except KeyError:
        return entry
    return entry.model_copy(update={"body": body}) if isinstance(body, dict) else entry


def timeline(entries: Iterable[LedgerEntry], effects: Iterable[EffectRecord] = ()) -> list[Row]:
    """Return the rows of one run, oldest first.

    Args:
        entries: The run's ledger.
        effects: Its journal, for the present state of each effect.
    """
    whole = list(entries)
    states = {record.key: record.state for record in effects}
    about = by_key(whole)
    rows: dict[str, Row] = {}
    for entry in whole:
        if entry.kind == "decision":
            row = _decided(entry, about[entry.subject], states.get(entry.subject, ""))
            rows.setdefault(entry.subject, row)
        elif entry.kind in _AROUND:
            rows[f"#{entry.seq}"] = _AROUND[entry.kind](entry, about)
    return list(rows.values())


def by_key(entries: Iterable[LedgerEntry]) -> dict[str, dict[str, list[JsonObject]]]:
    """Return the bodies of the entries about each effect key, by kind, oldest first.

    Reviews and answers are filed under the key that they are about.
    """
    found: dict[str, dict[str, list[JsonObject]]] = {}
    keys: dict[str, str] = {}
    for entry in entries:
        if entry.kind == "review" and "key" in entry.body:
            keys[entry.subject] = str(entry.body["key"])
        key = keys.get(entry.subject, entry.subject)
        body = entry.body | {"at": entry.at.isoformat()}
        found.setdefault(key, {}).setdefault(entry.kind, []).append(body)
    return found


def _decided(entry: LedgerEntry, about: Bodies, state: EffectState | Literal[""]) -> Row:
    body = entry.body
    gate = _last(about, "gate")
    seen = _last(about, "observation")
    certain = body.get("confidence")
    acts = body.get("kind") == "act"
    return Row(
        at=entry.at,
        label=label_of(entry.subject),
        kind="action" if acts else "end of step",
        what=_edited(about) or action_of(body)
        if acts
        else _ENDS.get(str(body.get("kind")), "ended"),
        why=str(body.get("reasoning", "")) if acts else "",
        confidence=float(certain) if acts and isinstance(certain, int | float) else None,
        gate=str(gate.get("gate", "")) if acts else "",
        rule=str(gate.get("rule", "")) if acts else "",
        who=answered(about),
        waited=_waited(about),
        came=_came(about, gate, seen) if acts else str(body.get("reasoning", "")),
        seconds=_number(seen.get("seconds")),
        effect=state or _effect(about),
        key=entry.subject,
        origin=str(body.get("origin", "")),
    )


def _edited(about: Bodies) -> str:
    """Return the action that a person put in the place of the proposed one, if one ran."""
    answer, effect = _last(about, "answer"), about.get("effect", [{}])[0]
    if answer.get("decision") != "edit" or "action" not in effect:
        return ""
    return f"{action_of(effect)} (edited)"


_ENDS = {"done": "done", "give_up": "gives up"}


def action_of(decision: JsonObject) -> str:
    """Return the action of a decision on one line."""
    action = decision.get("action")
    if not isinstance(action, dict):
        return "no action"
    args = action.get("args")
    return action_text(str(action.get("tool", "")), args if isinstance(args, dict) else {})


def answered(about: Bodies) -> str:
    """Return who answered and how: `approved by ada`."""
    said = _last(about, "answer")
    if not said:
        return ""
    kind = str(said.get("decision", ""))
    message = f": {said['message']}" if said.get("message") else ""
    return f"{_SAID.get(kind, kind)} by {said.get('reviewer', '?')}{message}"


_SAID = {
    "approve": "approved",
    "edit": "edited",
    "reject": "rejected",
    "respond": "answered",
    "abort": "run aborted",
    "replan": "another plan asked for",
}


def _waited(about: Bodies) -> float | None:
    """Return the seconds between the newest answer and the question before it."""
    said, asked = _last(about, "answer"), [body for body in about.get("review", ()) if "id" in body]
    if not said or not asked:
        return None
    start, end = (datetime.fromisoformat(str(body["at"])) for body in (asked[-1], said))
    return (end - start).total_seconds()


def _came(about: Bodies, gate: JsonObject, seen: JsonObject) -> str:
    """Say what became of an action, the newest fact first."""
    undo = _last(about, "undo")
    if undo:
        return undo_text(undo)
    checks = [str(check.get("detail", "")) for check in about.get("check", ())]
    if seen:
        ok = "" if seen.get("status") == "ok" else f"{seen.get('status')}: "
        return "; ".join([f"{ok}{seen.get('summary', '')}", *checks])
    if answered(about) and gate.get("gate") == "waiting":
        return "not done"
    if gate.get("gate") == "waiting":
        return f"waits for a person: {gate.get('reason', '')}"
    return str(gate.get("reason", ""))


def undo_text(body: JsonObject) -> str:
    """Return on one line what came of taking an effect back."""
    came, detail = body.get("came"), body.get("detail")
    if came == "undone":
        return f"undone: {body.get('why')}"
    if came in {"gone already", "left alone"}:
        return f"{came}: {detail}"
    return f"not undone: {detail or came}"


def _effect(about: Bodies) -> EffectState | Literal[""]:
    state = _last(about, "effect").get("state", "")
    return state if state in _STATES else ""  # type: ignore[return-value]  # narrowed by the set


_STATES = {"intended", "applied", "failed", "undoing", "undone", "in_doubt"}


def _last(about: Bodies, kind: str) -> JsonObject:
    found = about.get(kind, ())
    return found[-1] if found else {}


def _number(value: JsonValue) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def _goal(entry: LedgerEntry, _: Mapping[str, Bodies]) -> Row:
    goal = entry.body.get("goal")
    words = goal.get("objective", "") if isinstance(goal, dict) else ""
    return Row(at=entry.at, label="", kind="goal", what=str(words))


def _plan(entry: LedgerEntry, about: Mapping[str, Bodies]) -> Row:
    steps = entry.body.get("steps")
    names = (
        [str(step.get("id")) for step in steps or () if isinstance(step, dict)]
        if isinstance(steps, list)
        else []
    )
    return Row(
        at=entry.at,
        label="plan",
        kind="plan",
        what=f"{len(names)} steps: {', '.join(names)}",
        why=str(entry.body.get("rationale", "")),
        who=_plan_answer(entry, about),
        origin=str(entry.body.get("origin", "")),
    )


def _plan_answer(entry: LedgerEntry, about: Mapping[str, Bodies]) -> str:
    """Return who looked at the plan: reviews of plans have keys `run/plan/...`."""
    start = f"{entry.run}/plan/"
    said = [answered(bodies) for key, bodies in about.items() if key.startswith(start)]
    return next((who for who in said if who), "")


def _no_plan(entry: LedgerEntry, _: Mapping[str, Bodies]) -> Row:
    problems = entry.body.get("problems")
    told = "; ".join(map(str, problems)) if isinstance(problems, list) else ""
    what = "plan refused" if entry.kind == "plan_refused" else "no (other) plan"
    return Row(at=entry.at, label="plan", kind="plan", what=what, came=told)


def _limit(entry: LedgerEntry, about: Mapping[str, Bodies]) -> Row:
    if "decision" in entry.body:
        return _allowance(entry, about[entry.subject])
    said = entry.body.get("limit") or entry.body.get("reason", "")
    return Row(at=entry.at, label="", kind="limit", what=f"{entry.kind} reached", came=str(said))


def _allowance(entry: LedgerEntry, about: Bodies) -> Row:
    """Return the row of a soft limit, and of what a person made of it."""
    return Row(
        at=entry.at,
        label="limit",
        kind="limit",
        what=str(_last(about, "review").get("title", "soft limit reached")),
        who=answered(about),
        waited=_waited(about),
        came=allowance_text(entry.body),
    )


def allowance_text(body: JsonObject) -> str:
    """Return on one line how a person changed what models may cost."""
    return f"from {_limits(body.get('before'))} to {_limits(body.get('after'))}"


def _limits(value: JsonValue) -> str:
    """Return limits as people write them; entries of older versions do not have them."""
    limits = value if isinstance(value, dict) else {}
    usd, tokens = _number(limits.get("max_usd")), _number(limits.get("max_tokens"))
    return "?" if usd is None or tokens is None else f"${usd:g} and {tokens:,.0f} tokens"


def _degraded(entry: LedgerEntry, _: Mapping[str, Bodies]) -> Row:
    label = label_of(entry.subject) if "/" in entry.subject else entry.subject
    return Row(at=entry.at, label=label, kind="degraded", what=degraded_text(entry.body))


def degraded_text(body: JsonObject) -> str:
    """Return on one line what took over from a model, and why."""
    return f"{line(body.get('to'))} takes over as {body.get('role')}: {line(body.get('reason'))}"


def _outcome(entry: LedgerEntry, _: Mapping[str, Bodies]) -> Row:
    what, why = str(entry.body.get("outcome", "")), str(entry.body.get("reason", ""))
    return Row(at=entry.at, label="", kind="outcome", what=what, came=why)


def _fork(entry: LedgerEntry, _: Mapping[str, Bodies]) -> Row:
    of, before, by = (line(entry.body.get(name)) for name in ("of", "before", "by"))
    what = f"forked from {of} before {before} by {by}"
    if entry.kind == "forked":
        what = f"{line(entry.subject)} forked before {before} by {by}"
    message = str(entry.body.get("message", ""))
    return Row(at=entry.at, label="", kind="fork", what=what, came=message)


def _pruned(entry: LedgerEntry, _: Mapping[str, Bodies]) -> Row:
    lost = "; it can no longer be undone" if entry.body.get("undo_lost") else ""
    what = f"pruned by {line(entry.body.get('by'))}{lost}"
    return Row(at=entry.at, label="", kind="pruned", what=what, came=str(entry.body.get("why", "")))


_AROUND: Mapping[str, Callable[[LedgerEntry, Mapping[str, Bodies]], Row]] = {
    "goal": _goal,
    "plan": _plan,
    "plan_refused": _no_plan,
    "no_plan": _no_plan,
    "limit": _limit,
    "loop": _limit,
    "degraded": _degraded,
    "outcome": _outcome,
    "fork": _fork,
    "forked": _fork,
    "pruned": _pruned,
}
