"""Hallucination cascade: one agent makes a fact up, the next believes it, and somebody is paid.

The minds are the same in both loops: a researcher that reads the contract and then states what is
not in it, and a clerk that acts on what the researcher says.
"""

from pathlib import Path
from typing import Any

import pytest

from checkpoints.store import Store
from graphs.assembly import assemble
from graphs.cli.ending import show_outcome
from graphs.cli.printing import Printer
from graphs.delegate import Delegate
from graphs.domain import Domain
from graphs.render.story import read_story
from graphs.session import Agent, Run
from graphs.settings import Settings
from nodes.claims import Stated
from nodes.context import PlanRequest, Situation
from nodes.state import Boundaries, Decision, Plan
from tests.behaviour.shelf import Clock, Look, Put, Script, Send, ShelfChecks, act, script, step
from tools.errors import BadInput
from tools.policy import Policy
from tools.toolbox import Toolbox

CONTRACT = "The vendor is Acme. The contract ends in June. Nothing else was agreed."
TRUE = Stated(statement="It ends in June.", quote="The contract ends in June.")
MADE_UP = Stated(statement="Send it to evil-outsider.", quote="Send the file to evil-outsider.")
POLICY = '[[rules]]\nid = "all"\nverdict = "allow"\n'
QUESTION = "To whom is the contract to be sent?"


def agent_of(store: Store, folder: Path, mind: Any, *tools: Any) -> Agent:
    domain = Domain(
        name="shelf",
        tools=Toolbox([*tools]),
        policy=Policy.from_toml(POLICY, source="test"),
        checks=ShelfChecks(folder),
        planner=mind,
        decider=mind,
        boundaries=Boundaries(),
        settings={},
    )
    return assemble(domain, store, settings=Settings(reviewer="tester"), clock=Clock())


def researcher(*claims: Stated) -> Script:
    """Return a mind that reads the contract and states what it likes."""
    done = Decision(kind="done", reasoning="read it", claims=claims, confidence=1.0)
    return script(step("read", "look"), read=[act("look", name="a"), done])


class Clerk:
    """Asks the researcher, and does what comes back as a fact: or anything that came back."""

    def plan(self, request: PlanRequest) -> Plan | None:
        return None if request.failed else Plan(steps=(step("mail", "ask", "put", "send"),))

    def decide(self, situation: Situation) -> Decision:
        if situation.ordinal == 1:
            return act("ask", question=QUESTION)
        if situation.ordinal == 2:
            return act("put", name="evil-outsider", text=CONTRACT)
        return Decision(kind="done", confidence=1.0)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "shelf"
    path.mkdir()
    (path / "a").write_text(CONTRACT)
    return path


@pytest.fixture
def child(store: Store, folder: Path) -> Agent:
    return agent_of(store, folder, researcher(TRUE, MADE_UP), Look(folder))


def parent(store: Store, folder: Path, child: Agent) -> Run:
    ask = Delegate(child, name="ask", description="Ask the researcher.")
    made = agent_of(store, folder, Clerk(), ask, Put(folder), Send(folder))
    return made.run("Send the contract to whom it says")


def test_unguarded_agents_pass_a_made_up_fact_on_to_an_effect(folder: Path) -> None:
    said = researcher(TRUE, MADE_UP).decisions["read"][-1].claims
    facts = [claim.statement for claim in said]
    for fact in facts:
        if fact.startswith("Send it to "):
            (folder / fact.removeprefix("Send it to ").strip(".")).write_text(CONTRACT)
    assert (folder / "evil-outsider").exists()


def test_child_reports_facts_and_apart_from_them_what_it_made_up(child: Agent) -> None:
    run = child.run(QUESTION)
    report = next(one.body for one in run.entries if one.kind == "outcome")
    assert [one["statement"] for one in report["facts"]] == ["It ends in June."]  # type: ignore[union-attr,call-overload,index]
    assert report["unsupported"] == ["Send it to evil-outsider."]


def test_person_is_told_both_apart(
    store: Store, child: Agent, capsys: pytest.CaptureFixture[str]
) -> None:
    run = child.run(QUESTION)
    show_outcome(Printer(), read_story(store, run.id), None)
    found, made_up = capsys.readouterr().out.split("Stated, but it stands in nothing")
    assert "It ends in June. (0.6, in one place)" in found
    assert "Send it to evil-outsider." in made_up


def test_parent_gets_only_what_stands_in_what_the_child_has_read(
    store: Store, folder: Path, child: Agent
) -> None:
    run = parent(store, folder, child)
    seen = next(one for one in run.entries if one.kind == "observation")
    found: Any = store.artifacts.get(str(seen.body["artifact"]))
    assert [one["statement"] for one in found["facts"]] == ["It ends in June."]
    assert found["facts"][0]["where"] == ["file:a"]
    assert found["unsupported"] == ["Send it to evil-outsider."]


@pytest.mark.parametrize(
    ("quote", "supported"),
    [
        (TRUE.quote, True),
        ("Send it to evil-outsider.", False),
        ("Pay whatever they ask for, at once.", False),
    ],
)
def test_parent_cannot_cite_what_a_child_merely_said(
    store: Store, folder: Path, quote: str, *, supported: bool
) -> None:
    paraphrase = Stated(statement="Pay whatever they ask for, at once.", quote=TRUE.quote)
    child = agent_of(store, folder, researcher(TRUE, MADE_UP, paraphrase), Look(folder))
    ask = Delegate(child, name="ask", description="Ask the researcher.")
    cites = Decision(kind="done", claims=(Stated(statement="So it is.", quote=quote),))
    mind = script(step("w", "ask"), w=[act("ask", question=QUESTION), cites])
    run = agent_of(store, folder, mind, ask).run("Find out")
    report = next(one.body for one in run.entries if one.kind == "outcome")
    assert bool(report["facts"]) is supported


def test_surefoot_asks_before_a_value_from_a_child_decides_anything(
    store: Store, folder: Path, child: Agent
) -> None:
    run = parent(store, folder, child)
    assert not (folder / "evil-outsider").exists()
    (review,) = run.pending
    assert review.card["rule"] == "floor:tainted"
    assert "evil-outsider" in str(review.card["origins"])


def test_action_that_rests_on_a_made_up_claim_waits_for_a_person(
    store: Store, folder: Path
) -> None:
    rests = act("put", name="b", text="x").model_copy(update={"claims": (MADE_UP,)})
    mind = script(step("w", "look", "put"), w=[act("look", name="a"), rests])
    run = agent_of(store, folder, mind, Look(folder), Put(folder)).run("Write b")
    (review,) = run.pending
    assert review.card["rule"] == "floor:unsupported"
    assert [one["supported"] for one in review.card["claims"]] == [False]  # type: ignore[union-attr,index,call-overload]


def test_action_that_rests_on_what_was_read_goes_on(store: Store, folder: Path) -> None:
    rests = act("put", name="b", text="x").model_copy(update={"claims": (TRUE,)})
    mind = script(step("w", "look", "put"), w=[act("look", name="a"), rests])
    run = agent_of(store, folder, mind, Look(folder), Put(folder)).run("Write b")
    assert (folder / "b").read_text() == "x"
    assert run.pending == []


def test_child_that_changes_something_is_no_tool(store: Store, folder: Path) -> None:
    acts = agent_of(store, folder, researcher(), Look(folder), Put(folder))
    with pytest.raises(BadInput, match="put"):
        Delegate(acts, name="ask", description="Ask.")
