"""The hash chain of the ledger, wherever its entries are read from."""

import hashlib
from dataclasses import dataclass

from tools.contract import JsonObject, canonical

GENESIS = "0" * 64
"""What the first entry follows."""


def chain_hash(fields: JsonObject) -> str:
    """Return the hash of an entry's JSON: over the hash before it and all fields but its own."""
    rest = {name: value for name, value in fields.items() if name != "hash"}
    return hashlib.sha256(f"{fields['prev']}{canonical(rest)}".encode()).hexdigest()


@dataclass(slots=True)
class Walk:
    """A walk along a chain, entry by entry."""

    entries: int = 0
    seq: int = 0
    """Number of the newest entry so far."""
    head: str = GENESIS
    """Its hash."""

    def step(self, seq: int, prev: str, sealed: str, *, intact: bool) -> list[str]:
        """Go to the next entry and return in words what is wrong with it and before it.

        Args:
            seq: Its number.
            prev: The hash that it says it follows.
            sealed: Its own hash.
            intact: Whether it still is what it was when it was hashed.
        """
        found, expected = [], self.seq + 1
        if seq > expected:
            found.append(f"entries {expected} to {seq - 1} are missing")
        elif seq < expected:
            found.append(f"entry {seq} was inserted")
        elif prev != self.head:
            found.append(f"entry {seq} does not follow the one before it")
        if not intact:
            found.append(f"entry {seq} was changed")
        self.entries, self.seq, self.head = self.entries + 1, seq, sealed
        return found
