"""Which sandbox holds here: each is tried by trying to get out of it."""

import time

from pydantic import Field

from tools.contract import Record
from tools.sandbox.choice import trials
from tools.sandbox.settings import TierName


class SandboxHealth(Record):
    """One sandbox, and what came of trying to get out of it."""

    name: str
    place: str
    """Where it was found."""
    detail: str
    """What it consists of here."""
    in_use: bool
    """Whether it is the one that programs are run in."""
    held: tuple[str, ...] = ()
    """Ways out that were tried in vain."""
    got_out: dict[str, str] = Field(default_factory=dict)
    """Ways out that were found, and what was got."""
    problem: str = ""
    """Why nothing can be run in it."""
    seconds: float


def try_sandboxes(wanted: TierName | None) -> tuple[SandboxHealth, ...]:
    """Try the sandboxes of this machine, the best first, up to the first that holds.

    Args:
        wanted: The only one to be considered.
    """
    found: list[SandboxHealth] = []
    begun = time.perf_counter()
    for trial in trials(wanted):
        ended = time.perf_counter()
        tier, got = trial.tier, trial.got
        found.append(
            SandboxHealth(
                name=tier.name,
                place=tier.place,
                detail=tier.detail,
                in_use=trial.holds,
                held=() if trial.fault else tuple(name for name, what in got.items() if not what),
                got_out={name: what for name, what in got.items() if what},
                problem=trial.fault,
                seconds=round(ended - begun, 2),
            )
        )
        if trial.holds:
            break
        begun = ended
    return tuple(found)
