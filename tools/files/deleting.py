"""The tool that deletes a file."""

from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from tools.contract import JsonObject
from tools.errors import Refused
from tools.files.rewriting import Rewriting
from tools.files.space import Loaded, Name


class DeleteFileArgs(BaseModel):
    """Which file."""

    model_config = ConfigDict(extra="forbid")

    path: Name


class DeleteFile(Rewriting):
    """Deletes one file; what it held is kept for undo."""

    name = "delete_file"
    description = "Delete one file of the workspace."
    args_schema = DeleteFileArgs
    authority: ClassVar[frozenset[str]] = frozenset({"path"})
    verb = "Delete"
    done = "Deleted"
    vouches = False
    destroys: ClassVar[bool] = True

    def rewritten(self, args: JsonObject, name: str, old: Loaded | None) -> None:
        """Return nothing.

        Raises:
            Refused: There is no such file.
        """
        del args
        if old is None:
            raise Refused(f"There is no {name!r} in the workspace.", advice=self.space.alike(name))
