"""A program whose process is killed between two calls goes on in another; nothing runs again."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from checkpoints.store import Store, open_store
from tests.behaviour.forks import Surefoot, forks

WHOLE = "one\ntwo\nsent {'sent': 'b'}\nthree\nfour"
"""What the program prints when each of its lines ran once."""


@pytest.fixture(scope="module")
def surefoot() -> Iterator[Surefoot]:
    with forks("tests.behaviour.killed_glue") as made:
        yield made


def told(store: Store, kind: str) -> list[str]:
    return [entry.subject for entry in store.ledger.entries("r") if entry.kind == kind]


def last_words(root: Path) -> str:
    with open_store(f"sqlite:///{root / 'store.db'}") as store:
        assert store.ledger.verify().problems == ()
        decisions = [one.body for one in store.ledger.entries("r") if one.kind == "decision"]
        # What the journal knew is observed again when nobody had noted it.
        assert [*dict.fromkeys(told(store, "observation"))] == ["r/work/1", "r/work/2", "r/work/3"]
    return str(decisions[-1]["reasoning"])


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "shelf").mkdir()
    return tmp_path


@pytest.mark.parametrize("point", ["kept 1", "decision 1", "gate 1", "observation 1", "kept 2"])
def test_a_kill_before_the_question_repeats_nothing(
    surefoot: Surefoot, root: Path, point: str
) -> None:
    assert surefoot(root, point, "run") == -9
    assert surefoot(root, "", "resume") == "waiting"
    assert surefoot(root, "", "approve") == "verified"
    assert (root / "sent").read_text() == "b\n"
    assert last_words(root) == WHOLE


@pytest.mark.parametrize("point", ["start", "observation 1", "kept 3", "observation 2", "kept 4"])
def test_a_kill_after_the_answer_repeats_nothing(
    surefoot: Surefoot, root: Path, point: str
) -> None:
    assert surefoot(root, "", "run") == "waiting"
    assert surefoot(root, point, "approve") == -9
    assert surefoot(root, "", "resume") == "verified"
    assert (root / "sent").read_text() == "b\n"
    assert last_words(root) == WHOLE


def test_a_no_in_another_process_is_raised(surefoot: Surefoot, root: Path) -> None:
    assert surefoot(root, "", "run") == "waiting"
    assert surefoot(root, "", "reject") == "verified"
    assert not (root / "sent").exists()


def test_what_nobody_can_tell_is_asked_and_gone_on_with(surefoot: Surefoot, root: Path) -> None:
    assert surefoot(root, "", "run") == "waiting"
    assert surefoot(root, "send", "approve") == -9
    assert surefoot(root, "", "resume") == "waiting"
    assert surefoot(root, "", "approve") == "verified"
    assert (root / "sent").read_text() == "b\n"
    assert last_words(root) == WHOLE.replace("{'sent': 'b'}", "{'adopted': True}")
