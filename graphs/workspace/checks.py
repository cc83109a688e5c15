"""The workspace's own evaluator: looks at the folder and runs commands, never at reasons."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import NamedTuple

from graphs.workspace.metrics import Metrics
from nodes.context import Examination
from nodes.state import Check
from tools.contract import EffectRecord, JsonObject, digest
from tools.files.root import Root
from tools.files.tree import Tree, differences, take, tree_json, tree_of

SHOWN = 5


class Came(NamedTuple):
    """How a command ended that tells whether the goal is reached."""

    holds: bool
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkspaceChecks:
    """Checks of one workspace.

    Args:
        root: The folder; None for an agent without one.
        unchanged: Globs of files that must stay as they are, e.g. `tests/*`.
        success: By name, what runs a command on a private copy and says how it ended. A command
            that succeeds before anything is done proves nothing, and the report says so.
        metrics: What is to get better, and what must not get worse meanwhile.
        skip: Tells which files are nobody's business, such as secrets.
    """

    root: Root | None
    unchanged: Sequence[str] = ()
    success: Mapping[str, Callable[[], Came]]
    metrics: Metrics = field(default_factory=lambda: Metrics({}, {}))
    skip: Callable[[str], bool] = lambda _name: False

    def baseline(self) -> JsonObject:
        """Look at what must not change, and run every success check once."""
        held = {name: run().holds for name, run in self.success.items()}
        return {
            "unchanged": tree_json(self._guarded()),
            "held": {**held},
            "metrics": self.metrics.measure(),
        }

    def examine(
        self,
        baseline: JsonObject,
        before: JsonObject,
        fresh: Sequence[EffectRecord],
        *,
        standing: Callable[[], Sequence[EffectRecord]],
    ) -> Examination:
        """Judge fresh effects: what must not change has not."""
        del before, fresh, standing
        checks = self._constraints(baseline)
        return Examination(checks=checks, measured={})

    def conclude(self, baseline: JsonObject, kept: Sequence[EffectRecord]) -> Examination:
        """Judge the end: the constraint, and every success check run anew."""
        held = baseline.get("held")
        before = held if isinstance(held, dict) else {}
        checks = list(self._constraints(baseline))
        for name, run in self.success.items():
            holds, detail = run()
            proves = not before.get(name)
            if holds and not proves:
                detail += " It did so before anything was done as well, so it proves nothing."
            checks.append(
                Check(name=name, kind="success", holds=holds, detail=detail, proves=proves)
            )
        checks += self.metrics.success(_metrics(baseline))
        measured: JsonObject = {"effects": digest([record.key for record in kept])}
        return Examination(checks=tuple(checks), measured=measured)

    def _guarded(self) -> Tree:
        if self.root is None or not self.unchanged:
            return {}
        found = take(self.root, skip=self.skip)
        return {name: thing for name, thing in found.items() if self._is_guarded(name)}

    def _is_guarded(self, name: str) -> bool:
        return any(fnmatchcase(name, glob) for glob in self.unchanged)

    def _constraints(self, baseline: JsonObject) -> tuple[Check, ...]:
        metrics = self.metrics.constraints(_metrics(baseline))
        if not self.unchanged:
            return metrics
        kept = baseline.get("unchanged")
        before = tree_of(kept if isinstance(kept, dict) else {})
        changed = [each.name for each in differences(before, self._guarded())]
        shown = ", ".join(changed[:SHOWN]) + (" and more" if len(changed) > SHOWN else "")
        globs = ", ".join(self.unchanged)
        detail = f"{shown} changed" if changed else f"{globs} are as they were"
        stays = Check(name="unchanged", kind="constraint", holds=not changed, detail=detail)
        return (stays, *metrics)


def _metrics(baseline: JsonObject) -> JsonObject:
    kept = baseline.get("metrics")
    return kept if isinstance(kept, dict) else {}
