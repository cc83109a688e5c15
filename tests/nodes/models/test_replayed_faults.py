"""A replay degrades as the recording did: faults are on the tape, too."""

import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from checkpoints.store import Store
from nodes.models.ask import NoAnswer
from nodes.models.cassette import Cassette, CassetteMiss
from nodes.models.roles import Candidate
from nodes.models.tape import taped_roles
from nodes.state import Decision
from tests.nodes.models.asking import asker, candidate
from tests.nodes.models.stub import Behaviour, says, stall, status, stub
from tests.nodes.models.test_servers import DONE, LIMITS, PROMPT
from tools.errors import SurefootError

SCHEMA_UNKNOWN = status(400, "response_format is not supported")


@dataclass(frozen=True)
class Told:
    """What an asker made of its candidates."""

    value: str
    tries: list[tuple[str, str, str]]
    taken_over: list[str]


def tell(store: Store, run: str, chat: object, *chain: Candidate) -> Told:
    """Ask once; return what came, each try, and who took over."""
    made = asker(store, chat, *chain, cache_seconds=0.0)  # type: ignore[arg-type]  # a factory
    try:
        value = made.ask(run, "decider", PROMPT, Decision, limits=LIMITS).value.reasoning
    except NoAnswer:
        value = "nobody"
    bodies = [(entry.kind, entry.body) for entry in store.ledger.entries(run)]
    return Told(
        value,
        [
            (str(body["model"]), str(body["came"]), str(body["reason"]))
            for kind, body in bodies
            if kind == "model_call"
        ],
        [str(body["to"]) for kind, body in bodies if kind == "degraded"],
    )


def twice(store: Store, tape: Path, *script: Behaviour, structured: str = "auto") -> list[Told]:
    """Return what came of two candidates, recorded and then replayed."""
    with stub(*script) as server:
        chain = [
            candidate(name, base_url=server.url, timeout_seconds=0.2, structured=structured)
            for name in ("weak", "strong")
        ]
        recorded = tell(store, "live", Cassette(tape).recording(server.chats), *chain)
        assert server.left == 0
    replayed = taped_roles(Cassette(tape)).decider
    return [recorded, tell(store, "again", Cassette(tape).replaying(), *replayed)]


@pytest.mark.parametrize(
    "script",
    [
        (status(429), status(500), says(DONE)),
        (status(429, retry_after="90"), says(DONE)),
        (status(401), says(DONE)),
        (stall, stall, stall, says(DONE)),
        (says("nonsense"), says("nonsense"), says("nonsense"), says(DONE)),
        (SCHEMA_UNKNOWN, says(DONE)),
        (SCHEMA_UNKNOWN, status(500), says("nonsense"), says(DONE)),
        (status(401), status(401)),
    ],
)
def test_a_replay_tries_and_degrades_as_the_recording_did(
    store: Store, tmp_path: Path, script: tuple[Behaviour, ...]
) -> None:
    recorded, replayed = twice(store, tmp_path / "tape.jsonl", *script)
    assert replayed == recorded


def test_a_fault_is_used_up_and_then_missed(store: Store, tmp_path: Path) -> None:
    tape = tmp_path / "tape.jsonl"
    twice(store, tape, status(401), status(401))
    chat, chain = Cassette(tape).replaying(), taped_roles(Cassette(tape)).decider
    tell(store, "first", chat, *chain)
    with pytest.raises(CassetteMiss, match="1 times"):
        tell(store, "second", chat, *chain)


def test_words_of_a_server_that_failed_do_not_reach_the_tape(store: Store, tmp_path: Path) -> None:
    tape = tmp_path / "tape.jsonl"
    refused = status(401, "wrong key sk-proj-0123456789abcdefgh")
    twice(store, tape, refused, refused)
    assert "wrong key" not in tape.read_text()
    kinds = [json.loads(line)["fault"]["kind"] for line in tape.read_text().splitlines()]
    assert kinds == ["401", "401"]


@pytest.mark.parametrize("came", ['"fault": {"reason": 1}', '"fault": null', '"neither": 1'])
def test_a_fault_that_cannot_be_replayed_is_refused(tmp_path: Path, came: str) -> None:
    tape = tmp_path / "tape.jsonl"
    tape.write_text(f'{{"request": {{}}, {came}}}\n')
    with pytest.raises(SurefootError, match="cannot be read as a cassette"):
        Cassette(tape).replaying()
