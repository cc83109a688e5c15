"""A runbook's step can be a program: its calls are actions like any other."""

from pathlib import Path

import pytest

from checkpoints.store import Store
from graphs.assembly import reopen
from tests.behaviour.conftest import clock, store
from tests.graphs.workspace.test_agent import agent, workspace
from tools.errors import BadInput

__all__ = ["clock", "store", "workspace"]

MANY = '''
[[steps]]
id = "rename"
tools = ["list_files", "read_file", "edit_file", "delete_file"]
program = """
changed = 0
for entry in list_files(pattern="*.txt")["entries"]:
    path = entry["path"]
    if "wrld" in read_file(path)["text"] and not path.startswith("tests/"):
        edit_file(path, "wrld", "world")
        changed += 1
print("changed", changed)
"""
'''
ASKING = '''
[[steps]]
id = "tidy"
tools = ["delete_file", "write_file"]
program = """
try:
    delete_file("a.txt")
    write_file("note.txt", "gone")
except PermissionError as no:
    write_file("note.txt", str(no))
"""
'''


def test_a_program_works_through_what_it_finds(store: Store, workspace: Path) -> None:
    (workspace / "b.txt").write_text("wrld too\n")
    run = agent(store, workspace, MANY, "tests/*").run("Correct wrld")
    last = [entry.body for entry in run.entries if entry.kind == "decision"][-1]
    assert last["reasoning"] == "changed 2", last["reasoning"]
    assert (workspace / "a.txt").read_text() == "hello world\n"
    assert (workspace / "b.txt").read_text() == "world too\n"
    run.undo()
    assert (workspace / "b.txt").read_text() == "wrld too\n"


@pytest.mark.parametrize(("answer", "left"), [("approve", "gone"), ("reject", "rejected by ada")])
def test_a_question_in_a_program_is_answered_by_another_process(
    store: Store, workspace: Path, answer: str, left: str
) -> None:
    run = agent(store, workspace, ASKING).run("Tidy up", run_id="r")
    assert run.status == "waiting"
    again = reopen(store, "r").open("r")
    again.approve(reviewer="ada") if answer == "approve" else again.reject(reviewer="ada")
    assert (workspace / "note.txt").read_text() == left
    assert (workspace / "a.txt").exists() == (answer == "reject")


@pytest.mark.parametrize(
    ("runbook", "told"),
    [
        (MANY.replace("edit_file", "fly"), "there is no tool 'fly'"),
        (MANY.replace("for entry in", "for entry im"), "it is no Python"),
        (MANY.replace("tools =", "needs =").replace('["list_files"', '["x"'), "names tools just"),
        ('[[steps]]\nid = "x"\n', "either actions or a program"),
    ],
)
def test_a_program_that_cannot_be_meant_is_refused_before_a_run(
    store: Store, workspace: Path, runbook: str, told: str
) -> None:
    with pytest.raises(BadInput, match=told):
        agent(store, workspace, runbook)
