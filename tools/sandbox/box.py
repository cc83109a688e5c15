"""The sandbox of this machine, as tools use it."""

from dataclasses import dataclass
from typing import Protocol

from tools.errors import Fatal
from tools.sandbox.choice import chosen
from tools.sandbox.job import Job
from tools.sandbox.launch import launch
from tools.sandbox.order import Ended
from tools.sandbox.settings import TierName


class Box(Protocol):
    """Runs programs where they can reach nothing but their own folders."""

    @property
    def name(self) -> str:
        """What it is called."""
        ...

    def told(self) -> str:
        """Say what holds programs here, or why nothing is run."""
        ...

    def run(self, job: Job) -> Ended:
        """Run a program.

        Raises:
            Fatal: Nothing holds it here, or it cannot be started; it did not run.
            Stopped: The run is to stop; the program is gone.
        """
        ...


@dataclass(frozen=True, slots=True)
class Sandbox:
    """The first sandbox that holds on this machine, tried when it is first needed.

    Args:
        wanted: The only one to be used.
    """

    wanted: TierName | None = None

    @property
    def name(self) -> str:
        """What it is called."""
        return chosen(self.wanted).name

    def told(self) -> str:
        """Say what holds programs here, or why nothing is run."""
        try:
            tier = chosen(self.wanted)
        except Fatal as fault:
            return f"nothing is run: {fault.what}"
        return f"{tier.name} ({tier.detail})"

    def run(self, job: Job) -> Ended:
        """Run a program in it.

        Raises:
            Fatal: Nothing holds it here, or it cannot be started; it did not run.
            Stopped: The run is to stop; the program is gone.
        """
        return launch(job, chosen(self.wanted))
