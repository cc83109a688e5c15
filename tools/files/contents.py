"""What a file, folder or link is: enough to know it again, and to put it back.

Content goes into artifacts in chunks, so that equal content is kept once, however often and under
whatever names it is seen. What names them must be stored as it is: `prune` looks for their
references in the text of what is kept.
"""

import base64
import binascii
import hashlib
import os
import stat
from collections.abc import Iterator, Mapping
from typing import BinaryIO, Final, NamedTuple

from pydantic import Field

from tools.contract import Artifacts, JsonObject, Record
from tools.errors import Fatal, Refused, Transient
from tools.files.faults import told
from tools.files.looks import attributes_of, same
from tools.files.root import Kind, Root, kind_of

CHUNK_BYTES: Final = 786_432
"""One MiB as base64."""
MAX_BYTES: Final = 64 * 1024 * 1024
"""A larger file is not looked at."""


class Thing(Record):
    """One file, folder or link as it was seen."""

    kind: Kind
    mode: int
    """Permissions."""
    uid: int
    gid: int
    size: int = 0
    sha256: str = ""
    """Of a file's content, hex."""
    target: str = ""
    """Of a link, as it says itself."""
    attributes: Mapping[str, str] = Field(default_factory=dict)
    """Extended attributes, base64."""
    chunks: tuple[str, ...] | None = None
    """Artifacts that hold a file's content, in order; None when it was only looked at."""

    def is_like(self, other: "Thing | None") -> bool:
        """Tell whether another is the same, kept or not."""
        return other is not None and _bare(self) == _bare(other)

    def told(self) -> JsonObject:
        """Return it as people compare it."""
        known: JsonObject = {
            "kind": self.kind,
            "mode": f"{self.mode:04o}",
            "owner": f"{self.uid}:{self.gid}",
        }
        if self.kind == "file":
            known |= {"bytes": self.size, "sha256": self.sha256}
        if self.kind == "link":
            known["target"] = self.target
        return known


class Sight(NamedTuple):
    """A thing, and the look at it that a change must name."""

    thing: Thing
    seen: os.stat_result


def observe(
    root: Root,
    name: str,
    *,
    artifacts: Artifacts | None = None,
    into: bytearray | None = None,
    most: int = MAX_BYTES,
) -> Sight | None:
    """Return what there is of a name; None for nothing.

    Args:
        root: The workspace.
        name: What to look at.
        artifacts: Where to keep the content; None to look only.
        into: Where to put the content as well, if wanted.
        most: Bytes that a file may have.

    Raises:
        Refused: It lies behind a link, or is too large.
        Transient: Somebody writes it at this moment.
    """
    seen = root.stat(name)
    if seen is None:
        return None
    if stat.S_ISREG(seen.st_mode):
        with root.open(name) as file, told(name):
            return _read(file, name, most, artifacts, into)
    target = root.link(name) if stat.S_ISLNK(seen.st_mode) else ""
    return Sight(_thing(seen, target=target), seen)


def present(root: Root, name: str, *, most: int = MAX_BYTES) -> Sight | None:
    """Return what there is of a name now, whatever became of it; None for nothing.

    There is nothing, too, when a folder above it is none any more; and what is larger than `most`
    is told without its hash, which no smaller file can have.
    """
    above, _, _ = name.rpartition("/")
    if above:
        found = present(root, above)
        if found is None or found.thing.kind != "folder":
            return None
    seen = root.stat(name)
    if seen is not None and stat.S_ISREG(seen.st_mode) and seen.st_size > most:
        return Sight(_thing(seen), seen)
    return observe(root, name, most=most)


def content(thing: Thing, artifacts: Artifacts) -> Iterator[bytes]:
    """Yield the content of a file that was kept.

    Raises:
        Fatal: It was not kept, is kept no more, or is not what it was.
    """
    if thing.chunks is None:
        raise Fatal("What the file held was not kept.")
    whole = hashlib.sha256()
    for ref in thing.chunks:
        try:
            data = base64.b64decode(str(artifacts.get(ref)), validate=True)
        except (KeyError, binascii.Error) as fault:
            raise Fatal(f"What the file held is no longer in the store ({ref}).") from fault
        whole.update(data)
        yield data
    if whole.hexdigest() != thing.sha256:
        raise Fatal("What the store has is not what the file held.")


def thing_of(data: bytes, mode: int, owner: tuple[int, int]) -> Thing:
    """Return the file that holds these bytes."""
    uid, gid = owner
    sha256 = hashlib.sha256(data).hexdigest()
    return Thing(kind="file", mode=mode, uid=uid, gid=gid, size=len(data), sha256=sha256)


def kept(thing: Thing, data: bytes, artifacts: Artifacts) -> Thing:
    """Return a file together with its content, kept."""
    pieces = (data[at : at + CHUNK_BYTES] for at in range(0, len(data), CHUNK_BYTES))
    return thing.model_copy(update={"chunks": tuple(_keep(piece, artifacts) for piece in pieces)})


def put_back(
    root: Root, name: str, thing: Thing, artifacts: Artifacts, *, over: os.stat_result | None
) -> None:
    """Make a file or link what it was; the folder that it is in must exist.

    Args:
        root: The workspace.
        name: Where.
        thing: What it was, kept.
        artifacts: Where its content is.
        over: What was seen there and may be replaced; None when there must be nothing.

    Raises:
        Refused: What is there is not what was seen.
        Fatal: The content is gone, or the thing is of a kind that cannot be made.
    """
    if thing.kind == "link":
        if over is not None:
            root.unlink(name, seen=over)
        root.make_link(name, thing.target)
        return
    if thing.kind != "file":
        raise Fatal(f"A {thing.kind} such as {name!r} cannot be made again.")
    root.write(
        name,
        content(thing, artifacts),
        over=over,
        mode=thing.mode,
        owner=(thing.uid, thing.gid),
        attributes={key: base64.b64decode(value) for key, value in thing.attributes.items()},
    )


def _keep(piece: bytes, artifacts: Artifacts) -> str:
    return artifacts.put(base64.b64encode(piece).decode())


def _read(
    file: BinaryIO, name: str, most: int, artifacts: Artifacts | None, into: bytearray | None
) -> Sight:
    """Hash an open file, and keep it if wanted; the same descriptor tells what it is."""
    seen = os.fstat(file.fileno())
    whole, chunks, size = hashlib.sha256(), list[str](), 0
    while data := file.read(CHUNK_BYTES):
        size += len(data)
        if max(size, seen.st_size) > most:
            raise Refused(
                f"{name!r} has {max(size, seen.st_size)} bytes; at most {most} are worked on."
            )
        whole.update(data)
        if into is not None:
            into += data
        if artifacts is not None:
            chunks.append(_keep(data, artifacts))
    if size != seen.st_size or not same(os.fstat(file.fileno()), seen):
        raise Transient(f"{name!r} is being written by somebody else.")
    extra = attributes_of(file.fileno())
    thing = _thing(
        seen,
        sha256=whole.hexdigest(),
        attributes={key: base64.b64encode(value).decode() for key, value in extra.items()},
        chunks=None if artifacts is None else tuple(chunks),
    )
    return Sight(thing, seen)


def _thing(
    seen: os.stat_result,
    *,
    sha256: str = "",
    target: str = "",
    attributes: dict[str, str] | None = None,
    chunks: tuple[str, ...] | None = None,
) -> Thing:
    kind = kind_of(seen)
    return Thing(
        kind=kind,
        mode=stat.S_IMODE(seen.st_mode),
        uid=seen.st_uid,
        gid=seen.st_gid,
        size=seen.st_size if kind == "file" else 0,
        sha256=sha256,
        target=target,
        attributes=attributes or {},
        chunks=chunks,
    )


def _bare(thing: Thing) -> Thing:
    return thing.model_copy(update={"chunks": None})
