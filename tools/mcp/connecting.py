"""How a server is reached: what `langchain_mcp_adapters` is told of it."""

import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from tools.errors import BadInput
from tools.mcp.metered import Meter, client_factory
from tools.mcp.settings import ServerSettings

KEEPER: Final = Path(__file__).with_name("keeper.py")
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


def connection(
    settings: ServerSettings, *, report: Path, meter: Meter, environment: Mapping[str, str]
) -> dict[str, Any]:
    """Return the connection of a server.

    Args:
        settings: The server.
        report: Where the keeper of a program says how it ended.
        meter: Counts what comes over HTTP.
        environment: Where `${NAME}` is looked up; the process's.

    Raises:
        BadInput: A variable is not set.
    """
    if settings.url:
        return {
            "transport": "streamable_http",
            "url": settings.url,
            "headers": expanded(settings.headers, environment),
            "timeout": settings.start_seconds,
            "sse_read_timeout": settings.call_seconds,
            "httpx_client_factory": client_factory(meter),
        }
    limits = [str(report), str(settings.message_bytes), str(settings.messages)]
    return {
        "transport": "stdio",
        "command": sys.executable,
        "args": ["-I", "-S", str(KEEPER), *limits, settings.command, *settings.args],
        "env": expanded(settings.env, environment),
        "cwd": settings.cwd or None,
        "encoding_error_handler": "replace",
    }


def expanded(values: Mapping[str, str], environment: Mapping[str, str]) -> dict[str, str]:
    """Return values with each `${NAME}` replaced.

    Raises:
        BadInput: A variable is not set.
    """

    def value(match: re.Match[str]) -> str:
        name = match.group(1)
        if name not in environment:
            raise BadInput(
                f"The variable {name!r} is not set.", advice=f"Set {name} and try again."
            )
        return environment[name]

    return {name: _VARIABLE.sub(value, text) for name, text in values.items()}


def process_environment() -> Mapping[str, str]:
    """Return the variables of this process."""
    return os.environ
