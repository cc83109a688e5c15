"""The index: texts of documents in passages, in one SQLite file that can be made again."""

import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Lock
from typing import Final, NamedTuple

from pydantic import JsonValue

from tools.documents.extracting import Extract
from tools.documents.passages import Passage, passages
from tools.errors import Fatal, ToolFault, Transient

VERSION: Final = 1
BUSY_SECONDS: Final = 5.0
_SCHEMA: Final = """
CREATE TABLE documents(
  id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, stamp TEXT NOT NULL, file_sha256 TEXT NOT NULL,
  text_sha256 TEXT NOT NULL, characters INTEGER NOT NULL, title TEXT NOT NULL,
  pages INTEGER NOT NULL, problem TEXT NOT NULL);
CREATE TABLE passages(
  id INTEGER PRIMARY KEY, document INTEGER NOT NULL, start INTEGER NOT NULL, "end" INTEGER NOT NULL,
  page INTEGER NOT NULL, heading TEXT NOT NULL, text TEXT NOT NULL);
CREATE INDEX passages_of ON passages(document, start);
CREATE VIRTUAL TABLE words USING fts5(
  text, heading, content='passages', content_rowid='id',
  tokenize='porter unicode61 remove_diacritics 2');
CREATE TRIGGER added AFTER INSERT ON passages BEGIN
  INSERT INTO words(rowid, text, heading) VALUES (new.id, new.text, new.heading);
END;
CREATE TRIGGER gone AFTER DELETE ON passages BEGIN
  INSERT INTO words(words, rowid, text, heading)
  VALUES ('delete', old.id, old.text, old.heading);
END;
"""
_BUSY: Final = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_BROKEN: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})


class Document(NamedTuple):
    """What the index knows of a file."""

    id: int
    name: str
    stamp: str
    """Size and times of the file when it was read."""
    file_sha256: str
    sha256: str
    """Of the text that is kept."""
    characters: int
    title: str
    pages: int
    problem: str

    def told(self) -> dict[str, JsonValue]:
        """Return it for models and people."""
        known: dict[str, JsonValue] = {
            "document": self.name,
            "sha256": self.sha256,
            "characters": self.characters,
        }
        more: dict[str, JsonValue] = {
            "title": self.title,
            "pages": self.pages,
            "problem": self.problem,
        }
        return known | {name: value for name, value in more.items() if value}


class Hit(NamedTuple):
    """A passage that was found."""

    document: Document
    passage: Passage


class Index:
    """The index of a collection; usable from any thread and process.

    Args:
        path: Its file, made when there is none, readable by its owner only.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = Lock()
        self._ready = False
        self._suspect = False

    def documents(self) -> dict[str, Document]:
        """Return all that is known, by name."""
        with self._opened() as connection:
            rows = connection.execute("SELECT * FROM documents ORDER BY name").fetchall()
        return {row[1]: Document(*row) for row in rows}

    def document(self, name: str) -> Document | None:
        """Return what is known of one."""
        with self._opened() as connection:
            row = connection.execute("SELECT * FROM documents WHERE name = ?", (name,)).fetchone()
        return Document(*row) if row else None

    def put(self, name: str, stamp: str, file_sha256: str, sha256: str, found: Extract) -> None:
        """Keep the text of a file in the place of what was known of it."""
        row = (name, stamp, file_sha256, sha256, len(found.text), found.title, found.pages)
        with self._writing() as connection:
            _forget(connection, [name])
            made = connection.execute(
                "INSERT INTO documents(name, stamp, file_sha256, text_sha256, characters, title, "
                "pages, problem) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (*row, found.problem),
            )
            connection.executemany(
                'INSERT INTO passages(document, start, "end", page, heading, text) '
                "VALUES (?, ?, ?, ?, ?, ?)",
                ((made.lastrowid, *each) for each in passages(found.text, found.marks)),
            )

    def restamp(self, stamps: Mapping[str, str]) -> None:
        """Note that files were touched, and are what they were."""
        with self._writing() as connection:
            connection.executemany(
                "UPDATE documents SET stamp = ? WHERE name = ?",
                [(stamp, name) for name, stamp in stamps.items()],
            )

    def forget(self, names: Iterable[str]) -> None:
        """Let go of files that are no more."""
        with self._writing() as connection:
            _forget(connection, names)

    def search(self, query: str, *, limit: int, within: str = "") -> list[Hit]:
        """Return the passages that fit an FTS5 query best.

        Args:
            query: As `queries.query` makes it.
            limit: How many.
            within: A document, or a folder with a `/` at its end; everywhere when it is empty.
        """
        if not query:
            return []
        scope, bounds = _scope(within)
        with self._opened() as connection:
            rows = connection.execute(
                'SELECT d.*, p.start, p."end", p.page, p.heading, p.text FROM words '
                "JOIN passages p ON p.id = words.rowid JOIN documents d ON d.id = p.document "
                f"WHERE words MATCH ? AND {scope} "
                "ORDER BY bm25(words, 1.0, 2.0), p.id LIMIT ?",
                (query, *bounds, limit),
            ).fetchall()
        return [Hit(Document(*row[:9]), Passage(*row[9:])) for row in rows]

    def between(self, document: Document, start: int, end: int) -> list[Passage]:
        """Return the passages of a document that overlap a span, in order."""
        with self._opened() as connection:
            rows = connection.execute(
                'SELECT start, "end", page, heading, text FROM passages '
                'WHERE document = ? AND "end" > ? AND start < ? ORDER BY start',
                (document.id, start, end),
            ).fetchall()
        return [Passage(*row) for row in rows]

    def texts(self, within: str = "") -> Iterator[tuple[Document, str]]:
        """Yield documents with their whole texts; see `search` for which."""
        scope, bounds = _scope(within)
        with self._opened() as connection:
            rows = connection.execute(
                f"SELECT d.* FROM documents d WHERE {scope} ORDER BY d.name", bounds
            ).fetchall()
        for row in rows:
            document = Document(*row)
            found = self.between(document, 0, document.characters)
            yield document, "".join(passage.text for passage in found)

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._opened() as connection:
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            connection.execute("COMMIT")

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        """Open the file; one that is broken, or of another version, is made anew."""
        try:
            with self._lock:
                if not self._ready:
                    self._make()
                    self._ready = True
            with closing(self._connect()) as connection:
                yield connection
        except OSError as fault:
            raise Fatal(
                f"The index {str(self._path)!r} cannot be made: {fault.strerror}."
            ) from fault
        except sqlite3.DatabaseError as fault:
            raise self._fault(fault) from fault

    def _fault(self, fault: sqlite3.DatabaseError) -> ToolFault:
        """Return what an error of the database means; a broken index is looked at next time."""
        code = getattr(fault, "sqlite_errorcode", 0) & 0xFF
        if code in _BUSY:
            return Transient(f"The index {str(self._path)!r} is busy: {fault}.")
        if code in _BROKEN:
            self._ready, self._suspect = False, True
            return Transient(
                f"The index {str(self._path)!r} is broken: {fault}.", advice="It is made again."
            )
        return Fatal(f"The index {str(self._path)!r} cannot be used: {fault}.")

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, timeout=BUSY_SECONDS, isolation_level=None)
        connection.execute("PRAGMA synchronous = NORMAL")
        return connection

    def _make(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._touch()
        if self._is_sound():
            return
        for end in ("", "-wal", "-shm", "-journal"):
            self._path.with_name(f"{self._path.name}{end}").unlink(missing_ok=True)
        self._touch()
        self._suspect = False
        with closing(self._connect()) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.executescript(f"BEGIN; {_SCHEMA} PRAGMA user_version = {VERSION}; COMMIT;")

    def _touch(self) -> None:
        """Make the file, for its owner only, when there is none."""
        os.close(os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))

    def _is_sound(self) -> bool:
        try:
            with closing(self._connect()) as connection:
                (version,) = connection.execute("PRAGMA user_version").fetchone()
                # Only after a fault: it reads the whole file.
                check = "quick_check(1)" if self._suspect else "user_version"
                (found,) = connection.execute(f"PRAGMA {check}").fetchone()
        except sqlite3.DatabaseError as fault:
            if (getattr(fault, "sqlite_errorcode", 0) & 0xFF) in _BROKEN:
                return False
            raise
        return version == VERSION and found in {"ok", VERSION}


def _scope(within: str) -> tuple[str, tuple[str | int, ...]]:
    """Return what limits rows of `documents d` to a document or a folder."""
    if not within:
        return "1", ()
    if within.endswith("/"):
        return "substr(d.name, 1, ?) = ?", (len(within), within)
    return "d.name = ?", (within,)


def _forget(connection: sqlite3.Connection, names: Iterable[str]) -> None:
    for name in names:
        connection.execute(
            "DELETE FROM passages WHERE document = (SELECT id FROM documents WHERE name = ?)",
            (name,),
        )
        connection.execute("DELETE FROM documents WHERE name = ?", (name,))
