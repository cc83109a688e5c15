"""Another way from an earlier point: nothing is repeated, taken back or allowed untold."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from checkpoints.limits import Retention
from checkpoints.store import Store, open_store
from graphs.prefix import prefix_of
from graphs.session import Run
from nodes.guards.budget import Budget, Spent
from nodes.state import Goal
from tests.behaviour.killing import ends_of
from tests.behaviour.pruned import let_go
from tests.behaviour.shelf import (
    POLICY,
    Clock,
    Script,
    act,
    script,
    shelf_agent,
    step,
)
from tools.contract import Action, Call
from tools.errors import BadInput, GraphChanged, NotCleared, RunBusy, UndoConflict
from tools.records import SpendLimits

GOAL = "Make a say goal"
LINES = [
    act("look", name="b"),
    act("put", name="a", text="useless"),
    act("put", name="a", text="one"),
]


@pytest.fixture(params=["postgresql", "sqlite"])
def anywhere(request: pytest.FixtureRequest, tmp_path: Path, clock: Clock) -> Iterator[Store]:
    """Return an empty store of either kind."""
    url = f"sqlite:///{tmp_path}/either.db"
    if request.param == "postgresql":
        url = str(request.getfixturevalue("postgres_url"))
    with open_store(url, clock=clock) as made:
        yield made


def finished(store: Store, folder: Path, **more: Any) -> Run:
    """Return a run that wrote `a`, then `c`, then `a` again."""
    (folder / "b").write_text("b")
    mind = script(
        step("write", "put", "look"),
        step("more", "put", needs=("write",)),
        write=list(LINES),
        more=[act("put", name="c", text="x"), act("put", name="a", text="goal")],
    )
    return shelf_agent(store, folder, mind, **more).run(GOAL, run_id="r")


def asking(store: Store, folder: Path) -> Run:
    """Return a run that wrote `a`, and asks whether `b` may go."""
    (folder / "b").write_text("b")
    mind = script(
        step("write", "put"),
        step("tidy", "take", needs=("write",)),
        write=[act("put", name="a", text="goal")],
        tidy=[act("take", name="b")],
    )
    return shelf_agent(store, folder, mind).run(GOAL, run_id="r")


def again(store: Store, folder: Path, mind: Script | None = None, run: str = "r", **m: Any) -> Run:
    """Return a run as another process opens it, with another mind."""
    other = mind or script(step("write", "put"), more=[act("put", name="a", text="goal")])
    return shelf_agent(store, folder, other, **m).open(run)


def files(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.iterdir()}


def bodies(store: Store, run: str, kind: str) -> list[Any]:
    return [entry.body for entry in store.ledger.entries(run) if entry.kind == kind]


def test_effects_after_the_point_must_be_spoken_about(store: Store, folder: Path) -> None:
    finished(store, folder)
    head, before = store.ledger.verify().head, files(folder)
    with pytest.raises(BadInput, match=r"more\.1, more\.2 .* stand") as refused:
        again(store, folder).fork("more")
    assert "--keep-effects" in refused.value.advice
    assert (store.ledger.verify().head, files(folder)) == (head, before)
    assert [info.run for info in store.runs.all()] == ["r"]


def test_look_at_a_fork_changes_nothing(store: Store, folder: Path) -> None:
    finished(store, folder)
    head = store.ledger.verify().head
    told = again(store, folder).forking("more").to_json()
    assert (told["inherited"], told["standing"]) == (["r/write/3"], ["r/more/1", "r/more/2"])
    assert (told["done"], told["open"]) == (["write"], ["more"])
    assert store.ledger.verify().head == head


def test_fork_undoes_first_what_came_after_the_point(anywhere: Store, folder: Path) -> None:
    finished(anywhere, folder)
    child = again(anywhere, folder).fork("more", undo=True)
    assert files(folder) == {"a": "one", "b": "b"}
    assert child.resume().status == "verified"
    assert files(folder) == {"a": "goal", "b": "b"}
    assert anywhere.ledger.verify().problems == ()


def test_fork_goes_on_with_what_stands_when_that_is_said(anywhere: Store, folder: Path) -> None:
    finished(anywhere, folder)
    parent = again(anywhere, folder)
    mine = [record.key for record in parent.effects]
    child = parent.fork("more", keep_effects=True)
    assert child.resume().status == "verified"
    assert files(folder) == {"a": "goal", "b": "b", "c": "x"}
    assert [(record.key, record.state) for record in parent.effects] == [
        (key, "undone" if key == "r/write/2" else "applied") for key in mine
    ]
    assert anywhere.ledger.verify().problems == ()


def test_both_runs_tell_of_the_fork(store: Store, folder: Path) -> None:
    finished(store, folder)
    child = again(store, folder).fork("more.2", undo=True, reviewer="ada", run_id="other")
    told, begun = bodies(store, "r", "forked")[0], bodies(store, "other", "fork")[0]
    assert (told["run"], told["before"], told["undone"], told["by"]) == (
        "other",
        "more.2",
        ["r/more/2"],
        "ada",
    )
    assert (begun["of"], begun["before"], begun["inherited"]) == (
        "r",
        "more.2",
        ["r/write/3", "r/more/1"],
    )
    assert child.id == "other"


def test_kept_effects_are_on_the_record_of_the_fork(store: Store, folder: Path) -> None:
    finished(store, folder)
    again(store, folder).fork("more", keep_effects=True, run_id="other")
    assert bodies(store, "other", "fork")[0]["standing"] == ["r/more/1", "r/more/2"]


def test_conflict_while_undoing_forks_nothing(store: Store, folder: Path) -> None:
    finished(store, folder)
    (folder / "c").write_text("mine")
    with pytest.raises(UndoConflict, match=r"more\.1") as refused:
        again(store, folder).fork("more", undo=True)
    assert "nothing was forked" in refused.value.changed
    assert ([info.run for info in store.runs.all()], files(folder)["c"]) == (["r"], "mine")


def test_effects_cannot_be_kept_and_undone(store: Store, folder: Path) -> None:
    finished(store, folder)
    with pytest.raises(BadInput, match="not both"):
        again(store, folder).fork("more", undo=True, keep_effects=True)


@pytest.mark.parametrize("label", ["write.1", "write.2", "write.3", "more.1", "more.2"])
def test_ledger_tells_what_the_checkpoint_held(
    tmp_path: Path, folder: Path, clock: Clock, label: str
) -> None:
    with open_store(f"sqlite:///{tmp_path}/whole.db", clock=clock, keep=0) as store:
        run = finished(store, folder)
        name, _, ordinal = label.partition(".")
        kept = next(
            snapshot.values
            for snapshot in run.agent.graph.get_state_history(run.config)
            if snapshot.next == ("decide",)
            and snapshot.values["progress"][name]["proposals"] == int(ordinal) - 1
        )
        told = run.forking(label)
        prefix = prefix_of(item for item in told.entries if item.seq < told.point.seq).to_json()
    wanted = ("goal", "plan", "replans", "progress", "recent", "trail", "messages", "spent")
    kept["spent"] = Spent.model_validate(kept["spent"]).to_json()
    assert {name: prefix[name] for name in wanted} == {name: kept[name] for name in wanted}


def test_ledger_tells_refusals_and_answers_as_the_checkpoint_held_them(
    tmp_path: Path, folder: Path, clock: Clock
) -> None:
    (folder / "b").write_text("b")
    mind = script(
        step("tidy", "take", "put"),
        tidy=[
            act("take", name="secret-plan"),
            act("take", name="b"),
            act("put", name="a", text="one"),
            act("look", name="b"),
            act("put", name="a", text="goal"),
        ],
    )
    with open_store(f"sqlite:///{tmp_path}/whole.db", clock=clock, keep=0) as store:
        agent = shelf_agent(store, folder, mind, clock=clock)
        run = agent.run(GOAL, run_id="r").reject(reviewer="ada", message="not b")
        kept = [
            snapshot.values
            for snapshot in run.agent.graph.get_state_history(run.config)
            if snapshot.next == ("decide",) and not snapshot.values["waiting"]
        ]
        told = {
            values["progress"]["tidy"]["proposals"]: run.forking(
                f"tidy.{values['progress']['tidy']['proposals'] + 1}"
            ).prefix
            for values in kept
        }
    assert len(told) >= 4
    for values in kept:
        prefix = told[values["progress"]["tidy"]["proposals"]]
        seen = prefix.progress["tidy"]
        assert seen.to_json() == values["progress"]["tidy"]
        assert prefix.spent == Spent.model_validate(values["spent"])
        assert [*prefix.messages] == values["messages"]


def test_run_longer_than_its_checkpoints_is_forked_at_its_beginning(
    store: Store, folder: Path
) -> None:
    lines = [act("look", name="a"), act("look", name="b")]
    lines += [act("put", name="a", text=f"text {number}") for number in range(12)]
    shelf_agent(store, folder, script(step("write", "put", "look"), write=lines)).run(
        GOAL, run_id="r"
    )
    mind = script(step("write", "put"), write=[act("put", name="a", text="goal")])
    child = again(store, folder, mind).fork("write.3", undo=True)
    assert (child.resume().status, files(folder)) == ("verified", {"a": "goal"})
    assert child.info.status == "verified"


def test_fork_has_keys_of_its_own(store: Store, folder: Path) -> None:
    finished(store, folder)
    child = again(store, folder).fork("more", undo=True, run_id="other").resume()
    assert [record.key for record in child.effects] == ["other/more/1"]


def test_approval_of_the_other_run_is_nothing_to_a_fork(store: Store, folder: Path) -> None:
    asking(store, folder).approve()
    mind = script(step("tidy", "take"), tidy=[act("take", name="b")])
    child = again(store, folder, mind).fork("tidy", undo=True, run_id="other").resume()
    assert (child.status, [review.run for review in child.pending]) == ("waiting", ["other"])
    assert store.clearances.find("other/tidy/1") is None
    assert (folder / "b").exists()


def test_clearance_of_the_other_run_opens_nothing(store: Store, folder: Path) -> None:
    asking(store, folder).approve()
    child = again(store, folder).fork("tidy", undo=True, run_id="other")
    action = Action(tool="take", args={"name": "b"})
    with pytest.raises(NotCleared):
        child.agent.context.runner.run(
            Call(key="other/tidy/1", run="other", step="tidy", action=action)
        )


def test_key_of_the_other_run_does_nothing_again(store: Store, folder: Path) -> None:
    asking(store, folder).approve()
    child = again(store, folder).fork("tidy", undo=True, run_id="other")
    action = Action(tool="take", args={"name": "b"})
    call = Call(key="r/tidy/1", run="other", step="tidy", action=action)
    assert child.agent.context.runner.run(call).replayed
    assert (folder / "b").exists()


def test_question_stays_with_the_run_that_asks(store: Store, folder: Path) -> None:
    parent = asking(store, folder)
    child = again(store, folder).fork("tidy", run_id="other")
    assert (child.pending, len(parent.pending)) == ([], 1)
    assert child.resume().status == "verified"
    assert parent.approve().status == "verified"


def test_words_that_a_person_said_to_the_other_run_ground_nothing(
    store: Store, folder: Path
) -> None:
    asking(store, folder).reject(message="take c instead")
    state = again(store, folder).fork("tidy.2").state
    assert (state["words"], state["approved"]) == ([], False)
    assert ["take c instead" in told for told in state["messages"]] == [True]


def test_words_with_which_a_fork_is_wanted_are_heard(store: Store, folder: Path) -> None:
    asking(store, folder)
    mind = script(step("tidy", "take"))
    again(store, folder, mind).fork("tidy", message="leave b", reviewer="ada").resume()
    assert mind.seen[0].messages == ["ada on the fork: leave b"]


def test_plan_that_a_person_must_see_is_shown_again(store: Store, folder: Path) -> None:
    mind = script(step("write", "put"), write=[act("put", name="a", text="goal")])
    agent = shelf_agent(store, folder, mind)
    goal = Goal(objective=GOAL, boundaries=agent.boundaries, review_plan=True)
    agent.run(goal, run_id="r").approve()
    child = again(store, folder).fork("write", undo=True).resume()
    assert (child.status, [review.kind for review in child.pending]) == ("waiting", ["plan"])


def test_rounds_and_calls_before_the_point_count(store: Store, folder: Path) -> None:
    finished(store, folder)
    spent = again(store, folder).fork("more", undo=True).state["spent"]
    assert (spent["iterations"], spent["calls"], spent["effects"]) == (4, 3, 2)


def test_fork_of_a_run_over_budget_is_over_budget(store: Store, folder: Path) -> None:
    mind = script(step("write", "put", "look"), write=list(LINES))
    agent = shelf_agent(store, folder, mind)
    goal = Goal(objective=GOAL, boundaries=agent.boundaries, budget=Budget(max_iterations=2))
    agent.run(goal, run_id="r")
    child = again(store, folder, script(step("write", "put"), write=LINES[1:])).fork("write.2")
    assert child.resume().status == "over_budget"
    assert child.state["spent"]["iterations"] == 2


def test_waiting_is_no_working_time(store: Store, folder: Path, clock: Clock) -> None:
    asking(store, folder)
    clock.move(hours=5)
    again(store, folder, clock=clock).reject()
    told = again(store, folder, clock=clock).forking("tidy.2")
    assert prefix_of(one for one in told.entries if one.seq < told.point.seq).spent.seconds == 0


def test_time_in_which_nobody_advanced_the_run_is_no_working_time(
    store: Store, folder: Path, clock: Clock
) -> None:
    mind = script(step("write", "put", "look"), write=[*LINES, act("put", name="a", text="goal")])
    agent = shelf_agent(store, folder, mind, clock=clock)
    with closing(agent.begin(GOAL, run_id="r").stream()) as events:
        next(event for event in events if event.kind == "observation")
    clock.move(hours=5)
    run = agent.open("r").resume()
    told = run.forking("write.4")
    assert prefix_of(one for one in told.entries if one.seq < told.point.seq).spent.seconds > 3600
    assert told.prefix.spent.seconds < 3600


def test_money_before_the_point_counts(store: Store, folder: Path) -> None:
    run = asking(store, folder)
    limits = SpendLimits(max_usd=1.0, max_tokens=1000)
    store.spending.reserve("x", run="r", role="d", model="m", tokens=9, usd=0.5, limits=limits)
    clock = run.agent.context.clock
    assert isinstance(clock, Clock)
    again(store, folder).fork("tidy", run_id="other")
    totals = store.spending.totals("other")
    assert (totals.tokens, totals.usd, totals.open) == (9, 0.5, 0)


def test_step_that_was_never_decided_is_refused_with_those_that_were(
    store: Store, folder: Path
) -> None:
    finished(store, folder)
    with pytest.raises(BadInput, match="nonsense") as refused:
        again(store, folder).fork("nonsense")
    assert "write.1" in refused.value.advice


def test_point_whose_effects_are_gone_is_refused(store: Store, folder: Path) -> None:
    finished(store, folder).undo()
    with pytest.raises(BadInput, match=r"write\.3 .* undone by now"):
        again(store, folder).fork("more")


def test_fork_from_before_everything_that_was_undone_is_made(store: Store, folder: Path) -> None:
    finished(store, folder).undo()
    mind = script(step("write", "put"), write=[act("put", name="a", text="goal")])
    assert again(store, folder, mind).fork("write").resume().status == "verified"


def test_effect_in_doubt_must_be_settled_first(store: Store, folder: Path) -> None:
    finished(store, folder)
    action = Action(tool="send", args={"name": "a"})
    store.journal.intend(key="r/more/9", run="r", step="more", action=action, snapshot={})
    store.journal.settle("r/more/9", "in_doubt")
    with pytest.raises(BadInput, match="not known for certain"):
        again(store, folder).fork("more", keep_effects=True)


def test_run_that_is_advanced_cannot_be_forked(store: Store, folder: Path) -> None:
    finished(store, folder)
    with open_store(f"sqlite:///{store.path}") as other:
        other.leases.acquire("r")
        with pytest.raises(RunBusy):
            again(store, folder).fork("more", keep_effects=True)


def test_name_that_somebody_is_just_giving_to_a_run_is_refused(store: Store, folder: Path) -> None:
    finished(store, folder)
    with open_store(f"sqlite:///{store.path}") as other:
        other.leases.acquire("other")
        with pytest.raises(RunBusy):
            again(store, folder).fork("more", keep_effects=True, run_id="other")
    assert store.runs.find("other") is None


def test_fork_is_forked(store: Store, folder: Path) -> None:
    finished(store, folder)
    mind = script(
        step("write", "put"),
        more=[act("put", name="c", text="d"), act("put", name="a", text="goal")],
    )
    again(store, folder, mind).fork("more", undo=True, run_id="first").resume()
    second = again(store, folder, run="first").fork("more.2", undo=True, run_id="second")
    assert second.resume().status == "verified"
    assert second.state["spent"]["calls"] == 3 + 1 + 1
    assert files(folder) == {"a": "goal", "b": "b", "c": "d"}
    assert store.ledger.verify().problems == ()


def test_fork_names_the_run_in_which_an_earlier_step_was_decided(
    store: Store, folder: Path
) -> None:
    finished(store, folder)
    again(store, folder).fork("more", undo=True, run_id="first").resume()
    with pytest.raises(BadInput, match="decided in run 'r'"):
        again(store, folder, run="first").fork("write.2", undo=True)


def test_name_of_another_run_is_refused_before_anything_is_undone(
    store: Store, folder: Path
) -> None:
    finished(store, folder)
    before = files(folder)
    with pytest.raises(BadInput, match="exists"):
        again(store, folder).fork("more", undo=True, run_id="r")
    assert files(folder) == before


def test_pruned_run_cannot_be_forked(store: Store, folder: Path, clock: Clock) -> None:
    finished(store, folder)
    let_go(store, clock(), Retention(max_runs=0))
    with pytest.raises(BadInput, match="was pruned"):
        again(store, folder).fork("more", undo=True)


def test_fork_keeps_what_it_needs_when_the_other_run_is_pruned(
    store: Store, folder: Path, clock: Clock
) -> None:
    finished(store, folder)
    child = again(store, folder).fork("more", undo=True, run_id="other")
    let_go(store, clock(), Retention(max_runs=0))
    assert child.resume().status == "verified"
    assert store.ledger.verify().problems == ()


def test_plan_that_the_policy_no_longer_allows_is_refused(store: Store, folder: Path) -> None:
    finished(store, folder)
    policy = POLICY.replace(
        'id = "put"\ntool = "put"\nverdict = "allow"', 'id = "no"\ntool = "put"\nverdict = "deny"'
    )
    assert policy != POLICY
    with pytest.raises(BadInput, match="may not start any more"):
        again(store, folder, policy=policy).fork("more", keep_effects=True)


def test_run_of_another_graph_is_refused(store: Store, folder: Path, clock: Clock) -> None:
    run = finished(store, folder)
    info = run.info.model_copy(update={"run": "old", "fingerprint": "0" * 64})
    store.runs.create(info)
    with pytest.raises(GraphChanged):
        again(store, folder, run="old").fork("more")


@pytest.fixture(scope="module")
def ends(tmp_path_factory: pytest.TempPathFactory, server_store: str) -> list[dict[str, Any]]:
    """Return how a fork went on, for each point at which the one before was killed."""
    template = tmp_path_factory.mktemp("fork") / "template"
    (template / "shelf").mkdir(parents=True)
    url = server_store or f"sqlite:///{template / 'store.db'}"
    with open_store(url, clock=Clock()) as store:
        finished(store, template / "shelf")
    return ends_of("tests.behaviour.killed_fork", template, server_store)


def test_fork_is_killed_at_every_commit(ends: list[dict[str, Any]]) -> None:
    assert len(ends) >= 6


def test_killed_fork_is_whole_or_not_there(ends: list[dict[str, Any]]) -> None:
    assert [end["point"] for end in ends if end["problems"]] == []
    assert {(end["run"], end["forked"]) for end in ends} == {(False, 0), (True, 1)}


def test_after_a_kill_the_fork_is_made_or_gone_on_with(ends: list[dict[str, Any]]) -> None:
    assert {(end["status"], end["a"], end["puts"]) for end in ends} == {("verified", "goal", 1)}
