"""What a run may stand on: read from the ledger, which no state can forge, and only when needed.

A process reads each entry of a run once. What it keeps of it is bounded: a value that falls out is
no longer proof, so that a person is asked once more.
"""

import re
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import NamedTuple

from pydantic import JsonValue

from nodes.claims import Source
from nodes.guards.forms import forms_of, numbers_in
from nodes.guards.grounding import Grounds, texts
from tools.contract import Action, JsonObject, Observation, Tool
from tools.errors import ToolFault
from tools.records import EVERY_ENTRY, LedgerEntry, Memory, Review
from tools.toolbox import Toolbox

MAX_FORMS = 20_000
MAX_NUMBERS = 500
MAX_SOURCE_CHARACTERS = 400_000
MAX_RUNS = 64
MAX_ANSWERED = 64
MAX_SEEN = 100
"""Newest observations in which claims are looked up."""
CLAIM_CHARACTERS = 200_000
"""Of each of them."""
CLAIMS_CHARACTERS = 1_000_000
"""Of all of them together, the newest first."""
NAMED_CHARACTERS = 3
"""A shorter argument names no place."""


class Seen(NamedTuple):
    """One thing that was read."""

    observation: Observation
    place: str
    own: str
    """What the agent itself said to get it."""
    ours: bool
    """Whether the run itself has written there."""


@dataclass(slots=True)
class Read:
    """What was read of one run."""

    seq: int = 0
    granted: tuple[str, ...] = ()
    follows: tuple[str, ...] = ()
    trusted: dict[str, None] = field(default_factory=dict)
    endorsed: dict[str, None] = field(default_factory=dict)
    numbers: deque[float] = field(default_factory=lambda: deque(maxlen=MAX_NUMBERS))
    sources: deque[str] = field(default_factory=deque)
    decided: dict[str, JsonObject] = field(default_factory=dict)
    """Arguments of actions whose outcome is still to come, by key."""
    rejected: deque[Action] = field(default_factory=lambda: deque(maxlen=MAX_ANSWERED))
    approved: dict[tuple[str, str], str] = field(default_factory=dict)
    """Action hash and target to the question that was answered with yes."""
    seen: deque[Seen] = field(default_factory=lambda: deque(maxlen=MAX_SEEN))
    wrote: set[str] = field(default_factory=set)
    """Places that the run itself has written: reading them again shows nothing new."""


class Evidence:
    """Reads the ledger for the gate; one for each agent of a process, usable from any thread."""

    def __init__(self, memory: Memory, tools: Toolbox, principals: Sequence[str] = ()) -> None:
        self._memory = memory
        self._tools = tools
        self._principals = frozenset(form for one in principals for form in forms_of(one))
        self._runs: dict[str, Read] = {}
        self._lock = Lock()

    def grounds(self, run: str, words: Sequence[str]) -> Grounds:
        """Return what the values of an action of this run may stand on.

        Args:
            run: The run.
            words: What people said.
        """
        with self._lock:
            read = self._read(run, words)
            return Grounds(
                words=tuple(words),
                trusted=frozenset(read.trusted) | self._principals,
                endorsed=frozenset(read.endorsed),
                numbers=tuple(read.numbers),
                sources=tuple(read.sources),
            )

    def granted(self, run: str) -> tuple[str, ...]:
        """Return the tools whose actions the goal allows beforehand, as globs."""
        with self._lock:
            return self._read(run, ()).granted

    def follows(self, run: str) -> tuple[str, ...]:
        """Return the tools with which instructions of a named text may be followed, as globs."""
        with self._lock:
            return self._read(run, ()).follows

    def rejected(self, run: str) -> tuple[Action, ...]:
        """Return what people rejected in this run."""
        with self._lock:
            return tuple(self._read(run, ()).rejected)

    def approval(self, run: str, action_hash: str, target: str) -> str:
        """Return the question at which a person approved exactly this, on the same world."""
        with self._lock:
            return self._read(run, ()).approved.get((action_hash, target), "")

    def sources(self, run: str, *, whole: bool = False) -> list[Source]:
        """Return what the run has read, for claims to be looked up in.

        Args:
            run: The run.
            whole: All of it, what models said included: that is nothing to look claims up in.
        """
        with self._lock:
            seen = list(self._read(run, ()).seen)
        found, left = [], CLAIMS_CHARACTERS
        for one, place, own, ours in reversed(seen):
            found.append(
                Source(one.key, place, one.trust, self._told(one, whole=whole)[:left], own, ours)
            )
            left -= len(found[-1].text)
            if left <= 0:
                break
        return found[::-1]

    def _told(self, seen: Observation, *, whole: bool) -> str:
        """Return what was read as one text: the result, or how it failed."""
        if not seen.artifact:
            return seen.summary[:CLAIM_CHARACTERS]
        tool, result = self._tools.get(seen.tool), self._result(seen)
        paths = ("*",) if whole or tool is None else sorted(tool.evidence)
        told = "\n".join(one for path in paths for one in at(result, path))
        return told[:CLAIM_CHARACTERS]

    def origin(self, run: str, value: str) -> str:
        """Say where a value was read, e.g. `look/2 (read_file)`; empty when nowhere.

        Looks through everything that the run has seen: for a question, not for each decision.
        """
        for entry in self._memory.ledger.entries(run, limit=EVERY_ENTRY):
            if entry.kind == "observation" and value in self._text(entry):
                step, ordinal = entry.subject.rsplit("/", 2)[-2:]
                return f"{step}.{ordinal} ({entry.body.get('tool')})"
        return ""

    def _text(self, entry: LedgerEntry) -> str:
        return "\n".join(texts(self._result(Observation.model_validate(_bare(entry.body)))))

    def _read(self, run: str, words: Sequence[str]) -> Read:
        read = self._runs.pop(run, None) or Read()
        self._runs[run] = read
        while len(self._runs) > MAX_RUNS:
            del self._runs[next(iter(self._runs))]
        while entries := self._memory.ledger.entries(run, after=read.seq):
            for entry in entries:
                self._take(read, entry, words)
            read.seq = entries[-1].seq
        return read

    def _take(self, read: Read, entry: LedgerEntry, words: Sequence[str]) -> None:
        match entry.kind:
            case "goal":
                goal = entry.body.get("goal")
                read.granted, read.follows = _globs(goal, "grants"), _globs(goal, "follows")
            case "decision":
                action = entry.body.get("action")
                args = action.get("args") if isinstance(action, dict) else None
                read.decided[entry.subject] = args if isinstance(args, dict) else {}
            case "observation":
                self._observe(read, entry, words)
            case "answer":
                self._hear(read, self._memory.reviews.get(entry.subject))

    def _observe(self, read: Read, entry: LedgerEntry, words: Sequence[str]) -> None:
        """Take what no outsider can have written, and what was read where people said."""
        seen = Observation.model_validate(_bare(entry.body))
        args = read.decided.pop(entry.subject, {})
        tool = self._tools.get(seen.tool)
        if tool is not None:
            _note(read, seen, _place(tool, args), args)
        if tool is None or seen.status != "ok":
            return
        result = self._result(seen)
        whole = ("*",) if tool.output_trust == "trusted" else ()
        for path in (*whole, *sorted(tool.trusted_fields)):
            for value in at(result, path):
                _keep(read.trusted, forms_of(value))
                read.numbers.extend(numbers_in(value)[:1])
        if _is_named(args, words, read):
            read.sources.append("\n".join(texts(result))[:MAX_SOURCE_CHARACTERS])
            while sum(map(len, read.sources)) > MAX_SOURCE_CHARACTERS:
                read.sources.popleft()

    def _result(self, seen: Observation) -> JsonValue:
        try:
            return self._memory.artifacts.get(seen.artifact) if seen.artifact else None
        except KeyError:
            return None

    def _hear(self, read: Read, review: Review) -> None:
        """Take the authority values of an action that a person approved as it stands."""
        answer, action = review.answer, review.action
        if review.kind != "action" or answer is None or action is None:
            return
        if answer.decision == "reject":
            read.rejected.append(action)
        if answer.decision == "approve":
            self._approve(read, action)
            read.approved[(review.action_hash, review.target)] = review.id
            while len(read.approved) > MAX_ANSWERED:
                del read.approved[next(iter(read.approved))]
        elif answer.decision == "edit" and answer.args is not None:
            self._approve(read, action.model_copy(update={"args": answer.args}))

    def _approve(self, read: Read, action: Action) -> None:
        tool = self._tools.get(action.tool)
        for name in tool.authority if tool else ():
            for value in texts(action.args.get(name)):
                _keep(read.endorsed, forms_of(value))


def _globs(goal: JsonValue, name: str) -> tuple[str, ...]:
    listed = goal.get(name) if isinstance(goal, dict) else None
    return tuple(map(str, listed)) if isinstance(listed, list) else ()


def at(value: JsonValue, path: str) -> Iterator[str]:
    """Yield the texts at a dotted path; `*` stands for each item, and alone for everything."""
    head, _, rest = path.partition(".")
    if head == "*" and not rest:
        yield from texts(value)
    elif head == "*":
        items = value if isinstance(value, list) else []
        for item in value.values() if isinstance(value, dict) else items:
            yield from at(item, rest)
    elif isinstance(value, dict) and head in value:
        yield from at(value[head], rest) if rest else texts(value[head])


def _is_named(args: JsonObject, words: Sequence[str], read: Read) -> bool:
    """Tell whether people named the place that was read: each text among its arguments."""
    names = [value for value in args.values() if isinstance(value, str) and value]
    return bool(names) and all(_names(name, words, read) for name in names)


def _note(read: Read, seen: Observation, place: str, args: JsonObject) -> None:
    """Note what was read and where, and whether the run itself has written there."""
    names = place.split(", ")
    if seen.effect != "read":
        read.wrote.update(names)
    own = "\n".join(texts(args))[:CLAIM_CHARACTERS]
    read.seen.append(Seen(seen, place, own, not read.wrote.isdisjoint(names)))


def _place(tool: Tool, args: JsonObject) -> str:
    """Return where a tool has read; its name when it cannot tell any more."""
    try:
        return ", ".join(sorted(tool.resources(args))) or tool.name
    except (ToolFault, KeyError, ValueError):
        return tool.name


def _names(name: str, words: Sequence[str], read: Read) -> bool:
    if any(form in read.endorsed for form in forms_of(name)):
        return True
    exact = rf"(?<!\w){re.escape(name)}(?!\w)"
    return len(name) >= NAMED_CHARACTERS and any(re.search(exact, text) for text in words)


def _keep(kept: dict[str, None], forms: frozenset[str]) -> None:
    for form in forms:
        kept.pop(form, None)
        kept[form] = None
    while len(kept) > MAX_FORMS:
        del kept[next(iter(kept))]


def _bare(body: JsonObject) -> JsonObject:
    known = Observation.model_fields
    return {name: value for name, value in body.items() if name in known}
