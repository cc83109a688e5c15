"""One change at a time in a workspace, whichever process makes it."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from tools.errors import Transient

PATIENCE_SECONDS: Final = 10.0
_PAUSE_SECONDS: Final = 0.002


@contextmanager
def locked(folder: int, patience_seconds: float = PATIENCE_SECONDS) -> Iterator[int]:
    """Hold a folder's lock; the system lets go of it when the process ends, however it ends.

    Yields what holds it: a program that is handed this descriptor keeps the lock until it ends too.

    Where the file system knows no locks on folders, changes are only as apart as their runs are.

    Raises:
        Transient: Another process keeps it for too long.
    """
    # A description of its own: threads that share one would share the lock too.
    held = os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=folder)
    try:
        _take(held, patience_seconds)
        yield held
    finally:
        os.close(held)


def _take(held: int, patience_seconds: float) -> None:
    until = time.monotonic() + patience_seconds
    while True:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if time.monotonic() > until:
                raise Transient("Another process keeps the workspace locked.") from error
            time.sleep(_PAUSE_SECONDS)
        except OSError:  # e.g. on a network file system
            return
        else:
            return
