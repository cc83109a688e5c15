"""Ctrl-C: once to stop when the action that runs is done, twice to stop at once; both are safe.

A model is not an action: nobody waits for its answer any more.
"""

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

import typer

from checkpoints.store import Store
from graphs.cli.exits import INTERRUPTED
from graphs.cli.opening import command
from graphs.cli.printing import Printer
from tools.errors import RunBusy, SurefootError

_SHOW_CURSOR = "\x1b[?25h"
"""The spinner hides it."""


@contextmanager
def resumable(run: str, memory: Store, printer: Printer, store: str | None) -> Iterator[None]:
    """Say how to go on when the work on a run is interrupted, by the user or by a fault.

    Args:
        run: The run's whole name.
        memory: The open store.
        printer: Where it is said.
        store: The `--store` option.
    """
    go_on = command("resume", run, store=store)
    try:
        with _patient(printer, go_on):
            yield
    except KeyboardInterrupt as interrupt:
        begun = memory.runs.find(run) is not None
        kept = f"Stopped. Run {run!r} keeps what it has done.\nGo on: {go_on}"
        printer.complain(kept if begun else "Stopped before the run began. Nothing was changed.")
        raise typer.Exit(INTERRUPTED) from interrupt
    except RunBusy:
        raise
    except SurefootError as fault:
        found = memory.runs.find(run)
        if found is not None and found.status == "running":
            fault.advice = f"{fault.advice} `{go_on}` tries again from where it stands.".strip()
        raise


@contextmanager
def _patient(printer: Printer, go_on: str) -> Iterator[None]:
    """Tell at the first Ctrl-C that the action under way is awaited, and end at the second."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, _handler(printer, go_on))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _handler(printer: Printer, go_on: str) -> Callable[[int, FrameType | None], None]:
    asked = False

    def stop(number: int, frame: FrameType | None) -> None:
        del number, frame
        nonlocal asked
        if asked:
            # The journal makes this as safe as any crash: what was under way is looked up later.
            # The first Ctrl-C may still be printing, so this is written past the console.
            shown = _SHOW_CURSOR if printer.errors.is_terminal else ""
            os.write(sys.stderr.fileno(), f"{shown}Stopped at once.\nGo on: {go_on}\n".encode())
            os._exit(INTERRUPTED)
        asked = True
        printer.complain(
            "Stopping as soon as the action that runs is done; Ctrl-C again stops at once."
        )
        raise KeyboardInterrupt

    return stop
