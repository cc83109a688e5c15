"""Kills this process at a point that somebody named: for processes that exist to be killed."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import make_url

from checkpoints.store import Store
from tests.postgres import database


class Fuse:
    """Kills this process when it passes a point for the nth time; 0 is never."""

    def __init__(self, point: str, number: int) -> None:
        self.point = point
        self.left = number

    def passes(self, point: str) -> None:
        if point != self.point:
            return
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def watch(self, store: Store) -> None:
        """Pass what the store says to its database, by the first word: BEGIN, COMMIT, VACUUM."""
        if store._writer.database.path is not None:
            store._writer.driver.set_trace_callback(lambda told: self.passes(_verb(told)))
            return
        execute = psycopg.Connection.execute

        def watched(connection: Any, query: Any, *args: Any, **options: Any) -> Any:
            self.passes(_verb(str(query)))
            return execute(connection, query, *args, **options)

        psycopg.Connection.execute = watched  # type: ignore[method-assign, assignment]  # the last wish of this process


def _verb(statement: str) -> str:
    return statement.split(maxsplit=1)[0].rstrip(";") if statement.strip() else ""


def forked(work: Callable[[], object]) -> bool:
    """Work in a process of its own; return whether it was killed."""
    child = os.fork()
    if child == 0:
        work()
        os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


@contextmanager
def copied(template: Path, root: Path, store: str) -> Iterator[str]:
    """Lend a copy of a folder and of the store that belongs to it; return the copy's URL.

    Args:
        template: The folder.
        root: Where its copy is for a while.
        store: URL of a store on a server; empty for `store.db` in the folder.
    """
    shutil.copytree(template, root)
    try:
        if store:
            with database(store_server(store), template=str(make_url(store).database)) as url:
                yield url
        else:
            yield f"sqlite:///{root / 'store.db'}"
    finally:
        shutil.rmtree(root)


def store_server(store: str) -> str:
    """Return the URL of a database of the same server that is always there."""
    return make_url(store).set(database="postgres").render_as_string(hide_password=False)


def ends_of(module: str, template: Path, store: str) -> list[dict[str, Any]]:
    """Return what a module tells that kills work on copies of a folder and its store."""
    words = [sys.executable, "-m", module, str(template), str(template.with_name("copy")), store]
    done = subprocess.run(words, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found
