"""What undoing an effect would find: one thing in three versions."""

from dataclasses import dataclass

from pydantic import JsonValue


@dataclass(frozen=True, slots=True, kw_only=True)
class Versions:
    """The one thing that an effect touched, as it was, as it was left, and as it is."""

    subject: str
    """Its name, the same for every effect that touches it, e.g. `file:notes.txt`."""
    before: JsonValue
    """What undoing brings back; None for nothing."""
    left: JsonValue
    """What the effect left."""
    now: JsonValue
    """What is there now."""
    several: bool = False
    """Whether it is several things; each version then tells of each by its resource."""
