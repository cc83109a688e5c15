"""Runs one program in a sandbox and waits until it, and all that it started, is gone."""

import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from tools.errors import Fatal
from tools.sandbox.job import Job, Tier
from tools.sandbox.order import Ended, Order
from tools.stopping import awaited

_TREE = Path(__file__).parents[2]
_START = (
    "import sys; sys.path.insert(0, sys.argv[1]); from tools.sandbox.keeper import main; main()"
)
_SLACK_SECONDS = 15.0
"""What setting up and ending may take beyond the program's own time."""


def launch(job: Job, tier: Tier) -> Ended:
    """Run a program; return how it ended.

    Raises:
        Fatal: It could not be held, or not be started; it did not run.
        Stopped: The run is to stop; the program is gone.
    """
    ended = keep(tier.order(job))
    if ended.ending == "unstarted":
        raise Fatal(
            f"The sandbox ({tier.name}) could not start {job.argv[0]!r}: {ended.fault.strip()}.",
            advice="Look at `surefoot doctor`.",
        )
    return ended


def keep(order: Order) -> Ended:
    """Have a program kept in a process of its own, which ends with this one."""
    keeper = subprocess.Popen(  # noqa: S603  # our own module, by our own interpreter
        [sys.executable, "-I", "-S", "-c", _START, str(_TREE)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={},
        cwd="/",
        start_new_session=True,
    )
    try:
        return awaited(lambda: _answer(keeper, order))
    finally:
        _end(keeper)


def _answer(keeper: "subprocess.Popen[bytes]", order: Order) -> Ended:
    if keeper.stdin is None or keeper.stdout is None or keeper.stderr is None:
        raise Fatal("The keeper of the sandbox has no pipes.")
    with suppress(BrokenPipeError):
        keeper.stdin.write(order.to_line())
        keeper.stdin.flush()
    told = keeper.stdout.read()
    try:
        return Ended.from_bytes(told)
    except (ValueError, KeyError, TypeError) as fault:
        said = keeper.stderr.read().decode(errors="replace").strip()[-500:]
        raise Fatal(f"The keeper of the sandbox broke: {said or told[:200]!r}.") from fault


def _end(keeper: "subprocess.Popen[bytes]") -> None:
    """Let the keeper end what it keeps, and then itself."""
    if keeper.stdin is not None:
        with suppress(OSError):
            keeper.stdin.close()
    try:
        keeper.wait(_SLACK_SECONDS)
    except subprocess.TimeoutExpired:
        keeper.kill()
        keeper.wait()
    for pipe in (keeper.stdout, keeper.stderr):
        if pipe is not None:
            pipe.close()
