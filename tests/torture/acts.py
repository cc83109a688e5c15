"""What the agent does to a world: files, a database, and a server that counts.

Each tool passes named points, at any of which its process may be killed. An effect that is made
twice shows: nothing here but `publish` refuses a second time.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, JsonValue

from tests.torture.place import Place
from tests.torture.server import begun, heard, say
from tools.contract import EffectClass, Happened, JsonObject, Preview, Tool
from tools.errors import UndoConflict
from tools.versions import Versions

Passes = Callable[[str], None]
"""Told the name of each point that the process passes."""


class Text(BaseModel):
    model_config = ConfigDict(extra="forbid")
    text: str


class Named(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: str


class NamedText(Named):
    text: str


class Act(Tool):
    """Base of the tools: passes a point around everything that the runner asks of it."""

    effect: ClassVar[EffectClass] = "reversible"
    args_schema: ClassVar[type[BaseModel]] = Text
    content = frozenset({"text"})

    def __init__(self, place: Place, passes: Passes) -> None:
        self.place = place
        self._passes = passes

    def at(self, point: str) -> None:
        """Pass a point of this tool."""
        self._passes(f"{self.name} {point}")

    def resources(self, args: JsonObject) -> frozenset[str]:
        return frozenset({f"{self.name}:all"})

    def preview(self, args: JsonObject) -> Preview:
        return Preview(summary=f"{self.name} {args}")

    def snapshot(self, args: JsonObject) -> JsonObject:
        self.at("snapshot")
        return {}


class Note(Act):
    """Appends a line to the log; taking it back strikes it out, so that each ever made stays."""

    name = "note"
    description = "Append a line to the log."

    def apply(self, args: JsonObject, key: str) -> JsonValue:
        self.at("apply, nothing written")
        handle = os.open(self.place.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.write(handle, f"{args['text']} {key}\n".encode())
        self.at("apply, line written")
        os.close(handle)
        return {"key": key}

    def probe(self, args: JsonObject, snapshot: JsonObject, key: str) -> Happened:
        self.at("probe")
        return "yes" if f"{args['text']} {key}" in self.place.lines() else "no"

    def undo(self, args: JsonObject, snapshot: JsonObject, result: JsonValue) -> None:
        self.at("undo, nothing written")
        struck = [_struck(line, str(args["text"])) for line in self.place.lines()]
        with replacing(self.place.log) as new:
            new.write_text("".join(f"{line}\n" for line in struck))
            self.at("undo, half written")
        self.at("undo, written")


def _struck(line: str, text: str) -> str:
    return f"-{line}" if line.startswith(f"{text} ") else line


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Lend a file that takes the place of another one at the end, at once."""
    new = path.with_name(f".{path.name}.new")
    yield new
    new.replace(path)


class Put(Act):
    """Replaces a file."""

    name = "put"
    description = "Write a file."
    args_schema: ClassVar[type[BaseModel]] = NamedText
    authority = frozenset({"name"})

    def path(self, args: JsonObject) -> Path:
        return self.place.files / str(args["name"])

    def known_values(self, args: JsonObject) -> frozenset[str]:
        return frozenset({"a", "b", "c", "keep"})

    def resources(self, args: JsonObject) -> frozenset[str]:
        return frozenset({f"file:{args['name']}"})

    def snapshot(self, args: JsonObject) -> JsonObject:
        self.at("snapshot")
        return {"text": self.now(args)}

    def now(self, args: JsonObject) -> str | None:
        path = self.path(args)
        return path.read_text() if path.exists() else None

    def write(self, args: JsonObject, text: str | None, doing: str) -> None:
        self.at(f"{doing}, nothing written")
        if text is None:
            self.path(args).unlink(missing_ok=True)
        else:
            with replacing(self.path(args)) as new:
                new.write_text(text)
                self.at(f"{doing}, half written")
        self.at(f"{doing}, written")

    def apply(self, args: JsonObject, key: str) -> JsonValue:
        self.write(args, str(args["text"]), "apply")
        return {"key": key}

    def probe(self, args: JsonObject, snapshot: JsonObject, key: str) -> Happened:
        self.at("probe")
        return "yes" if self.now(args) == args.get("text") else "no"

    def compare(self, args: JsonObject, snapshot: JsonObject, result: JsonValue) -> Versions:
        return Versions(
            subject=f"file:{args['name']}",
            before=snapshot["text"],
            left=args.get("text"),
            now=self.now(args),
        )

    def undo(self, args: JsonObject, snapshot: JsonObject, result: JsonValue) -> None:
        if self.now(args) not in {args.get("text"), snapshot["text"]}:
            raise UndoConflict(f"{args['name']} was changed since.")
        before = snapshot["text"]
        self.write(args, None if before is None else str(before), "undo")


class Take(Put):
    """Removes a file; a person is asked."""

    name = "take"
    description = "Remove a file."
    args_schema = Named
    content = frozenset()

    def apply(self, args: JsonObject, key: str) -> JsonValue:
        self.write(args, None, "apply")
        return {"key": key}


class Book(Act):
    """Adds a row, with its key in the same transaction, and another to a history that stays."""

    name = "book"
    description = "Add a row."
    transactional = True

    @contextmanager
    def transaction(self, doing: str, about: str) -> Iterator[Callable[..., Any]]:
        """Lend what executes statements in a transaction; what is about the same takes turns."""
        with self.place.target() as (connection, prefix, mark):
            connection.execute("BEGIN IMMEDIATE" if self.place.is_file else "BEGIN")
            if not self.place.is_file:  # what a killed client began of this key ends first
                lock = f"SELECT pg_advisory_xact_lock(hashtext({mark}))"
                connection.execute(lock, (about,))
            yield lambda text, *values: connection.execute(text.format(prefix, mark), values)
            self.at(f"{doing}, not committed")
            connection.execute("COMMIT")
        self.at(f"{doing}, committed")

    def apply(self, args: JsonObject, key: str) -> JsonValue:
        self.at("apply, not begun")
        with self.transaction("apply", key) as execute:
            execute("INSERT INTO {0}rows VALUES ({1}, {1})", key, args["text"])
            self.at("apply, half done")
            execute("INSERT INTO {0}history VALUES ({1}, {1})", key, args["text"])
        return {"key": key}

    def probe(self, args: JsonObject, snapshot: JsonObject, key: str) -> Happened:
        with self.transaction("probe", key) as execute:
            found = execute("SELECT 1 FROM {0}rows WHERE key = {1}", key).fetchone()
        return "yes" if found else "no"

    def undo(self, args: JsonObject, snapshot: JsonObject, result: JsonValue) -> None:
        self.at("undo, not begun")
        with self.transaction("undo", str(args["text"])) as execute:
            execute("DELETE FROM {0}rows WHERE text = {1}", args["text"])


class Post(Act):
    """Posts to the server, which can be asked whether it did."""

    name = "post"
    description = "Post a message."

    def apply(self, args: JsonObject, key: str) -> JsonValue:
        self.at("apply, not sent")
        path = f"/{self.place.name}/{self.name}"
        line = begun(self.place.port, "POST", path, key=key, body=str(args["text"]))
        self.at("apply, not answered")
        heard(line)
        self.at("apply, answered")
        return {"key": key}

    def probe(self, args: JsonObject, snapshot: JsonObject, key: str) -> Happened:
        self.at("probe")
        return "yes" if any("gone" not in post for post in self.place.posts(key)) else "no"

    def undo(self, args: JsonObject, snapshot: JsonObject, result: JsonValue) -> None:
        self.at("undo, not sent")
        say(self.place.port, "DELETE", f"/{self.place.name}", body=str(args["text"]))
        self.at("undo, answered")


class Publish(Post):
    """Posts to the server, which does nothing twice for one key and so may be told again."""

    name = "publish"
    description = "Publish a message."

    def probe(self, args: JsonObject, snapshot: JsonObject, key: str) -> Happened:
        self.at("probe")
        return "no"


class Send(Post):
    """Posts what cannot be taken back, to a server that nobody can ask; a person is asked."""

    name = "send"
    description = "Send a message."
    effect: ClassVar[EffectClass] = "irreversible"

    def probe(self, args: JsonObject, snapshot: JsonObject, key: str) -> Happened:
        self.at("probe")
        return "unknown"


def acts(place: Place, passes: Passes) -> list[Tool]:
    """Return all tools of a world."""
    kinds = (Note, Put, Take, Book, Post, Publish, Send)
    return [kind(place, passes) for kind in kinds]
