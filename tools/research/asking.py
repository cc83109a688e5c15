"""Asks one source outside, by a process that can be ended, and never more often than it likes."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Event, Lock
from typing import Any, Final

from pydantic import JsonValue

from tools.contract import JsonObject
from tools.errors import BadInput, Fatal, Refused, ToolFault, Transient
from tools.plain_text import plain
from tools.research.settings import ResearchSettings, Source
from tools.stopping import Stopped, awaited

SEEKER: Final = Path(__file__).with_name("seeker.py")
TITLE_CHARACTERS: Final = 300
URL_CHARACTERS: Final = 2_000
_PASSED: Final = ("PATH", "LANG", "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE")
_PROXIES: Final = ("http_proxy", "https_proxy", "no_proxy", "all_proxy")
_FAULTS: Final[Mapping[str, type[ToolFault]]] = {"refused": Refused, "transient": Transient}


class Asking:
    """Asks one source.

    Args:
        source: Which.
        settings: Addresses and limits.
        clock: Seconds that only go on; injected for tests.
    """

    def __init__(
        self,
        source: Source,
        settings: ResearchSettings,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.source = source
        self.settings = settings
        self._clock = clock
        self._lock = Lock()
        self._next = 0.0

    def ask(self, query: str, limit: int) -> list[JsonObject]:
        """Return what is found.

        Raises:
            Refused: The source does not take the query.
            Transient: It is busy, cannot be reached or takes too long.
            Fatal: Its answer is not understood.
            BadInput: A package is missing.
        """
        told = self.settings
        asked = {
            "source": self.source,
            "query": query,
            "limit": min(limit, told.results),
            "characters": told.characters,
            "region": told.region,
            "backend": told.backend,
            "endpoint": told.endpoint(self.source),
        }
        self._pause()
        answer = self._answer(json.dumps(asked))
        if "fault" in answer:
            raise self._fault(str(answer["fault"]), plain(str(answer.get("what")), 300))
        results = answer.get("results")
        found = results if isinstance(results, list) else []
        return [self._result(one) for one in found[: told.results] if isinstance(one, dict)]

    def _pause(self) -> None:
        """Wait until the source may be asked again; each caller waits for its own turn."""
        with self._lock:
            now = self._clock()
            turn = max(now, self._next)
            self._next = turn + self.settings.pause_seconds
        if turn > now:
            awaited(lambda: Event().wait(turn - now))

    def _answer(self, asked: str) -> dict[str, Any]:
        with subprocess.Popen(  # noqa: S603  # our own program, by its path
            [sys.executable, "-I", str(SEEKER)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_environment(),
        ) as process:
            try:
                out = awaited(lambda: process.communicate(asked.encode(), self.settings.seconds)[0])
                answer = json.loads(out)
            except subprocess.TimeoutExpired as fault:
                process.kill()
                raise Transient(
                    f"The search of {self.source} took longer than {self.settings.seconds:g} s."
                ) from fault
            except Stopped:
                process.kill()
                raise
            except ValueError as fault:
                raise Fatal(f"The search of {self.source} ended without an answer.") from fault
        return answer if isinstance(answer, dict) else {}

    def _fault(self, kind: str, what: str) -> ToolFault | BadInput:
        if kind == "missing":
            return missing(what)
        return _FAULTS.get(kind, Fatal)(f"The search of {self.source} failed: {what}.")

    def _result(self, one: Mapping[str, Any]) -> JsonObject:
        """Return a result as plain text of a bounded size."""
        sizes = {"title": TITLE_CHARACTERS, "url": URL_CHARACTERS, "text": self.settings.characters}
        told: dict[str, JsonValue] = {
            name: plain(str(one.get(name) or ""), size) for name, size in sizes.items()
        }
        for name in ("published", "authors"):
            if one.get(name):
                told[name] = plain(str(one[name]), TITLE_CHARACTERS)
        return told


def missing(package: str) -> BadInput:
    """Return the error that says which package is missing, and how to get it."""
    return BadInput(
        f"Research needs the package {package!r}.", advice="pip install 'surefoot[research]'"
    )


def _environment() -> dict[str, str]:
    """Return what a search may know of our environment: how to get out, and nothing else."""
    names = (*_PASSED, *_PROXIES, *(name.upper() for name in _PROXIES))
    return {name: os.environ[name] for name in names if name in os.environ}
