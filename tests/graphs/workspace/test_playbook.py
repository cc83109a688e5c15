"""The playbook does what the runbook says, in order, and gives up where it does not work."""

from pathlib import Path

import pytest

from checkpoints.store import Store
from graphs.session import Run
from graphs.workspace.playbook import RunbookPlaybook
from graphs.workspace.runbook import Runbook, parse_runbook
from nodes.context import PlanRequest
from nodes.guards.budget import Budget
from nodes.state import Goal
from tests.behaviour.conftest import clock, folder, store
from tests.behaviour.shelf import Put, shelf_agent
from tools.toolbox import Toolbox

__all__ = ["clock", "folder", "store"]

TEXT = """
[[steps]]
id = "write"
[[steps.actions]]
tool = "put"
args = { name = "b", text = "first" }
[[steps.actions]]
tool = "put"
args = { name = "a", text = "goal" }

[[steps]]
id = "tidy"
[[steps.actions]]
tool = "take"
args.name = "b"
"""


def pursue(store: Store, folder: Path, text: str) -> Run:
    playbook = RunbookPlaybook(parse_runbook(text, source="it"), Toolbox([Put(folder)]))
    agent = shelf_agent(store, folder, planner=playbook, decider=playbook)
    return agent.run("Do as written", run_id="r")


def test_actions_are_done_in_order(store: Store, folder: Path) -> None:
    run = pursue(store, folder, TEXT)
    assert [record.action.args["name"] for record in run.effects] == ["b", "a"]
    assert (folder / "a").read_text() == "goal"


def test_policy_asks_about_what_a_runbook_says_as_well(store: Store, folder: Path) -> None:
    run = pursue(store, folder, TEXT)
    assert [review.action and review.action.tool for review in run.pending] == ["take"]
    assert run.approve().status == "verified"
    assert not (folder / "b").exists()


def test_edited_action_counts_as_the_one_that_was_written(store: Store, folder: Path) -> None:
    (folder / "c").write_text("c")
    run = pursue(store, folder, TEXT)
    assert run.edit({"name": "c"}).status == "verified"
    assert (folder / "b").exists()
    assert not (folder / "c").exists()


def test_step_whose_action_is_rejected_is_given_up(store: Store, folder: Path) -> None:
    run = pursue(store, folder, TEXT).reject()
    assert (folder / "b").exists()
    assert run.status != "waiting"


@pytest.mark.parametrize(
    ("written", "instead", "outcome"),
    [("first", "useless", "failed"), ("text =", "txt =", "denied")],
)
def test_what_comes_after_a_failure_is_not_done(
    store: Store, folder: Path, written: str, instead: str, outcome: str
) -> None:
    run = pursue(store, folder, TEXT.replace(written, instead))
    assert run.status == outcome
    assert not (folder / "a").exists()


def test_without_a_runbook_there_is_no_plan() -> None:
    playbook = RunbookPlaybook(None, Toolbox([]))
    request = PlanRequest(run="r", goal=Goal(objective="x"), tools=(), remaining=Budget())
    assert playbook.plan(request) is None


def test_runbook_that_failed_is_not_tried_again() -> None:
    runbook: Runbook = parse_runbook(TEXT, source="it")
    playbook = RunbookPlaybook(runbook, Toolbox([]))
    request = PlanRequest(
        run="r", goal=Goal(objective="x"), tools=(), remaining=Budget(), problems=("no",)
    )
    assert playbook.plan(request) is None
