"""Keeps the beginning and the end of what a program prints, however much it prints."""

import os

from tools.sandbox.order import Stream

_CHUNK = 1 << 16


class Capture:
    """One stream of a program.

    Args:
        source: Where it is read from; not blocking.
        most: Bytes that are kept: one half from the beginning, the other from the end.
    """

    def __init__(self, source: int, most: int) -> None:
        self.source = source
        self.total = 0
        self.open = True
        self._half = most // 2
        self._head = b""
        self._tail = bytearray()

    def read(self) -> None:
        """Take what is there; at the end the stream is closed."""
        try:
            data = os.read(self.source, _CHUNK)
        except BlockingIOError:
            return
        if not data:
            self.close()
            return
        self.total += len(data)
        room = self._half - len(self._head)
        if room:
            self._head += data[:room]
            data = data[room:]
        self._tail += data
        if len(self._tail) > _CHUNK + self._half:
            del self._tail[: len(self._tail) - self._half]

    def close(self) -> None:
        """Read no more."""
        if self.open:
            os.close(self.source)
            self.open = False

    def kept(self) -> Stream:
        """Return what was kept."""
        return Stream(head=self._head, tail=bytes(self._tail[-self._half :]), total=self.total)
