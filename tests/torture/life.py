"""One life of the agent: what it is to do in a world, again and again, until nothing is left to do.

Whoever starts a life goes on with whatever is there: that is the whole of recovery.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from checkpoints.limits import Retention
from checkpoints.retention import prune
from checkpoints.store import Store, open_store
from graphs.assembly import assemble
from graphs.domain import Domain
from graphs.session import Agent, Run
from graphs.settings import Settings
from nodes.context import Examination, PlanRequest, Situation
from nodes.state import Boundaries, Check, Decision, Plan, Step
from tests.torture.acts import Passes, acts
from tests.torture.place import Place
from tools.contract import Action, Clock, EffectRecord, JsonObject
from tools.errors import SurefootError
from tools.policy import Policy
from tools.records import AnswerKind, Review
from tools.toolbox import Toolbox

POLICY = """
[[rules]]
id = "free"
tool = ["note", "put", "book", "post", "publish"]
verdict = "allow"

[[rules]]
id = "asked"
tool = ["take", "send"]
verdict = "ask"
reason = "A person decides."
"""

Lines = Mapping[str, Sequence[Action]]
"""What each step does, in order."""


def _act(tool: str, text: str, name: str = "") -> Action:
    return Action(tool=tool, args={"name": name, "text": text} if name else {"text": text})


WORK: Lines = {
    "write": (
        _act("note", "first"),
        _act("put", "useless", name="a"),
        _act("put", "goal", name="a"),
        _act("note", "second"),
    ),
    "book": (_act("book", "debit"), _act("book", "credit")),
    "tell": (_act("post", "hello"), _act("publish", "news")),
    "mail": (_act("send", "invoice"),),
    "tidy": (Action(tool="take", args={"name": "b"}),),
}
"""Three steps side by side; one act does not help; then two questions at the same time."""
BREAK: Lines = {
    "begin": (_act("note", "third"), _act("book", "fee")),
    "break": (_act("post", "sorry"), _act("put", "broken", name="keep")),
}
"""The last act breaks a constraint, so its step is taken back and the run fails."""
ANOTHER_WAY: Lines = {
    "begin": (_act("note", "third"), _act("book", "refund")),
    "break": (_act("publish", "mended"), _act("put", "other", name="c")),
}
"""What a fork of that run does from before the fee, which is undone."""
NEEDS = {"mail": ("write", "book", "tell"), "tidy": ("write", "book", "tell"), "break": ("begin",)}
OBJECTIVES = {"Work": WORK, "Break": BREAK}


@dataclass(frozen=True, slots=True)
class Mind:
    """Does line after line; one that came to nothing is done again, one that did harm is not."""

    def plan(self, request: PlanRequest) -> Plan | None:
        if request.failed or request.problems:
            return None
        lines = OBJECTIVES[request.goal.objective]
        steps = [
            Step(
                id=name,
                title=name,
                tools=tuple(dict.fromkeys(act.tool for act in OPTIONS[name])),
                needs=NEEDS.get(name, ()),
            )
            for name in lines
        ]
        return Plan(steps=tuple(steps))

    def decide(self, situation: Situation) -> Decision:
        forked = situation.run == "fork"
        lines = ANOTHER_WAY if forked else OBJECTIVES[situation.goal.objective]
        for action in lines[situation.step.id]:
            came = situation.tried.get(action.hash[:16], "")
            if not came or came.startswith("transient"):
                return Decision(kind="act", action=action, reasoning="next", confidence=0.9)
        return Decision(kind="done", reasoning="as written", confidence=1.0)


OPTIONS = {
    name: [act for lines in (WORK, BREAK, ANOTHER_WAY) for act in lines.get(name, ())]
    for name in (*WORK, *BREAK)
}
"""What a step may have to do in one run or another."""


@dataclass(frozen=True, slots=True)
class Checks:
    """`keep` stays as it was; no text is useless; something was written in the end."""

    place: Place

    def baseline(self) -> JsonObject:
        return {"keep": (self.place.files / "keep").read_text()}

    def _keep(self, baseline: JsonObject) -> Check:
        holds = self.baseline() == baseline
        return Check(name="keep", kind="constraint", holds=holds, detail="keep is as it was")

    def examine(
        self,
        baseline: JsonObject,
        before: JsonObject,
        fresh: Sequence[EffectRecord],
        *,
        standing: Callable[[], Sequence[EffectRecord]],
    ) -> Examination:
        helps = [
            Check(
                name="helps",
                kind="expectation",
                holds=record.action.args.get("text") != "useless",
                detail="it helps",
                key=record.key,
            )
            for record in fresh
        ]
        return Examination(checks=(self._keep(baseline), *helps), measured={})

    def conclude(self, baseline: JsonObject, kept: Sequence[EffectRecord]) -> Examination:
        done = any((self.place.files / name).exists() for name in ("a", "c"))
        success = Check(name="done", kind="success", holds=done, detail="something was written")
        return Examination(checks=(self._keep(baseline), success), measured={})


def now() -> datetime:
    """Return the present."""
    return datetime.now(UTC)


def agent_of(store: Store, place: Place, passes: Passes, clock: Clock = now) -> Agent:
    """Assemble the agent of a world."""
    domain = Domain(
        name="shelf",
        tools=Toolbox(acts(place, passes)),
        policy=Policy.from_toml(POLICY, source="torture"),
        checks=Checks(place),
        planner=Mind(),
        decider=Mind(),
        boundaries=Boundaries(),
        settings={},
    )
    return assemble(domain, store, settings=Settings(reviewer="ada"), clock=clock)


def _finish(run: Run, place: Place) -> None:
    """Advance a run to its end, and answer on the way what it asks."""
    run.resume()
    for _ in range(10):
        if run.status != "waiting":
            return
        for review in run.pending:
            run.answer(_answer(review, place), review.id, resume=False)
            place.note_answer(review.id)
        run.resume()
    raise SurefootError(f"Run {run.id!r} asks without end.")


def _answer(review: Review, place: Place) -> AnswerKind:
    """Say yes; of something in doubt say what the server knows."""
    if review.kind != "doubt":
        return "approve"
    return "approve" if place.posts(review.key) else "reject"


def _begun(agent: Agent, run: str, objective: str) -> Run:
    known = agent.store.runs.find(run) is not None
    return agent.open(run) if known else agent.begin(objective, run_id=run)


def _migrate(agent: Agent, place: Place) -> None:
    """Opening the store has done it."""


def _work(agent: Agent, place: Place) -> None:
    _finish(_begun(agent, "work", "Work"), place)


def _break(agent: Agent, place: Place) -> None:
    _finish(_begun(agent, "break", "Break"), place)


def _fork(agent: Agent, place: Place) -> None:
    if agent.store.runs.find("fork") is None:
        agent.open("break").fork("begin.2", undo=True, run_id="fork")
    _finish(agent.open("fork"), place)


def _undo(agent: Agent, place: Place) -> None:
    for run in ("fork", "break", "work"):
        agent.open(run).undo()


def _prune(agent: Agent, place: Place) -> None:
    limits, present = Retention(max_runs=0), agent.context.clock()
    prune(agent.store, limits, now=present, by="ada", dry_run=False)


STAGES: Mapping[str, Callable[[Agent, Place], None]] = {
    "migrate": _migrate,
    "work": _work,
    "break": _break,
    "fork": _fork,
    "undo": _undo,
    "prune": _prune,
}
"""What a life consists of, in this order; each is harmless when it was done before."""


def live(
    place: Place, stages: Sequence[str], passes: Passes, *, clock: Clock = now, times: int = 1
) -> list[str]:
    """Do these stages so many times, and return the newest entry of the ledger after each."""
    heads = []
    with open_store(place.store, clock=clock) as store:
        agent = agent_of(store, place, passes, clock)
        for _ in range(times):
            for stage in stages:
                STAGES[stage](agent, place)
            heads += [store.ledger.verify().head] if times > 1 else []
    return heads
