"""The second tier, where there are no namespaces to be had: Landlock, seccomp, limits.

The program sees the machine's names and cannot open them; see `docs/tools/commands.md` for what
this tier does not stop.
"""

import os
from base64 import b64encode
from dataclasses import dataclass

from tools.sandbox import kernel, landlock
from tools.sandbox.job import SYSTEM, SYSTEM_FILES, Job, environment, readable
from tools.sandbox.order import Order

_HARMLESS = ("/proc/cpuinfo", "/proc/meminfo")


@dataclass(frozen=True, slots=True)
class Fallback:
    """Programs may open the system's folders, Python and their own copy; the rest is refused.

    Args:
        abi: The version of Landlock that the kernel offers.
    """

    abi: int

    @property
    def name(self) -> str:
        """What it is called."""
        return "landlock"

    @property
    def detail(self) -> str:
        """What it consists of here."""
        own = "a user of its own, " if os.geteuid() == 0 else ""
        return f"Landlock {self.abi}, {own}a filter of system calls, limits"

    @property
    def place(self) -> str:
        """Where it was found."""
        return "the kernel"

    def order(self, job: Job) -> Order:
        """Return what the keeper is told."""
        reads = readable(job)
        work, temporary, home = job.room.folders
        return Order(
            argv=job.command,
            env=environment(job, home=home, temporary=temporary),
            cwd=os.path.normpath(f"{work}/{job.cwd}"),
            limits=job.limits,
            stdin=b64encode(job.stdin).decode(),
            owned=job.room.folders,
            watched=job.room.folders,
            reach=[*reads, *job.room.folders],
            strictness="landlock" if os.geteuid() == 0 else "landlock as oneself",
            landlock=self.abi,
            reads=[*SYSTEM, *SYSTEM_FILES, *_HARMLESS, *reads],
            writes=job.room.folders,
        )


def found() -> list[Fallback]:
    """Return what could be used here; one's own processes need the newer kernel."""
    abi = kernel.landlock_abi()
    least = landlock.LEAST_ABI if os.geteuid() == 0 else landlock.SCOPED_ABI
    return [Fallback(abi)] if abi >= least else []
