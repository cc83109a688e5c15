"""Which names of a workspace are left alone: secrets, and what only people change."""

from collections.abc import Sequence

from tools.errors import Refused
from tools.files.globs import Patterns
from tools.files.settings import PROTECTED, SECRETS, FilesSettings


class Guard:
    """Refuses names; the settings add to what is refused by default.

    Args:
        settings: What to leave alone, and what is no secret after all.
        own: Names of Surefoot's own files in the workspace, such as its store; nothing allows them.
    """

    def __init__(self, settings: FilesSettings, own: Sequence[str] = ()) -> None:
        self._allowed = Patterns(settings.allow)
        self._secret = Patterns(SECRETS)
        self._denied = Patterns((*settings.deny, *own))
        self._protected = Patterns((*PROTECTED, *settings.protected))

    def denies(self, name: str) -> str:
        """Return the pattern by which a name is neither read nor written; empty when it may be."""
        secret = "" if self._allowed.covering(name) else self._secret.covering(name)
        return secret or self._denied.covering(name)

    def refuse_read(self, name: str) -> None:
        """Raise when a file is not to be read.

        Raises:
            Refused: It is kept secret.
        """
        pattern = self.denies(name)
        if pattern:
            raise Refused(
                f"{name!r} is kept from agents ({pattern}).",
                advice="A person can allow it in surefoot.toml.",
            )

    def refuse_write(self, name: str) -> None:
        """Raise when a file is not to be changed.

        Raises:
            Refused: It is kept secret, or protected.
        """
        self.refuse_read(name)
        pattern = self._protected.covering(name)
        if pattern:
            raise Refused(f"{name!r} may be read, but not changed ({pattern}).")
