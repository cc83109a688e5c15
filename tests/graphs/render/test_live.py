"""Events as people see them while they come."""

import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from checkpoints.store import Store
from graphs.events import Acting, Checked, Degraded, Planned, Progressed
from graphs.render.live import Teller, activity
from nodes.state import Check, Plan
from tests.behaviour.shelf import Clock, act, script, shelf_agent, step
from tests.graphs.render.conftest import EVIL, mind

TAKEN_OVER = Degraded(role="decider", subject="r/tune/1", to="the playbook", reason="it said 500")


def test_a_degradation_says_what_takes_over_and_why() -> None:
    (told,) = Teller().tell(TAKEN_OVER)
    assert told.text == "tune.1  the playbook takes over as decider: it said 500"


def test_checks_that_hold_are_counted_and_told_with_the_next_event() -> None:
    teller = Teller()
    holds = Check(name="keep", kind="constraint", holds=True, detail="")
    first = [*teller.tell(Checked(check=holds)), *teller.tell(Checked(check=holds))]
    assert (first, teller.tell(TAKEN_OVER)[0].text) == ([], "2 checks hold")


def test_a_check_that_does_not_hold_is_told_at_once() -> None:
    broken = Check(name="keep", kind="constraint", holds=False, detail="gone")
    assert [told.text for told in Teller().tell(Checked(check=broken))] == [
        "keep does not hold: gone"
    ]


def test_a_plan_tells_steps_tools_and_order() -> None:
    plan = Plan(steps=(step("look", "look"), step("tune", "put", needs=("look",))), origin="x")
    told = [item.text for item in Teller().tell(Planned(plan=plan))]
    assert told[0] == "Plan (by x)"
    assert told[2:4] == ["look  look  (look)", "tune  tune  (put)  after look"]


@pytest.mark.parametrize(
    ("event", "now"),
    [
        (Acting(key="r/a/1", tool="put", args={}), "put ..."),
        (Progressed(text="candidate 3 of 9"), "candidate 3 of 9"),
        (TAKEN_OVER, ""),
    ],
)
def test_activity_is_what_is_done_now(event: Acting | Progressed | Degraded, now: str) -> None:
    assert activity(event) == now


def test_outside_a_notebook_each_line_is_printed_once(
    store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mind_ = script(step("write", "put"), write=[act("put", name="a", text="goal")])
    run = shelf_agent(store, tmp_path / "shelf", mind_).begin("Write").watch()
    told = capsys.readouterr().out.splitlines()
    assert (run.status, told[0], told[-1].split(":")[0]) == (
        "verified",
        "Plan (by the playbook)",
        "verified",
    )
    assert "put ..." not in told


def test_what_a_model_wrote_is_spelled_out(
    store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "shelf").mkdir()
    (tmp_path / "shelf" / "b").write_text("b")
    shelf_agent(store, tmp_path / "shelf", mind(), clock=Clock()).begin(f"Say {EVIL}").watch()
    told = capsys.readouterr().out
    assert "evil" in told
    assert not re.search("[\x1b\u202e]", told)


CELL = """
from pathlib import Path
from checkpoints.store import open_store
from tests.behaviour.shelf import act, script, shelf_agent, step
from tests.graphs.render.conftest import EVIL
put = act("put", name="a", text="goal").model_copy(update={{"reasoning": EVIL}})
with open_store("sqlite:///{store}") as store:
    mind = script(step("write", "put"), write=[put])
    shelf_agent(store, Path("{folder}"), mind).begin("Write").watch()
"""


def test_in_a_notebook_one_output_is_kept_up_to_date(tmp_path: Path) -> None:
    source = CELL.format(store=tmp_path / "s.db", folder=tmp_path / "shelf")
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])  # type: ignore[no-untyped-call]  # nbformat has no types
    root = Path(__file__).parents[3]
    NotebookClient(notebook, resources={"metadata": {"path": str(root)}}).execute()
    (output,) = notebook.cells[0].outputs
    assert output.data["text/plain"].splitlines()[-1].startswith("verified: ")
    assert "<script>" not in output.data["text/html"]
