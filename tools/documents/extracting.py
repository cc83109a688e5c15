"""What a file holds as text: read here when it is plain, in a limited process when it is not."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Timer
from typing import Any, Final

from tools.contract import Record
from tools.documents.passages import Mark
from tools.documents.settings import DocumentsSettings

READER: Final = Path(__file__).with_name("reader.py")
SNIFFED_BYTES: Final = 8_192
MAX_ANSWER_BYTES: Final = 64
"""Bytes of an answer for each character that is wanted, at most, with all its marks."""
BUSY: Final = 4
"""How many times longer reading may take than the processor's time that it may have."""
_HEADING = re.compile(r"^ {0,3}#{1,6}[ \t]+(.+?)[ \t#]*$")
_FENCE = re.compile(r"^ {0,3}(```|~~~)")
MAX_HEADING: Final = 200


class Extract(Record):
    """The text of a file."""

    text: str = ""
    marks: tuple[Mark, ...] = ()
    title: str = ""
    pages: int = 0
    problem: str = ""
    """Why it could not be read, or not all of it."""


class Extractor:
    """Reads files.

    Args:
        settings: Its limits.
    """

    def __init__(self, settings: DocumentsSettings) -> None:
        self._settings = settings
        self._process: subprocess.Popen[bytes] | None = None

    def read(self, kind: str, content: bytes) -> Extract:
        """Return the text of a file; what cannot be read comes with the problem.

        Args:
            kind: text, markdown, html or pdf.
            content: All of it.
        """
        limit = self._settings.text_characters
        told = self._asked(kind, content) if kind in {"html", "pdf"} else _plain(kind, content)
        text = _clean(told.text)
        if len(text) > limit:
            problem = f"only the first {limit} of its characters are kept"
            told = told.model_copy(update={"problem": problem})
        marks = tuple(mark for mark in told.marks if mark.start < min(len(text), limit))
        return told.model_copy(update={"text": text[:limit], "marks": marks})

    def close(self) -> None:
        """End the process that reads."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def _asked(self, kind: str, content: bytes) -> Extract:
        process = self._running()
        watch = Timer(BUSY * self._settings.file_seconds, process.kill)
        watch.start()
        try:
            answer = self._exchanged(process, kind, content)
        except (OSError, ValueError):
            answer = None
        finally:
            watch.cancel()
        if answer is None:
            self.close()
            return Extract(problem="reading it takes too long, or too much memory")
        broken = answer.pop("broken_pages", 0)
        if broken:
            answer["problem"] = f"{broken} of its pages cannot be read"
        return Extract.model_validate(answer)

    def _exchanged(
        self, process: subprocess.Popen[bytes], kind: str, content: bytes
    ) -> dict[str, Any] | None:
        if process.stdin is None or process.stdout is None:
            return None
        header = json.dumps({"kind": kind, "size": len(content)})
        process.stdin.write(header.encode() + b"\n" + content)
        process.stdin.flush()
        line = process.stdout.readline(MAX_ANSWER_BYTES * self._settings.text_characters)
        answer = json.loads(line)
        return answer if isinstance(answer, dict) else None

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self.close()
            told = self._settings
            limits = [str(told.memory_bytes), str(told.file_seconds), str(told.text_characters)]
            self._process = subprocess.Popen(  # noqa: S603  # our own program, by its path
                [sys.executable, "-I", str(READER), *limits],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
        return self._process


def _plain(kind: str, content: bytes) -> Extract:
    text = _decoded(content)
    if text is None:
        return Extract(problem="it is no text")
    text = _clean(text)
    marks = tuple(_headings(text)) if kind == "markdown" else ()
    return Extract(text=text, marks=marks, title=marks[0].heading if marks else "")


def _decoded(content: bytes) -> str | None:
    """Return the text of a file; None when it is none."""
    if content[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        return content.decode("utf-16", "replace")
    if b"\0" in content[:SNIFFED_BYTES]:
        return None
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")


def _clean(text: str) -> str:
    """Return a text that a database and a prompt can hold: no NUL, no broken surrogates."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()


def _headings(text: str) -> Iterator[Mark]:
    start, fenced = 0, ""
    for line in text.splitlines(keepends=True):
        fence = _FENCE.match(line)
        if fence:
            fenced = "" if fenced == fence[1] else fenced or fence[1]
        heading = None if fenced or fence else _HEADING.match(line.rstrip())
        if heading:
            yield Mark(start, 0, heading[1][:MAX_HEADING])
        start += len(line)
