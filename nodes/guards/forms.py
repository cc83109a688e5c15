"""The forms in which one value may be written, so that proof does not hang on spelling."""

import re
import unicodedata
from datetime import datetime
from functools import lru_cache
from typing import Final

_NUMBER: Final = re.compile(r"(?<![\w.-])(?:-?\d{1,3}(?:,\d{3})+(?:\.\d+)?|-?\d+(?:\.\d+)?)(?!\w)")
_MAILS: Final = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_SHARE: Final = re.compile(r"(\d+(?:[.,]\d+)?)\s?%")
_DATE_CHARACTERS: Final = len("2026-01-01")
_MONTHS: Final = (
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
)
_MONTH: Final = rf"(?P<month>{'|'.join(f'{name[:3]}(?:{name[3:]})?' for name in _MONTHS)})\.?"
_DAY: Final = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
_YEAR: Final = r"(?:,?\s+(?P<year>\d{4})(?!-|\d))?"
_DATES: Final = (
    re.compile(r"\b(?P<year>\d{4})-(?P<month>\d\d)-(?P<day>\d\d)(?!\d)"),
    re.compile(rf"\b{_MONTH}\s+{_DAY}\b{_YEAR}", re.IGNORECASE),
    re.compile(rf"\b{_DAY}\s+(?:of\s+)?{_MONTH}\b{_YEAR}", re.IGNORECASE),
)
_WHOLE: Final = re.compile(r"-?\d{1,3}(?:,\d{3})+(?:\.\d+)?|-?\d+(?:\.\d+)?")
_MAIL: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_LINK: Final = re.compile(r"(?:https?://)?(?:[\w-]+\.)+[a-z]{2,}(?:[/?#]\S*)?", re.IGNORECASE)


def forms_of(value: str) -> frozenset[str]:
    """Return the canonical forms of a value, each marked with its kind; none for a plain text.

    A text has the form of itself; a number, a date, a mail address and a link have that of what
    they mean.
    """
    text = unicodedata.normalize("NFC", value).strip()
    found = {f"text:{text}"}
    if _WHOLE.fullmatch(text):
        found.add(f"number:{float(text.replace(',', '')):.6g}")
    if _MAIL.fullmatch(text):
        found.add(f"mail:{text.casefold()}")
    elif _LINK.fullmatch(text):
        found.add(f"link:{_bare(text)}")
    date = _date(text)
    if date:
        found.add(f"date:{date}")
    return frozenset(found)


def spellings(value: str) -> frozenset[str]:
    """Return the ways in which JSON may write a value: `1100` is `1100.0` too."""
    if not _WHOLE.fullmatch(value):
        return frozenset({value})
    number = float(value.replace(",", ""))
    whole = {f"{number:.0f}"} if number.is_integer() else set()
    return frozenset({value, str(number), *whole})


def numbers_in(text: str) -> list[float]:
    """Return the numbers that stand in a text."""
    return [float(match.replace(",", "")) for match in _NUMBER.findall(text)]


def shares_in(text: str) -> list[float]:
    """Return the percentages that stand in a text."""
    return [float(match.replace(",", ".")) for match in _SHARE.findall(text)]


def dates_in(text: str) -> set[str]:
    """Return the days that stand in a text, in ISO form; `--05-01` when no year is said.

    Only what reads the same everywhere: `2024-05-01`, `May 1st, 2024`, `1 May`; not `5/1/2024`.
    """
    return {_iso(found) for form in _DATES for found in form.finditer(text)}


def day_of(value: str) -> str:
    """Return the day of a value in ISO form, whatever its time; empty when it is no date."""
    return _date(unicodedata.normalize("NFC", value).strip())


def _iso(found: re.Match[str]) -> str:
    month = found["month"].casefold()
    number = int(month) if month.isdigit() else 1 + [one[:3] for one in _MONTHS].index(month[:3])
    return f"{found['year'] or '-'}-{number:02}-{int(found['day']):02}"


@lru_cache(maxsize=256)
def mails_in(text: str) -> frozenset[str]:
    """Return the mail addresses in a text, in canonical form."""
    return frozenset(found.casefold() for found in _MAILS.findall(text))


@lru_cache(maxsize=256)
def links_in(text: str) -> frozenset[str]:
    """Return the links in a text, in canonical form; parts of mail addresses are none."""
    found = _LINK.findall(_MAILS.sub(" ", text))
    return frozenset(_bare(link.rstrip(".,;:!?)>'\"")) for link in found)


def _bare(link: str) -> str:
    scheme, sign, rest = link.partition("://")
    bare = (rest if sign else scheme).rstrip("/")
    host, slash, path = bare.partition("/")
    return host.casefold().removeprefix("www.") + slash + path


def _date(text: str) -> str:
    """Return the day that a text in ISO form names; empty when it names none."""
    if len(text) < _DATE_CHARACTERS:
        return ""
    try:
        return datetime.fromisoformat(text).date().isoformat()
    except ValueError:
        return ""
