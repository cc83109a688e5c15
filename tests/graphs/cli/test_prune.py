"""Pruning from the command line: told first, done with --yes."""

from pathlib import Path

import pytest

from tests.graphs.cli.conftest import call, indexes


def checkpoints() -> int:
    """Return how many checkpoints could go."""
    found = call("prune", "--max-runs", "0", "--json").document["runs"]
    return sum(one["checkpoints"] for one in found)


def test_prune_only_tells_unless_it_is_confirmed(ended: Path) -> None:
    assert ended.exists()
    before = checkpoints()
    done = call("prune", "--max-runs", "0")
    assert (done.code, before > 0, checkpoints()) == (0, True, before)
    assert "Do it: surefoot prune --max-runs 0 --yes" in done.out


def test_dry_run_wins_over_yes(ended: Path) -> None:
    assert ended.exists()
    call("prune", "--max-runs", "0", "--yes", "--dry-run")
    assert checkpoints() > 0


def test_prune_says_what_went_and_what_stays(ended: Path) -> None:
    assert ended.exists()
    out = call("prune", "--max-runs", "0", "--yes").out
    for told in ("one", "checkpoints", "to undo", "went", "shrank"):
        assert told in out
    assert checkpoints() == 0


def test_record_is_whole_afterwards(ended: Path) -> None:
    assert ended.exists()
    call("prune", "--max-runs", "0", "--including-undo", "--yes")
    assert call("audit", "verify").code == 0


@pytest.mark.parametrize(
    "words",
    [
        ("show", "one"),
        ("why", "one", "tune.1"),
        ("diff", "one"),
        ("ls",),
        ("graph", "one"),
        ("cost", "one"),
        ("inbox",),
        ("undo", "one", "--dry-run"),
    ],
)
def test_every_look_at_a_pruned_run_works(ended: Path, words: tuple[str, ...]) -> None:
    assert ended.exists()
    call("prune", "--max-runs", "0", "--including-undo", "--yes")
    done = call(*words)
    assert (done.code, done.err) == (0, "")


def test_pruned_run_can_be_undone(ended: Path) -> None:
    call("prune", "--max-runs", "0", "--yes")
    assert call("undo", "one").code == 0
    assert indexes(ended) == {"by_customer", "by_customer_and_date"}


def test_settings_say_what_is_kept_and_options_win(ended: Path) -> None:
    (ended / "surefoot.toml").write_text("[retention]\nmax_runs = 0\n")
    assert len(call("prune", "--json").document["runs"]) == 1
    assert call("prune", "--max-runs", "1", "--json").document["runs"] == []


def test_prune_without_any_limit_says_how_to_set_one(ended: Path) -> None:
    assert ended.exists()
    done = call("prune", "--yes")
    assert (done.code, "[retention]" in done.err) == (2, True)


def test_waiting_run_is_not_pruned(waiting: Path) -> None:
    assert waiting.exists()
    assert "nothing to prune" in call("prune", "--max-runs", "0", "--yes").out
