"""The same torture for agents without a guarantee: what it must notice.

`python -m tests.torture.naive` lives in a process that exists to break the product.
"""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.torture.__main__ import OLD
from tests.torture.acts import Note, Publish
from tests.torture.campaign import Campaign, Case
from tests.torture.mishaps import Fate
from tests.torture.place import SQLiteHouse
from tests.torture.server import counting


def _repeats() -> None:
    """Do again whatever is not known to have been done."""
    Note.probe = Publish.probe  # type: ignore[assignment]  # this process exists to break it


def _adopts() -> None:
    """Take whatever was intended for done."""
    Note.probe = lambda *_: "yes"  # type: ignore[method-assign]  # the same


NAIVE: Mapping[str, tuple[Callable[[], None], str]] = {
    "repeats": (_repeats, "kill work: note apply, line written#1"),
    "adopts": (_adopts, "kill work: note apply, nothing written#1"),
}


def found(case: str) -> list[str]:
    """Return what kinds of violation one case shows."""
    with counting() as port, TemporaryDirectory() as name:
        folder = Path(name)
        house = SQLiteHouse(folder, port, OLD, folder / "stores")
        campaign = Campaign(house, Fate(folder / "stores"), seed=1)
        campaign.prepare()
        campaign.do(Case.read(case))
        return sorted({violation.kind for _, violation in campaign.tally.violations})


def main() -> None:
    """Print what is found of each naive agent, with its guarantee and without."""
    told: dict[str, list[list[str]]] = {}
    for name, (breaks, case) in NAIVE.items():
        before = Note.probe
        sound = found(case)
        breaks()
        told[name] = [sound, found(case)]
        Note.probe = before  # type: ignore[method-assign]  # mended for the next one
    print(json.dumps(told))  # noqa: T201  # the test reads it


if __name__ == "__main__":
    main()
