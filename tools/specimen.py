"""A tool in a small world of its own, in which the contract suite may try and attack it.

Whoever writes a tool writes one of these beside it. `surefoot tools check mytools.py` finds it and
runs the trials of `graphs/proving`; our own tools go through the same ones in the tests.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from pydantic import JsonValue

from tools.contract import Artifacts, JsonObject, Tool
from tools.errors import SurefootError


class Specimen(ABC):
    """One tool and its world, made anew for each trial.

    Making it builds the world in an empty folder that is its own; `tool` opens it, as often as
    processes come and go. All of it must be deterministic: two specimens made in two folders have
    equal worlds.

    Args:
        folder: An empty folder; the world is in it, or is what it stands for.
    """

    title: ClassVar[str] = ""
    """What it is called in reports; the name of the tool when empty."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @abstractmethod
    def tool(self, artifacts: Artifacts) -> Tool:
        """Return the tool, opened on this world as a new process would open it."""

    @abstractmethod
    def actions(self) -> Sequence[JsonObject]:
        """Return arguments that work, each by itself in the world as it was made.

        Those whose resources are disjoint must also work side by side.
        """

    @abstractmethod
    def world(self) -> JsonValue:
        """Return all that could be changed, byte for byte, within the tool's reach and beyond it.

        What counts as the same to the tool's users, such as the time of a change, is left out.
        """

    def refused(self) -> Sequence[JsonObject]:
        """Return arguments that must be refused and change nothing: escapes, forbidden targets."""
        return ()

    def disturb(self, args: JsonObject) -> None:
        """Change what an action left, as somebody else would, so that undoing it is a conflict.

        Not needed for a tool that cannot undo.
        """
        del args
        raise SurefootError(f"{type(self).__name__} does not say how to disturb its world.")

    def close(self) -> None:  # noqa: B027  # most worlds are files, and hold nothing
        """Let go of what the world holds: servers, processes."""
