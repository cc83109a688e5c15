"""Arguments that nobody should send: each declared one replaced by what breaks naive tools."""

from collections.abc import Iterator
from typing import Final

from pydantic import JsonValue

from tools.contract import JsonObject

NASTY: Final[tuple[JsonValue, ...]] = (
    None,
    "",
    " ",
    True,
    -1,
    0,
    10**18,
    1.5,
    [],
    {},
    ["../x"],
    {"a": {"b": []}},
    "..",
    "../outside",
    "a/../../outside",
    "/etc/passwd",
    "~/.ssh/id_rsa",
    "nul\x00byte",
    "line\nbreak",
    "\u202egnp.exe",
    "-rf",
    "--upload-pack=touch /tmp/pwned",
    "$(touch pwned)",
    "'; DROP TABLE x; --",
    "http://169.254.169.254/latest/meta-data",
    "file:///etc/passwd",
    "\ud800",
    "e\u0301",
    "n" * 300,
    "d/" * 3000,
    "x" * 20_000,
)
"""Wrong types, empty and huge values, escapes, injections, broken Unicode."""


def attacked(args: JsonObject) -> Iterator[JsonObject]:
    """Yield arguments with one of them replaced, one missing, or one too many."""
    for name in args:
        yield {other: value for other, value in args.items() if other != name}
        for value in NASTY:
            yield args | {name: value}
    yield args | {"unheard_of": 1}
    yield {}
