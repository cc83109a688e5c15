"""What must hold of a world, however often its process was killed."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from checkpoints.effects import LEGAL
from checkpoints.store import Store, open_store
from tests.torture.place import Place
from tools.contract import EffectRecord, EffectState
from tools.records import LedgerEntry

RUNS = ("work", "break", "fork")
IRREVERSIBLE = "send"
KINDS = (
    "duplicate",
    "loss",
    "chain",
    "approval",
    "content",
    "order",
    "unsettled",
    "again",
    "fault",
)
"""An effect too many or too few, a broken ledger, an answer lost or misused, another world, a state
of an effect that may not follow, something left open, a second recovery that does something, and a
process that fails.
"""


@dataclass(frozen=True, slots=True)
class Violation:
    """Something that must not be."""

    kind: str
    """One of `KINDS`."""
    what: str


@dataclass(frozen=True, slots=True)
class Account:
    """How a world stands, in words that are the same after a crash."""

    acts: Counter[str]
    """Everything ever done to the world, and how often."""
    standing: dict[str, str]
    """Files, lines, rows and messages as they are now."""
    runs: dict[str, str]
    effects: Counter[str]
    """What the journal holds; without sendings that never happened."""


def account_of(place: Place) -> Account:
    """Look at the world and at what the store remembers of it."""
    with open_store(place.store) as store:
        return _account(place, store)


def _account(place: Place, store: Store) -> Account:
    rows, history = place.bookings()
    lines, posts = place.lines(), place.posts()
    acts = [f"line {line.split()[0].removeprefix('-')}" for line in lines]
    acts += [f"row {text}" for text in history]
    acts += [f"{post['tool']} {post['text']}" for post in posts]
    standing = {f"file {path.name}": path.read_text() for path in place.files.iterdir()}
    standing |= {f"line {line.split()[0]}": "" for line in lines}
    standing |= {f"row {text}": "" for text in rows}
    standing |= {f"{post['tool']} {post['text']}": post.get("gone", "") for post in posts}
    effects = [_told(record) for run in RUNS for record in store.journal.of_run(run)]
    return Account(
        acts=Counter(acts),
        standing=standing,
        runs={info.run: info.status for info in store.runs.all()},
        effects=Counter(text for text in effects if text),
    )


def _told(record: EffectRecord) -> str:
    """Return an effect in words; nothing for one that a person said did not happen."""
    if record.action.tool == IRREVERSIBLE and record.state == "failed":
        return ""
    return f"{record.run} {record.action.tool} {record.action.args} {record.state}"


def check(place: Place, expected: Account) -> tuple[list[Violation], int]:
    """Return what does not hold in a world, and how often it was asked about a doubt.

    Args:
        place: The world, with nobody at work in it.
        expected: An equal one in which nothing was killed.
    """
    with open_store(place.store) as store:
        entries = store.ledger.entries()
        found = [
            *_counts(_account(place, store), expected),
            *(Violation("chain", problem) for problem in store.ledger.verify().problems),
            *_approvals(place, entries),
            *_orders(entries),
            *_rest(store),
        ]
    doubts = sum(entry.body.get("kind") == "doubt" for entry in entries if entry.kind == "review")
    return found, doubts


def _counts(found: Account, expected: Account) -> Iterator[Violation]:
    for act, times in (found.acts - expected.acts).items():
        yield Violation("duplicate", f"{act}: {times} too many")
    for act, times in (expected.acts - found.acts).items():
        yield Violation("loss", f"{act}: {times} too few")
    for name in ("standing", "runs", "effects"):
        has, wants = getattr(found, name), getattr(expected, name)
        if has != wants:
            parts = {key: (wants.get(key), has.get(key)) for key in {*has, *wants}}
            apart = {key: pair for key, pair in parts.items() if pair[0] != pair[1]}
            yield Violation("content", f"{name}, as it should be and as it is: {apart}")


def _approvals(place: Place, entries: Sequence[LedgerEntry]) -> Iterator[Violation]:
    """No answer is lost, given twice, or taken for another question."""
    asked = {entry.subject: entry for entry in entries if entry.kind == "review"}
    answers = Counter(entry.subject for entry in entries if entry.kind == "answer")
    kept = Counter(place.answered())
    for review in kept - answers:
        yield Violation("approval", f"the answer to {review} was lost or asked for again")
    for review in asked:
        if answers[review] != 1:
            yield Violation("approval", f"{review} was answered {answers[review]} times")
    for action, times in _askings(entries).items():
        if times != 1:
            yield Violation("approval", f"{action} was asked about {times} times")
    yield from _misused(asked, entries)


def _misused(
    asked: Mapping[str, LedgerEntry], entries: Sequence[LedgerEntry]
) -> Iterator[Violation]:
    """An answer clears the action that it was given for, and no other."""
    for entry in entries:
        question = asked.get(str(entry.body.get("review", ""))) if entry.kind == "gate" else None
        if question is None or entry.body["gate"] != "cleared":
            continue
        same = question.body["action_hash"] == entry.body["action_hash"]
        if not same or question.body["key"] != entry.subject:
            yield Violation("approval", f"{question.subject} cleared {entry.subject}")


def _askings(entries: Sequence[LedgerEntry]) -> Counter[str]:
    """Count how often each action was asked about, less the times when it had not happened."""
    found: Counter[str] = Counter()
    kinds = {entry.subject: entry.body for entry in entries if entry.kind == "review"}
    for entry in entries:
        body = kinds.get(entry.subject, {})
        action = f"{entry.run} {body.get('action_hash')}"
        if entry.kind == "review" and body.get("kind") == "action":
            found[action] += 1
        elif entry.kind == "answer" and body.get("kind") == "doubt":
            found[action] -= entry.body["decision"] == "reject"
    return found


def _orders(entries: Sequence[LedgerEntry]) -> Iterator[Violation]:
    """Each effect was intended first, once, and what a person must allow was allowed before."""
    before: dict[str, EffectState] = {}
    allowed: set[str] = set()
    for entry in entries:
        if entry.kind == "answer" and entry.body["decision"] == "approve":
            allowed.add(f"{entry.body['key']} {entry.body['reviewed_hash']}")
        if entry.kind != "effect" or entry.run not in RUNS:
            continue
        state: EffectState = entry.body["state"]  # type: ignore[assignment]  # the journal's own
        known = before.get(entry.subject)
        legal = state == "intended" if known is None else state in LEGAL[known]
        before[entry.subject] = state
        if not legal:
            yield Violation("order", f"{entry.subject} became {state} after {known}")
        action = entry.body.get("action")
        asks = isinstance(action, dict) and action["tool"] in {"send", "take"}
        if asks and f"{entry.subject} {entry.body['action_hash']}" not in allowed:
            yield Violation("approval", f"{entry.subject} began before it was allowed")


def _rest(store: Store) -> Iterator[Violation]:
    """Nothing is left open: no effect, no question, no hold on a run."""
    for run in RUNS:
        for record in store.journal.of_run(run):
            if record.state not in {"applied", "undone", "failed"}:
                yield Violation("unsettled", f"{record.key} is {record.state}")
        if store.leases.is_held(run):
            yield Violation("unsettled", f"{run} is held")
        for review in store.reviews.waiting(run):
            yield Violation("unsettled", f"{review.id} waits")
