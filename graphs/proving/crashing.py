"""Trials by SIGKILL between any two lines of a tool: nothing is done twice, nothing half.

A forked process acts through the journal and is killed at a line; another recovers. Forks, because
a process that only has to be killed need not be started from scratch.
"""

import os
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

from pydantic import JsonValue

from graphs.proving.bench import RUN, Bench, Ground, Hands
from graphs.proving.findings import Finding, difference
from graphs.proving.undoing import reversible_actions
from tools.contract import JsonObject, Tool

Deed = Callable[[Hands], object]


class Fuse:
    """Counts the lines of some files as they run, and kills this process at one of them.

    Args:
        files: Folders or files whose lines count.
        at: The line that is not reached any more; 0 only counts.
    """

    def __init__(self, files: tuple[str, ...], at: int = 0) -> None:
        self.passed = 0
        self._files = files
        self._at = at

    def __call__(self, frame: FrameType, event: str, _value: Any) -> "Fuse | None":  # noqa: ANN401  # what `sys.settrace` gives
        """Look at one event of the interpreter."""
        if not frame.f_code.co_filename.startswith(self._files):
            return None
        if event == "line":
            self.passed += 1
            if self.passed == self._at:
                os.kill(os.getpid(), signal.SIGKILL)
        return self

    def burn(self, deed: Callable[[], object]) -> int:
        """Do something and return how many lines it took."""
        before = sys.gettrace()
        threading.settrace(self)
        sys.settrace(self)
        try:
            deed()
        finally:
            sys.settrace(before)
            threading.settrace(before)
        return self.passed


def crashes(bench: Bench) -> Iterator[Finding]:
    """An action killed at any line is done once by whoever goes on, or is in doubt."""
    for action in reversible_actions(bench, "reversible", "irreversible"):
        with bench.ground() as ground, ground.hands() as hands:
            before = ground.specimen.world()
            lines = Fuse(_files(hands.tool)).burn(lambda: hands.act(action))  # noqa: B023  # run at once
            after = ground.specimen.world()
        for at in _points(lines, bench.points):
            with bench.ground() as ground:
                killed = _killed(ground, lambda hands: hands.act(action), at)  # noqa: B023  # the same
                what = _recovered(ground, action, before, after)
            if what:
                where = f"killed at line {at} of {lines}" if killed else "not killed"
                yield Finding(trial="", args=action, what=f"{where}: {what}")
                break


def _recovered(ground: Ground, action: JsonObject, before: JsonValue, after: JsonValue) -> str:
    """Go on after a kill; return what is wrong."""
    with ground.hands() as hands:
        seen = hands.act(action)
        now = ground.specimen.world()
        if seen.status == "in_doubt":
            return "" if now in (before, after) else f"half done: {difference(after, now)}"
        if seen.status != "ok":
            return f"it ends {seen.status}: {seen.summary}"
        if now != after:
            return f"done twice or by half: {difference(after, now)}"
        if hands.tool.effect == "irreversible":
            return ""
        outcomes, now = hands.undo(), ground.specimen.world()
        if outcomes != ["undone"] or now != before:
            return f"undone afterwards: {outcomes}; {difference(before, now)}"
    return ""


def crashes_in_undo(bench: Bench) -> Iterator[Finding]:
    """An undo killed at any line is completed by the next."""
    for action in reversible_actions(bench, "reversible"):
        with bench.ground() as ground, ground.hands() as hands:
            before = ground.specimen.world()
            hands.act(action)
            lines = Fuse(_files(hands.tool)).burn(hands.undo)
        for at in _points(lines, bench.points):
            with bench.ground() as ground:
                with ground.hands() as hands:
                    hands.act(action)
                _killed(ground, Hands.undo, at)
                with ground.hands() as hands:
                    hands.undo()
                    states = {record.state for record in hands.store.journal.of_run(RUN)}
                now = ground.specimen.world()
            if states != {"undone"} or now != before:
                what = f"an undo killed at line {at} of {lines} ends {sorted(states)}; "
                yield Finding(trial="", args=action, what=what + difference(before, now))
                break


def _killed(ground: Ground, deed: Deed, at: int) -> bool:
    """Do something in a process that is killed at a line; tell whether it was."""
    child = _fork()
    if child == 0:
        code = 1
        try:
            with ground.hands() as hands:
                Fuse(_files(hands.tool), at).burn(lambda: deed(hands))
            code = 0
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


def _fork() -> int:
    """Fork, whatever other threads of this process do: the child leaves them alone, and dies."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return os.fork()


def _files(tool: Tool) -> tuple[str, ...]:
    """Return where the lines of a tool are: its package, or its file when it is in none."""
    own = [kind for kind in type(tool).__mro__ if issubclass(kind, Tool) and kind is not Tool]
    files = [Path(str(sys.modules[kind.__module__].__file__)) for kind in own]
    return tuple(
        f"{path.parent}/" if (path.parent / "__init__.py").exists() else str(path) for path in files
    )


def _points(lines: int, most: int) -> list[int]:
    """Return numbers of lines, evenly spread, the first and the last among them."""
    if lines <= most:
        return [*range(1, lines + 1)]
    return sorted({1 + round(number * (lines - 1) / (most - 1)) for number in range(most)})
