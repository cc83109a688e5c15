"""The card of a question: six answers that a person needs before saying yes."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from pydantic import JsonValue

from graphs.cli.live import plan_rows
from graphs.cli.printing import Printer
from graphs.render.text import action_text, bytes_text, line, origin_text, told
from tools.contract import JsonObject
from tools.records import LedgerEntry, Review

_TROUBLES = frozenset({"stuck", "loop", "limit"})
"""Questions about the run itself, not about an action."""


def show_card(printer: Printer, review: Review, untrusted: Iterable[str]) -> None:
    """Print the card of a question.

    Args:
        printer: Where it goes.
        review: The question.
        untrusted: What `untrusted_inputs` found.
    """
    printer.say()
    printer.say(f"A question: {review.title}", "bold yellow")
    printer.say(f"{review.id}, run {review.run}, step {review.step}, {review.state}", "dim")
    if review.kind == "plan":
        _plan(printer, review)
    elif review.kind in _TROUBLES:
        _trouble(printer, review.card)
    else:
        _change(printer, review.card)
    _options(printer, review)
    _answer(printer, "Taken for facts", _facts_told(review.card.get("claims")))
    _answer(printer, "Why", [str(review.card.get("reasoning", "")), f"Asked because: {review.why}"])
    if review.kind not in _TROUBLES:
        _answer(printer, "How sure", [_sure(review.card)])
        _answer(printer, "If it is wrong", [_if_wrong(review)])
        _answer(printer, "Read, and not trusted", list(untrusted) or ["nothing"])
    _answer(printer, "The offer", [_offer(review)])


def _answer(printer: Printer, question: str, lines: Iterable[str]) -> None:
    """Print a question and its answer; nothing when there is none."""
    answer = [text for text in lines if text.strip()]
    if answer:
        printer.say(question, "bold", indent=2)
    for text in answer:
        printer.say(text, indent=4)


def _plan(printer: Printer, review: Review) -> None:
    plan = review.card.get("plan")
    _answer(printer, "What is to be done", [str(review.card.get("objective", ""))])
    if isinstance(plan, Mapping):
        printer.table(("", "step", "after", "may call"), plan_rows(plan))
        _answer(printer, "The planner's reason", [str(plan.get("rationale", ""))])


def _change(printer: Printer, card: JsonObject) -> None:
    preview = card.get("preview")
    found = preview if isinstance(preview, dict) else {}
    args = card.get("args")
    action = action_text(str(card.get("tool", "")), args if isinstance(args, dict) else {})
    _answer(printer, "What changes", [action if found.get("statement") else "", _facts(found)])
    for text in str(found.get("statement") or action).splitlines():
        printer.say(text, _diff_style(text), indent=4)
    _versions(printer, found)


def _trouble(printer: Printer, card: JsonObject) -> None:
    """Print what a run has come to: what it was to reach, the circle, what was tried."""
    tried = card.get("tried")
    _answer(
        printer, "What is wanted", [str(card.get(name, "")) for name in ("objective", "expected")]
    )
    _answer(printer, "The circle", str(card.get("cycle", "")).splitlines())
    _answer(
        printer, "Tried so far", [line(one) for one in tried] if isinstance(tried, list) else []
    )


def _facts_told(claims: JsonValue) -> list[str]:
    """Return what the decision takes for facts, and where each of them stands."""
    listed = claims if isinstance(claims, list) else []
    return [_fact_told(one) for one in listed if isinstance(one, dict)]


def _fact_told(claim: JsonObject) -> str:
    spans = claim.get("spans")
    listed = spans if isinstance(spans, list) else []
    places = [str(one.get("origin")) for one in listed if isinstance(one, dict)]
    where = f"stands in {', '.join(places)}" if claim.get("supported") else "stands nowhere"
    return f"{line(claim.get('statement'))} ({where})"


def _options(printer: Printer, review: Review) -> None:
    """Print what each answer would do, where the question says so."""
    said = {name: review.card.get(name) for name in review.allowed}
    _answer(printer, "Answers", [f"{name}: {text}" for name, text in said.items() if text])


def _versions(printer: Printer, preview: JsonObject) -> None:
    """Print what is there before and after; once when it is the same."""
    before, after = str(preview.get("before") or ""), str(preview.get("after") or "")
    shows = str(preview.get("shows") or "")
    if before == after:
        if before:
            _answer(printer, f"{shows} before and after".strip().capitalize(), [before])
        return
    for name, text in (("before", before), ("after", after)):
        if text:
            _answer(printer, f"{shows} {name}".strip().capitalize(), [text])


def _diff_style(text: str) -> str:
    return {"+": "green", "-": "red", "@": "cyan"}.get(text[:1], "")


def _facts(preview: JsonObject) -> str:
    """Return size, rows and other figures on one line."""
    facts = preview.get("facts")
    return (
        ", ".join(_fact(name, value) for name, value in facts.items())
        if isinstance(facts, dict)
        else ""
    )


def _fact(name: str, value: JsonValue) -> str:
    if name.endswith("_bytes") and isinstance(value, int | float):
        return f"{name.removesuffix('_bytes')} about {bytes_text(value)}"
    shown = f"{value:,}" if isinstance(value, int | float) else told(value)
    return f"{name.replace('_', ' ')} {shown}"


def _sure(card: JsonObject) -> str:
    certain = card.get("confidence")
    share = f"{certain:.0%}" if isinstance(certain, int | float) else "not said"
    alternatives = card.get("alternatives")
    instead = [
        f"{line(item.get('option'))} (not chosen: {line(item.get('why_not'))})"
        for item in (alternatives if isinstance(alternatives, list) else [])
        if isinstance(item, dict)
    ]
    other = f" Considered instead: {'; '.join(instead)}." if instead else ""
    return f"{share}, says {origin_text(card.get('origin', 'the planner'))}.{other}"


def _if_wrong(review: Review) -> str:
    if review.kind == "plan":
        return "Nothing has run yet; every action is still judged by the policy on its own."
    if review.kind == "doubt":
        return "The agent goes on from a wrong idea of the world; look before you answer."
    preview = review.card.get("preview")
    undo = str(preview.get("undo", "")) if isinstance(preview, dict) else ""
    if review.card.get("effect") == "reversible":
        return f"It can be undone. {undo}"
    return f"It cannot be undone. {undo}".strip()


def _offer(review: Review) -> str:
    left = review.expires_at - datetime.now(UTC)
    until = f"{review.expires_at:%Y-%m-%d %H:%M} UTC"
    if left.total_seconds() <= 0:
        return f"expired at {until}"
    hours = left.total_seconds() / 3600
    span = f"{hours:.0f} hours" if hours < 48 else f"{hours / 24:.0f} days"  # noqa: PLR2004  # two days read better as hours
    covers = "; it covers exactly this action" if review.action else ""
    return f"expires at {until}, in {span}{covers}"


def untrusted_inputs(review: Review, entries: Iterable[LedgerEntry]) -> list[str]:
    """Return what the decision rests on that an outsider could have written.

    Args:
        review: The question.
        entries: The run's ledger.
    """
    evidence = review.card.get("evidence")
    steps = [str(item) for item in evidence] if isinstance(evidence, list) else []
    found = {
        f"{entry.body.get('tool')} ({entry.subject.split('/')[-2]}): its output can hold text that "
        "somebody else wrote"
        for entry in entries
        if entry.kind == "observation"
        and entry.body.get("trust") == "untrusted"
        and entry.subject.split("/")[-2] in steps
    }
    values, origins = review.card.get("untrusted"), review.card.get("origins")
    for value in values if isinstance(values, list) else []:
        read = origins.get(str(value)) if isinstance(origins, dict) else ""
        where = f"; it was read by {read}" if read else "; nothing that was read holds it"
        found.add(f"{value!r}, an argument of the action itself, has no trusted origin{where}")
    return sorted(found)
