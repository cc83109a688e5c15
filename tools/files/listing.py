"""The tool that lists what is in the workspace."""

from typing import ClassVar, Final

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from tools.contract import EffectClass, JsonObject
from tools.files.filetool import FileTool
from tools.files.globs import matches
from tools.files.space import Folder
from tools.files.walking import Walk

MAX_LISTED: Final = 1_000


class ListFilesArgs(BaseModel):
    """Which folder, how deep, and which names."""

    model_config = ConfigDict(extra="forbid")

    path: Folder = ""
    pattern: str = Field(
        default="*",
        min_length=1,
        max_length=500,
        description="Which names: `*.py` in any folder, `src/**/test_*.py` for whole names.",
    )
    depth: int = Field(default=20, ge=1, le=100, description="How many folders deep; 1 is one.")


class ListFiles(FileTool):
    """Lists files, folders and links by name."""

    name = "list_files"
    description = "List the files and folders of the workspace, or of one folder of it."
    effect: ClassVar[EffectClass] = "read"
    args_schema = ListFilesArgs
    authority: ClassVar[frozenset[str]] = frozenset({"path"})
    content: ClassVar[frozenset[str]] = frozenset({"pattern", "depth"})
    vouches = True

    def apply(self, args: JsonObject, key: str) -> JsonValue:
        """Return what there is, by name.

        Raises:
            Refused: There is no such folder, or it is kept secret.
        """
        del key
        path, pattern = self.readable(args), str(args["pattern"])
        walk = Walk(self.space, depth=int(str(args["depth"])))
        listed: list[JsonValue] = []
        count = 0
        for name, entry in walk.through(path):
            if matches(pattern, name):
                count += 1
                if count <= MAX_LISTED:
                    size = {"bytes": entry.seen.st_size} if entry.kind == "file" else {}
                    listed.append({"path": name, "kind": entry.kind, **size})
        shown = f"the first {MAX_LISTED} of them" if count > MAX_LISTED else "all of them"
        return {
            "summary": f"{count} names in {path or 'the workspace'}, {shown}.",
            "entries": listed,
            "count": count,
            "truncated": count > MAX_LISTED or walk.cut,
            "kept_from_agents": walk.denied,
            "unusable_names": walk.unnamed,
        }
