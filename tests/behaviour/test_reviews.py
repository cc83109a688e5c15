"""Questions to people: asked once, answered by anyone, bound to exactly one action."""

from pathlib import Path
from typing import Any

import pytest
from langgraph.types import Command

from checkpoints.store import Store, open_store
from graphs.session import Agent, Run
from tests.behaviour.shelf import Clock, Script, act, script, shelf_agent, step
from tools.errors import GraphChanged, UnknownReview


def taker() -> Script:
    return script(step("tidy", "take"), tidy=[act("take", name="b")])


def asking(store: Store, folder: Path, clock: Clock, mind: Script | None = None) -> Run:
    for name in ("b", "c", "secret-plan"):
        (folder / name).write_text(name)
    return shelf_agent(store, folder, mind or taker(), clock=clock).run("Tidy up", run_id="r")


def test_ask_rule_pauses_before_the_effect(store: Store, folder: Path, clock: Clock) -> None:
    run = asking(store, folder, clock)
    assert run.status == "waiting"
    assert (folder / "b").exists()
    assert [review.why for review in run.pending] == ["A person lets files go."]


def test_approval_runs_exactly_that_action(store: Store, folder: Path, clock: Clock) -> None:
    run = asking(store, folder, clock).approve()
    assert not (folder / "b").exists()
    assert (folder / "c").exists()
    assert run.pending == []


def test_approval_is_attributed_on_the_ledger(store: Store, folder: Path, clock: Clock) -> None:
    run = asking(store, folder, clock).approve(reviewer="ada")
    clearance = store.clearances.find("r/tidy/1")
    assert clearance is not None
    assert (clearance.by, clearance.name) == ("person", "ada")
    assert any("ada" in str(entry.body) for entry in run.entries if entry.kind == "answer")


def test_rejection_is_not_proposed_again(store: Store, folder: Path, clock: Clock) -> None:
    mind = script(step("tidy", "take"), tidy=[act("take", name="b"), act("take", name="b")])
    run = asking(store, folder, clock, mind).reject(message="keep it")
    assert (folder / "b").exists()
    assert run.pending == []
    assert any(
        entry.body.get("rule") == "guard:tried" for entry in run.entries if entry.kind == "gate"
    )


def test_words_of_a_reviewer_reach_the_decider(store: Store, folder: Path, clock: Clock) -> None:
    mind = script(step("tidy", "take"), tidy=[act("take", name="b"), act("take", name="c")])
    asking(store, folder, clock, mind).answer("respond", message="take c instead")
    assert any("take c instead" in words for words in mind.seen[-1].messages)


def test_edit_passes_the_policy_again(store: Store, folder: Path, clock: Clock) -> None:
    run = asking(store, folder, clock).edit({"name": "secret-plan"})
    assert (folder / "secret-plan").exists()
    gates = [entry.body["rule"] for entry in run.entries if entry.kind == "gate"]
    assert "secret" in gates


def test_edit_runs_the_edited_action_only(store: Store, folder: Path, clock: Clock) -> None:
    asking(store, folder, clock).edit({"name": "c"})
    assert (folder / "b").exists()
    assert not (folder / "c").exists()


def test_edit_that_does_not_fit_the_tool_changes_nothing(
    store: Store, folder: Path, clock: Clock
) -> None:
    run = asking(store, folder, clock).edit({"nome": "c"})
    assert (folder / "b").exists()
    assert (folder / "c").exists()
    assert run.effects == []


def test_abort_ends_the_run(store: Store, folder: Path, clock: Clock) -> None:
    run = asking(store, folder, clock).answer("abort", reviewer="ada")
    assert run.status == "aborted"
    assert (folder / "b").exists()


def test_expired_offer_is_asked_anew(store: Store, folder: Path, clock: Clock) -> None:
    run = asking(store, folder, clock)
    first = run.pending[0].id
    clock.move(days=8)
    run.resume()
    assert (folder / "b").exists()
    assert [review.id for review in run.pending] != [first]


def test_approval_after_expiry_runs_nothing(store: Store, folder: Path, clock: Clock) -> None:
    run = asking(store, folder, clock)
    first = run.pending[0].id
    clock.move(days=8)
    run.approve(first)
    assert (folder / "b").exists()


def test_question_holds_back_no_independent_work(store: Store, folder: Path, clock: Clock) -> None:
    mind = script(
        step("tidy", "take"),
        step("write", "put"),
        tidy=[act("take", name="b")],
        write=[act("put", name="a", text="goal")],
    )
    run = asking(store, folder, clock, mind)
    assert run.status == "waiting"
    assert (folder / "a").read_text() == "goal"


def test_several_questions_are_answered_in_any_order(
    store: Store, folder: Path, clock: Clock
) -> None:
    mind = script(
        step("one", "take"),
        step("two", "take"),
        one=[act("take", name="b")],
        two=[act("take", name="c")],
    )
    run = asking(store, folder, clock, mind)
    second = next(review for review in run.pending if review.step == "two")
    run.approve(second.id)
    assert (folder / "b").exists()
    assert not (folder / "c").exists()
    assert [review.step for review in run.pending] == ["one"]


def test_answer_from_another_process_is_heard(tmp_path: Path, folder: Path, clock: Clock) -> None:
    url = f"sqlite:///{tmp_path / 'store.db'}"
    with open_store(url, clock=clock) as first:
        asking(first, folder, clock)
    with open_store(url, clock=clock) as second:
        run = shelf_agent(second, folder, taker(), clock=clock).open("r")
        run.approve()
        assert not (folder / "b").exists()


def test_second_answer_is_refused(store: Store, folder: Path, clock: Clock) -> None:
    run = asking(store, folder, clock)
    review = run.pending[0].id
    run.approve(review)
    with pytest.raises(UnknownReview):
        run.approve(review)


def test_resume_without_an_answer_asks_still(store: Store, folder: Path, clock: Clock) -> None:
    run = asking(store, folder, clock).resume()
    assert run.status == "waiting"
    assert (folder / "b").exists()


def test_changed_graph_is_refused_on_resume(store: Store, folder: Path, clock: Clock) -> None:
    asking(store, folder, clock)
    agent = shelf_agent(store, folder, taker(), clock=clock)
    import dataclasses  # noqa: PLC0415  # only this test takes a context apart

    changed = dataclasses.replace(
        agent, context=dataclasses.replace(agent.context, fingerprint="other")
    )
    with pytest.raises(GraphChanged):
        changed.open("r").approve()
    assert (folder / "b").exists()


def plain(agent: Agent, payload: Any) -> Any:
    return agent.graph.invoke(payload, {"configurable": {"thread_id": "p"}}, version="v2")


def test_plain_langgraph_sees_the_interrupt_and_resumes(
    store: Store, folder: Path, clock: Clock
) -> None:
    (folder / "b").write_text("b")
    agent = shelf_agent(store, folder, taker(), clock=clock)
    out = plain(agent, {"goal": agent.goal("Tidy up").to_json()})
    request = out.interrupts[0].value["action_requests"][0]
    assert (request["name"], request["args"]) == ("take", {"name": "b"})
    plain(agent, Command(resume={out.interrupts[0].id: {"decision": "approve", "reviewer": "ada"}}))
    assert not (folder / "b").exists()


@pytest.mark.parametrize(
    "dialect",
    [{"decisions": [{"type": "approve"}]}, [{"type": "accept", "args": None}]],
    ids=["langchain", "agent inbox"],
)
def test_other_dialects_approve_too(store: Store, folder: Path, clock: Clock, dialect: Any) -> None:
    (folder / "b").write_text("b")
    agent = shelf_agent(store, folder, taker(), clock=clock)
    out = plain(agent, {"goal": agent.goal("Tidy up").to_json()})
    plain(agent, Command(resume={out.interrupts[0].id: dialect}))
    assert not (folder / "b").exists()


@pytest.mark.parametrize(
    "nonsense", ["yes", 1, {"decision": "maybe"}, {"decisions": []}, {"approved": True}]
)
def test_nonsense_is_refused_and_the_question_stays(
    store: Store, folder: Path, clock: Clock, nonsense: Any
) -> None:
    (folder / "b").write_text("b")
    agent = shelf_agent(store, folder, taker(), clock=clock)
    out = plain(agent, {"goal": agent.goal("Tidy up").to_json()})
    with pytest.raises(ValueError, match="validation error"):
        plain(agent, Command(resume={out.interrupts[0].id: nonsense}))
    assert (folder / "b").exists()
    plain(agent, Command(resume={out.interrupts[0].id: {"decision": "approve"}}))
    assert not (folder / "b").exists()


def test_plan_review_lets_nothing_run_before_the_answer(
    store: Store, folder: Path, clock: Clock
) -> None:
    mind = script(step("write", "put"), write=[act("put", name="a", text="goal")])
    agent = shelf_agent(store, folder, mind, clock=clock)
    run = agent.run(agent.goal("Write", review_plan=True))
    assert run.status == "waiting"
    assert mind.seen == []
    assert run.approve().info.status == "verified"


def test_edited_plan_is_checked_like_any_other(store: Store, folder: Path, clock: Clock) -> None:
    mind = script(step("write", "put"), write=[act("put", name="a", text="goal")])
    agent = shelf_agent(store, folder, mind, clock=clock)
    run = agent.run(agent.goal("Write", review_plan=True))
    run.edit({"steps": [{"id": "x", "title": "x", "tools": ["rm_rf"]}]})
    assert run.plan is not None
    assert [item.id for item in run.plan.steps] == ["write"]
