"""Kills `surefoot` itself, as people use it: fresh interpreters, the database agent, real commands.

`python -m tests.torture.commands --kills 10 --seed 7 [--store postgresql://...]`
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

from tests.graphs.cli.conftest import GOAL, indexes, make_shop
from tests.postgres import database, server

KILLED = -9
ACTING = {"run", "resume", "approve", "undo"}
LONGEST_SECONDS = 6.0
SUREFOOT = [sys.executable, "-c", "from graphs.cli import main; main()"]


@dataclass(slots=True)
class Hands:
    """Types commands in a folder, and kills some of them at an instant of chance."""

    folder: Path
    store: str
    rng: Random
    left: int
    """How many are to be killed yet."""
    killed: list[str] = field(default_factory=list)

    def type(self, *words: str) -> Any:
        """Run a command, and `resume` again and again when it was killed; return its document."""
        while True:
            code, out = self._run(*words)
            if code != KILLED:
                return json.loads(out) if out else {}
            self.killed.append(words[0])
            if words[0] != "resume":
                self._go_on(words)

    def _run(self, *words: str) -> tuple[int, str]:
        command = [*SUREFOOT, *words, "--store", self.store, "--json"]
        with subprocess.Popen(
            command, cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process:
            try:
                doomed = self.left and words[0] in ACTING
                seconds = self.rng.uniform(0.3, LONGEST_SECONDS) if doomed else None
                out, _ = process.communicate(timeout=seconds)
            except subprocess.TimeoutExpired:
                process.kill()
                self.left -= 1
                out, _ = process.communicate()
        return process.returncode, out

    def _go_on(self, words: tuple[str, ...]) -> None:
        """Do what a person does after a crash."""
        if words[0] in {"run", "approve"}:
            self.type("resume", "one")


def story(hands: Hands) -> dict[str, Any]:
    """Run, say yes, undo, verify; return how everything stands in between and in the end."""
    start = ("run", GOAL, "--database", "shop.db", "--workload", "shop.sql", "--name", "one")
    while hands.type("show", "one").get("run") is None:
        hands.type(*start)
    hands.type("resume", "one")
    for question in hands.type("inbox"):
        hands.type("approve", question["id"], "--as", "ada")
    hands.type("resume", "one")
    made = sorted(indexes(hands.folder))
    status = hands.type("show", "one")["status"]
    hands.type("undo", "one")
    verified = hands.type("audit", "verify")["problems"]
    return {
        "made": made,
        "status": status,
        "undone": sorted(indexes(hands.folder)),
        "problems": verified,
    }


@contextmanager
def stores(kind: str) -> Iterator[str]:
    """Lend the URL of an empty store."""
    if kind == "sqlite":
        yield "sqlite:///store.db"
        return
    with server() as url, database(url) as made:
        yield made


def told(kind: str, rng: Random, kills: int) -> tuple[dict[str, Any], list[str]]:
    """Return how one story ended, and which commands were killed in it."""
    with TemporaryDirectory() as name, stores(kind) as url:
        make_shop(Path(name))
        hands = Hands(Path(name), url, rng, kills)
        return story(hands), hands.killed


def main() -> int:
    """Compare a story with kills to one without; 1 when they differ."""
    parser = argparse.ArgumentParser(prog="python -m tests.torture.commands", description=__doc__)
    parser.add_argument("--store", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=7)
    asked = parser.parse_args()
    rng = Random(asked.seed)  # noqa: S311  # chance that can be repeated
    wanted, _ = told(asked.store, rng, 0)
    found, killed = told(asked.store, rng, asked.kills)
    print(f"{len(killed)} commands killed: {', '.join(killed)}")  # noqa: T201  # it was asked for
    print(json.dumps(found))  # noqa: T201  # it was asked for
    if found != wanted:
        print(f"without a kill: {json.dumps(wanted)}")  # noqa: T201  # it was asked for
    return int(found != wanted)


if __name__ == "__main__":
    sys.exit(main())
