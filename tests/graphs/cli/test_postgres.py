"""The commands on a store in PostgreSQL, as on a file."""

from pathlib import Path

import pytest

from tests.graphs.cli.conftest import call, indexes, start


@pytest.fixture
def store(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("SUREFOOT_STORE", postgres_url)
    return postgres_url


def test_a_run_is_started_answered_looked_at_forked_undone_and_pruned(
    store: str, shop: Path
) -> None:
    assert start("--name", "one", "--no-input").code == 10
    assert not (shop / "surefoot.db").exists()
    item = call("inbox", "--json").document[0]["id"]
    assert call("approve", item, "--as", "ada").code == 0
    assert "by_customer" not in indexes(shop)
    assert call("ls", "--json").document[0]["status"] == "verified"
    for words in (("show", "one"), ("why", "one", "tidy"), ("diff", "one"), ("cost", "one")):
        assert call(*words).code == 0
    assert "tidy.1" in call("fork", "one", "tidy", "--dry-run").out
    assert call("undo", "one").code == 0
    assert "by_customer" in indexes(shop)
    assert call("prune", "--max-runs", "0", "--yes").code == 0
    assert call("audit", "verify").code == 0


def test_the_doctor_shows_no_password(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    found = call("doctor", "--store", "postgresql://user:s3cret@127.0.0.1:1/none")
    assert ("s3cret" in found.out + found.err, "cannot be reached" in found.out) == (False, True)


def test_a_server_that_is_not_there_is_told(tmp_path: Path) -> None:
    refused = call("ls", "--store", "postgresql://127.0.0.1:1/none")
    assert (refused.code, "cannot be reached" in refused.err) == (20, True)
