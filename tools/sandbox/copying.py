"""Copies a workspace into the room of a program: what was seen of it, and nothing else."""

import hashlib
import os
from pathlib import Path
from typing import Final

from tools.errors import Fatal, Transient
from tools.files.contents import Thing
from tools.files.root import Root
from tools.files.tree import Tree, unlisted

PERMISSIONS: Final = 0o777
"""What of a mode a copy has; nothing in it runs with the rights of others."""
_OWNER: Final = 0o700
_CHUNK: Final = 1 << 20


def copy_tree(root: Root, tree: Tree, place: Path) -> None:
    """Copy the things of a tree from a workspace to an empty folder.

    Args:
        root: The workspace.
        tree: What was seen of it, folders before what is in them.
        place: The folder.

    Raises:
        Transient: A file is no longer what was seen.
        Fatal: The copy cannot be made: the disk is full, or a name is too long.
    """
    folders: list[tuple[Path, int]] = []
    try:
        for listed, thing in tree.items():
            name = unlisted(listed)
            path = place / name
            if thing.kind == "folder":
                path.mkdir(mode=_OWNER)
                folders.append((path, thing.mode & PERMISSIONS))
            elif thing.kind == "link":
                path.symlink_to(thing.target)
            else:
                _copy_file(root, name, thing, path)
        for path, mode in reversed(folders):
            path.chmod(mode)
    except OSError as fault:
        raise Fatal(
            f"The workspace cannot be copied into a sandbox: {fault.strerror} ({fault.filename})."
        ) from fault


def _copy_file(root: Root, name: str, thing: Thing, path: Path) -> None:
    whole = hashlib.sha256()
    with root.exact.open(name) as source, path.open("xb") as copy:
        while data := source.read(_CHUNK):
            whole.update(data)
            copy.write(data)
        written = os.fstat(source.fileno()).st_mtime_ns
    if whole.hexdigest() != thing.sha256:
        raise Transient(f"{name!r} is being written by somebody else.")
    path.chmod(thing.mode & PERMISSIONS)
    # Programs that build things look at which file is newer.
    os.utime(path, ns=(written, written))
