"""Text of strangers made fit to be shown: nothing invisible, nothing that steers a terminal."""

import unicodedata
from typing import Final

_KEPT: Final = frozenset("\n\t")
_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Controls, formats (bidi overrides, zero-width, tags), surrogates, unassigned, odd line ends."""


def is_plain(text: str) -> bool:
    """Tell whether a text shows all that it holds, on one line."""
    return not any(unicodedata.category(one) in _UNSEEN for one in text)


def visible(text: str) -> str:
    """Return a text without what cannot be seen; lines and tabs are left."""
    return "".join(one for one in text if one in _KEPT or unicodedata.category(one) not in _UNSEEN)


def plain(text: str, limit: int) -> str:
    """Return a text without what cannot be seen, of at most about `limit` characters.

    It says when it was longer.
    """
    # What is cut off is not looked at: a text may have any length.
    head = text[: 4 * limit]
    shown = visible(head).strip()
    if len(shown) <= limit and len(head) == len(text):
        return shown
    return f"{shown[:limit]} ... (cut; {len(text)} characters in all)"
