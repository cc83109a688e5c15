"""Processes that may kill themselves, forked from a warm one: a new one would load everything."""

import json
import os
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

Surefoot = Callable[[Path, str, str], str | int]
"""Goes on with a run in a process of its own; returns its status, or how it died."""


@contextmanager
def forks(module: str) -> Iterator[Surefoot]:
    """Lend what lets a module `serve`."""
    with subprocess.Popen(
        [sys.executable, "-m", module], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        asked, told = server.stdin, server.stdout
        assert asked is not None
        assert told is not None

        def go(root: Path, point: str, command: str) -> str | int:
            asked.write(json.dumps([str(root), point, command]) + "\n")
            asked.flush()
            came: str | int = json.loads(told.readline())
            return came

        yield go
        asked.close()


def serve(go: Callable[[Path, str, str], str]) -> None:
    """Do what each line of the input asks for in a fork, and say how that ended."""
    for line in sys.stdin:
        root, point, command = json.loads(line)
        told, writes = os.pipe()
        child = os.fork()
        if not child:
            os.write(writes, _said(lambda: go(Path(root), point, command)))  # noqa: B023  # run at once
            os._exit(0)
        os.close(writes)
        with os.fdopen(told) as status:
            said = status.read()
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        print(json.dumps(said or code), flush=True)  # noqa: T201  # the parent reads it


def _said(go: Callable[[], str]) -> bytes:
    """Return what came of it, or why it failed: the parent compares either with what it wants."""
    try:
        return go().encode()
    except Exception:  # noqa: BLE001  # whatever it is, the test shows it
        return traceback.format_exc()[-3000:].encode()
