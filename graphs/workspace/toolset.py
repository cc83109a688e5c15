"""Makes the tools that settings name, and keeps what they hold open."""

import os
from dataclasses import dataclass
from pathlib import Path

from checkpoints.store import Store
from graphs.workspace.own import own_tools
from graphs.workspace.settings import ToolSettings
from tools.contract import Tool
from tools.errors import BadInput, StoreFault
from tools.files.family import files_tools, guard_of
from tools.files.guard import Guard
from tools.files.root import Root
from tools.http.family import http_tools
from tools.mcp.family import mcp_tools
from tools.mcp.pins import Pins
from tools.sandbox.family import command_tools, make_workshop
from tools.sandbox.settings import CommandSettings
from tools.sandbox.workshop import Workshop
from tools.toolbox import Toolbox


@dataclass(frozen=True, slots=True, kw_only=True)
class Toolset:
    """The tools of one agent, and the folder that they share."""

    tools: Toolbox
    root: Root | None = None
    guard: Guard | None = None
    """What of the folder is kept from agents."""
    workshop: Workshop | None = None
    """Where programs are run on copies of it."""


def make_tools(settings: ToolSettings, store: Store, *, pins: Pins) -> Toolset:
    """Return the tools that settings name; what they hold is let go with the store.

    Args:
        settings: With absolute paths.
        store: Keeps what undo needs.
        pins: What the MCP servers said of their tools when the run began.

    Raises:
        BadInput: Something that is named is not there, or cannot be used.
    """
    made, root, guard, workshop = list[Tool](), None, None, None
    read_only = settings.files is not None and settings.files.read_only
    if settings.files is not None:
        root, own = Root(Path(settings.files.root)), _own_files(store)
        guard = guard_of(settings.files, root=root, own=own)
        made += files_tools(settings.files, root=root, artifacts=store.artifacts, own=own)
    if settings.commands is not None:
        workshop = _workshop(settings.commands, root, guard)
        made += command_tools(workshop, artifacts=store.artifacts, read_only=read_only)
    if settings.http is not None:
        made += http_tools(settings.http, artifacts=store.artifacts, environment=os.environ)
    made += mcp_tools(settings.mcp, pins=pins, at_close=store.at_close)
    made += own_tools(settings.own, store.artifacts)
    return Toolset(tools=Toolbox(made), root=root, guard=guard, workshop=workshop)


def _workshop(settings: CommandSettings, root: Root | None, guard: Guard | None) -> Workshop:
    if root is None or guard is None:
        raise BadInput(
            "[tools.commands] runs programs on copies of a folder, but none is named.",
            advice='Name one: `[tools.files]` with `root = "."`.',
        )
    return make_workshop(settings, root=root, guard=guard)


def _own_files(store: Store) -> list[Path]:
    """Return the store's file, if it is one: no tool may touch it."""
    try:
        return [store.path]
    except StoreFault:
        return []
