"""The rules: start, resume, answer, undo, fork, prune, meddle, each perhaps killed."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
)

from checkpoints.store import Store, open_store
from tests.behaviour.machine import judging
from tests.behaviour.machine.agent import Story
from tests.behaviour.machine.doing import NOW, Order, honest
from tests.behaviour.machine.stories import FUSES, STEPS, stories
from tests.behaviour.machine.world import NAMES, Line, World
from tools.records import Review

LIVING = {"running", "waiting"}
MOST_RUNS = 4
Fuse = tuple[str, int]


class Server:
    """Does orders in processes that may be killed; see `doing.py`."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "tests.behaviour.machine.doing"]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True)

    def does(self, order: Order) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{order.model_dump_json()}\n")
        self._process.stdin.flush()
        told: dict[str, Any] = json.loads(self._process.stdout.readline())
        return told

    def close(self) -> None:
        self._process.communicate()


class Runs(RuleBasedStateMachine):
    """Runs on one store and one world."""

    runs: Bundle[str] = Bundle("runs")
    server: ClassVar[Server]
    seen: ClassVar[Counter[str]] = Counter()
    """How often each thing came of each rule, so that no rule is idle unnoticed."""

    def __init__(self) -> None:
        super().__init__()
        # A killed process leaves what it wrote to the kernel; nothing here needs a disk.
        memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108  # made unique below
        self.root = Path(tempfile.mkdtemp(prefix="surefoot-machine-", dir=memory))
        self.world = World(self.root / "world")
        self.url = self.make_store()
        self.now = NOW
        self.names: list[str] = []
        self.stories: dict[str, Story] = {}
        self.approvals: set[judging.Approval] = set()
        self.troubled: set[str] = set()
        """The runs of which something may have expired or been taken back before it happened."""
        self.done_before: dict[str, list[str]] = {}
        """The steps that were done when a fork began."""
        self.store: Store = open_store(self.url, clock=lambda: self.now)

    def make_store(self) -> str:
        return f"sqlite:///{self.root / 'store.db'}"

    def does(self, do: str, run: str = "", fuse: Fuse = ("", 0), **more: Any) -> Any:
        """Do something in a process of its own; return what came of it, None when nothing did."""
        order = Order(
            url=self.url,
            world=self.world.path,
            now=self.now,
            do=do,
            run=run,
            point=fuse[0],
            number=fuse[1],
            more=more,
        )
        told = self.server.does(order)
        assert "raised" not in told or do == "raw", told["raised"]
        self.seen[f"{do} {next(iter(told))}"] += 1
        return told.get("came")

    @initialize(target=runs, story=stories(), fuse=FUSES)
    def begin(self, story: Story, fuse: Fuse) -> str:
        return self.start(story, fuse)

    @precondition(lambda self: len(self.names) < MOST_RUNS)
    @rule(target=runs, story=stories(), fuse=FUSES)
    def start_another(self, story: Story, fuse: Fuse) -> str:
        return self.start(story, fuse)

    def start(self, story: Story, fuse: Fuse) -> str:
        name = f"r{len(self.names)}"
        self.names.append(name)
        self.stories[name] = story
        self.does("start", name, fuse, story=story.model_dump_json())
        return name

    def resume(self, run: str, fuse: Fuse) -> None:
        self.does("start", run, fuse, story=self.stories[run].model_dump_json())

    @rule(
        run=runs,
        fuse=FUSES,
        which=st.integers(0, 3),
        decision=st.sampled_from(("approve", "approve", "edit", "reject", "abort")),
        name=st.sampled_from(NAMES),
        resume=st.booleans(),
    )
    def answer_some(
        self, run: str, fuse: Fuse, which: int, decision: str, name: str, *, resume: bool
    ) -> None:
        self.answer(run, fuse, which, decision, name, resume=resume)

    def answer(
        self, run: str, fuse: Fuse, which: int, decision: str, name: str, *, resume: bool
    ) -> None:
        asked = self.store.reviews.waiting(run)
        if not asked:
            self.resume(run, fuse)
        else:
            self.say(asked[which % len(asked)], decision, name, fuse, resume=resume)

    @rule(run=runs, fuse=FUSES)
    def approve(self, run: str, fuse: Fuse) -> None:
        self.answer(run, fuse, 0, "approve", "", resume=True)

    def say(
        self, review: Review, decision: str, name: str, fuse: Fuse, *, resume: bool = True
    ) -> None:
        said: dict[str, Any] = {"decision": decision}
        if review.kind == "doubt":
            said["decision"] = honest(self.world, review).decision
        elif review.action is not None and decision in {"approve", "edit"}:
            args: dict[str, Any] = review.action.args
            if decision == "edit":
                said["args"] = args = {"name": name, "text": f"edited {review.id}"}
            self.approvals.add((review.key, args["name"], args["text"]))
        self.seen[f"say {said['decision']} {review.kind}"] += 1
        self.does("answer", review.run, fuse, review=review.id, said=said, resume=resume)

    @rule(run=runs, fuse=FUSES, step=st.sampled_from((None, None, *STEPS)))
    def undo(self, run: str, fuse: Fuse, step: str | None) -> None:
        if not self.store.journal.of_run(run):
            self.resume(run, fuse)
            return
        self.troubled.add(run)
        for item in self.does("undo", run, fuse, step=step) or ():
            self.seen[f"undo {item['outcome']}"] += 1

    @precondition(lambda self: len(self.names) < MOST_RUNS)
    @rule(
        target=runs,
        run=runs,
        fuse=FUSES,
        which=st.integers(0, 5),
        how=st.sampled_from(({}, {"keep_effects": True}, {"keep_effects": True}, {"undo": True})),
    )
    def fork(self, run: str, fuse: Fuse, which: int, how: dict[str, bool]) -> Any:
        entries = self.store.ledger.entries(run)
        decided = [entry.subject for entry in entries if entry.kind == "decision"]
        if not decided:
            self.resume(run, fuse)
            return multiple()
        _, step, ordinal = decided[which % len(decided)].split("/")
        child = f"r{len(self.names)}"
        done = self.does("fork", run, fuse, step=f"{step}.{ordinal}", how=how, child=child)
        if done is None and self.store.runs.find(child) is None:
            return multiple()
        self.names.append(child)
        self.stories[child] = self.stories[run]
        self.done_before[child] = done or []
        return child

    @rule(fuse=FUSES, keep=st.integers(0, 1))
    def prune(self, fuse: Fuse, keep: int) -> None:
        self.does("prune", "", fuse, keep=keep)

    @rule(run=runs, fuse=FUSES, how=st.sampled_from(("none", "new", "stale", "bare", "empty")))
    def meddle(self, run: str, fuse: Fuse, how: str) -> None:
        """Use plain LangGraph on the run, in ways that nobody should."""
        story = self.stories[run].model_dump_json()
        more: dict[str, dict[str, Any]] = {
            "none": {"payload": None},
            "new": {"payload": {"goal": {"objective": story}}},
            "stale": {"resume": {"0" * 32: {"decision": "approve"}}},
            "bare": {"resume": {"decision": "approve", "review": "rv-0000000000"}},
            "empty": {"resume": {}},
        }
        if self.store.runs.find(run) is not None:
            self.does("raw", run, fuse, **more[how])

    @rule(name=st.sampled_from(NAMES))
    def outsider(self, name: str) -> None:
        """Somebody else changes the world."""
        text = f"outside {len(self.world.lines)}"
        self.world.add(Line(did="outside", name=name, text=text, was=self.world.now(name)))

    @rule(days=st.sampled_from((1, 8)))
    def wait(self, days: int) -> None:
        """Time passes; after eight days what was asked has expired."""
        self.now += timedelta(days=days)
        self.troubled |= {*self.names}

    @invariant()
    def agree(self) -> None:
        lines = self.world.lines
        judging.effects_once(lines)
        judging.undone_restored(lines)
        judging.approved_only(lines, self.approvals)
        judging.journal_knows(self.store, lines, self.names)
        assert self.store.ledger.verify().problems == ()
        for line in lines:
            run, _, rest = line.key.partition("/")
            assert rest.split("/")[0] not in self.done_before.get(run, [])

    def teardown(self) -> None:
        try:
            self.settle()
        finally:
            self.store.close()
            shutil.rmtree(self.root)

    def settle(self) -> None:
        """Go on, and say yes to everything, until all runs have ended."""
        for run in self.names:
            if self.store.runs.find(run) is None:
                self.does("start", run, story=self.stories[run].model_dump_json())
        self.approvals |= {tuple(one) for one in self.does("settle", runs=self.names)}
        self.agree()
        for run in self.names:
            info = self.store.runs.get(run)
            assert info.status not in LIVING, info
            self.nothing_lost(run)

    def nothing_lost(self, run: str) -> None:
        """What was decided has happened in the end, unless a person had to allow it and did not."""
        entries = self.store.ledger.entries(run)
        answers = [entry.body for entry in entries if entry.kind == "answer"]
        useless = any(move.useless for step in self.stories[run].steps for move in step.moves)
        if useless or any(body["decision"] == "abort" for body in answers):
            return
        said = {str(body["key"]): body["decision"] for body in answers}
        decided = {
            entry.subject: entry.body["action"]["tool"]  # type: ignore[index, call-overload]  # JSON
            for entry in entries
            if entry.kind == "decision" and entry.body["kind"] == "act"
        }
        # What expired, or was taken back before it began, is told to the decider as not done.
        told = {
            entry.subject: entry.body["status"] for entry in entries if entry.kind == "observation"
        }
        not_done = {key for key, status in told.items() if status not in {"ok", "in_doubt"}}
        assert not not_done or run in self.troubled, told
        allowed = {
            key
            for key, tool in decided.items()
            if said.get(key, tool) in {"put", "approve", "edit"}
        } - not_done
        applied = {line.key for line in self.world.lines if line.key.startswith(f"{run}/")}
        assert applied == allowed, (run, told, said)
        self.seen["whole"] += 1
