"""What all tools on files of a workspace have in common."""

from typing import ClassVar

from tools.contract import JsonObject, Tool
from tools.errors import ToolFault
from tools.files.names import normal, resource
from tools.files.space import Space


class FileTool(Tool):
    """A tool on one file or folder, named by its argument `path`.

    Args:
        space: The workspace.
    """

    vouches: ClassVar[bool] = False
    """Whether a name of the workspace, as it is on the disk, counts as grounded."""

    def __init__(self, space: Space) -> None:
        self.space = space

    def resources(self, args: JsonObject) -> frozenset[str]:
        """Return the file or folder."""
        return frozenset({resource(normal(str(args["path"])))})

    def known_values(self, args: JsonObject) -> frozenset[str]:
        """Return the path, if this tool vouches for names and there is something of that name.

        Nobody can make a file exist by writing its name somewhere.
        """
        if not self.vouches:
            return frozenset()
        try:
            path = self.readable(args)
            return frozenset() if self.space.root.stat(path) is None else frozenset({path})
        except ToolFault:
            return frozenset()

    def bounds(self) -> tuple[str, ...]:
        """Return the workspace, what is left alone in it, and how large files may be."""
        settings, root = self.space.settings, self.space.root
        by = "openat2" if root.resolved else "part by part"
        return (
            f"only beneath {root.path}; no link is followed (names are resolved by {by})",
            f"no secrets such as .env, *.pem, .git{', or '.join(('', *settings.deny[:5]))}",
            f"reads files of at most {settings.max_file_bytes:,} bytes",
            f"replaces or deletes files of at most {settings.max_undo_bytes:,} bytes",
        )

    def readable(self, args: JsonObject, argument: str = "path") -> str:
        """Return the name that an argument gives, which may be read.

        Raises:
            Refused: It is no name in the workspace, or kept secret.
        """
        name = normal(str(args[argument]))
        self.space.guard.refuse_read(name)
        return name

    def writable(self, args: JsonObject, argument: str = "path") -> str:
        """Return the name that an argument gives, which may be changed.

        Raises:
            Refused: It is no name in the workspace, kept secret, or protected.
        """
        name = normal(str(args[argument]))
        self.space.guard.refuse_write(name)
        return name
