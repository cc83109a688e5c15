"""Goes through the files of a folder, within limits, leaving alone what is kept secret."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field

from tools.errors import Refused
from tools.files.names import is_normal
from tools.files.root import Entry
from tools.files.space import Space


@dataclass(slots=True)
class Walk:
    """One walk; afterwards it tells what was left out."""

    space: Space
    depth: int = 1_000
    """How many folders deep it goes."""
    denied: int = 0
    """How many names were left out because they are kept from agents."""
    unnamed: int = 0
    """How many names were left out because a workspace does not take them."""
    cut: bool = False
    """Whether there is more than may be looked at."""
    _seen: int = field(default=0)

    def through(self, folder: str) -> Iterator[tuple[str, Entry]]:
        """Yield what is in a folder by name, each folder before what is in it.

        Raises:
            Refused: There is no such folder.
        """
        waiting = [iter(self._of(folder))]
        while waiting and not self.cut:
            name, entry = next(waiting[-1], (None, None))
            if name is None or entry is None:
                waiting.pop()
            elif not self._left_out(entry.part, name):
                yield name, entry
                if entry.kind == "folder" and len(waiting) < self.depth:
                    with suppress(Refused):  # it went away, or may not be entered
                        waiting.append(iter(self._of(name)))

    def _of(self, folder: str) -> list[tuple[str, Entry]]:
        above = f"{folder}/" if folder else ""
        return [(f"{above}{entry.part}", entry) for entry in self.space.root.scan(folder)]

    def _left_out(self, part: str, name: str) -> bool:
        self._seen += 1
        self.cut = self._seen > self.space.settings.max_files
        if not is_normal(part):
            self.unnamed += 1
            return True
        denied = bool(self.space.guard.denies(name))
        self.denied += denied
        return denied or self.cut
