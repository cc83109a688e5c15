"""What a trial says of a tool."""

from pydantic import JsonValue

from tools.contract import EffectClass, JsonObject, Record, canonical

SHOWN_CHARACTERS = 160


class Finding(Record):
    """One thing that does not hold."""

    trial: str
    what: str
    args: JsonObject | None = None
    """Of the action that showed it."""


class Proof(Record):
    """How one specimen came through its trials."""

    title: str
    tool: str
    effect: EffectClass
    trials: dict[str, int]
    """How many things each trial found; 0 is good."""
    findings: tuple[Finding, ...]
    seconds: float

    @property
    def holds(self) -> bool:
        """Whether nothing was found."""
        return not self.findings


def shown(value: JsonValue) -> str:
    """Return a value in brief."""
    text = canonical(value)
    return text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]}..."


def difference(expected: JsonValue, found: JsonValue) -> str:
    """Say in brief where two worlds differ."""
    if isinstance(expected, dict) and isinstance(found, dict):
        for name in sorted(expected.keys() | found.keys()):
            if expected.get(name) != found.get(name):
                parts = expected.get(name), found.get(name)
                return f"{name!r} is {shown(parts[1])}, not {shown(parts[0])}"
    return f"{shown(found)}, not {shown(expected)}"
