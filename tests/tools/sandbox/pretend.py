"""A box in which nothing is run: what a command does is done by this process, at once."""

from collections.abc import Callable, Mapping
from pathlib import Path

from tools.sandbox.job import Job
from tools.sandbox.order import Ended, Stream

Deed = Callable[[Path], int]
"""Does something in the private copy; returns an exit code."""


class Pretend:
    """Does what the first word of a command stands for.

    Args:
        deeds: By word.
    """

    name = "pretended"

    def __init__(self, deeds: Mapping[str, Deed]) -> None:
        self.deeds = deeds
        self.ran: list[tuple[str, ...]] = []

    def told(self) -> str:
        return "nothing is run"

    def run(self, job: Job) -> Ended:
        self.ran.append(tuple(job.argv))
        code = self.deeds[job.argv[0]](job.room.work)
        said = f"{job.argv[0]} says {code}\n".encode()
        return Ended(
            ending="exited",
            exit_code=code,
            stdout=Stream(head=said, total=len(said)),
            stderr=Stream(),
        )
