"""Looks again and again whether a program has passed a limit that no process has by itself."""

import time
from resource import RUSAGE_CHILDREN, getrusage

from tools.sandbox import tree
from tools.sandbox.disk import DiskWatch, Size
from tools.sandbox.order import Ending, Order

_LOOK_SECONDS = 0.05
_DISK_SECONDS = 0.25


class Watch:
    """Watches what the processes beneath this one use together.

    Args:
        order: Names the limits, and the folders that are watched.
    """

    def __init__(self, order: Order) -> None:
        self._limits = order.limits
        most = Size(self._limits.disk_bytes, self._limits.disk_files)
        self._disk = DiskWatch(order.watched, most)
        self._began = self._looked = self._measured = time.monotonic()
        self._memory = 0
        self._cpu = 0.0
        self.processes = 0
        """The most that were seen at once."""

    @property
    def seconds(self) -> float:
        """Time since the beginning."""
        return time.monotonic() - self._began

    @property
    def cpu_seconds(self) -> float:
        """What all that ended have used, or were last seen to."""
        used = getrusage(RUSAGE_CHILDREN)
        return max(self._cpu, used.ru_utime + used.ru_stime)

    @property
    def memory_bytes(self) -> int:
        """The most that was seen, or that one of those that ended had."""
        return max(self._memory, getrusage(RUSAGE_CHILDREN).ru_maxrss * 1024)

    def passed(self, printed: int) -> Ending | None:
        """Name the limit that is passed, if any; looks at most every so often."""
        now = time.monotonic()
        if self.seconds > self._limits.seconds:
            return "time"
        if printed > self._limits.output_bytes:
            return "output"
        if now - self._looked < _LOOK_SECONDS:
            return None
        self._looked = now
        return self._of_processes() or self._of_disk(now)

    def _of_processes(self) -> Ending | None:
        found = tree.use()
        self.processes = max(self.processes, found.processes)
        self._cpu = max(self._cpu, found.cpu_seconds)
        if found.cpu_seconds > self._limits.cpu_seconds:
            return "cpu"
        memory = found.memory_bytes
        if memory > self._limits.memory_bytes:
            # Shared pages were counted for each; telling them apart takes longer.
            memory = tree.proportional_bytes() or memory
        self._memory = max(self._memory, memory)
        return "memory" if memory > self._limits.memory_bytes else None

    def _of_disk(self, now: float) -> Ending | None:
        if now - self._measured < _DISK_SECONDS:
            return None
        self._measured = now
        return "disk" if self._disk.outgrown() else None
