"""Exit codes: one for each way in which a command may end, the same for every command."""

from collections.abc import Mapping
from typing import Final

from tools.records import Status

BAD_INPUT: Final = 2
WAITING: Final = 10
FAILED: Final = 20
UNDO_CONFLICT: Final = 24
BUSY: Final = 25
INTERRUPTED: Final = 130

OF_STATUS: Mapping[Status, int] = {
    "verified": 0,
    "unverified": 3,
    "waiting": WAITING,
    "failed": FAILED,
    "aborted": FAILED,
    "looped": 21,
    "over_budget": 22,
    "denied": 23,
    "running": BUSY,
}
"""How a command that advances a run ends, by where the run stands then."""

MEANINGS: Mapping[int, str] = {
    0: "verified, or the command did what it says",
    BAD_INPUT: "bad input, or a cassette that lacks a request",
    3: "the run ended, but no check proves success",
    WAITING: "a person is asked; `surefoot inbox` shows what",
    FAILED: "failed or aborted",
    21: "went round in circles",
    22: "over budget",
    23: "denied by policy",
    UNDO_CONFLICT: "undo conflict",
    BUSY: "another process holds the run",
    26: "made by another version of the graph",
    INTERRUPTED: "interrupted",
}


def epilog() -> str:
    """Return the table of exit codes for `--help`."""
    rows = "\n".join(f"  {code:>3}  {meaning}" for code, meaning in MEANINGS.items())
    return f"\b\nExit codes:\n{rows}"
