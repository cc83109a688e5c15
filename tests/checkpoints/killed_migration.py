"""Brings copies of an old store forward, killed each time before another statement."""

import json
import os
import shutil
import signal
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from itertools import count
from pathlib import Path
from typing import Any

from pydantic import JsonValue
from sqlalchemy import Engine, event

from checkpoints.store import open_store


def killed(path: Path, number: int) -> bool:
    """Open a store in a process of its own, which dies before its nth statement."""
    child = os.fork()
    if child == 0:
        left = count(number, -1)

        def pass_by(*_: Any) -> None:
            if next(left) == 1:
                os.kill(os.getpid(), signal.SIGKILL)

        event.listen(Engine, "before_cursor_execute", pass_by)
        open_store(f"sqlite:///{path}").close()
        os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


def dump(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        return [*connection.iterdump()]


def ends(old: Path, copy: Path) -> Iterator[JsonValue]:
    """Tell for each point whether the store was as before, and whether it comes forward then."""
    for number in count(1):
        shutil.copy(old, copy)
        before = dump(copy)
        was_killed = killed(copy, number)
        same = dump(copy) == before
        with open_store(f"sqlite:///{copy}") as store:
            problems = [*store.ledger.verify().problems]
        yield {"killed": was_killed, "same": same, "problems": [*problems]}
        if not was_killed:
            return


if __name__ == "__main__":
    print(json.dumps([*ends(Path(sys.argv[1]), Path(sys.argv[2]))]))  # noqa: T201  # the test reads it
