"""Makes text from outside safe and short enough to show; models and databases write most of it."""

import unicodedata
from collections.abc import Mapping
from datetime import timedelta

from pydantic import JsonValue

from tools.contract import Action, canonical

_DANGEROUS = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Unicode categories of controls, and of what hides, reorders or breaks text."""


def visible(text: object) -> str:
    """Return a text in which control and direction characters are spelled out.

    A terminal obeys escape sequences, and invisible characters can make one name look like
    another; spelled out they do neither. Line feeds and tabs stay.
    """
    whole = str(text)
    if whole.isascii() and whole.isprintable():
        return whole
    return "".join(sign if _is_plain(sign) else f"\\u{ord(sign):04x}" for sign in whole)


def _is_plain(sign: str) -> bool:
    return sign in "\n\t" or unicodedata.category(sign) not in _DANGEROUS


def line(text: object, most: int = 200) -> str:
    """Return a text as one visible line of at most so many characters."""
    joined = " ".join(visible(text).split())
    return joined if len(joined) <= most else joined[: most - 1] + "…"


def told(value: JsonValue) -> str:
    """Return an argument as people write it: lists without quotes, the rest as JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return f"({', '.join(str(item) for item in value)})"
    return canonical({"": value})[4:-1]


def action_text(tool: str, args: Mapping[str, JsonValue], most: int = 160) -> str:
    """Return an action on one line: the tool and its arguments, lists last."""
    ordered = sorted(args.items(), key=lambda item: isinstance(item[1], list | dict))
    return line(" ".join([tool, *(f"{name}={told(value)}" for name, value in ordered)]), most)


def action_line(action: Action) -> str:
    """Return an action on one line."""
    return action_text(action.tool, action.args)


def origin_text(origin: object) -> str:
    """Return who planned or decided: `the playbook`, or the model's name and server."""
    return f"the {origin}" if origin in {"playbook", "runbook"} else line(origin)


def model_text(origin: object) -> str:
    """Return the name of the model that decided, without its server; empty for the playbook."""
    return "" if origin in {"", "playbook"} else line(str(origin).split(" at ", 1)[0], 60)


def label_of(key: str) -> str:
    """Return `step.ordinal` of an effect key `run/step/ordinal`."""
    parts = key.rsplit("/", 2)
    return ".".join(parts[1:]) if len(parts) == 3 else key  # noqa: PLR2004  # run, step, ordinal


def seconds_text(seconds: float) -> str:
    """Return a duration: `0.42 s`, `12 s`, `3:05 min`, `1 day, 2:00:00`."""
    if seconds < 10:  # noqa: PLR2004  # below that, hundredths are worth reading
        return f"{seconds:.2f} s"
    if seconds < 60:  # noqa: PLR2004  # a minute
        return f"{seconds:.0f} s"
    if seconds < 3600:  # noqa: PLR2004  # an hour
        return f"{int(seconds // 60)}:{int(seconds % 60):02d} min"
    return str(timedelta(seconds=int(seconds)))


def bytes_text(size: float) -> str:
    """Return a size: `812 B`, `4.2 kB`, `31 MB`."""
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000 or unit == "GB":  # noqa: PLR2004  # decimal units
            break
        size /= 1000
    return f"{size:.0f} {unit}" if size >= 10 or unit == "B" else f"{size:.1f} {unit}"  # noqa: PLR2004  # two digits tell enough


def version_texts(left: JsonValue, now: JsonValue, most: int = 400) -> tuple[str, str]:
    """Return two versions of a thing, each on one line; of two tables only what differs."""
    if isinstance(left, dict) and isinstance(now, dict):
        names = [name for name in {**left, **now} if left.get(name) != now.get(name)]
        left, now = ({name: each.get(name) for name in names} for each in (left, now))
    before, after = (line("nothing" if each is None else told(each), most) for each in (left, now))
    return before, after
