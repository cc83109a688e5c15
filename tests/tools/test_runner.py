"""The runner finds what happened before it asks whether it may still happen."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import JsonValue

from checkpoints.store import Store
from tests.behaviour.conftest import clock, folder, store
from tests.behaviour.shelf import POLICY, Clock, Put
from tools.contract import Action, Call, Clearance, Happened, JsonObject, canonical
from tools.errors import NotCleared, Transient
from tools.policy import Policy
from tools.results import WITHHELD
from tools.runner import Runner
from tools.toolbox import Toolbox

__all__ = ["clock", "folder", "store"]

ACTION = Action(tool="put", args={"name": "a", "text": "goal"})
HIDDEN = "hunter2"
CALL = Call(key="r/write/1", run="r", step="write", action=ACTION)


class Killed(BaseException):
    """The end of a process, as far as the runner can tell."""


class DyingPut(Put):
    """Dies before or after its effect, once."""

    secret_fields = frozenset({"token"})
    dies = ""
    knows = True
    locked = 0
    """How often looking at the world fails before it can be looked at."""
    locks_after_probe = 0

    def apply(self, args: JsonObject, key: str) -> JsonValue:
        if self.dies == "before":
            self.dies = ""
            raise Killed
        result = super().apply(args, key)
        if self.dies == "after":
            self.dies = ""
            raise Killed
        deep: JsonValue = [{"token": HIDDEN}]
        return {"put": result, "token": HIDDEN, "deep": deep}

    def probe(self, args: JsonObject, snapshot: JsonObject, key: str) -> Happened:
        self.look()
        self.locked = self.locks_after_probe
        return super().probe(args, snapshot, key) if self.knows else "unknown"

    def resources(self, args: JsonObject) -> frozenset[str]:
        self.look()
        return super().resources(args)

    def look(self) -> None:
        if self.locked:
            self.locked -= 1
            raise Transient("The file is locked.")


@dataclass
class Bench:
    """A runner, its one tool, and the clearance for its one call."""

    runner: Runner
    put: DyingPut
    store: Store
    clock: Clock

    def grant(self, action: Action = ACTION) -> None:
        expires = self.clock() + timedelta(hours=1)
        self.store.clearances.grant(
            Clearance(
                key=CALL.key, action_hash=action.hash, by="rule", name="put", expires_at=expires
            )
        )

    def die(self, when: str) -> None:
        """Run the call until the process ends, and come back after the clearance expired."""
        self.grant()
        self.put.dies = when
        with pytest.raises(Killed):
            self.runner.run(CALL)
        self.clock.move(hours=2)

    @property
    def state(self) -> str:
        record = self.store.journal.find(CALL.key)
        return record.state if record else ""


@pytest.fixture
def bench(store: Store, folder: Path, clock: Clock) -> Bench:
    put = DyingPut(folder)
    runner = Runner(
        tools=Toolbox([put]),
        policy=Policy.from_toml(POLICY, source="shelf"),
        journal=store.journal,
        clearances=store.clearances,
        artifacts=store.artifacts,
        clock=clock,
        sleep=lambda _: None,
    )
    return Bench(runner=runner, put=put, store=store, clock=clock)


def test_effect_that_happened_is_adopted_though_its_clearance_expired(bench: Bench) -> None:
    bench.die("after")
    assert bench.runner.run(CALL).status == "ok"
    assert bench.state == "applied"


def test_effect_that_did_not_happen_wants_a_live_clearance(bench: Bench, folder: Path) -> None:
    bench.die("before")
    observation = bench.runner.run(CALL)
    assert (observation.status, bench.state) == ("refused", "failed")
    assert "expired" in observation.summary
    assert not (folder / "a").exists()


def test_effect_that_did_not_happen_is_done_under_a_new_clearance(bench: Bench) -> None:
    bench.die("before")
    bench.grant()
    assert bench.runner.run(CALL).status == "ok"
    assert bench.state == "applied"


def test_effect_that_nobody_can_tell_is_in_doubt_though_its_clearance_expired(bench: Bench) -> None:
    bench.die("after")
    bench.put.knows = False
    assert bench.runner.run(CALL).status == "in_doubt"


@pytest.mark.parametrize(("locked", "status"), [(2, "ok"), (3, "in_doubt")])
def test_lock_during_recovery_is_waited_for_before_there_is_doubt(
    bench: Bench, locked: int, status: str
) -> None:
    bench.die("after")
    bench.put.locked = locked
    assert bench.runner.run(CALL).status == status


@pytest.mark.parametrize(
    ("locked", "status", "state"), [(2, "ok", "applied"), (3, "transient", "failed")]
)
def test_lock_at_the_gate_of_a_recovery_leaves_nothing_open(
    bench: Bench, locked: int, status: str, state: str
) -> None:
    bench.die("before")
    bench.grant()
    bench.put.locks_after_probe = locked
    assert (bench.runner.run(CALL).status, bench.state) == (status, state)


def test_known_result_is_returned_though_its_clearance_expired(bench: Bench) -> None:
    bench.grant()
    bench.runner.run(CALL)
    bench.clock.move(hours=2)
    assert bench.runner.run(CALL).replayed


def test_clearance_of_another_action_recovers_nothing(bench: Bench) -> None:
    bench.die("after")
    bench.grant(Action(tool="put", args={"name": "a", "text": "other"}))
    with pytest.raises(NotCleared, match="exactly these arguments"):
        bench.runner.run(CALL)
    assert bench.state == "intended"


def test_secrets_reach_neither_observation_nor_disk(bench: Bench) -> None:
    bench.grant()
    observation = bench.runner.run(CALL)
    bench.store.ledger.append("r", "observation", CALL.key, observation.to_json())
    bench.store.close()
    files = bench.store.path.parent.glob(f"{bench.store.path.name}*")
    assert HIDDEN not in canonical(observation.to_json())
    assert not any(HIDDEN.encode() in path.read_bytes() for path in files)


def test_secrets_are_withheld_however_deep_they_lie(bench: Bench) -> None:
    bench.grant()
    kept = bench.store.artifacts.get(bench.runner.run(CALL).artifact)
    assert kept == {"put": {"name": "a"}, "token": WITHHELD, "deep": [{"token": WITHHELD}]}
