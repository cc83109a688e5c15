"""Where SQLite's tokens begin and end, so that text is cut as the engine will cut it.

sqlglot nests comments and knows other quotes; a text that the two read differently is how a second
statement is smuggled in. Here comments disappear before anything else looks at the text.
"""

import re
import unicodedata
from dataclasses import dataclass

from tools.errors import Refused

_TOKEN = re.compile(
    r"""
      (?P<blank>[ \t\n\f\r]++)
    | (?P<comment>--[^\n]*+|/\*(?s:.*?)(?:\*/|\Z))
    | (?P<quoted>'(?:[^']|'')*+'|"(?:[^"]|"")*+"|`(?:[^`]|``)*+`|\[[^\]]*+\])
    | (?P<end>;)
    | (?P<word>[A-Za-z_\x80-\U0010ffff][A-Za-z0-9_$\x80-\U0010ffff]*+)
    | (?P<parameter>\?[0-9]*+|[@:$][A-Za-z0-9_$:\x80-\U0010ffff]++)
    | (?P<number>[0-9][A-Za-z0-9_.]*+)
    | (?P<other>.)
    """,
    re.VERBOSE,
)
_OPERATORS = frozenset("+-*/%=<>!~&|(),.^")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f\ufeff\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of text that means something to SQLite."""

    kind: str
    text: str

    @property
    def name(self) -> str:
        """The lower-case name that a word or a quoted identifier stands for."""
        if self.kind != "quoted":
            return self.text.lower()
        close = self.text[-1]
        return self.text[1:-1].replace(close * 2, close).lower()


@dataclass(frozen=True, slots=True)
class Piece:
    """One statement without its comments and its closing semicolon."""

    text: str
    line: int
    """Line of its first token, counted from 1."""
    tokens: tuple[Token, ...]
    comments: tuple[str, ...]
    """The comments before its first token, as written."""


def refuse_control_characters(text: str) -> None:
    """Let text pass that holds no NUL, control character, byte order mark or lone surrogate.

    Raises:
        Refused: It holds one.
    """
    found = _CONTROL.search(text)
    if found:
        raise Refused(
            f"The SQL text holds the control character U+{ord(found.group()):04X} "
            f"at position {found.start()}.",
            advice="Remove it; rule: no control characters.",
        )


def split(text: str) -> list[Piece]:
    """Return the statements of a text in order; empty ones are left out.

    Raises:
        Refused: A quote is never closed, or a character outside quotes means nothing to SQLite.
    """
    pieces: list[Piece] = []
    part = _Part()
    line = 1
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup or "other"
        if kind == "end":
            part.close_into(pieces)
            part = _Part()
        else:
            part.add(kind, match.group(), line)
        line += match.group().count("\n")
    part.close_into(pieces)
    return pieces


class _Part:
    """A statement while it is being read."""

    def __init__(self) -> None:
        self.written: list[str] = []
        self.tokens: list[Token] = []
        self.comments: list[str] = []
        self.line = 0

    def add(self, kind: str, text: str, line: int) -> None:
        if kind == "comment":
            if not self.tokens:
                self.comments.append(text)
            self.written.append(" ")
            return
        self.written.append(text)
        if kind != "blank":
            _vet(kind, text, line)
            self.line = self.line or line
            self.tokens.append(Token(kind, text))

    def close_into(self, pieces: list[Piece]) -> None:
        if self.tokens:
            text = "".join(self.written).strip(" \t\n\f\r")
            pieces.append(Piece(text, self.line, tuple(self.tokens), tuple(self.comments)))


def _vet(kind: str, text: str, line: int) -> None:
    if kind == "other" and text in "'\"`[":
        raise Refused(f"A quote ({text}) that opens on line {line} is never closed.")
    if kind == "other" and text not in _OPERATORS:
        raise Refused(f"The character {text!r} on line {line} means nothing in SQLite's SQL.")
    if kind in {"word", "parameter"} and not text.isascii():
        _vet_letters(text, line)


def _vet_letters(text: str, line: int) -> None:
    """Refuse letters that some reader could take for a space, a symbol or a plain letter."""
    for letter in text:
        plain = letter.isascii() or (
            letter.isalnum()
            and unicodedata.normalize("NFKC", letter) == letter
            and not any(
                len(form) == 1 and form.isascii() for form in (letter.upper(), letter.lower())
            )
        )
        if not plain:
            raise Refused(
                f"The character {letter!r} (U+{ord(letter):04X}) on line {line} is ambiguous.",
                advice='Write names that need it in double quotes, "like this".',
            )
