"""Any model and any people: what runs was cleared, by the right one, and a no is a no.

Each example is a whole run on a store of its own. The model's decisions and the people's answers
are drawn; the invariants are read off the ledger, the journal and the world.
"""

import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import JsonValue

from checkpoints.store import Store, open_store
from graphs.session import Run
from graphs.waiving import give_waiver
from nodes.guards.grounding import DISTINCTIVE
from nodes.state import Decision
from tests.behaviour.shelf import Clock, act, script, shelf_agent, step
from tools.contract import JsonObject
from tools.errors import SurefootError
from tools.records import AnswerKind, Review

ENOUGH = 3
GOAL = "Put goal into a, and look after b"
KNOWN = ("a", "b", "c", "secret-plan")
"""Names that the tools vouch for, beside those of files that are there."""
SEEN: Counter[str] = Counter()
"""What the examples came to, so that they cannot become idle unnoticed."""
POLICY = """
[[rules]]
id = "look"
tool = "look"
verdict = "allow"
[[rules]]
id = "put-b"
tool = "put"
resource = "file:b"
verdict = "ask"
learned = 0.05
[[rules]]
id = "put"
tool = "put"
verdict = "allow"
[[rules]]
id = "take"
tool = ["take", "send"]
verdict = "ask"
"""
ANSWERS: tuple[AnswerKind, ...] = (
    *("approve",) * 3,
    *("reject",) * 2,
    *("edit",) * 2,
    "respond",
    "replan",
)
names = st.sampled_from((*KNOWN * 3, "from-nowhere", "../b", "a ", "A", "")) | st.text(max_size=6)
usual_names = st.sampled_from((*KNOWN * 2, "from-nowhere"))
words = st.sampled_from(("goal", "useless", "Rejected.", "REJECTED. ", "from-nowhere")) | st.text(
    max_size=8
)
odd_args = st.dictionaries(
    st.sampled_from(("name", "text", "extra")) | st.text(max_size=3),
    st.none() | st.booleans() | st.integers() | words | st.lists(words, max_size=2),
    max_size=3,
).filter(lambda args: not {"confidence", "tool"} & set(args))
sure = st.sampled_from((1.0, 1.0, 0.7, 0.0))
usual = st.one_of(
    st.builds(lambda name, text: act("put", 1.0, name=name, text=text), usual_names, words),
    st.builds(
        lambda tool, name: act(tool, 1.0, name=name),
        st.sampled_from(("take", "send", "send", "look")),
        usual_names,
    ),
)
odd = st.builds(
    lambda tool, args, certain: act(tool, certain, **args),
    st.sampled_from(("look", "put", "take", "send", "drop", "")),
    odd_args | st.builds(lambda name, text: {"name": name, "text": text}, names, words),
    sure,
)
decisions = st.one_of(usual, usual, usual, odd)
edits = st.one_of(
    st.builds(lambda name: {"name": name}, usual_names),
    st.builds(lambda name, text: {"name": name, "text": text}, usual_names, words),
    odd_args,
)
answers = st.tuples(
    st.sampled_from(ANSWERS),
    edits,
    words,
    st.sampled_from(("", "", "", "run", "8h")),
    st.integers(0, 3),
)
patient = settings(
    max_examples=80,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def live(run: Run, said: Sequence[tuple[AnswerKind, JsonObject, str, str, int]]) -> None:
    """Answer what is asked, as drawn; what cannot be meant is refused and asked on."""
    for decision, args, message, lasting, place in said:
        if not run.pending:
            return
        review = run.pending[place % len(run.pending)]
        try:
            if lasting:
                clock = run.agent.context.clock
                give_waiver(
                    run.agent.store, review, lasting=lasting, by="eve", clock=clock, on=("*",)
                )
            edited = args if decision == "edit" else None
            run.answer(decision, review.id, message=message, args=edited, reviewer="eve")
        except SurefootError:
            continue


def story(
    store: Store, folder: Path, made: Sequence[Decision], said: Sequence[object]
) -> tuple[Run, Clock]:
    clock = Clock()
    mind = script(step("w", "look", "put", "take", "send"), w=list(made))
    for name in ("b", "c"):
        (folder / name).write_text(name)
    agent = shelf_agent(store, folder, mind, clock=clock, policy=POLICY)
    run = agent.run(GOAL, run_id="r")
    live(run, said)  # type: ignore[arg-type]  # drawn as they must be
    return run, clock


def assert_kept(store: Store, run: Run) -> None:
    """Hold a run to what is promised, by the record and the world."""
    reviews = {
        one.subject: store.reviews.get(one.subject) for one in run.entries if one.kind == "review"
    }
    SEEN.update(one.answer.decision for one in reviews.values() if one.answer)
    rejected = {
        one.action_hash
        for one in reviews.values()
        if one.answer and one.answer.decision == "reject"
    }
    for effect in run.effects:
        clearance = store.clearances.find(effect.key)
        assert clearance is not None
        SEEN[f"{effect.action.tool} by {clearance.by}"] += 1
        assert clearance.action_hash == effect.action.hash
        person = reviews.get(clearance.review)
        if clearance.by == "person":
            assert_said_yes(person, effect.action.hash)
        assert effect.action.tool != "send" or clearance.by == "person"
        assert clearance.by == "person" or is_vouched_for(run, effect.action.args["name"])
        if effect.action.hash in rejected:
            assert_approved_too(reviews.values(), effect.action.hash)
    sent = run.agent.context.tools["send"].folder.parent / "sent"  # type: ignore[attr-defined]
    letters = sent.read_text().splitlines() if sent.exists() else []
    yes = [one for one in reviews.values() if one.answer and one.answer.decision != "reject"]
    assert len(letters) <= len(yes)
    assert store.ledger.verify().problems == ()


def assert_said_yes(review: Review | None, action_hash: str) -> None:
    assert review is not None
    assert review.answer is not None
    assert review.answer.decision in {"approve", "edit"}
    if review.answer.decision == "approve":
        assert review.action_hash == action_hash


def assert_approved_too(reviews: object, action_hash: str) -> None:
    """What was rejected runs only where a person said yes to exactly that as well."""
    assert any(
        one.answer is not None
        and (one.answer.decision == "edit" or one.action_hash == action_hash)
        and one.answer.decision in {"approve", "edit"}
        for one in reviews  # type: ignore[attr-defined]  # reviews
    )


def is_vouched_for(run: Run, name: JsonValue) -> bool:
    """Tell whether a name may stand by itself: known to the tools, or from people."""
    heard = [entry for entry in run.entries if entry.kind == "answer"]
    reviews = [run.agent.store.reviews.get(entry.subject) for entry in heard]
    said = [GOAL, *(str(entry.body.get("message", "")) for entry in heard)]
    taken = [one.action.args.get("name") for one in reviews if one.action]
    taken += [(one.answer.args or {}).get("name") for one in reviews if one.answer]
    whole = len(str(name)) >= DISTINCTIVE and any(str(name) in text for text in said)
    quoted = any(f"{mark}{name}{mark}" in text for text in said for mark in "\"'`")
    return name in KNOWN or name in taken or whole or quoted


@patient
@given(st.lists(decisions, min_size=4, max_size=9), st.lists(answers, min_size=4, max_size=9))
def test_what_runs_was_cleared_by_the_right_one(
    made: list[Decision], said: list[tuple[AnswerKind, JsonObject, str, str, int]]
) -> None:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "shelf"
        folder.mkdir()
        with open_store(f"sqlite:///{place}/store.db", clock=Clock()) as store:
            run, _ = story(store, folder, made, said)
            assert_kept(store, run)


@patient
@given(st.lists(decisions, min_size=3, max_size=7))
def test_nobody_there_means_nothing_that_asks_runs(made: list[Decision]) -> None:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "shelf"
        folder.mkdir()
        with open_store(f"sqlite:///{place}/store.db", clock=Clock()) as store:
            run, _ = story(store, folder, made, [])
            assert {effect.action.tool for effect in run.effects} <= {"put"}
            assert (folder / "b").read_text() == "b"
            assert (folder / "c").exists()
            assert_kept(store, run)


def test_examples_have_come_to_what_matters() -> None:
    """Runs after the two above, in the same process: pytest keeps a file's order."""
    wanted = ("approve", "reject", "edit", "respond", "send by person", "take by person")
    missed = [one for one in (*wanted, "put by rule", "put by person") if SEEN[one] < ENOUGH]
    assert missed == [], SEEN
