"""`run` and `resume`: what they print, and how they end."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from checkpoints.store import open_store
from tests.graphs.cli.conftest import GOAL, call, indexes, start


def test_a_run_that_needs_a_person_ends_with_its_code(shop: Path) -> None:
    done = start("--name", "one")
    assert done.code == 10
    assert "by_customer" in indexes(shop)


def test_a_waiting_run_says_which_commands_go_on(shop: Path) -> None:
    assert shop.exists()
    done = start("--name", "one", "--store", "sqlite:///kept.db")
    item = call("inbox", "--json", "--store", "sqlite:///kept.db").document[0]["id"]
    assert f"surefoot approve {item} --store sqlite:///kept.db" in done.out


def test_work_that_does_not_wait_is_done_before_the_question(waiting: Path) -> None:
    assert any(name.startswith("sf_") for name in indexes(waiting))


def test_the_plan_and_every_decision_are_told(shop: Path) -> None:
    assert shop.exists()
    out = start("--name", "one").out
    for told in ("Plan (by the playbook)", "tune.1  create_index", "why: On a copy", "by rule"):
        assert told in out


def test_a_run_prints_one_json_document(shop: Path) -> None:
    assert shop.exists()
    document = start("--name", "one", "--json").document
    assert (document["run"], document["status"], document["exit_code"]) == ("one", "waiting", 10)


def test_a_dry_run_changes_nothing_and_ends_well(shop: Path) -> None:
    before = (shop / "shop.db").read_bytes()
    done = start("--dry-run")
    assert (done.code, (shop / "shop.db").read_bytes()) == (0, before)


def test_a_dry_run_predicts_gain_and_verdict(shop: Path) -> None:
    assert shop.exists()
    out = start("--dry-run").out
    assert "create_index table=customers" in out
    assert "would say allow" in out
    assert "would say ask" in out


def test_resuming_a_run_that_must_wait_asks_again(waiting: Path) -> None:
    assert waiting.exists()
    done = call("resume", "one")
    assert (done.code, "surefoot approve" in done.out) == (10, True)


def test_the_beginning_of_a_name_suffices(waiting: Path) -> None:
    assert waiting.exists()
    assert call("resume", "on").code == 10


def test_a_plan_can_be_reviewed_first(shop: Path) -> None:
    before = indexes(shop)
    done = start("--name", "one", "--review-plan")
    assert (done.code, indexes(shop)) == (10, before)
    assert "Start this plan" in done.out


def test_an_approved_plan_starts(shop: Path) -> None:
    before = indexes(shop)
    start("--name", "one", "--review-plan")
    item = call("inbox", "--json").document[0]["id"]
    assert call("approve", item).code == 10
    assert indexes(shop) > before


def test_a_budget_of_no_effects_ends_the_run(shop: Path) -> None:
    before = indexes(shop)
    done = start("--max-effects", "0")
    assert (done.code, indexes(shop)) == (22, before)


def test_a_run_of_a_policy_that_denies_changes_nothing(shop: Path) -> None:
    before = indexes(shop)
    (shop / "deny.toml").write_text('[[rules]]\nid = "no"\nverdict = "deny"\n')
    done = start("--policy", "deny.toml")
    assert (done.code, indexes(shop)) == (23, before)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--database", "none.db"], "no database 'none.db'"),
        (["--database", "junk.db"], "not an SQLite database"),
        (["--workload", "none.sql"], "'none.sql' cannot be read"),
        (["--workload", "empty.sql"], "0 queries"),
        (["--workload", "evil.sql"], "not a query"),
        (["--policy", "none.toml"], "'none.toml' cannot be read"),
        (["--policy", "junk.db"], "not TOML"),
        (["--name", "a:b"], "cannot be the name"),
        (["--store", "nonsense"], "not the URL of a store"),
        (["--store", "sqlite:///no/such/folder/x.db"], "cannot be made"),
        (["--max-seconds", "-1"], "max-seconds"),
    ],
)
def test_bad_input_is_told_calmly(shop: Path, words: list[str], told: str) -> None:
    (shop / "junk.db").write_text("no database " * 100)
    (shop / "empty.sql").touch()
    (shop / "evil.sql").write_text("DROP TABLE orders;")
    done = start(*words)
    assert done.code in {2, 20}
    assert told in done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize("goal", [" ", "x" * 5000], ids=["empty", "too long"])
def test_a_goal_that_is_none_is_refused(shop: Path, goal: str) -> None:
    assert shop.exists()
    done = call("run", goal, "--database", "shop.db", "--workload", "shop.sql")
    assert (done.code, "1 to 4000 are accepted" in done.err) == (2, True)


def test_a_name_that_is_taken_is_refused(waiting: Path) -> None:
    assert waiting.exists()
    done = start("--name", "one")
    assert (done.code, "'one' exists" in done.err) == (2, True)


def test_a_run_that_another_process_advances_is_busy(waiting: Path) -> None:
    item = call("inbox", "--json").document[0]["id"]
    with open_store(f"sqlite:///{waiting / 'surefoot.db'}", owner="other") as other:
        other.leases.acquire("one")
        done = call("approve", item)
    assert (done.code, "Traceback" in done.err) == (25, False)


def test_a_store_that_is_none_is_refused(shop: Path) -> None:
    (shop / "junk.db").write_text("no store " * 100)
    done = start("--store", "sqlite:///junk.db")
    assert (done.code, "Traceback" in done.err) == (20, False)


def test_the_store_of_the_environment_is_used(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUREFOOT_STORE", "sqlite:///mine.db")
    start("--dry-run", "--name", "dry")
    assert (shop / "mine.db").exists()
    assert call("ls", "--json").document[0]["run"] == "dry"


def test_the_store_of_the_settings_file_is_used(shop: Path) -> None:
    (shop / "surefoot.toml").write_text('store = "sqlite:///filed.db"\n')
    start("--dry-run")
    assert (shop / "filed.db").exists()


def test_a_fault_is_told_in_json_as_well(shop: Path) -> None:
    assert shop.exists()
    done = call("run", GOAL, "--database", "none.db", "--workload", "shop.sql", "--json")
    assert done.document["exit_code"] == 2
    assert done.document["error"]["changed"] == "Nothing was changed."


def test_a_run_of_another_graph_is_not_continued(waiting: Path) -> None:
    with closing(sqlite3.connect(waiting / "surefoot.db")) as opened:
        (record,) = opened.execute("SELECT record FROM runs").fetchone()
        changed = json.dumps(json.loads(record) | {"fingerprint": "0" * 64})
        opened.execute("UPDATE runs SET record = ?", (changed,))
        opened.commit()
    done = call("resume", "one")
    assert (done.code, "another graph" in done.err) == (26, True)
