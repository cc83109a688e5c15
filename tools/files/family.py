"""The file tools of one workspace."""

from collections.abc import Sequence
from pathlib import Path

from tools.contract import Artifacts, Tool
from tools.files.deleting import DeleteFile
from tools.files.editing import EditFile
from tools.files.guard import Guard
from tools.files.listing import ListFiles
from tools.files.moving import MoveFile
from tools.files.patching import PatchFile
from tools.files.reading import ReadFile
from tools.files.root import Root
from tools.files.searching import SearchFiles
from tools.files.settings import FilesSettings
from tools.files.space import Space
from tools.files.writing import WriteFile


def files_tools(
    settings: FilesSettings, *, root: Root, artifacts: Artifacts, own: Sequence[Path] = ()
) -> list[Tool]:
    """Return the file tools of a workspace.

    Args:
        settings: What they leave alone, and their limits.
        root: The workspace; open for as long as the tools are.
        artifacts: Where content is kept for undo.
        own: Surefoot's own files, such as its store; left alone if they are in the workspace.
    """
    space = Space(root, guard_of(settings, root=root, own=own), settings, artifacts)
    readers: list[Tool] = [ReadFile(space), ListFiles(space), SearchFiles(space)]
    if settings.read_only:
        return readers
    writers: list[Tool] = [WriteFile(space), EditFile(space), PatchFile(space)]
    return [*readers, *writers, MoveFile(space), DeleteFile(space)]


def guard_of(settings: FilesSettings, *, root: Root, own: Sequence[Path] = ()) -> Guard:
    """Return what of a workspace is left alone, whatever tool comes to it.

    Args:
        settings: Patterns of names.
        root: The workspace.
        own: Surefoot's own files, such as its store.
    """
    return Guard(settings, _beneath(root, own))


def _beneath(root: Root, own: Sequence[Path]) -> list[str]:
    """Return patterns of names in the workspace for files, and for what databases put beside."""
    top = root.path.resolve()
    inside = [path.resolve() for path in own if path.resolve().is_relative_to(top)]
    return [f"/{path.relative_to(top).as_posix()}*" for path in inside]
