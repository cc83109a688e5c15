"""One file has one name: what a workspace calls its files, and which names it does not take.

A name is text beneath the workspace, parts joined by `/`: in NFC, without `.`, `..`, an empty part,
or a character that hides, turns or breaks text. Whether it leads anywhere, only the kernel tells.
"""

import os
import unicodedata
from typing import Final

from tools.errors import Refused

MAX_PART_BYTES: Final = 255
MAX_NAME_BYTES: Final = 1_024
OURS: Final = ".surefoot-"
"""What our own passing files begin with; nobody else may use such names."""
_SHOWN: Final = 120
HIDING: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Unicode categories: controls, marks that hide or turn text, bytes that are no text, line ends."""


def normal(name: str) -> str:
    """Return the one name of a file or folder; empty for the workspace itself.

    Raises:
        Refused: It is none, and why.
    """
    if name.startswith(("/", "~")):
        raise Refused(
            f"{_shown(name)} is not a name in the workspace.",
            advice="Name files from the workspace down, such as 'notes/a.txt'.",
        )
    if not name.isascii():
        name = unicodedata.normalize("NFC", name)
    parts = [part for part in name.split("/") if part not in {"", "."}]
    for part in parts:
        _refuse_part(part, name)
    whole = "/".join(parts)
    if len(whole.encode()) > MAX_NAME_BYTES:
        raise Refused(f"The name {_shown(name)} has more than {MAX_NAME_BYTES} bytes.")
    return whole


def as_is(name: str) -> str:
    """Return a name that the disk has, whatever it looks like; only its structure must be right.

    Raises:
        Refused: It does not name something beneath the workspace.
    """
    try:
        possible = "\0" not in name and os.fsencode(name) is not None
    except UnicodeEncodeError:
        possible = False
    if not possible or (name and {"", ".", ".."} & {*name.split("/")}):
        raise Refused(f"{_shown(name)} is not a name in the workspace.")
    return name


def is_normal(part: str) -> bool:
    """Tell whether one part of a name, as the disk has it, is one that a workspace takes."""
    try:
        return normal(part) == part
    except Refused:
        return False


def split(name: str) -> tuple[str, str]:
    """Return the folder and the last part of a normal name."""
    folder, _, last = name.rpartition("/")
    return folder, last


def parents(name: str) -> list[str]:
    """Return the folders above a normal name, the highest first, without the workspace."""
    return [name[:at] for at, sign in enumerate(name) if sign == "/"]


def twin(part: str) -> str:
    """Return what parts have in common that people, or other disks, cannot tell apart."""
    if part.isascii() and part.isprintable():
        return part.lower().strip()
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", part).casefold())
    return "".join(sign for sign in folded if unicodedata.category(sign) not in HIDING).strip()


def resource(name: str) -> str:
    """Return the name of a file or folder as a resource; `file:.` for the workspace itself."""
    return f"file:{name or '.'}"


def _refuse_part(part: str, name: str) -> None:
    if part == "..":
        raise Refused(
            f"The name {_shown(name)} leads upwards by '..'.",
            advice="Name files from the workspace down.",
        )
    if part.startswith(OURS):
        raise Refused(f"The name {_shown(name)} is kept for Surefoot's own passing files.")
    if "\\" in part:
        raise Refused(f"The name {_shown(name)} has a backslash.", advice="Part folders by '/'.")
    if part != part.strip():
        raise Refused(f"The name {_shown(name)} has a part that begins or ends with a space.")
    if not (part.isascii() and part.isprintable()):
        _refuse_signs(part, name)
    if len(part.encode()) > MAX_PART_BYTES:
        raise Refused(
            f"The name {_shown(name)} has a part of {len(part.encode())} bytes; "
            f"at most {MAX_PART_BYTES} are possible."
        )


def _refuse_signs(part: str, name: str) -> None:
    for sign in part:
        if unicodedata.category(sign) in HIDING:
            raise Refused(
                f"The name {_shown(name)} has the character U+{ord(sign):04X}, "
                "which hides, turns or breaks text."
            )


def _shown(name: str) -> str:
    """Return a name as it can be shown: escaped, and in brief."""
    return ascii(name) if len(name) <= _SHOWN else f"{name[:_SHOWN]!a}..."
