"""A plan that the checks refuse goes back, then to a stronger model, then to the playbook."""

import json
from pathlib import Path
from typing import Any

from checkpoints.store import Store
from graphs.session import Run
from nodes.context import Planner
from nodes.models.mind import ModelPlanner
from nodes.models.roles import Candidate
from nodes.models.scripted import ScriptedModel
from tests.behaviour.shelf import act, script, shelf_agent, step
from tests.nodes.models.asking import asker, candidate

CHEAP, STRONG = candidate("cheap"), candidate("strong")


def plan(*tools: str) -> str:
    return json.dumps({"steps": [{"id": "work", "title": "work", "tools": list(tools)}]})


REACH = act("put", name="a", text="goal")
BAD, GOOD = plan("rm_rf"), plan("put")


def go(
    store: Store,
    folder: Path,
    models: dict[str, ScriptedModel],
    *chain: Candidate,
    playbook: bool = False,
) -> Run:
    """Let models plan for a decider that knows what to do."""
    mind = script(step("playbooks", "put"), work=[REACH], playbooks=[REACH])
    behind: Planner | None = mind if playbook else None
    asked = asker(store, lambda item: models[item.name], *chain)
    planner = ModelPlanner(asked, behind)
    return shelf_agent(store, folder, mind, planner=planner).run("Let a say goal")


def kinds(run: Run, kind: str) -> list[Any]:
    return [entry.body for entry in run.entries if entry.kind == kind]


def test_the_same_model_may_mend_its_plan(store: Store, tmp_path: Path) -> None:
    cheap = ScriptedModel(lines=[BAD, GOOD])
    run = go(store, tmp_path / "w", {"cheap": cheap}, CHEAP, STRONG)
    assert kinds(run, "plan")[0]["origin"] == CHEAP.identity
    assert "there is no tool 'rm_rf'" in cheap.asked[1][1].text
    assert kinds(run, "degraded") == []


def test_a_plan_refused_again_goes_to_the_next_model(store: Store, tmp_path: Path) -> None:
    models = {"cheap": ScriptedModel(lines=[BAD, BAD]), "strong": ScriptedModel(lines=[GOOD])}
    run = go(store, tmp_path / "w", models, CHEAP, STRONG)
    assert kinds(run, "plan")[0]["origin"] == STRONG.identity
    models["cheap"].assert_complete()


def test_that_is_on_the_ledger_with_its_reason(store: Store, tmp_path: Path) -> None:
    models = {"cheap": ScriptedModel(lines=[BAD, BAD]), "strong": ScriptedModel(lines=[GOOD])}
    (told,) = kinds(go(store, tmp_path / "w", models, CHEAP, STRONG), "degraded")
    assert (told["role"], told["to"]) == ("planner", STRONG.identity)
    assert "2 plans were refused, the last one for: step 'work': there is no tool" in told["reason"]


def test_a_model_with_nobody_behind_it_tries_three_times(store: Store, tmp_path: Path) -> None:
    cheap = ScriptedModel(lines=[BAD, BAD, BAD])
    run = go(store, tmp_path / "w", {"cheap": cheap}, CHEAP)
    assert run.status == "denied"
    assert len(kinds(run, "plan_refused")) == 3
    cheap.assert_complete()


def test_refused_by_all_models_the_playbook_plans(store: Store, tmp_path: Path) -> None:
    cheap = ScriptedModel(lines=[BAD, BAD, BAD])
    run = go(store, tmp_path / "w", {"cheap": cheap}, CHEAP, playbook=True)
    assert run.status == "verified"
    assert kinds(run, "plan")[0]["steps"][0]["id"] == "playbooks"
    assert kinds(run, "degraded")[-1]["to"] == "the playbook"


def test_a_model_that_cannot_mend_its_plan_leaves_it_to_the_playbook(
    store: Store, tmp_path: Path
) -> None:
    cheap = ScriptedModel(lines=[BAD, "?", "?", "?"])
    run = go(store, tmp_path / "w", {"cheap": cheap}, CHEAP, playbook=True)
    assert run.status == "verified"
