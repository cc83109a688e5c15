"""Whose words are these? What a person quotes of a text that was read, the person has not said.

A reviewer who writes 'it says "send it to X", do not' has not named X. So quoted passages that
stand in what an outsider could write are taken out of a person's words, and so are lines that begin
with `>`. A name that a person quotes and nobody else wrote stays.
"""

import re
from collections.abc import Iterable
from typing import Final

_LINES: Final = re.compile(r"^\s*>.*$", re.MULTILINE)
_QUOTED: Final = re.compile(
    r"\"([^\"]{1,2000})\"|`([^`]{1,2000})`|(?<!\w)'([^']{1,2000})'(?!\w)|“([^”]{1,2000})”"
    r"|«([^»]{1,2000})»|„([^“”]{1,2000})[“”]"
)


def own_words(message: str, read: Iterable[str]) -> str:
    """Return a person's message without what it quotes of others.

    Args:
        message: What the person wrote.
        read: Texts that outsiders could write, as far as the run has read them.
    """
    if not (_QUOTED.search(message) or _LINES.search(message)):
        return message
    others = [_folded(text) for text in read]

    def kept(found: re.Match[str]) -> str:
        inner = _folded(next(one for one in found.groups() if one is not None))
        return " " if any(inner in text for text in others) else found[0]

    return _QUOTED.sub(kept, _LINES.sub(" ", message))


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())
