"""Makes the tools that settings name, and keeps what they hold open."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from checkpoints.store import Store
from graphs.workspace.own import own_tools
from graphs.workspace.proof import passes
from graphs.workspace.settings import ToolSettings
from tools.contract import Tool
from tools.documents.family import documents_tools
from tools.errors import BadInput, StoreFault
from tools.files.family import files_tools, guard_of
from tools.files.guard import Guard
from tools.files.root import Root
from tools.files.settings import FilesSettings
from tools.git.family import git_tools, git_worktree
from tools.git.green import Checked, Green, never
from tools.git.repository import Repository
from tools.git.settings import GitSettings
from tools.git.worktree import Worktree
from tools.http.family import http_tools
from tools.mcp.family import mcp_tools
from tools.mcp.pins import Pins
from tools.research.family import research_tools
from tools.sandbox.family import command_tools, make_workshop
from tools.sandbox.workshop import Workshop
from tools.toolbox import Toolbox


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """What an agent's tools are made on, beside the settings."""

    store: Store
    """Keeps what undo needs."""
    pins: Pins
    """What the MCP servers said of their tools when the run began."""
    worktree: str
    """Name of the git worktree; the same name is the same worktree."""
    proof: tuple[str, ...] = ()
    """Commands that a commit must pass before it is merged."""

    @property
    def files(self) -> list[Path]:
        """The store's file, if it is one: no tool may touch it."""
        try:
            return [self.store.path]
        except StoreFault:
            return []

    def beside(self, name: str, setting: str) -> Path:
        """Return a place beside the store.

        Raises:
            BadInput: The store is no file, so that the settings must name one.
        """
        if not self.files:
            raise BadInput(
                f"The store is not a file, so {setting} has no place beside it.",
                advice=f"Name one: {setting} in surefoot.toml.",
            )
        return self.files[0].with_name(f"{self.files[0].stem}-{name}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """One folder, what of it is kept from agents, and what runs on copies of it."""

    settings: FilesSettings
    root: Root
    guard: Guard
    workshop: Workshop | None
    worktree: Worktree | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Toolset:
    """The tools of one agent, and the folder that they share."""

    tools: Toolbox
    workspace: Workspace | None


def make_tools(settings: ToolSettings, opened: Opened) -> Toolset:
    """Return the tools that settings name; what they hold is let go with the store.

    Args:
        settings: With absolute paths.
        opened: What they are made on.

    Raises:
        BadInput: Something that is named is not there, or cannot be used.
    """
    workspace = _workspace(settings, opened)
    made = [*_here(settings, opened, workspace), *_elsewhere(settings, opened)]
    return Toolset(tools=Toolbox(made), workspace=workspace)


def _workspace(settings: ToolSettings, opened: Opened) -> Workspace | None:
    """Return the folder: the one that is named, or the run's own worktree of the repository."""
    worktree = _worktree(settings.git, opened) if settings.git is not None else None
    files = settings.files
    if worktree is not None:
        files = (files or FilesSettings(root=".")).model_copy(update={"root": str(worktree.tree)})
    if files is None and settings.commands is not None:
        raise BadInput(
            "[tools.commands] runs programs on copies of a folder, but none is named.",
            advice='Name one: `[tools.files]` with `root = "."`.',
        )
    if files is None:
        return None
    root = Root(Path(files.root))
    guard = guard_of(files, root=root, own=opened.files)
    commands = settings.commands
    workshop = make_workshop(commands, root=root, guard=guard) if commands else None
    return Workspace(settings=files, root=root, guard=guard, workshop=workshop, worktree=worktree)


def _worktree(settings: GitSettings, opened: Opened) -> Worktree:
    return git_worktree(settings, name=opened.worktree, under=_under(settings, opened))


def _under(settings: GitSettings, opened: Opened) -> Path:
    """Return the folder of worktrees: beside the store, or beside the repository that it is in."""
    if settings.worktrees:
        return Path(settings.worktrees)
    beside = opened.beside("worktrees", "`worktrees` of [tools.git]")
    home = Repository.open(Path(settings.repository)).home
    within = beside.resolve().is_relative_to(home.resolve())
    return home.with_name(f"{home.name}-worktrees") if within else beside


def _here(settings: ToolSettings, opened: Opened, workspace: Workspace | None) -> Iterator[Tool]:
    """Yield the tools that work in the folder."""
    if workspace is None:
        return
    artifacts = opened.store.artifacts
    yield from files_tools(
        workspace.settings, root=workspace.root, artifacts=artifacts, own=opened.files
    )
    if workspace.workshop is not None:
        read_only = workspace.settings.read_only
        yield from command_tools(workspace.workshop, artifacts=artifacts, read_only=read_only)
    if settings.git is not None and workspace.worktree is not None:
        yield from git_tools(
            settings.git,
            worktree=workspace.worktree,
            approvals=opened.store.clearances.find,
            green=_green(settings, opened, workspace),
            denies=workspace.guard.denies,
        )


def _green(settings: ToolSettings, opened: Opened, workspace: Workspace) -> Green:
    """Return what tells whether a commit passes the commands that prove success."""
    commands = settings.commands
    if commands is None or workspace.worktree is None or not opened.proof:
        return never

    def check(folder: Path) -> bool:
        root = Root(folder)
        guard = guard_of(workspace.settings, root=root, own=[])
        return passes(make_workshop(commands, root=root, guard=guard), opened.proof)

    return Checked(workspace.worktree, check)


def _elsewhere(settings: ToolSettings, opened: Opened) -> Iterator[Tool]:
    """Yield the tools that work outside of the folder."""
    store = opened.store
    if settings.documents is not None:
        documents = settings.documents
        if not documents.index:
            index = opened.beside("documents.db", "`index` of [tools.documents]")
            documents = documents.model_copy(update={"index": str(index)})
        yield from documents_tools(documents)
    if settings.research is not None:
        yield from research_tools(settings.research)
    if settings.http is not None:
        yield from http_tools(settings.http, artifacts=store.artifacts, environment=os.environ)
    yield from mcp_tools(settings.mcp, pins=opened.pins, at_close=store.at_close)
    yield from own_tools(settings.own, store.artifacts)
