"""A thread beside the runs: nothing deferred waits long, and no lease is lost to a long tool."""

from collections.abc import Callable
from contextlib import suppress
from threading import Event, Lock, Thread
from typing import Final

from tools.errors import SurefootError

DEFERRED_SECONDS: Final = 0.05
"""How long a write waits for the next urgent one; so long other processes may have to wait too."""


class Keeper:
    """Calls `flush` soon after each `wake`, and `beat` every so often; starts when first woken.

    What either raises is left to whoever writes next: the store remembers.

    Args:
        flush: Commits what is deferred.
        beat: Renews the leases.
        seconds: Time between two beats.
    """

    def __init__(
        self, flush: Callable[[], None], beat: Callable[[], None], *, seconds: float
    ) -> None:
        self._flush = flush
        self._beat = beat
        self._seconds = seconds
        self._woken = Event()
        self._closed = Event()
        self._lock = Lock()
        self._thread: Thread | None = None

    def wake(self) -> None:
        """Say that something is deferred."""
        if not self._woken.is_set():
            self._woken.set()
            self._start()

    def close(self) -> None:
        """End the thread; may be called twice."""
        self._closed.set()
        self._woken.set()
        with self._lock:
            if self._thread is not None:
                self._thread.join()

    def _start(self) -> None:
        with self._lock:
            if self._thread is None and not self._closed.is_set():
                self._thread = Thread(target=self._work, name="surefoot-keeper", daemon=True)
                self._thread.start()

    def _work(self) -> None:
        while not self._closed.is_set():
            deferred = self._woken.wait(self._seconds)
            if self._closed.wait(DEFERRED_SECONDS if deferred else 0):
                return
            self._woken.clear()
            with suppress(SurefootError):
                (self._flush if deferred else self._beat)()
