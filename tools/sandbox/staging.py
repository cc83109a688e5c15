"""Finds out what a command would change, once for every state of the workspace."""

from collections import OrderedDict
from collections.abc import Sequence
from threading import Lock
from typing import Final

from tools.contract import digest
from tools.errors import Refused
from tools.sandbox.limits import MEBIBYTE
from tools.sandbox.settings import Recipe
from tools.sandbox.workshop import Came, Workshop

_REMEMBERED: Final = 8
_SHOWN: Final = 600


class Stage:
    """Runs commands on copies, and remembers what they did while the workspace stays as it is.

    So what a person is shown, what an approval is bound to and what is carried over are one thing.

    Args:
        workshop: Where they are run.
    """

    def __init__(self, workshop: Workshop) -> None:
        self._workshop = workshop
        self._staged: OrderedDict[str, Came] = OrderedDict()
        self._lock = Lock()

    def came(self, recipe: Recipe, argv: Sequence[str]) -> Came:
        """Return what a command does to the workspace as it is now.

        Raises:
            Refused: It fails, or changes more than may be carried over.
            ToolFault: It cannot be run.
        """
        with self._lock:
            stamp = self._workshop.sights.stamp()
            key = digest({"argv": [*argv], "cwd": recipe.cwd, "stamp": stamp})
            came = self._staged.get(key)
            if came is None:
                came = self._staged[key] = self._run(recipe, argv)
            self._staged.move_to_end(key)
            while len(self._staged) > _REMEMBERED:
                self._staged.popitem(last=False)
        return came

    def _run(self, recipe: Recipe, argv: Sequence[str]) -> Came:
        settings = self._workshop.settings
        came = self._workshop.run(
            argv,
            cwd=recipe.cwd,
            seconds=recipe.seconds,
            keep_bytes=settings.max_changed_mb * MEBIBYTE,
        )
        if not came.well:
            said = (came.stderr or came.stdout)[-_SHOWN:]
            raise Refused(
                f"{argv[0]} does not succeed ({came.how}), so nothing is carried over. {said}",
                advice="try_command shows all that it says.",
            )
        if len(came.changes) > settings.max_changes:
            raise Refused(
                f"{argv[0]} changes {len(came.changes)} files and folders; at most "
                f"{settings.max_changes} are carried over."
            )
        return came
