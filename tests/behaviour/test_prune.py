"""What ended runs no longer need goes; the record, and whatever may still be needed, stays."""

import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from checkpoints.limits import Retention
from checkpoints.retention import prune
from checkpoints.store import Store, open_store
from graphs.render.cost import cost_of
from graphs.render.story import read_story
from tests.behaviour.killing import ends_of
from tests.behaviour.pruned import (
    EVERYTHING,
    evidence,
    let_go,
    live,
    opened,
    rows,
    run_sql,
)
from tests.behaviour.shelf import Clock, act, script, shelf_agent, step
from tools.errors import BadInput, RunBusy

DAY = 86_400


@pytest.fixture(params=["postgresql", "sqlite"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "postgresql":
        return str(request.getfixturevalue("postgres_url"))
    return f"sqlite:///{tmp_path}/store.db"


@pytest.fixture
def anywhere(url: str, folder: Path, clock: Clock) -> Iterator[Store]:
    """Return a store of either kind in which runs ended."""
    with open_store(url, clock=clock) as made:
        live(made, folder, clock)
        yield made


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Clock]:
    """Return a folder with a store in which runs ended and what they worked on, and the time."""
    made, clock = tmp_path_factory.mktemp("prune") / "template", Clock()
    (made / "shelf").mkdir(parents=True)
    with open_store(f"sqlite:///{made / 'store.db'}", clock=clock) as store:
        live(store, made / "shelf", clock)
    return made, clock


@pytest.fixture
def lived(template: tuple[Path, Clock], folder: Path, clock: Clock) -> Iterator[Store]:
    """Return a store in which runs ended."""
    made, then = template
    shutil.copytree(made, folder.parent, dirs_exist_ok=True)
    clock.now = then.now
    with open_store(f"sqlite:///{folder.parent / 'store.db'}", clock=clock) as store:
        yield store


def problems(store: Store) -> tuple[str, ...]:
    return store.ledger.verify().problems


def test_ledger_stays_whole(anywhere: Store, clock: Clock) -> None:
    before = anywhere.ledger.entries()
    let_go(anywhere, clock())
    after = anywhere.ledger.entries()
    assert (after[: len(before)], problems(anywhere)) == (before, ())


def test_what_goes_is_what_the_dry_run_foresaw(anywhere: Store, clock: Clock) -> None:
    before = rows(anywhere)
    foreseen = prune(anywhere, EVERYTHING, now=clock(), by="ada")
    assert rows(anywhere) == before
    went = let_go(anywhere, clock())
    assert (foreseen.runs, foreseen.artifacts, foreseen.artifact_bytes) == (
        went.runs,
        went.artifacts,
        went.artifact_bytes,
    )


def test_nothing_but_what_may_be_needed_is_left(anywhere: Store, clock: Clock) -> None:
    let_go(anywhere, clock())
    left = {name: count for name, count in rows(anywhere).items() if name != "checkpoints"}
    # The effect that stands; of the run that waits its question, what it saw and did with its
    # clearances, and the world as it was before and after that.
    assert left == {
        "clearances": 2,
        "effects": 2,
        "reviews": 1,
        "artifacts": 4,
        "spending": 0,
        "model_cache": 0,
        "problems": 0,
    }


def test_run_that_waits_goes_on(anywhere: Store, folder: Path, clock: Clock) -> None:
    let_go(anywhere, clock())
    assert opened(anywhere, folder, clock, "waits").approve().status == "verified"


def test_effect_that_stands_is_undone_afterwards(
    anywhere: Store, folder: Path, clock: Clock
) -> None:
    let_go(anywhere, clock())
    report = opened(anywhere, folder, clock, "kept").undo()
    assert [item.outcome for item in report.items] == ["undone"]
    assert (not (folder / "a").exists(), problems(anywhere)) == (True, ())


def test_what_undo_needs_goes_only_when_that_is_said(
    anywhere: Store, folder: Path, clock: Clock
) -> None:
    went = let_go(anywhere, clock(), including_undo=True)
    assert [(one.run, one.undo_lost) for one in went.runs] == [("kept", True), ("undone", False)]
    assert opened(anywhere, folder, clock, "kept").undo().items == ()
    assert problems(anywhere) == ()


def test_prune_after_an_undo_takes_what_the_first_left(
    anywhere: Store, folder: Path, clock: Clock
) -> None:
    let_go(anywhere, clock())
    opened(anywhere, folder, clock, "kept").undo()
    assert [(one.run, one.effects) for one in let_go(anywhere, clock()).runs] == [("kept", 1)]
    assert (anywhere.journal.of_run("kept"), problems(anywhere)) == ([], ())


def test_second_prune_finds_nothing(anywhere: Store, clock: Clock) -> None:
    let_go(anywhere, clock())
    assert let_go(anywhere, clock()).is_empty


def test_cost_of_a_run_stays_what_it_was(anywhere: Store, clock: Clock) -> None:
    before = cost_of(anywhere, "kept")
    let_go(anywhere, clock())
    assert cost_of(anywhere, "kept") == before


def test_run_is_still_shown(anywhere: Store, clock: Clock) -> None:
    before = [(row.label, row.what) for row in read_story(anywhere, "undone").rows]
    let_go(anywhere, clock())
    story = read_story(anywhere, "undone")
    assert [(row.label, row.what) for row in story.rows][: len(before)] == before


def test_value_that_another_run_needs_stays(lived: Store, clock: Clock) -> None:
    shared = evidence(lived, "waits", "see")
    assert evidence(lived, "kept", "write") == shared
    let_go(lived, clock())
    assert lived.artifacts.get(shared) == {"text": "b"}


def test_value_that_only_the_state_of_a_living_run_names_stays(
    lived: Store, folder: Path, clock: Clock
) -> None:
    measured = opened(lived, folder, clock, "waits").state["measured"]
    assert not any(measured in str(entry.body) for entry in lived.ledger.entries("waits"))
    let_go(lived, clock())
    assert lived.artifacts.get(measured) == {}


def test_value_goes_with_the_last_run_that_needs_it(
    lived: Store, folder: Path, clock: Clock
) -> None:
    let_go(lived, clock())
    opened(lived, folder, clock, "waits").approve()
    clock.move(days=1)
    let_go(lived, clock())
    with pytest.raises(KeyError):
        lived.artifacts.get(evidence(lived, "waits", "see"))


def test_value_that_is_gone_though_nobody_pruned_it_is_noticed(lived: Store, clock: Clock) -> None:
    let_go(lived, clock())
    shared = evidence(lived, "waits", "see")
    run_sql(lived, "DELETE FROM artifacts WHERE ref = :ref", ref=shared)
    assert [shared in problem and "is missing" in problem for problem in problems(lived)] == [True]


def test_effect_that_went_past_the_record_is_noticed(lived: Store, clock: Clock) -> None:
    let_go(lived, clock())
    run_sql(lived, "DELETE FROM effects WHERE run = 'kept'")
    assert ["kept as missing" in problem for problem in problems(lived)] == [True]


def test_pruned_effect_that_comes_back_is_noticed(lived: Store, clock: Clock) -> None:
    with closing(sqlite3.connect(lived.path)) as connection:
        query = "SELECT * FROM effects WHERE run = 'undone' LIMIT 1"
        kept = connection.execute(query).fetchone()
    let_go(lived, clock())
    with closing(sqlite3.connect(lived.path)) as connection, connection:
        connection.execute(f"INSERT INTO effects VALUES ({', '.join('?' * len(kept))})", kept)
    assert ["the ledger tells missing" in problem for problem in problems(lived)] == [True]


def test_run_that_is_advanced_elsewhere_is_left_alone(lived: Store, clock: Clock) -> None:
    with open_store(f"sqlite:///{lived.path}", clock=clock) as other:
        other.leases.acquire("kept")
        went = let_go(lived, clock())
    assert ([one.run for one in went.runs], [*went.skipped]) == (["undone"], ["kept"])


def test_no_value_goes_while_a_run_may_be_about_to_name_it(lived: Store, clock: Clock) -> None:
    before = rows(lived)["artifacts"]
    with open_store(f"sqlite:///{lived.path}", clock=clock) as other:
        other.leases.acquire("waits")
        went = let_go(lived, clock())
    assert (rows(lived)["artifacts"], "'waits'" in went.artifacts_left) == (before, True)
    assert let_go(lived, clock()).artifacts > 0


def test_run_that_ended_lately_keeps_everything(lived: Store, clock: Clock) -> None:
    went = let_go(lived, clock(), Retention(max_age_days=1.5))
    assert [one.run for one in went.runs] == ["kept"]


def test_runs_that_ended_last_keep_everything(lived: Store, clock: Clock) -> None:
    assert [one.run for one in let_go(lived, clock(), Retention(max_runs=1)).runs] == ["kept"]


def test_values_of_a_run_that_keeps_everything_stay(lived: Store, clock: Clock) -> None:
    assert evidence(lived, "kept", "write", 2) == evidence(lived, "undone", "write", 2)
    let_go(lived, clock(), Retention(max_runs=1))
    assert lived.artifacts.get(evidence(lived, "undone", "write", 2)) == {"name": "a"}


def test_runs_go_until_the_store_is_small_enough(lived: Store, clock: Clock) -> None:
    used = prune(lived, EVERYTHING, now=clock(), by="ada").used_bytes
    went = let_go(lived, clock(), Retention(max_mb=(used - 1) / 1e6))
    assert ([one.run for one in went.runs], went.still_above) == (["kept"], "")


def test_store_that_cannot_be_small_enough_is_told(lived: Store, clock: Clock) -> None:
    went = let_go(lived, clock(), Retention(max_mb=0.001))
    assert (len(went.runs), "still takes more" in went.still_above) == (2, True)


def test_prune_without_a_limit_is_refused(lived: Store, clock: Clock) -> None:
    with pytest.raises(BadInput, match="No limit"):
        let_go(lived, clock(), Retention())


def test_expired_answers_go(lived: Store, clock: Clock) -> None:
    lived.model_cache.keep("old", {"text": "x"}, seconds=DAY)
    clock.move(days=2)
    run_sql(
        lived,
        "INSERT INTO model_cache VALUES ('new', '{}', :at)",
        at=f"{clock().year + 1}-01-01T00:00:00",
    )
    assert (let_go(lived, clock()).answers, rows(lived)["model_cache"]) == (1, 1)


def test_file_shrinks(lived: Store, clock: Clock) -> None:
    went = let_go(lived, clock()).file
    assert went is not None
    assert (went.skipped, lived.path.stat().st_size) == ("", went.after_bytes)
    assert went.after_bytes < went.before_bytes / 2


def test_file_that_another_process_reads_is_left_for_later(lived: Store, clock: Clock) -> None:
    with closing(sqlite3.connect(lived.path)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM ledger").fetchone()
        went = let_go(lived, clock())
    assert went.file is not None
    assert "prune again later" in went.file.skipped
    assert problems(lived) == ()


def test_name_of_a_pruned_run_is_not_given_again(lived: Store, folder: Path, clock: Clock) -> None:
    let_go(lived, clock(), including_undo=True)
    agent = shelf_agent(lived, folder, script(step("write", "put")), clock=clock)
    with pytest.raises(BadInput, match="exists"):
        agent.run("Again", run_id="undone")


def test_pruned_run_cannot_be_begun_again_by_its_thread(
    lived: Store, folder: Path, clock: Clock
) -> None:
    let_go(lived, clock(), including_undo=True)
    agent = shelf_agent(lived, folder, script(step("write", "put")), clock=clock)
    config: Any = {"configurable": {"thread_id": "undone"}}
    with pytest.raises(RunBusy, match="has ended"):
        agent.graph.invoke({"goal": agent.goal("Again").to_json()}, config)


def test_words_of_a_model_can_neither_let_a_value_go_nor_break_the_record(
    store: Store, folder: Path, clock: Clock
) -> None:
    live(store, folder, clock)
    needed, made_up = evidence(store, "waits", "see"), f"sha256:{'0' * 64}"
    said = act("look", name="b").model_copy(update={"reasoning": f"{needed} {made_up}"})
    mind = script(step("see", "look"), see=[said])
    shelf_agent(store, folder, mind, clock=clock).run("Look", run_id="evil")
    let_go(store, clock())
    assert (store.artifacts.get(needed), problems(store)) == ({"text": "b"}, ())


def test_large_body_goes_and_the_record_stays_whole(
    store: Store, folder: Path, clock: Clock
) -> None:
    lines = [act("put", name="a", text="x" * 9_000), act("put", name="a", text="goal")]
    (folder / "a").write_text("y" * 100_000)
    mind = script(step("write", "put"), write=lines)
    run = shelf_agent(store, folder, mind, clock=clock).run("Make a say goal", run_id="r")
    run.undo()
    went = let_go(store, clock())
    assert went.artifacts > 0
    assert all(row.what for row in read_story(store, "r").rows)
    assert problems(store) == ()


@pytest.fixture(scope="module")
def ends(
    template: tuple[Path, Clock], server_store: str, tmp_path_factory: pytest.TempPathFactory
) -> list[dict[str, Any]]:
    """Return what was left of a store, for each point at which a prune was killed."""
    made, _ = template
    if server_store:
        made = tmp_path_factory.mktemp("prune") / "template"
        (made / "shelf").mkdir(parents=True)
        clock = Clock()
        with open_store(server_store, clock=clock) as store:
            live(store, made / "shelf", clock)
    return ends_of("tests.behaviour.killed_prune", made, server_store)


def test_prune_is_killed_at_every_commit_and_in_the_shrinking(
    ends: list[dict[str, Any]], server_store: str
) -> None:
    points = [end["point"].rpartition(" ")[0] for end in ends]
    # A server uses the space again by itself.
    shrunk = 0 if server_store else 1
    assert (points.count("COMMIT") >= 5, points.count("VACUUM")) == (True, shrunk)


def test_record_is_whole_whenever_the_prune_was_killed(ends: list[dict[str, Any]]) -> None:
    assert [end["point"] for end in ends if end["problems"]] == []


def test_killed_prune_is_completed_by_the_next(ends: list[dict[str, Any]]) -> None:
    assert {json.dumps(end["rows"], sort_keys=True) for end in ends} == {
        json.dumps(ends[-1]["rows"], sort_keys=True)
    }
