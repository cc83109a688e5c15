"""Opens HTTP tools on loopback, with names that only the test knows."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import JsonValue

from tools.contract import Artifacts, Tool, canonical, digest
from tools.http.family import http_tools
from tools.http.settings import HttpSettings

NAMES: dict[str, list[str]] = {"good.test": ["127.0.0.1"]}
LOOPBACK = "127.0.0.1/32"
"""What tests open: the other loopback addresses stand for what must not be reached."""


class Kept:
    """Artifacts in memory, or in a folder where another process finds them."""

    def __init__(self, folder: Path | None = None) -> None:
        self.values: dict[str, JsonValue] = {}

    def put(self, value: JsonValue) -> str:
        ref = f"sha256:{digest(value)}"
        self.values[ref] = value
        canonical(value)
        return ref

    def get(self, ref: str) -> JsonValue:
        return self.values[ref]


def resolving(names: Mapping[str, Sequence[str]]) -> Any:
    def look(host: str, port: int) -> Sequence[str]:
        if host not in names:
            raise OSError(f"no such name {host}")
        return names[host]

    return look


def opened(
    *,
    names: Mapping[str, Sequence[str]] = NAMES,
    environment: Mapping[str, str] | None = None,
    artifacts: Artifacts | None = None,
    resolver: Any = None,
    tls: Any = None,
    **settings: Any,
) -> dict[str, Tool]:
    """Return the tools of these settings by name."""
    made = http_tools(
        HttpSettings.model_validate({"allow_networks": [LOOPBACK], "seconds": 2.0, **settings}),
        artifacts=artifacts or Kept(),
        environment=environment or {},
        resolver=resolver or resolving(names),
        tls=tls,
        sleep=lambda _: None,
    )
    return {tool.name: tool for tool in made}


def got(tool: Tool, url: str, **more: JsonValue) -> dict[str, Any]:
    """Return what `http_get` says of a URL."""
    result = tool.apply(tool.check({"url": url, **more}), "r/s/1")
    assert isinstance(result, dict)
    return result
