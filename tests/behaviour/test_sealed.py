"""A sealed store holds nothing that can be read, and nothing of it can be put elsewhere."""

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from checkpoints.rotation import rotate
from checkpoints.store import Store, open_store
from tests.behaviour.killed_rotation import KEYS
from tests.behaviour.sealed import (
    KEY,
    OTHER,
    SECRETS,
    WORLD,
    again,
    found_in_files,
    found_on_server,
    live,
)
from tests.behaviour.shelf import Clock
from tools.errors import RunBusy, StoreFault


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "postgresql":
        return str(request.getfixturevalue("postgres_url"))
    return f"sqlite:///{tmp_path}/store.db"


def found(store: Store) -> set[str]:
    lite = store._writer.database.path is not None
    return found_in_files(store.path) if lite else found_on_server(store)


def test_every_secret_can_be_read_in_a_store_without_a_key(
    url: str, folder: Path, clock: Clock
) -> None:
    with open_store(url, clock=clock) as store:
        live(store, folder, clock)
        store.flush()
        assert found(store) == {*SECRETS}, "else the next test shows nothing"


def test_nothing_that_a_run_saw_or_said_can_be_read_in_a_sealed_store(
    url: str, folder: Path, clock: Clock
) -> None:
    with open_store(url, clock=clock, key=KEY) as store:
        assert live(store, folder, clock).status == "waiting"
        store.flush()
        assert found(store) == set()
        run = again(store, folder, clock)
        assert run.approve(reviewer="ada").status == "verified"
        assert [item.outcome for item in run.undo().items] == ["undone"] * 3
        assert (folder / "b").read_text() == WORLD
        assert store.ledger.verify().problems == ()
        assert found(store) == set()


def test_run_that_waits_in_a_plain_store_goes_on_in_it_when_it_is_sealed(
    url: str, folder: Path, clock: Clock
) -> None:
    with open_store(url, clock=clock) as store:
        live(store, folder, clock)
    with open_store(url, clock=clock, key=KEY, for_sealing=True) as store:
        rotate(store)
        assert found(store) == set()
    with open_store(url, clock=clock, key=KEY) as store:
        assert again(store, folder, clock).approve(reviewer="ada").status == "verified"
        assert found(store) == set()


def test_after_a_rotation_only_the_new_key_is_needed(url: str, folder: Path, clock: Clock) -> None:
    with open_store(url, clock=clock, key=KEY) as store:
        live(store, folder, clock)
    with open_store(url, clock=clock, key=f"{OTHER},{KEY}", for_sealing=True) as store:
        assert rotate(store).sealed == rotate(store).rows
        assert rotate(store).sealed == 0
    with pytest.raises(StoreFault, match="another key"):
        open_store(url, clock=clock, key=KEY)
    with open_store(url, clock=clock, key=OTHER) as store:
        assert store.ledger.verify().problems == ()
        assert again(store, folder, clock).approve(reviewer="ada").status == "verified"


def test_decrypted_store_is_as_one_that_never_was_sealed(
    url: str, folder: Path, clock: Clock
) -> None:
    with open_store(url, clock=clock, key=KEY) as store:
        live(store, folder, clock)
    with open_store(url, clock=clock, key=KEY, for_sealing=True) as store:
        rotate(store, remove=True)
    with open_store(url, clock=clock) as store:
        assert store.ledger.verify().problems == ()
        assert again(store, folder, clock).approve(reviewer="ada").status == "verified"
        assert found(store) == {*SECRETS}


def test_ledger_can_be_sealed_anew_and_is_append_only_again(
    url: str, folder: Path, clock: Clock
) -> None:
    with open_store(url, clock=clock, key=KEY, for_sealing=True) as store:
        store.ledger.append("r", "tick", "step", {})
        rotate(store)
        for change in ("UPDATE ledger SET body = '{}'", "DELETE FROM ledger"):
            with pytest.raises(StoreFault, match="append-only"), store._writer.write() as opened:
                opened.execute(text(change))


def test_rotation_is_refused_while_a_run_is_advanced(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/store.db"
    with open_store(url, key=KEY) as busy:
        busy.leases.acquire("r")
        with (
            open_store(url, key=f"{OTHER},{KEY}", for_sealing=True) as store,
            pytest.raises(RunBusy, match="'r' is being advanced"),
        ):
            rotate(store)
        busy.ledger.append("r", "tick", "step", {})
    open_store(url, key=KEY).close()


def test_rotation_needs_the_file_for_itself_and_says_so(tmp_path: Path, folder: Path) -> None:
    url, clock = f"sqlite:///{tmp_path}/store.db", Clock()
    with open_store(url, clock=clock) as store:
        live(store, folder, clock)
    with open_store(url, clock=clock, key=KEY, for_sealing=True) as store:
        with closing(sqlite3.connect(store.path)) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM runs").fetchone()
            with pytest.raises(StoreFault, match="End the other processes"):
                rotate(store)
        rotate(store)
        assert found_in_files(store.path) == set()


SWAPS = {
    "effects": "UPDATE effects SET record = (SELECT record FROM effects ORDER BY seq LIMIT 1)",
    "artifacts": "UPDATE artifacts SET data = (SELECT data FROM artifacts ORDER BY ref LIMIT 1)",
    "clearances": "UPDATE clearances SET record = (SELECT max(record) FROM clearances)",
    "checkpoints": "UPDATE checkpoints SET type = (SELECT max(type) FROM checkpoints), checkpoint ="
    " (SELECT checkpoint FROM checkpoints ORDER BY checkpoint_id LIMIT 1)",
    "writes": "UPDATE writes SET task_id = 'another'",
    "metadata": "UPDATE checkpoints SET metadata ="
    " (SELECT metadata FROM checkpoints ORDER BY checkpoint_id LIMIT 1)",
    "kind": "UPDATE model_cache SET answer = (SELECT record FROM runs)",
}
READS: dict[str, Any] = {
    "effects": lambda store: store.journal.of_run("r"),
    "artifacts": lambda store: [store.artifacts.get(ref) for ref in refs(store)],
    "clearances": lambda store: [store.clearances.find(f"r/write/{n}") for n in (1, 2, 3)],
    "checkpoints": lambda store: [*store.saver.list(None)],
    "writes": lambda store: [*store.saver.list(None)],
    "metadata": lambda store: [*store.saver.list(None)],
    "kind": lambda store: store.model_cache.find("k"),
}


def refs(store: Store) -> list[str]:
    with store._writer.read() as connection:
        return [*connection.execute(text("SELECT ref FROM artifacts")).scalars()]


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the file of a sealed store in which a run waits."""
    folder, clock = tmp_path_factory.mktemp("sealed"), Clock()
    (folder / "shelf").mkdir()
    with open_store(f"sqlite:///{folder}/store.db", clock=clock, key=KEY) as store:
        live(store, folder / "shelf", clock)
    return folder / "store.db"


@pytest.fixture
def copy(kept: Path, tmp_path: Path) -> str:
    (tmp_path / "copy.db").write_bytes(kept.read_bytes())
    return f"sqlite:///{tmp_path}/copy.db"


@pytest.mark.parametrize("what", SWAPS)
def test_what_is_put_elsewhere_is_refused(copy: str, what: str) -> None:
    with open_store(copy, key=KEY) as store:
        assert READS[what](store)
        with store._writer.write(urgent=True) as connection:
            connection.execute(text(SWAPS[what]))
        with pytest.raises(StoreFault, match="moved there from elsewhere"):
            READS[what](store)


PLANTS = {
    "effects": "UPDATE effects SET record = '{}'",
    "clearances": "UPDATE clearances SET record = '{}'",
    "checkpoints": "UPDATE checkpoints SET type = 'msgpack', checkpoint = x'80'",
    "writes": "UPDATE writes SET type = 'msgpack', value = x'80'",
    "metadata": "UPDATE checkpoints SET metadata = '{}'",
}


@pytest.mark.parametrize("what", PLANTS)
def test_what_is_not_sealed_is_refused_in_a_sealed_store(copy: str, what: str) -> None:
    with open_store(copy, key=KEY) as store:
        with store._writer.write(urgent=True) as connection:
            connection.execute(text(PLANTS[what]))
        with pytest.raises(StoreFault, match="something else put it there"):
            READS[what](store)


@pytest.mark.parametrize("forms", ["plain", "plain 0123", "sealed:AAAA"])
def test_nobody_without_the_key_can_make_a_sealed_store_a_plain_one(copy: str, forms: str) -> None:
    with open_store(copy, key=KEY) as store, store._writer.write(urgent=True) as connection:
        connection.execute(text("UPDATE store_version SET forms = :forms"), {"forms": forms})
    with pytest.raises(StoreFault):
        open_store(copy, key=KEY)


def test_changed_content_is_on_the_audits_list(copy: str) -> None:
    with open_store(copy, key=KEY) as store:
        with store._writer.write(urgent=True) as connection:
            connection.execute(text(SWAPS["effects"]))
            connection.execute(text("DROP TRIGGER ledger_is_never_changed"))
            connection.execute(text("UPDATE ledger SET body = '{}' WHERE seq = 2"))
        problems = store.ledger.verify().problems
    assert "entry 2 was changed" in problems
    assert any("effect" in problem for problem in problems)


@pytest.fixture(scope="module")
def rotations(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Return what a store told for each point at which a rotation of it was killed."""
    folder = tmp_path_factory.mktemp("rotations")
    for kind, keys in KEYS.items():
        (folder / kind / "shelf").mkdir(parents=True)
        url, clock = f"sqlite:///{folder / kind / 'store.db'}", Clock()
        with open_store(url, clock=clock, key=keys[0]) as store:
            live(store, folder / kind / "shelf", clock)
    command = [sys.executable, "-m", "tests.behaviour.killed_rotation", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


every_kind = pytest.mark.parametrize("kind", KEYS)


@every_kind
def test_rotation_is_killed_at_commits_and_while_the_file_is_written(
    rotations: Any, kind: str
) -> None:
    points = [end["point"] for end in rotations[kind]["ends"]]
    least = 9 if kind == "seal" else 2
    assert (points.count("COMMIT") >= least, points.count("VACUUM")) == (True, 1)


@every_kind
def test_store_tells_the_same_whenever_its_rotation_was_killed(rotations: Any, kind: str) -> None:
    before = rotations[kind]["before"]
    assert before["problems"] == []
    for end in rotations[kind]["ends"]:
        assert end["between"] == end["after"] == before


@every_kind
def test_nothing_of_the_old_form_is_left_when_a_killed_rotation_was_completed(
    rotations: Any, kind: str
) -> None:
    left = [*SECRETS] if kind == "remove" else []
    assert all(sorted(end["found"]) == sorted(left) for end in rotations[kind]["ends"])
