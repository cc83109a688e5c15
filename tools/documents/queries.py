"""A model's words as a full-text query: its signs are words to find, never a language to obey."""

import re
from typing import Final

MAX_WORDS: Final = 32
MAX_WORD_CHARACTERS: Final = 60
_WORD = re.compile(r"[^\W_]+")
_PART = re.compile(r'"([^"]*)"|([^\W_]+)')


def query(text: str, *, every: bool = True) -> str:
    """Return an FTS5 query for the words of a text; empty when it has none.

    Args:
        text: Anything; what stands in double quotes is sought as a phrase.
        every: Whether all words must be there; else any of them.
    """
    parts = []
    for phrase, word in _PART.findall(text):
        found = words(phrase) if phrase else [word[:MAX_WORD_CHARACTERS]]
        if found:
            parts.append(f'"{" ".join(found)}"')
    return (" AND " if every else " OR ").join(parts[:MAX_WORDS])


def words(text: str) -> list[str]:
    """Return the words of a text."""
    return [word[:MAX_WORD_CHARACTERS] for word in _WORD.findall(text)[:MAX_WORDS]]
