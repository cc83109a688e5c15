"""What is put off to the next commit, because something later may take its place until then."""

from typing import Protocol


class Late(Protocol):
    """What is written just before the commit, unless a later one of its run takes its place."""

    @property
    def name(self) -> str:
        """What tells it from the others of its run; later ones come after it in order."""
        ...

    def write(self) -> None:
        """Write it, inside the transaction."""
        ...
