"""Forking from the command line."""

from pathlib import Path

from tests.graphs.cli.conftest import call, indexes


def test_dry_run_tells_what_stands_and_how_to_go_on(ended: Path) -> None:
    before = indexes(ended)
    done = call("fork", "one", "tidy", "--dry-run")
    assert (done.code, indexes(ended)) == (0, before)
    for told in (
        "before tidy.1",
        "as well: tune.1",
        "Done by then: inspect",
        "--keep-effects",
        "--undo",
        "drop",
    ):
        assert told in done.out


def test_dry_run_has_a_document(ended: Path) -> None:
    assert ended.exists()
    told = call("fork", "one", "tidy.1", "--dry-run", "--json").document
    assert (told["of"], told["before"], told["dry_run"]) == ("one", "tidy.1", True)


def test_fork_with_effects_after_the_point_is_refused(ended: Path) -> None:
    before = indexes(ended)
    done = call("fork", "one", "tidy")
    assert (done.code, indexes(ended)) == (2, before)
    assert "--keep-effects" in done.err


def test_fork_undoes_and_asks_again(ended: Path) -> None:
    done = call("fork", "one", "tidy", "--undo", "--name", "two", "--no-input")
    assert (done.code, "by_customer" in indexes(ended)) == (10, True)
    assert "two begins before tidy of one" in done.out
    assert call("audit", "verify").code == 0


def test_fork_that_is_only_made_is_gone_on_with_later(ended: Path) -> None:
    assert ended.exists()
    made = call("fork", "one", "tidy", "--undo", "--name", "two", "--no-resume")
    assert (made.code, "surefoot resume two" in made.out) == (0, True)
    assert call("resume", "two", "--no-input").code == 10


def test_fork_of_what_was_never_decided_names_what_was(ended: Path) -> None:
    assert ended.exists()
    done = call("fork", "one", "nonsense")
    assert (done.code, "inspect.1" in done.err) == (2, True)


def test_both_timelines_tell_of_the_fork(ended: Path) -> None:
    assert ended.exists()
    call("fork", "one", "tidy", "--undo", "--name", "two", "--no-resume", "--as", "ada")
    assert "two forked before tidy.1 by ada" in call("show", "one").out
    assert "forked from one before tidy.1 by ada" in call("show", "two").out


def test_timeline_tells_of_a_prune(ended: Path) -> None:
    assert ended.exists()
    call("prune", "--max-runs", "0", "--yes")
    assert "pruned by" in call("show", "one").out
