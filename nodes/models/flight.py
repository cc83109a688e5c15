"""Single flight: of identical requests at the same time, one is made and all get its result."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from threading import Lock
from typing import Generic, TypeVar

from tools.errors import SurefootError

T = TypeVar("T")


class Flights(Generic[T]):
    """Requests that are under way, by key; usable from any thread."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._flying: dict[str, Future[T]] = {}
        self._waiting: Counter[str] = Counter()

    @property
    def waiting(self) -> int:
        """How many callers wait for what another one makes."""
        return self._waiting.total()

    def run(self, key: str, make: Callable[[], T]) -> tuple[T, bool]:
        """Return what `make` returns, and whether another caller made it.

        A `SurefootError` of the one who makes it reaches all who wait. When it ends in any other
        way (a cancelled run), those who wait try by themselves.
        """
        while True:
            flight, mine = self._join(key)
            if mine:
                return self._lead(key, flight, make), False
            try:
                return flight.result(), True
            except CancelledError:
                continue

    def _join(self, key: str) -> tuple[Future[T], bool]:
        with self._lock:
            known = self._flying.get(key)
            if known is not None:
                self._waiting[key] += 1
                return known, False
            self._flying[key] = Future()
            return self._flying[key], True

    def _lead(self, key: str, flight: Future[T], make: Callable[[], T]) -> T:
        try:
            flight.set_result(make())
        except SurefootError as fault:
            flight.set_exception(fault)
        finally:
            self._land(key)
            flight.cancel()
        return flight.result()

    def _land(self, key: str) -> None:
        with self._lock:
            self._flying.pop(key, None)
            self._waiting.pop(key, None)
