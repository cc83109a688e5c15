"""Programs that a model writes for a step: followed, mended, or left to single decisions."""

import json
from pathlib import Path

from checkpoints.store import Store
from graphs.session import Run
from nodes.glue.decider import MAX_BROKEN, GlueDecider
from nodes.models.programs import ModelPrograms
from nodes.models.scripted import ScriptedModel
from tests.behaviour.shelf import act, script, shelf_agent, step
from tests.nodes.models.asking import asker

GOAL = "Let a say goal"


def says(code: str) -> str:
    return json.dumps({"code": code, "confidence": 0.9})


def run(store: Store, folder: Path, *lines: str, by_program: bool = True) -> Run:
    model = ScriptedModel(lines=[*lines])
    mind = script(step("work", "put", "look"), work=[act("put", name="a", text="goal")])
    programs = ModelPrograms(asker(store, model), wanted=lambda _step: by_program)
    decider = GlueDecider(programs, store, mind)
    done = shelf_agent(store, folder, planner=mind, decider=decider).run(GOAL)
    model.assert_complete()
    return done


def decisions(done: Run) -> list[dict[str, object]]:
    return [dict(entry.body) for entry in done.entries if entry.kind == "decision"]


def test_a_model_is_asked_once_for_all_calls_of_a_step(store: Store, tmp_path: Path) -> None:
    code = "for name in 'bca':\n    put(name, 'goal')\nlook('a')"
    done = run(store, tmp_path / "world", says(code))
    assert done.status == "verified"
    made = decisions(done)
    assert len(made) == 5
    assert {one["origin"] for one in made} == {"stub at http://127.0.0.1:9/v1"}
    assert {one["confidence"] for one in made} == {0.9}


def test_a_program_that_breaks_is_mended_by_its_model(store: Store, tmp_path: Path) -> None:
    done = run(store, tmp_path / "world", says("put('a', texts)"), says("put('a', 'goal')"))
    assert done.status == "verified"


def test_programs_that_keep_breaking_are_given_up(store: Store, tmp_path: Path) -> None:
    done = run(store, tmp_path / "world", *[says(f"no_{n}()") for n in range(MAX_BROKEN)])
    assert done.status == "failed"
    assert "name 'no_2' is not defined" in str(decisions(done)[-1]["reasoning"])


def test_no_program_leaves_the_step_to_single_decisions(store: Store, tmp_path: Path) -> None:
    done = run(store, tmp_path / "world", *["no JSON"] * 3)
    assert done.status == "verified"
    assert decisions(done)[0]["origin"] == "playbook"


def test_only_steps_that_want_one_are_done_by_a_program(store: Store, tmp_path: Path) -> None:
    assert run(store, tmp_path / "world", by_program=False).status == "verified"
