"""What must not leave the process is replaced before a trace is sent anywhere."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from langsmith.anonymizer import DEFAULT_SECRET_RULES, SECRET_PLACEHOLDER

from tools.errors import BadInput

REDACTED = "[redacted]"


@dataclass(frozen=True)
class Redactor:
    """Replaces secrets of well-known shapes, and whatever matches the user's own patterns.

    Args:
        patterns: Regular expressions, in addition to keys, tokens and passwords in URLs.
    """

    patterns: tuple[str, ...] = ()

    @cached_property
    def _rules(self) -> list[tuple[re.Pattern[str], str]]:
        known = [
            (rule["pattern"], (rule["replace"] or "").replace(SECRET_PLACEHOLDER, REDACTED))
            for rule in DEFAULT_SECRET_RULES
        ]
        return [*known, *((pattern, REDACTED) for pattern in _compiled(self.patterns))]

    def check(self) -> None:
        """Compile the patterns.

        Raises:
            BadInput: One of them is not a regular expression.
        """
        _ = self._rules

    def text(self, text: str) -> str:
        """Return a text without its secrets."""
        for pattern, replacement in self._rules:
            text = pattern.sub(replacement, text)
        return text

    def __call__(self, data: Any) -> Any:  # noqa: ANN401  # any JSON, and what tracers add to it
        """Return data with every text in it redacted, the names of fields too."""
        if isinstance(data, str):
            return self.text(data)
        if isinstance(data, dict):
            return {self(name): self(value) for name, value in data.items()}
        if isinstance(data, list | tuple | set | frozenset):
            return [self(item) for item in data]
        return data


def _compiled(patterns: Iterable[str]) -> Iterable[re.Pattern[str]]:
    for pattern in patterns:
        try:
            yield re.compile(pattern)
        except re.error as fault:
            raise BadInput(
                f"The pattern {pattern!r} of `trace_redact` is not a regular expression: {fault}.",
                advice="Correct it in surefoot.toml.",
            ) from fault
