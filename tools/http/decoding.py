"""From bytes on the wire to a text, without ever holding more than is asked for."""

import re
import zlib
from collections.abc import Iterable, Iterator
from typing import Final

CHARSETS: Final = frozenset(
    {
        *("utf-8", "utf8", "us-ascii", "ascii", "utf-16", "utf-16le", "utf-16be"),
        *(f"iso-8859-{number}" for number in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 13, 14, 15, 16)),
        *(f"windows-{number}" for number in range(1250, 1259)),
        *("latin1", "koi8-r", "koi8-u", "shift_jis", "euc-jp", "iso-2022-jp"),
        *("gb2312", "gbk", "gb18030", "big5", "euc-kr"),
    }
)
"""What pages are written in. Python knows more, some of which take long to decode."""

_CHARSET = re.compile(r"charset\s*=\s*[\"']?([a-z0-9_-]+)")
_ZLIB_WINDOWS: Final = {"gzip": 31, "x-gzip": 31, "deflate": 47}


class BadEncoding(Exception):
    """The body is not encoded as the headers say, or in a way that is not accepted."""


def read_body(chunks: Iterable[bytes], encoding: str, limit: int) -> tuple[bytes, bool]:
    """Return a body, decompressed, up to a limit, and whether it goes on after that.

    Raises:
        BadEncoding: It cannot be decompressed.
    """
    body = bytearray()
    for piece in _decompressed(chunks, encoding.strip().lower(), limit):
        body += piece
        if len(body) > limit:
            return bytes(body[:limit]), True
    return bytes(body), False


def _decompressed(chunks: Iterable[bytes], encoding: str, limit: int) -> Iterator[bytes]:
    if encoding in {"", "identity"}:
        yield from chunks
        return
    if encoding not in _ZLIB_WINDOWS:
        raise BadEncoding(f"its encoding {encoding!r:.40} is not one that was asked for")
    inflate = zlib.decompressobj(_ZLIB_WINDOWS[encoding])
    for chunk in chunks:
        try:
            # One byte beyond the limit tells that there is more, and no bomb goes off.
            yield inflate.decompress(chunk, limit + 1)
        except zlib.error as fault:
            raise BadEncoding(f"it is not {encoding}") from fault


def media_type(header: str) -> tuple[str, str]:
    """Return type and charset of a `Content-Type`, in lower case; empty when not stated."""
    stated, _, rest = header.lower().partition(";")
    charset = _CHARSET.search(rest)
    return stated.strip(), charset[1] if charset else ""


def as_text(body: bytes, charset: str) -> str:
    """Return a body as text; what is not of the charset becomes a replacement character."""
    if charset not in CHARSETS:
        charset = "utf-8-sig"
    return body.decode(charset, errors="replace")
