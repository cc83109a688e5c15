"""Makes the tools that settings name, and keeps what they hold open."""

import os
from dataclasses import dataclass
from pathlib import Path

from checkpoints.store import Store
from graphs.workspace.own import own_tools
from graphs.workspace.settings import ToolSettings
from tools.contract import Tool
from tools.errors import StoreFault
from tools.files.family import files_tools
from tools.files.root import Root
from tools.http.family import http_tools
from tools.mcp.family import mcp_tools
from tools.mcp.pins import Pins
from tools.toolbox import Toolbox


@dataclass(frozen=True, slots=True, kw_only=True)
class Toolset:
    """The tools of one agent, and the folder that they share."""

    tools: Toolbox
    root: Root | None


def make_tools(settings: ToolSettings, store: Store, *, pins: Pins) -> Toolset:
    """Return the tools that settings name; what they hold is let go with the store.

    Args:
        settings: With absolute paths.
        store: Keeps what undo needs.
        pins: What the MCP servers said of their tools when the run began.

    Raises:
        BadInput: Something that is named is not there, or cannot be used.
    """
    made: list[Tool] = []
    root = None
    if settings.files is not None:
        root = Root(Path(settings.files.root))
        made += files_tools(
            settings.files, root=root, artifacts=store.artifacts, own=_own_files(store)
        )
    if settings.http is not None:
        made += http_tools(settings.http, artifacts=store.artifacts, environment=os.environ)
    made += mcp_tools(settings.mcp, pins=pins, at_close=store.at_close)
    made += own_tools(settings.own, store.artifacts)
    return Toolset(tools=Toolbox(made), root=root)


def _own_files(store: Store) -> list[Path]:
    """Return the store's file, if it is one: no tool may touch it."""
    try:
        return [store.path]
    except StoreFault:
        return []
