"""Fresh worlds for one kind of specimen, and a real store and runner to act through in them."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from checkpoints.store import Store, open_store
from checkpoints.undo import undo_effects
from tools.contract import Action, Call, Clearance, JsonObject, Observation, Tool, digest
from tools.policy import Policy
from tools.runner import Runner
from tools.specimen import Specimen
from tools.toolbox import Toolbox

NOW: Final = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)
RUN: Final = "trial"
_POLICY = '[[rules]]\nid = "any"\nverdict = "ask"\n'


def _clock() -> datetime:
    return NOW


@dataclass(frozen=True, slots=True, kw_only=True)
class Hands:
    """A tool as one process holds it: with a store, a runner, and every permission it needs."""

    store: Store
    tool: Tool
    runner: Runner

    def call(self, args: JsonObject, number: int = 1) -> Call:
        """Return the call of an action, cleared by a person."""
        action = Action(tool=self.tool.name, args=self.tool.check(args))
        key = f"{RUN}/step/{number}"
        self.store.clearances.grant(
            Clearance(
                key=key,
                action_hash=action.hash,
                by="person",
                name="trial",
                target=digest(self.tool.target(action.args)),
                expires_at=NOW + timedelta(days=1),
            )
        )
        return Call(key=key, run=RUN, step="step", action=action)

    def act(self, args: JsonObject, number: int = 1) -> Observation:
        """Run an action once."""
        return self.runner.run(self.call(args, number))

    def undo(self) -> list[str]:
        """Undo everything and return what came of each effect, with the detail when it failed."""
        records = self.store.journal.of_run(RUN)
        items = undo_effects(self.store, records, reverser=self.runner, why="a trial")
        good = {"undone", "gone already"}
        return [
            one.outcome if one.outcome in good else f"{one.outcome}: {one.detail}" for one in items
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """One world, and the store beside it; outlives the processes that act in it."""

    folder: Path
    specimen: Specimen

    @contextmanager
    def hands(self) -> Iterator[Hands]:
        """Lend the tool as a new process would open it."""
        with open_store(f"sqlite:///{self.folder / 'store.db'}", clock=_clock) as store:
            tool = self.specimen.tool(store.artifacts)
            runner = Runner(
                tools=Toolbox([tool]),
                policy=Policy.from_toml(_POLICY, source="trial"),
                journal=store.journal,
                clearances=store.clearances,
                artifacts=store.artifacts,
                clock=_clock,
                sleep=lambda _seconds: None,
            )
            yield Hands(store=store, tool=tool, runner=runner)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """Makes worlds of one kind.

    Args:
        kind: Makes a specimen in an empty folder.
        points: At how many points of an action it is killed; all that there are when fewer.
    """

    kind: Callable[[Path], Specimen]
    points: int = 25

    @contextmanager
    def ground(self) -> Iterator[Ground]:
        """Lend a fresh world."""
        with tempfile.TemporaryDirectory(prefix="surefoot-trial-") as scratch:
            folder = Path(scratch)
            (folder / "world").mkdir()
            specimen = self.kind(folder / "world")
            try:
                yield Ground(folder=folder, specimen=specimen)
            finally:
                specimen.close()
