import contextlib
import json
import os
import random
import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from graphs.cli.app import build_app

GOAL = "Make the slow queries fast without losing data"
EVIL = "\x1b[31m[bold]evil"
"""Looks like colour to a terminal and like markup to rich."""

SCHEMA = """
CREATE TABLE customers (id INTEGER PRIMARY KEY, email TEXT NOT NULL, city TEXT);
CREATE TABLE orders (
    id INTEGER PRIMARY KEY, customer INTEGER NOT NULL, total REAL, status TEXT, created TEXT
);
CREATE INDEX by_customer ON orders (customer);
CREATE INDEX by_customer_and_date ON orders (customer, created);
"""
WORKLOAD = """
-- name: by mail
-- calls: 100
SELECT * FROM customers WHERE email = 'u77@shop.example';
-- name: lost lately
SELECT count(*), sum(total) FROM orders WHERE status = 'lost' AND created > '2026-11-20';
-- name: of a customer
SELECT * FROM orders WHERE customer = 12 ORDER BY created;
"""
ROWS = 24_000


@dataclass(frozen=True)
class Result:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        return json.loads(self.out)


def make_shop(folder: Path) -> None:
    """Write a small shop with one redundant index, which only a person lets go."""
    folder.mkdir(parents=True, exist_ok=True)
    chance = random.Random(5)  # noqa: S311  # test data
    with closing(sqlite3.connect(folder / "shop.db")) as opened, opened:
        opened.executescript(SCHEMA)
        people = ((n, f"u{n}@shop.example", f"c{n % 40}") for n in range(1, ROWS // 2))
        opened.executemany("INSERT INTO customers VALUES (?, ?, ?)", people)
        orders = (
            (
                n,
                chance.randrange(1, ROWS // 2),
                n % 997 / 7,
                chance.choice(["new", "paid", "sent", "lost"]),
                f"2026-{n % 12 + 1:02d}-{n % 28 + 1:02d}",
            )
            for n in range(1, ROWS)
        )
        opened.executemany("INSERT INTO orders VALUES (?, ?, ?, ?, ?)", orders)
    (folder / "shop.sql").write_text(WORKLOAD)


def indexes(folder: Path) -> set[str]:
    with closing(sqlite3.connect(folder / "shop.db")) as opened:
        return {name for (name,) in opened.execute("SELECT name FROM pragma_index_list('orders')")}


def call(*words: str) -> Result:
    """Run a command in this process."""
    done = CliRunner().invoke(build_app(), list(words), catch_exceptions=False)
    return Result(done.exit_code, done.stdout, done.stderr)


def start(*words: str) -> Result:
    """Start the job on the shop of the working folder."""
    return call("run", GOAL, "--database", "shop.db", "--workload", "shop.sql", *words)


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("SUREFOOT_")]:
        monkeypatch.delenv(name)


@dataclass(frozen=True)
class Template:
    """A job that was done once: its folder, and copies of it at two moments.

    The run knows its database by its whole path, so the folder is always the same one.
    """

    folder: Path

    def copy(self, moment: str) -> Path:
        return self.folder.with_name(moment)

    def keep(self, moment: str) -> None:
        shutil.copytree(self.folder, self.copy(moment))

    def restore(self, moment: str) -> Path:
        shutil.rmtree(self.folder)
        shutil.copytree(self.copy(moment), self.folder)
        return self.folder


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Template:
    """Do the job once, until it waits and until it has ended, as the run `one`."""
    made = Template(tmp_path_factory.mktemp("shop") / "work")
    make_shop(made.folder)
    with contextlib.chdir(made.folder):
        assert start("--name", "one").code == 10
        made.keep("waiting")
        item = call("inbox", "--json").document[0]["id"]
        assert call("approve", item, "--as", "ada").code == 0
        made.keep("ended")
    return made


@pytest.fixture
def waiting(template: Template, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder in which the run `one` waits for a person; it is the working folder."""
    monkeypatch.chdir(template.restore("waiting"))
    return template.folder


@pytest.fixture
def ended(template: Template, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder in which the run `one` has ended; it is the working folder."""
    monkeypatch.chdir(template.restore("ended"))
    return template.folder


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a fresh folder with a shop; it is the working folder."""
    make_shop(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def item(waiting: Path) -> str:
    """Return the id of the question that the run `one` asks."""
    assert waiting.exists()
    return str(call("inbox", "--json").document[0]["id"])
