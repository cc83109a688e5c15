"""The readable text of a page: without what only a browser needs."""

import html
from dataclasses import dataclass
from typing import Final

HTML: Final = frozenset({"text/html", "application/xhtml+xml"})
MAX_PARSED_CHARACTERS: Final = 300_000
"""A longer page is stripped of its tags only: finding the article in it takes too long."""

_SILENT: Final = ("script", "style", "template", "noscript", "svg", "head")
_BREAKS: Final = frozenset(
    {
        *("p", "div", "br", "li", "ul", "ol", "tr", "table", "section", "article", "header"),
        *("footer", "main", "nav", "aside", "pre", "blockquote", "dd", "dt", "hr", "form"),
        *("h1", "h2", "h3", "h4", "h5", "h6", "figure", "figcaption", "option"),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Readable:
    """What there is to read on a page."""

    title: str
    text: str


def readable(text: str, media_type: str, url: str) -> Readable:
    """Return what there is to read; only HTML is changed.

    Args:
        text: The whole document.
        media_type: Its type.
        url: Where it is from, so that links in it are whole.
    """
    if media_type not in HTML:
        return Readable(title="", text=text)
    found = _article(text, url) if len(text) <= MAX_PARSED_CHARACTERS else None
    return found or Readable(title=_title(text), text=stripped(text))


def _article(text: str, url: str) -> Readable | None:
    """Return the article of a page, without menus and advertisements; None when there is none."""
    try:
        # Takes half a second to load, and comes with the extra `research`.
        from trafilatura import bare_extraction  # noqa: PLC0415  # see above
    except ImportError:  # pragma: no cover
        return None
    try:
        found = bare_extraction(
            text,
            url=url,
            fast=True,
            include_comments=False,
            include_links=True,
            include_formatting=True,
            output_format="python",
            with_metadata=True,
        )
    except (ValueError, TypeError, AttributeError, RecursionError):
        return None  # a page that the library cannot take is stripped of its tags
    body = getattr(found, "text", None)
    if not body:
        return None
    return Readable(title=str(getattr(found, "title", None) or ""), text=str(body))


def stripped(text: str) -> str:
    """Return a page's text without tags, in one pass whatever the page is."""
    pieces: list[str] = []
    at = 0
    while at < len(text):
        start = text.find("<", at)
        if start < 0:
            pieces.append(text[at:])
            break
        pieces.append(text[at:start])
        name, at = _tag(text, start)
        if name in _BREAKS:
            pieces.append("\n")
    lines = (" ".join(line.split()) for line in html.unescape("".join(pieces)).split("\n"))
    return "\n".join(line for line in lines if line)


def _tag(text: str, start: int) -> tuple[str, int]:
    """Return the name of the tag that begins here, and where the text goes on."""
    if text.startswith("<!--", start):
        return "", _after(text, "-->", start)
    end = _after(text, ">", start)
    name = text[start + 1 : min(end, start + 20)].lstrip("/").split(">")[0].split()
    tag = name[0].lower().rstrip("/") if name else ""
    if tag in _SILENT and text[start + 1] != "/":
        end = _after_closing(text, tag, end)
    return tag, end


def _after(text: str, what: str, start: int) -> int:
    found = text.find(what, start)
    return len(text) if found < 0 else found + len(what)


def _after_closing(text: str, tag: str, start: int) -> int:
    """Return where an element ends whose content is not read; as browsers do, in any case."""
    for spelling in (tag, tag.upper()):
        found = text.find(f"</{spelling}", start)
        if found >= 0:
            return _after(text, ">", found)
    return len(text)


def _title(text: str) -> str:
    start = text.find("<title")
    if start < 0:
        return ""
    begin = _after(text, ">", start)
    end = text.find("</title", begin)
    return " ".join(html.unescape(text[begin : max(begin, end)]).split())[:300]
