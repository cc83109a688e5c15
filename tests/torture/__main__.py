"""`python -m tests.torture --store sqlite --kills 1000 --seed 7`: see docs/torture.md."""

import argparse
import json
import signal
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.torture.campaign import WHOLE, Campaign, Case, Tally
from tests.torture.check import KINDS as FAULTS
from tests.torture.life import STAGES
from tests.torture.mishaps import MISHAPS, Fate, can_mount, small_disk
from tests.torture.place import House, SQLiteHouse
from tests.torture.server import counting

OLD = Path(__file__).parents[1] / "checkpoints" / "store_v1.sql"
PROGRESS_SECONDS = 15
KINDS = ("before commit", "after commit", "statement", "inside a tool", "at some instant")


@contextmanager
def house_of(store: str, port: int, mishaps: Sequence[str]) -> Iterator[tuple[House, Path]]:
    """Lend a house for worlds of one kind of store, and the folder that its stores are in."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="surefoot-torture-")))
        disk = folder / "stores"
        if store == "sqlite":
            if "full" in mishaps:
                stack.enter_context(small_disk(disk))
            yield SQLiteHouse(folder, port, OLD, disk), disk
            return
        from tests.postgres import server  # noqa: PLC0415  # an extra
        from tests.torture.postgres import PostgresHouse  # noqa: PLC0415  # the same

        made = PostgresHouse(folder, port, stack.enter_context(server()))
        stack.callback(made.clear)
        yield made, disk


def told(asked: argparse.Namespace, campaign: Campaign) -> dict[str, Any]:
    """Return the figures for programs."""
    tally = campaign.tally
    return {
        "store": asked.store,
        "seed": asked.seed,
        "mishaps": asked.mishaps,
        "refused": campaign.fate.refused,
        "kills": tally.kills.total(),
        "by_kind": {kind: _of_kind(tally, kind) for kind in KINDS},
        "worlds": tally.worlds,
        "recoveries": tally.recoveries,
        "killed_again": tally.killed_again,
        "doubts": tally.doubts,
        "violations": [
            {"case": str(case), "kind": found.kind, "what": found.what}
            for case, found in tally.violations
        ],
        "seconds": round(tally.seconds, 1),
    }


def _of_kind(tally: Tally, kind: str) -> int:
    return sum(times for (other, _), times in tally.kills.items() if other == kind)


def show(console: Console, asked: argparse.Namespace, campaign: Campaign) -> None:
    """Print the figures for people."""
    tally, title = campaign.tally, f"{', '.join(asked.mishaps)} on {asked.store}, seed {asked.seed}"
    columns = (*STAGES, WHOLE)
    table = Table(title=title, show_footer=True, title_justify="left")
    table.add_column("where", footer="all")
    for stage in columns:
        in_all = sum(times for (_, other), times in tally.kills.items() if other == stage)
        table.add_column(stage, justify="right", footer=str(in_all))
    table.add_column("all", justify="right", footer=str(tally.kills.total()))
    for kind in KINDS:
        counts = [str(tally.kills[kind, stage]) for stage in columns]
        table.add_row(kind, *counts, str(_of_kind(tally, kind)))
    console.print(table)
    console.print(
        f"{tally.worlds} worlds, {tally.recoveries} recoveries of which {tally.killed_again} were "
        f"struck too, {tally.doubts} questions whether something happened, "
        f"{campaign.fate.refused} processes refused, {tally.seconds:.0f} s"
    )
    console.print(", ".join(f"{kind}: {tally.of(kind)}" for kind in FAULTS))
    for case, found in tally.violations[:20]:
        console.print(f"{case}\n  {found.kind}: {found.what}", markup=False, style="red")


def main() -> int:
    """Run a campaign; 1 when anything did not hold."""
    parser = argparse.ArgumentParser(prog="python -m tests.torture", description=__doc__)
    parser.add_argument("--store", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--mishaps", choices=MISHAPS, nargs="+", default=["kill"])
    parser.add_argument("--only", help="one case, as a violation names it", metavar="CASE")
    parser.add_argument("--times", type=int, default=1, help="how often to do that case")
    parser.add_argument("--points", action="store_true", help="list the points of each stage")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    console = Console(stderr=True)
    if asked.only:
        asked.mishaps = [Case.read(asked.only).mishap]
    _check(parser, asked)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the servers are ended, too
    with counting() as port, house_of(asked.store, port, asked.mishaps) as (house, disk):
        campaign = Campaign(house, Fate(disk), asked.seed, asked.mishaps)
        campaign.prepare()
        if asked.points:
            print(json.dumps(campaign.points, indent=2))  # noqa: T201  # it was asked for
            return 0
        if asked.only:
            for _ in range(asked.times):
                campaign.do(Case.read(asked.only))
        else:
            campaign.run(asked.kills, Progress(console))
    tally = campaign.tally
    if asked.json:
        print(json.dumps(told(asked, campaign)))  # noqa: T201  # it was asked for
    else:
        show(Console(), asked, campaign)
    return 1 if tally.violations else 0


def _check(parser: argparse.ArgumentParser, asked: argparse.Namespace) -> None:
    if "cut" in asked.mishaps and asked.store == "sqlite":
        parser.error("SQLite has no connection that could be cut.")
    if "full" in asked.mishaps and (asked.store != "sqlite" or not can_mount()):
        parser.error("Only root can fill a disk, and only that of SQLite.")


class Progress:
    """Prints how far a campaign is, from time to time."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._next = 0.0

    def __call__(self, tally: Tally) -> None:
        if tally.seconds < self._next:
            return
        self._next = tally.seconds + PROGRESS_SECONDS
        self._console.print(
            f"{tally.kills.total()} kills in {tally.worlds} worlds, "
            f"{len(tally.violations)} violations, {tally.seconds:.0f} s"
        )


if __name__ == "__main__":
    sys.exit(main())
