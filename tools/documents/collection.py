"""A collection: folders of documents, and their index, brought up to date before it is asked."""

import hashlib
import stat
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from threading import Lock
from typing import Final

from tools.contract import Record
from tools.documents.extracting import Extract, Extractor
from tools.documents.index import Document, Index
from tools.documents.settings import KINDS, DocumentsSettings
from tools.errors import BadInput, Refused, ToolFault
from tools.files.names import is_normal
from tools.files.root import Entry, Root
from tools.stopping import check_stop

MAX_DEPTH: Final = 40


class Refresh(Record):
    """What bringing the index up to date came to."""

    read: int = 0
    gone: int = 0
    left: int = 0
    """Files that wait for the next time."""
    skipped: int = 0
    """Files that are left out: too large, too many, or behind names or links that are not taken."""


@dataclass(slots=True)
class _Found:
    """Files of the folders, by the names of documents."""

    files: dict[str, tuple[Root, Entry, str]] = field(default_factory=dict)
    skipped: int = 0


class Collection:
    """Folders of documents and their index.

    Args:
        settings: Folders, index and limits.
        clock: Seconds that only go on; injected for tests.

    Raises:
        BadInput: A folder cannot be opened, or there is no place for the index.
    """

    def __init__(
        self, settings: DocumentsSettings, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        if not settings.index:
            raise BadInput("The index of the documents has no file.", advice="Set `index`.")
        self.settings = settings
        self.index = Index(Path(settings.index))
        self._roots = {name: Root(Path(path)) for name, path in settings.folders.items()}
        self._clock = clock
        self._lock = Lock()

    def refresh(self) -> Refresh:
        """Bring the index up to date, as far as the time allows.

        Raises:
            ToolFault: The index cannot be written, or a folder cannot be listed.
            Stopped: The run is to stop; what was read is kept.
        """
        with self._lock:
            found = self._listed()
            known = self.index.documents()
            gone = [name for name in known if name not in found.files]
            if gone:
                self.index.forget(gone)
            told = Refresh(gone=len(gone), skipped=found.skipped)
            return told.model_copy(update=self._read_changed(found, known))

    def known(self, name: str) -> Document:
        """Return what is known of a document.

        Raises:
            Refused: There is none of that name.
        """
        document = self.index.document(name)
        if document is None:
            raise Refused(
                f"There is no document {name[:200]!r}.",
                advice="Search for it; names begin with that of a folder.",
            )
        return document

    def _listed(self) -> _Found:
        found = _Found()
        for name, root in self._roots.items():
            for path, entry in self._walk(root, "", 0, found):
                if len(found.files) >= self.settings.files:
                    found.skipped += 1
                else:
                    found.files[f"{name}/{path}"] = (root, entry, path)
        return found

    def _walk(
        self, root: Root, folder: str, depth: int, found: _Found
    ) -> Iterator[tuple[str, Entry]]:
        check_stop()
        for entry in root.scan(folder):
            if entry.part.startswith(".") and not self.settings.hidden:
                continue
            path = f"{folder}/{entry.part}".lstrip("/")
            if not is_normal(entry.part) or depth > MAX_DEPTH:
                found.skipped += 1
            elif entry.kind == "folder":
                yield from self._walk(root, path, depth + 1, found)
            elif _suffix(path) in self.settings.suffixes:
                if entry.kind == "file" and entry.seen.st_size <= self.settings.file_bytes:
                    yield path, entry
                else:
                    found.skipped += 1

    def _read_changed(self, found: _Found, known: Mapping[str, Document]) -> Mapping[str, int]:
        """Read what is new or was touched, the smallest first; what takes long is for later."""
        changed = [
            name
            for name, (_, entry, _) in found.files.items()
            if name not in known or known[name].stamp != _stamp(entry)
        ]
        changed.sort(key=lambda name: found.files[name][1].seen.st_size)
        until = self._clock() + self.settings.refresh_seconds
        read, extractor = 0, Extractor(self.settings)
        touched: dict[str, str] = {}
        try:
            for name in changed:
                check_stop()
                if read and self._clock() > until:
                    break
                self._read(extractor, name, found, known.get(name), touched)
                read += 1
        finally:
            extractor.close()
            if touched:
                self.index.restamp(touched)
        return {"read": read, "left": len(changed) - read}

    def _read(
        self,
        extractor: Extractor,
        name: str,
        found: _Found,
        before: Document | None,
        touched: dict[str, str],
    ) -> None:
        root, entry, path = found.files[name]
        content = self._content(root, path)
        if isinstance(content, str):
            self._put(name, _stamp(entry), "", Extract(problem=content))
            return
        sha256 = hashlib.sha256(content).hexdigest()
        if before is not None and before.file_sha256 == sha256:
            touched[name] = _stamp(entry)
            return
        self._put(name, _stamp(entry), sha256, extractor.read(KINDS[_suffix(path)], content))

    def _put(self, name: str, stamp: str, file_sha256: str, found: Extract) -> None:
        sha256 = hashlib.sha256(found.text.encode()).hexdigest()
        self.index.put(name, stamp, file_sha256, sha256, found)

    def _content(self, root: Root, path: str) -> bytes | str:
        """Return what a file holds, or why that cannot be told."""
        try:
            with root.open(path) as file:
                content = file.read(self.settings.file_bytes + 1)
        except ToolFault as fault:
            return fault.what
        except OSError as fault:
            return f"it cannot be read: {fault.strerror}"
        return content if len(content) <= self.settings.file_bytes else "it is too large"


def _suffix(path: str) -> str:
    return PurePosixPath(path).suffix.lower()


def _stamp(entry: Entry) -> str:
    """Return what changes whenever a file is written."""
    seen = entry.seen
    parts = (
        seen.st_size,
        seen.st_mtime_ns,
        seen.st_ctime_ns,
        seen.st_ino,
        stat.S_IFMT(seen.st_mode),
    )
    return ":".join(str(part) for part in parts)
