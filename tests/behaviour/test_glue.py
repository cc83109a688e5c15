"""Programs as deciders: each call passes the gate, may wait for days, and happens once."""

from pathlib import Path

import pytest

from checkpoints.store import Store, open_store
from graphs.session import Agent, Run
from nodes.glue.decider import GlueDecider
from nodes.glue.interpreter import GlueLimits, Interpreter
from nodes.glue.programs import Programs, RunbookPrograms
from tests.behaviour.shelf import Clock, Script, act, script, shelf_agent, step

TOOLS = ("look", "put", "take")
QUICK = Interpreter(limits=GlueLimits(seconds=0.4, turn_seconds=0.3))


def agent(
    store: Store,
    folder: Path,
    code: str | Programs,
    *,
    mind: Script | None = None,
    clock: Clock | None = None,
) -> Agent:
    """Return an agent whose step `work` is a program."""
    mind = mind or script(step("work", *TOOLS))
    programs = RunbookPrograms({"work": code}) if isinstance(code, str) else code
    decider = GlueDecider(programs, store, mind, QUICK)
    return shelf_agent(store, folder, planner=mind, decider=decider, clock=clock)


def run(store: Store, folder: Path, code: str) -> Run:
    return agent(store, folder, code).run("Make `a` say goal, from `b` and `c`", run_id="r")


def end(run: Run) -> str:
    """Return what the program's last decision says."""
    decisions = [entry.body for entry in run.entries if entry.kind == "decision"]
    return f"{decisions[-1]['kind']}: {decisions[-1]['reasoning']}"


def test_a_program_calls_tools_and_gets_what_they_return(store: Store, folder: Path) -> None:
    (folder / "b").write_text("go")
    (folder / "c").write_text("al")
    code = """
parts = [look(name=name)["text"] for name in ("b", "c")]
made = put("a", text="".join(parts))
print("put", made["name"], len(parts))
parts
"""
    done = run(store, folder, code)
    assert done.status == "verified"
    assert (folder / "a").read_text() == "goal"
    assert end(done) == "done: put a 2"


def test_every_call_is_a_decision_that_passes_the_gate(store: Store, folder: Path) -> None:
    done = run(store, folder, "look('a')\nput('a', 'goal')")
    gates = [entry for entry in done.entries if entry.kind == "gate"]
    assert [(entry.subject, entry.body["rule"]) for entry in gates] == [
        ("r/work/1", "look"),
        ("r/work/2", "put"),
        ("r/work/3", "step:ends"),
    ]
    first = next(entry.body for entry in done.entries if entry.kind == "decision")
    assert first["reasoning"] == "Line 1 of the program calls look."
    assert first["origin"] == "runbook"


def test_what_a_program_did_is_undone_like_anything(store: Store, folder: Path) -> None:
    done = run(store, folder, "put('a', 'goal')")
    done.undo()
    assert not (folder / "a").exists()


def test_a_call_waits_for_a_person_and_another_process_goes_on(
    tmp_path: Path, folder: Path, clock: Clock
) -> None:
    (folder / "b").write_text("old")
    code = "was = look('b')['text']\ntake(name='b')\nput('a', 'goal' if was == 'old' else was)"
    url = f"sqlite:///{tmp_path / 'store.db'}"
    with open_store(url, clock=clock) as store:
        waiting = agent(store, folder, code, clock=clock).run("Make a say goal", run_id="r")
        assert waiting.status == "waiting"
        assert (folder / "b").exists()
    clock.move(days=6)
    (folder / "b").write_text("changed since, but read before")
    with open_store(url, clock=clock) as store:
        done = agent(store, folder, code, clock=clock).open("r").approve(reviewer="ada")
        assert done.status == "verified"
        assert (folder / "a").read_text() == "goal"
        assert [entry.subject for entry in done.entries if entry.kind == "observation"] == [
            "r/work/1",
            "r/work/2",
            "r/work/3",
        ]


def test_a_program_gets_the_result_of_an_edited_action(store: Store, folder: Path) -> None:
    for name in ("b", "c"):
        (folder / name).write_text(name)
    code = "print('took', take(name='b')['name'])\nput('a', 'goal')"
    done = run(store, folder, code).edit({"name": "c"})
    assert done.status == "verified"
    assert (folder / "b").exists()
    assert not (folder / "c").exists()
    assert end(done) == "done: took c"


@pytest.mark.parametrize("answer", ["reject", "respond"])
def test_a_no_is_raised_and_can_be_handled(store: Store, folder: Path, answer: str) -> None:
    (folder / "b").write_text("b")
    code = """
try:
    take(name="b")
except PermissionError as no:
    print("no:", no)
    put("a", "goal")
"""
    waiting = run(store, folder, code)
    done = waiting.answer("reject" if answer == "reject" else "respond", message="I need it")
    assert done.status == "verified"
    assert (folder / "b").exists()
    assert end(done).startswith(f"done: no: {answer}ed by tester: I need it")


def test_a_denied_call_is_raised_and_can_be_handled(store: Store, folder: Path) -> None:
    (folder / "secret-plan").write_text("s")
    code = """
try:
    take(name="secret-plan")
except PermissionError as no:
    print(no)
put("a", "goal")
"""
    done = run(store, folder, code)
    assert done.status == "verified"
    assert (folder / "secret-plan").exists()
    assert end(done).startswith("done: denied: ")


def test_an_unhandled_no_ends_the_step(store: Store, folder: Path) -> None:
    (folder / "secret-plan").write_text("s")
    done = run(store, folder, "take(name='secret-plan')\nput('a', 'goal')")
    assert not (folder / "a").exists()
    assert "The program broke." in end(done)
    assert "PermissionError: denied" in end(done)


def test_an_effect_that_was_taken_back_is_raised(store: Store, folder: Path) -> None:
    code = """
try:
    put("a", "useless")
except RuntimeError as why:
    print(why)
    put("a", "goal")
"""
    done = run(store, folder, code)
    assert done.status == "verified"
    assert end(done).startswith("done: it was undone: it is useless")


def test_a_failure_of_a_tool_is_raised(store: Store, folder: Path) -> None:
    (folder / "b").mkdir()
    done = run(store, folder, "try:\n    look('b')\nexcept RuntimeError:\n    put('a', 'goal')")
    assert done.status == "verified"


def test_results_of_steps_before_are_inputs(store: Store, folder: Path) -> None:
    (folder / "b").write_text("goal")
    mind = script(
        step("read", "look"), step("work", *TOOLS, needs=("read",)), read=[act("look", name="b")]
    )
    code = "put('a', inputs['read']['text'])"
    assert agent(store, folder, code, mind=mind).run("Make a say goal").status == "verified"
    mind.assert_complete()


def test_steps_without_a_program_are_decided_by_the_other(store: Store, folder: Path) -> None:
    mind = script(step("work", *TOOLS), work=[act("put", name="a", text="goal")])
    done = agent(store, folder, RunbookPrograms({}), mind=mind).run("Make a say goal")
    assert done.status == "verified"
    mind.assert_complete()


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("while True: pass", "time limit"),
        ("x = 'x'\nwhile True: x += x", "MemoryError"),
        ("def f(): return f()\nf()", "RecursionError"),
        ("x = 'x' * 5_000_000\nlook('a')", "bytes when it calls look"),
        ("while True:\n    try:\n        nothing()\n    except NameError: pass", "limit"),
        ("send(name='b')", "this step may call look, put, take"),
        ("open('/etc/passwd').read()", "PermissionError"),
        ("import os\nos.system('touch pwned')", "Error"),
        ("import subprocess", "ModuleNotFoundError"),
        ("put(name={1, 2}, text='x')", "holds a set"),
        ("put(name='a', text=b'x')", "holds a bytes"),
        ("put(name='a', text=float('nan'))", "holds a float"),
        ("put(name='a', text=10 ** 5000)", "holds a int"),
        ("x = []\nx.append(x)\nput('a', x)", "do not fit"),
        ("put('a', 'b', 'c')", "takes 2 arguments"),
        ("put('a', name='b')", "twice"),
        ("raise SystemExit('done')", "SystemExit"),
        ("this is no Python", "SyntaxError"),
    ],
)
def test_a_hostile_program_gets_nothing(store: Store, folder: Path, code: str, told: str) -> None:
    done = run(store, folder, code)
    assert done.status in {"failed", "denied"}
    assert told in end(done)
    assert [*folder.iterdir()] == []
    assert not [entry for entry in done.entries if entry.kind == "observation"]


def test_arguments_that_do_not_fit_are_refused_like_anybodys(store: Store, folder: Path) -> None:
    code = "try:\n    put(nome='a')\nexcept PermissionError as no:\n    print(no)\nput('a', 'goal')"
    done = run(store, folder, code)
    assert done.status == "verified"
    assert end(done).startswith("done: again: The arguments of 'put' do not fit")


def test_a_flood_of_text_is_cut(store: Store, folder: Path) -> None:
    done = run(store, folder, "for _ in range(100): print('x' * 1000)\nput('a', 'goal')")
    assert done.status == "verified"
    assert len(end(done)) < 4100


def test_a_fork_goes_on_with_the_program_where_it_was(store: Store, folder: Path) -> None:
    code = "print('one')\nput('b', 'one')\nprint('two')\nput('a', 'not yet')\nprint('three')"
    first = run(store, folder, code)
    forked = first.fork("work.2", keep_effects=True).resume()
    assert end(forked).startswith("done: one\ntwo\nthree")
    assert [entry.subject for entry in forked.entries if entry.kind == "decision"] == [
        f"{forked.id}/work/2",
        f"{forked.id}/work/3",
    ]
