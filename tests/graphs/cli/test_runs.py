"""Looking at runs and taking them back."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from checkpoints.store import open_store
from tests.graphs.cli.conftest import call, indexes


def schema(folder: Path) -> list[str]:
    with closing(sqlite3.connect(folder / "shop.db")) as opened:
        return [sql for (sql,) in opened.execute("SELECT sql FROM sqlite_schema ORDER BY name")]


def test_ls_lists_runs(waiting: Path) -> None:
    assert waiting.exists()
    out = call("ls").out
    assert "one" in out
    assert "waiting" in out


def test_show_is_one_timeline_across_the_pause(ended: Path) -> None:
    assert ended.exists()
    out = call("show", "one").out
    for told in ("inspect.1", "tune.1", "tidy.1", "approved by ada", "[applied]", "by mail"):
        assert told in out


def test_show_of_a_waiting_run_says_what_waits(waiting: Path) -> None:
    assert waiting.exists()
    assert "surefoot approve" in call("show", "one").out


def test_why_tells_the_decision_trail(ended: Path) -> None:
    assert ended.exists()
    out = call("why", "one", "tidy.1").out
    for told in ("Decision", "Instead of", "Gate", "Answered", "approved by ada", "DROP INDEX"):
        assert told in out


def test_why_of_a_step_tells_all_its_decisions(ended: Path) -> None:
    assert ended.exists()
    labels = [one["label"] for one in call("why", "one", "inspect", "--json").document]
    assert labels == ["inspect.1", "inspect.2"]


def test_why_of_an_unknown_step_names_the_steps(ended: Path) -> None:
    assert ended.exists()
    done = call("why", "one", "nonsense")
    assert (done.code, "tune.1" in done.err) == (2, True)


def test_diff_prints_statements(ended: Path) -> None:
    assert ended.exists()
    out = call("diff", "one").out
    assert 'DROP INDEX "by_customer";  -- tidy.1' in out
    assert "CREATE INDEX" in out


def test_an_undo_that_is_only_tried_changes_nothing(ended: Path) -> None:
    before = schema(ended)
    done = call("undo", "one", "--dry-run")
    assert (done.code, schema(ended)) == (0, before)
    assert "would undo  tidy.1" in done.out


def test_undo_brings_the_schema_back(ended: Path) -> None:
    assert call("undo", "one").code == 0
    assert indexes(ended) == {"by_customer", "by_customer_and_date"}


def test_undo_from_a_step_keeps_what_came_before(ended: Path) -> None:
    own = {name for name in indexes(ended) if name.startswith("sf_")}
    assert call("undo", "one:tidy").code == 0
    assert indexes(ended) == own | {"by_customer", "by_customer_and_date"}


def test_undo_of_an_unknown_step_is_refused(ended: Path) -> None:
    before = schema(ended)
    assert (call("undo", "one:nonsense").code, schema(ended)) == (2, before)


def disturb(folder: Path) -> None:
    """Let somebody make another index of the name of the one that the run dropped."""
    with closing(sqlite3.connect(folder / "shop.db")) as opened:
        opened.execute("CREATE INDEX by_customer ON orders (status)")
        opened.commit()


@pytest.mark.parametrize("dry", [["--dry-run"], []], ids=["dry", "real"])
def test_a_conflict_shows_both_versions_and_the_ways_on(ended: Path, dry: list[str]) -> None:
    disturb(ended)
    done = call("undo", "one", *dry)
    assert done.code == 24
    for told in (
        "left by the run: nothing",
        "there now:       CREATE INDEX by_customer ON orders (status)",
        "surefoot undo one --skip tidy.1",
    ):
        assert told in done.out


def test_what_is_in_conflict_can_be_left_and_the_rest_undone(ended: Path) -> None:
    disturb(ended)
    assert call("undo", "one", "--skip", "tidy.1", "--as", "ada").code == 0
    assert indexes(ended) == {"by_customer", "by_customer_and_date"}
    assert "left alone: ada wants it to stay." in call("why", "one", "tidy.1").out


def test_an_own_index_that_somebody_dropped_is_told_as_gone(ended: Path) -> None:
    with closing(sqlite3.connect(ended / "shop.db")) as opened:
        own = next(name for name in indexes(ended) if name.startswith("sf_"))
        opened.execute(f'DROP INDEX "{own}"')
        opened.commit()
    done = call("undo", "one")
    assert (done.code, done.out.count("gone already")) == (0, 1)


def test_ls_and_show_say_that_a_run_was_undone(ended: Path) -> None:
    assert ended.exists()
    call("undo", "one")
    row = call("ls", "--json").document[0]
    assert (row["status"], row["standing"]) == ("verified", "verified, undone")
    assert (row["changes"]["kept"], row["changes"]["undone"] > 0) == (0, True)
    assert "verified, undone" in call("ls").out
    assert "verified, undone" in call("show", "one").out


def test_a_run_whose_process_died_is_shown_as_interrupted(waiting: Path) -> None:
    with open_store(f"sqlite:///{waiting / 'surefoot.db'}") as store:
        store.runs.set_status("one", "running", "as a killed process leaves it")
    row = call("ls", "--json").document[0]
    assert (row["status"], row["standing"]) == ("running", "interrupted")
    shown = call("show", "one").out
    assert "interrupted" in shown
    assert "Go on: surefoot resume one" in shown


def test_undoing_twice_finds_nothing(ended: Path) -> None:
    assert ended.exists()
    call("undo", "one")
    done = call("undo", "one")
    assert (done.code, "nothing to undo" in done.out) == (0, True)


def test_an_intact_record_passes(ended: Path) -> None:
    assert ended.exists()
    done = call("audit", "verify")
    assert (done.code, "unbroken" in done.out) == (0, True)


def test_a_changed_record_is_noticed(ended: Path) -> None:
    with closing(sqlite3.connect(ended / "surefoot.db")) as opened:
        for (trigger,) in opened.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'"):
            opened.execute(f"DROP TRIGGER {trigger}")
        opened.execute("UPDATE ledger SET body = '{}' WHERE seq = 5")
        opened.commit()
    done = call("audit", "verify", "--json")
    assert (done.code, done.document["intact"]) == (20, False)


@pytest.mark.parametrize("form", ["mermaid", "svg", "text"])
def test_the_graph_is_drawn_with_a_path(ended: Path, form: str) -> None:
    assert ended.exists()
    done = call("graph", "one", "--format", form)
    assert (done.code, "escalate" in done.out) == (0, True)


def test_the_graph_is_written_to_a_file(tmp_path: Path) -> None:
    target = tmp_path / "graph.svg"
    assert call("graph", "--format", "svg", "--output", str(target)).code == 0
    assert target.read_text().startswith("<svg ")


def test_a_file_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    done = call("graph", "--output", str(tmp_path / "no" / "graph.svg"))
    assert (done.code, "cannot be written" in done.err) == (2, True)


@pytest.mark.parametrize(
    "words",
    [
        ["ls"],
        ["show", "one"],
        ["why", "one", "tune"],
        ["diff", "one"],
        ["undo", "one", "--dry-run"],
        ["audit", "verify"],
        ["graph", "one"],
        ["inbox"],
        ["resume", "one"],
    ],
    ids=" ".join,
)
def test_every_command_prints_one_json_document(ended: Path, words: list[str]) -> None:
    assert ended.exists()
    done = call(*words, "--json")
    assert done.document is not None
    assert done.err == ""


@pytest.mark.parametrize("words", [["show"], ["diff"], ["undo"], ["resume"], ["graph"]], ids=str)
def test_an_unknown_run_is_refused(waiting: Path, words: list[str]) -> None:
    assert waiting.exists()
    done = call(*words, "nobody")
    assert (done.code, "There is no run 'nobody'" in done.err) == (2, True)


@pytest.mark.parametrize("words", [["ls"], ["inbox"], ["audit", "verify"]], ids=str)
def test_looking_makes_no_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    done = call(*words)
    assert (done.code, "There is no store" in done.err) == (2, True)
    assert list(tmp_path.iterdir()) == []
