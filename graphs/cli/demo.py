"""`demo`: a tour of everything on a sample shop, with no key and no server."""

import io
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, closing, nullcontext, redirect_stdout
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from pydantic import JsonValue

from checkpoints.store import open_store
from graphs.cli import audit, reviews, run, runs, undo
from graphs.cli.exits import WAITING
from graphs.cli.opening import can_ask, command
from graphs.cli.options import JsonOption
from graphs.cli.printing import Printer
from graphs.database.sample import DEFAULT_ORDERS, SamplePaths, build_sample
from graphs.render.story import Story, read_story
from graphs.render.text import bytes_text
from graphs.settings import read_key
from tools.contract import JsonObject

SEED = 7
RUN = "shop"
GOAL = "Make the slow queries fast without losing data"


@dataclass(frozen=True, slots=True)
class Tour:
    """Where a tour takes place."""

    printer: Printer
    store: str
    done: list[JsonObject] = field(default_factory=list)
    """The commands so far, with their exit codes."""

    def stage(self, told: str, words: Sequence[str], run_it: Callable[[], None]) -> int:
        """Say what comes, print its command as at a prompt, run it, and return its exit code."""
        line = command(*words, store=self.store)
        self.printer.say()
        self.printer.say(told, "cyan")
        self.printer.exact(f"$ {line}")
        with self._quietly():
            code = _exit_code(run_it)
        self.done.append({"command": line, "exit_code": code})
        return code

    def _quietly(self) -> AbstractContextManager[object]:
        """Keep what a stage prints from a program that reads this tour's document."""
        return redirect_stdout(io.StringIO()) if self.printer.as_json else nullcontext()

    def story(self) -> Story:
        """Read the run as the store tells it now."""
        with open_store(self.store, key=read_key()) as memory:
            return read_story(memory, RUN)


def demo(
    *,
    folder: Annotated[
        Path, typer.Option(metavar="DIR", help="Where the sample and the record go.")
    ] = Path("demo"),
    yes: Annotated[
        bool, typer.Option("--yes", help="Approve what is asked, also on a terminal.")
    ] = False,
    orders: Annotated[
        int, typer.Option(min=500, metavar="N", help="Size of the shop, in orders.")
    ] = DEFAULT_ORDERS,
    as_json: JsonOption = False,
) -> None:
    """Take a tour on a sample shop, with no key and no server."""
    printer = Printer(as_json)
    here = _fresh(folder)
    if here != folder / "tour-1":
        printer.say(f"An earlier tour is kept in {folder}; this one goes to {here}.", "dim")
    paths = _sample(printer, here, orders)
    tour = Tour(printer, f"sqlite:///{here / 'surefoot.db'}")
    asks = can_ask(no_input=yes, as_json=as_json)
    code = _work(tour, paths, asks=asks)
    if code == WAITING:
        printer.say("The question waits; the commands above go on whenever you like.", "yellow")
    else:
        _look(tour)
        _farewell(tour, here)
    stages: list[JsonValue] = [*tour.done]
    printer.document({"folder": str(here), "exit_code": code, "stages": stages})
    raise typer.Exit(code)


def _fresh(folder: Path) -> Path:
    """Return the first sub-folder that no earlier tour used."""
    number = 1
    while (folder / f"tour-{number}").exists():
        number += 1
    return folder / f"tour-{number}"


def _sample(printer: Printer, here: Path, orders: int) -> SamplePaths:
    printer.say(f"Building a sample shop in {here} (seed {SEED}: the same on every machine) ...")
    paths = build_sample(here, seed=SEED, orders=orders)
    with closing(sqlite3.connect(f"file:{paths.database}?mode=ro", uri=True)) as opened:
        names = [name for (name,) in opened.execute(_TABLES)]
        rows = sum(opened.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in names)
    size = bytes_text(paths.database.stat().st_size)
    printer.say(f"{paths.database}: {len(names)} tables, {rows:,} rows, {size}", indent=2)
    printer.say(f"{paths.workload}: the queries that are to be fast", indent=2)
    return paths


_TABLES = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"


def _work(tour: Tour, paths: SamplePaths, *, asks: bool) -> int:
    """Run the job and answer what it asks; return the exit code of the last command."""
    words = ("--database", str(paths.database), "--workload", str(paths.workload), "--name", RUN)
    job = partial(
        run.run,
        GOAL,
        database=paths.database,
        workload=paths.workload,
        name=RUN,
        store=tour.store,
        no_input=not asks,
    )
    code = tour.stage("The main job:", ("run", GOAL, *words), job)
    while code == WAITING and not asks:
        item = tour.story().pending[0].id
        look = partial(reviews.inbox, item, store=tour.store)
        tour.stage("Nobody is asked here, so the tour looks closer ...", ("inbox", item), look)
        say_yes = partial(reviews.approve, item, reviewer="demo", store=tour.store)
        told = "... and answers yes through the ordinary command, as anybody could hours later:"
        code = tour.stage(told, ("approve", item, "--as", "demo"), say_yes)
    return code


def _look(tour: Tour) -> None:
    """Explain one step, say what undoing would do, prove the record."""
    acted = [row.label for row in tour.story().rows if row.effect == "applied"]
    step = acted[0] if acted else "simulate.1"
    tour.stage(
        "Why was that done?", ("why", RUN, step), partial(runs.why, RUN, step, store=tour.store)
    )
    tried = partial(undo.undo, RUN, dry_run=True, store=tour.store)
    tour.stage("What would undoing do?", ("undo", RUN, "--dry-run"), tried)
    verify = partial(audit.verify, store=tour.store)
    tour.stage("Is the record whole?", ("audit", "verify"), verify)


def _farewell(tour: Tour, here: Path) -> None:
    tour.printer.say()
    tour.printer.say("That was the tour. Try:", "bold")
    endings: Sequence[tuple[str, ...]] = (
        ("show", RUN),
        ("diff", RUN),
        ("graph", RUN, "--format", "svg", "--output", str(here / "graph.svg")),
        ("undo", RUN),
    )
    for words in endings:
        tour.printer.exact(f"  {command(*words, store=tour.store)}")


def _exit_code(run_it: Callable[[], None]) -> int:
    """Run a command as the command line would, and return its exit code."""
    try:
        run_it()
    except typer.Exit as left:
        return left.exit_code
    return 0
