"""A folder and all that is in it: known again, compared, and put back where something changed it.

For what cannot say beforehand which files it will touch, such as a program. Names are those that
the disk has, so that whatever a program made can be seen and taken back.
"""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from tools.contract import Artifacts, JsonObject, Record
from tools.errors import Refused, UndoConflict
from tools.files.contents import Thing, observe, present, put_back
from tools.files.root import Root

Tree = Mapping[str, Thing]
"""By name beneath the workspace; see `listed` for names that are no text."""


class Limits(Record):
    """How much may be looked at."""

    things: int = 20_000
    bytes: int = 512 * 1024 * 1024
    """Of all files together."""
    file_bytes: int = 64 * 1024 * 1024


class Difference(NamedTuple):
    """One name of which two trees say different things."""

    name: str
    before: Thing | None
    after: Thing | None


_BYTES: Final = "/"
"""What a listed name begins with when it is the hex of bytes that are no text."""
LIMITS: Final = Limits()
EVERYTHING: Final = 2**63


def take(
    root: Root,
    *,
    folder: str = "",
    artifacts: Artifacts | None = None,
    skip: Callable[[str], bool] = lambda _name: False,
    limits: Limits = LIMITS,
) -> dict[str, Thing]:
    """Return all that is in a folder, by name.

    Args:
        root: The workspace.
        folder: Where to begin; the folder itself is not in the tree.
        artifacts: Where to keep all content, so that it can be put back; None to look only.
        skip: Tells which names, and all beneath them, are left out.
        limits: How much may be looked at.

    Raises:
        Refused: It is more than that.
    """
    found: dict[str, Thing] = {}
    size = 0
    for name in _names(root.exact, folder, skip):
        sight = observe(root.exact, name, artifacts=artifacts, most=limits.file_bytes)
        if sight is None:
            continue
        found[listed(name)] = sight.thing
        size += sight.thing.size
        if len(found) > limits.things or size > limits.bytes:
            raise Refused(
                f"The folder {folder or '.'!r} holds more than {limits.things} things, "
                f"or {limits.bytes} bytes.",
                advice="Leave large folders out, or raise the limits.",
            )
    return found


def differences(before: Tree, after: Tree) -> list[Difference]:
    """Return what differs between two trees, by name."""
    names = sorted({*before, *after})
    pairs = [Difference(name, before.get(name), after.get(name)) for name in names]
    return [pair for pair in pairs if not _alike(pair.before, pair.after)]


def restore(root: Root, artifacts: Artifacts, changed: Sequence[Difference]) -> None:
    """Put back what these differences say was before; nothing else is touched.

    Does nothing where it is put back already. A folder that is to go stays when somebody else has
    put something into it.

    Args:
        root: The workspace.
        artifacts: Where the content of `before` is kept.
        changed: What was before, and what was left; `differences` of the two trees.

    Raises:
        UndoConflict: One of them is neither as it was before nor as it was left; nothing was
            put back.
    """
    exact = root.exact
    for each in changed:
        _refuse_other(exact, each)
    for each in reversed(changed):
        _remove(exact, each)
    for each in changed:
        _make(exact, artifacts, each)
    for each in reversed(changed):
        if each.before is not None and each.before.kind == "folder":
            before = each.before
            exact.set_looks(unlisted(each.name), before.mode, (before.uid, before.gid))


def listed(name: str) -> str:
    """Return a name as trees list it: itself, or hex when it is not text."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return _BYTES + os.fsencode(name).hex()
    return name


def unlisted(name: str) -> str:
    """Return the name that a tree lists."""
    if name.startswith(_BYTES):
        return os.fsdecode(bytes.fromhex(name.removeprefix(_BYTES)))
    return name


def tree_json(tree: Tree) -> JsonObject:
    """Return a tree as JSON."""
    return {
        name: thing.model_dump(mode="json", exclude_defaults=True) for name, thing in tree.items()
    }


def tree_of(value: JsonObject) -> dict[str, Thing]:
    """Return the tree that `tree_json` stored."""
    return {name: Thing.model_validate(thing) for name, thing in value.items()}


def _names(root: Root, folder: str, skip: Callable[[str], bool]) -> Iterator[str]:
    """Yield all names in a folder, each folder before what is in it."""
    waiting = [folder]
    while waiting:
        above = waiting.pop()
        for entry in root.scan(above):
            name = f"{above}/{entry.part}" if above else entry.part
            if skip(name):
                continue
            yield name
            if entry.kind == "folder":
                waiting.append(name)


def _alike(one: Thing | None, other: Thing | None) -> bool:
    return one is other is None or (one is not None and one.is_like(other))


def _refuse_other(root: Root, each: Difference) -> None:
    found = present(root, unlisted(each.name), most=EVERYTHING)
    now = found.thing if found else None
    if _alike(now, each.before) or _alike(now, each.after):
        return
    kinds = {thing.kind for thing in (each.before, each.after) if thing is not None}
    if now is not None and now.kind == "folder" and "folder" in kinds:
        return  # its permissions alone are nobody's work
    raise UndoConflict(
        f"{each.name!r} is no longer as it was left.",
        advice="Someone has changed it since; keep or move it away, then undo again.",
    )


def _remove(root: Root, each: Difference) -> None:
    """Remove what was made, or what stands in the place of another kind of thing."""
    name = unlisted(each.name)
    found = present(root, name, most=EVERYTHING)
    if found is None or (each.before is not None and each.before.kind == found.thing.kind):
        return
    if found.thing.kind != "folder":
        root.unlink(name, seen=found.seen)
    elif not root.scan(name):
        root.remove_folder(name)


def _make(root: Root, artifacts: Artifacts, each: Difference) -> None:
    """Make what is missing, or is another file or link than before."""
    name, before = unlisted(each.name), each.before
    found = present(root, name, most=EVERYTHING)
    if before is None or before.is_like(found.thing if found else None):
        return
    if before.kind != "folder":
        put_back(root, name, before, artifacts, over=found.seen if found else None)
    elif found is None:
        root.make_folders(name)
