"""Runs a program in a sandbox until it is killed, and says where."""

import os
import sys

from tests.tools.sandbox.conftest import tier_of
from tools.sandbox.job import Job
from tools.sandbox.launch import launch
from tools.sandbox.room import private_room

CODE = """
import time
with open("alive", "w") as alive:
    alive.write("begun\\n")
    alive.flush()
    time.sleep(60)
"""


def main() -> None:
    """Run it in the tier that is named."""
    with private_room() as room:
        os.mkfifo(room.work / "alive")
        print(room.work, flush=True)  # noqa: T201  # whoever started it reads it
        launch(Job(argv=["python", "-S", "-c", CODE], room=room), tier_of(sys.argv[1]))


if __name__ == "__main__":
    main()
