"""Tries to get out of every sandbox of this machine as a user without rights; root starts it."""

import json
import os
import sys
from pathlib import Path

from tools.sandbox.choice import trials
from tools.sandbox.job import readable_prefixes
from tools.sandbox.reach import make_reachable

USER = 54_321


def main() -> None:
    """Become that user and print, by tier, why it does not hold."""
    if os.geteuid() == 0:
        tree = Path(__file__).parents[3]
        wanted = [*readable_prefixes(Path(sys.executable)), tree]
        make_reachable(map(str, wanted), USER)
        os.setgroups([])
        os.setgid(USER)
        os.setuid(USER)
        os.environ["HOME"] = "/nonexistent"
        os.chdir(tree)
        os.execv(sys.executable, [sys.executable, "-m", "tests.tools.sandbox.plain"])  # noqa: S606  # no shell is wanted
    print(json.dumps({trial.tier.name: trial.why_not for trial in trials()}))  # noqa: T201  # the same


if __name__ == "__main__":
    main()
