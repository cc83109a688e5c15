"""Effects of which nobody can tell by looking whether they happened: a person is asked."""

from pathlib import Path
from typing import ClassVar

import pytest
from pydantic import JsonValue

from checkpoints.store import Store
from graphs.session import Agent, Run
from nodes.state import Decision
from tests.behaviour.shelf import Script, Send, act, script, shelf_agent, step
from tools.contract import JsonObject


class BrokenSend(Send):
    """Sends, and breaks before it can say so; the first time only."""

    broken: ClassVar[bool] = True

    def apply(self, args: JsonObject, key: str) -> JsonValue:
        sent = super().apply(args, key)
        if self.broken:
            type(self).broken = False
            raise RuntimeError("the line went dead")
        return sent


@pytest.fixture
def mind() -> Script:
    return script(step("mail", "send"), mail=[act("send", name="a"), act("send", name="a")])


@pytest.fixture
def agent(store: Store, folder: Path, mind: Script, monkeypatch: pytest.MonkeyPatch) -> Agent:
    BrokenSend.broken = True
    monkeypatch.setattr("tests.behaviour.shelf.Send", BrokenSend)
    return shelf_agent(store, folder, mind)


@pytest.fixture
def doubtful(agent: Agent) -> Run:
    return agent.run("Send it", run_id="r").approve(reviewer="ada")


def sent(folder: Path) -> list[str]:
    path = folder.parent / "sent"
    return path.read_text().split() if path.exists() else []


def test_person_is_asked_whether_it_happened(doubtful: Run, folder: Path) -> None:
    assert [review.kind for review in doubtful.pending] == ["doubt"]
    assert [record.state for record in doubtful.effects] == ["in_doubt"]
    assert sent(folder) == ["a"]


def test_resume_repeats_nothing_while_the_doubt_stands(doubtful: Run, folder: Path) -> None:
    doubtful.resume()
    assert sent(folder) == ["a"]


def test_it_happened_is_adopted_and_not_repeated(doubtful: Run, mind: Script, folder: Path) -> None:
    mind.decisions["mail"] = []
    doubtful.approve(reviewer="ada", message="It is in the outbox.")
    assert [record.state for record in doubtful.effects] == ["applied"]
    assert sent(folder) == ["a"]


def test_it_did_not_happen_may_be_tried_again_with_a_new_approval(
    doubtful: Run, folder: Path
) -> None:
    doubtful.reject(reviewer="ada", message="Nothing arrived.")
    assert [record.state for record in doubtful.effects] == ["failed"]
    assert [review.kind for review in doubtful.pending] == ["action"]
    doubtful.approve(reviewer="ada")
    assert sent(folder) == ["a", "a"]


def test_irreversible_effect_is_not_undone_but_told(doubtful: Run, mind: Script) -> None:
    mind.decisions["mail"] = [Decision(kind="done")]
    doubtful.approve(reviewer="ada")
    assert [item.outcome for item in doubtful.undo().items] == ["not reversible"]
