"""Reads HTML and PDF files in a process of its own, run by path: what it reads may be hostile.

Requests come on standard input, one header line of JSON and then the file; answers are lines of
JSON. Its memory is limited, and its time for each file.

    python -I reader.py MEMORY_BYTES SECONDS CHARACTERS
"""

import io
import json
import resource
import sys
from html.parser import HTMLParser
from typing import Any, BinaryIO, Final

MAX_PAGES: Final = 5_000
MAX_HEADING: Final = 200
_UNSEEN = frozenset(("script", "style", "template", "noscript", "svg", "math", "iframe", "object"))
_SHORT_INLINE = frozenset(("a", "b", "i", "q", "s", "u", "em", "tt", "bdi", "bdo", "dfn", "kbd"))
_INLINE = _SHORT_INLINE.union(
    ("abbr", "cite", "code", "data", "font", "mark", "samp", "small", "span", "strong", "sub"),
    ("sup", "time", "var", "wbr"),
)
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_VOID = frozenset(
    ("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr")
)


class Enough(Exception):
    """As much was read as is wanted."""


class Page(HTMLParser):
    """The text of an HTML file as people see it, and its headings."""

    def __init__(self, limit: int) -> None:
        super().__init__(convert_charrefs=True)
        self.title = ""
        self.marks: list[tuple[int, int, str]] = []
        self._limit = limit
        self._parts: list[str] = []
        self._size = 0
        self._unseen: list[str] = []
        self._heading = -1
        self._in_title = False

    @property
    def text(self) -> str:
        """All that was read."""
        return "".join(self._parts)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a block, a heading, or something that is not shown."""
        del attrs
        if tag in _UNSEEN:
            self._unseen.append(tag)
        elif tag == "title":
            self._in_title = True
        elif tag in _HEADINGS:
            self._break()
            self._heading = len(self._parts)
        elif tag not in _INLINE:
            self._break()

    def handle_endtag(self, tag: str) -> None:
        """End one."""
        if tag in self._unseen:
            while self._unseen.pop() != tag:
                pass
        elif tag == "title":
            self._in_title = False
        elif tag in _HEADINGS and self._heading >= 0:
            inside = "".join(self._parts[self._heading :])
            heading = " ".join(inside.split())[:MAX_HEADING]
            self.marks.append((self._size - len(inside), 0, heading))
            self._heading = -1
            self._break()
        elif tag not in _INLINE and tag not in _VOID:
            self._break()

    def handle_data(self, data: str) -> None:
        """Take text, its white space as a browser shows it."""
        if self._in_title:
            self.title = (self.title + data)[:MAX_HEADING]
            return
        words = " ".join(data.split())
        if self._unseen or not data:
            return
        before = " " if data[:1].isspace() and not self._ends_blank() else ""
        after = " " if words and data[-1:].isspace() else ""
        self._add(f"{before}{words}{after}" if words else before)

    def _ends_blank(self) -> bool:
        return not self._parts or self._parts[-1][-1:].isspace()

    def _break(self) -> None:
        if self._parts and not self._parts[-1].endswith("\n"):
            self._add("\n")

    def _add(self, text: str) -> None:
        if not text:
            return
        self._parts.append(text)
        self._size += len(text)
        if self._size > self._limit:
            raise Enough


def read_html(content: bytes, limit: int) -> dict[str, Any]:
    """Return text, headings and title of an HTML file."""
    page = Page(limit)
    try:
        page.feed(_decoded(content))
        page.close()
    except Enough:
        pass
    return {"text": page.text, "marks": page.marks, "title": " ".join(page.title.split())}


def _decoded(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        utf16 = content[:2] in {b"\xff\xfe", b"\xfe\xff"}
        return content.decode("utf-16" if utf16 else "cp1252", "replace")


def read_pdf(content: bytes, limit: int) -> dict[str, Any]:
    """Return text, pages and title of a PDF file; pages that cannot be read are counted."""
    import pypdf  # noqa: PLC0415  # only a PDF needs it

    file = pypdf.PdfReader(io.BytesIO(content))
    if file.is_encrypted and not file.decrypt(""):
        return {"problem": "it is encrypted"}
    parts: list[str] = []
    marks: list[tuple[int, int, str]] = []
    size = broken = 0
    for number, page in enumerate(file.pages[:MAX_PAGES], 1):
        try:
            whole = page.extract_text().replace("\r\n", "\n").replace("\r", "\n")
        except MemoryError:
            raise
        except Exception:  # noqa: BLE001  # whatever a broken page does to the library
            broken += 1
            continue
        text = f"{whole.strip()}\n\n"
        marks.append((size, number, ""))
        parts.append(text)
        size += len(text)
        if size > limit:
            break
    title = file.metadata.title if file.metadata else None
    told = {"text": "".join(parts), "marks": marks, "title": str(title or "")[:MAX_HEADING]}
    return told | {"pages": len(file.pages), "broken_pages": broken}


def answered(kind: str, content: bytes, limit: int) -> dict[str, Any]:
    """Return what a file holds, or the problem."""
    try:
        return {"html": read_html, "pdf": read_pdf}[kind](content, limit)
    except ModuleNotFoundError as fault:
        return {"problem": f"reading it needs {fault.name}: pip install 'surefoot[documents]'"}
    except MemoryError:
        return {"problem": "reading it takes too much memory"}
    except RecursionError:
        return {"problem": "it is nested too deeply"}
    except Exception as fault:  # noqa: BLE001  # whatever a broken file does to the library
        return {"problem": f"it cannot be read: {type(fault).__name__}"}


def serve(source: BinaryIO, sink: BinaryIO, seconds: float, limit: int) -> None:
    """Answer requests until there are no more."""
    while header := source.readline():
        asked = json.loads(header)
        used = sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
        _, hard = resource.getrlimit(resource.RLIMIT_CPU)
        resource.setrlimit(resource.RLIMIT_CPU, (int(used + seconds) + 1, hard))
        told = answered(asked["kind"], source.read(asked["size"]), limit)
        sink.write(json.dumps(told).encode() + b"\n")
        sink.flush()


def main(memory: str, seconds: str, characters: str) -> None:
    """Limit this process, then serve."""
    resource.setrlimit(resource.RLIMIT_AS, (int(memory), int(memory)))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    serve(sys.stdin.buffer, sys.stdout.buffer, float(seconds), int(characters))


if __name__ == "__main__":
    main(*sys.argv[1:])
