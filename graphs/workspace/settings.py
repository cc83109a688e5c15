"""What `surefoot.toml` may say of the workspace agent: its tools, and what proves success."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import Field

from graphs.workspace.metrics import MetricSettings
from tools.contract import Record
from tools.documents.settings import DocumentsSettings
from tools.files.settings import FilesSettings
from tools.git.settings import GitSettings
from tools.http.settings import HttpSettings
from tools.mcp.settings import McpSettings
from tools.research.settings import ResearchSettings
from tools.sandbox.settings import CommandSettings

PROTECTED = (
    "file:surefoot.toml",
    "file:*.surefoot*",
    "file:tests/*",
    "file:*/tests/*",
    "file:test_*",
    "file:*/test_*",
    "file:conftest.py",
    "file:*/conftest.py",
)
"""Tests, and what holds the agent itself: changing them is how any goal can be made to look met."""


class ToolSettings(Record):
    """The table `[tools]`: what an agent gets; what is not named is not there."""

    files: FilesSettings | None = None
    """Files of one folder."""
    commands: CommandSettings | None = None
    """Programs on private copies of that folder."""
    git: GitSettings | None = None
    """A repository: the folder is then a worktree of the run's own."""
    documents: DocumentsSettings | None = None
    """A collection of documents."""
    research: ResearchSettings | None = None
    """Search engines and encyclopedias."""
    http: HttpSettings | None = None
    """Pages and declared requests."""
    mcp: McpSettings = McpSettings()
    """MCP servers."""
    own: tuple[str, ...] = ()
    """Tools of your own: `package.module:object`."""

    @property
    def is_empty(self) -> bool:
        """Whether an agent would have no tools."""
        return self == ToolSettings()

    def under(self, folder: Path) -> "ToolSettings":
        """Return the settings with paths made absolute beneath a folder."""
        paths = {
            "files": ("root",),
            "commands": ("python", "reads"),
            "git": ("repository", "worktrees"),
            "documents": ("folders", "index"),
        }
        tables = {name: getattr(self, name) for name in paths}
        servers = {
            name: one.model_copy(update={"cwd": _under(folder, one.cwd)})
            for name, one in self.mcp.servers.items()
        }
        return self.model_copy(
            update={"mcp": McpSettings(servers=servers)}
            | {
                name: table.model_copy(
                    update={one: _under(folder, getattr(table, one)) for one in paths[name]}
                )
                for name, table in tables.items()
                if table is not None
            }
        )


class WorkspaceSettings(Record):
    """The table `[workspace]`: what must stay, and what tells that a goal is reached."""

    unchanged: tuple[str, ...] = ()
    """Globs of files that no run may change, e.g. `tests/*`; one that does is undone."""
    protected: tuple[str, ...] = PROTECTED
    """Globs over resources that are changed only when a person says so each time."""
    metrics: dict[str, MetricSettings] = Field(default_factory=dict)
    """What is to get better, and what must not get worse meanwhile."""
    success: tuple[str, ...] = ()
    """Names of commands that must succeed at the end; without one no run is `verified`."""


def _under(folder: Path, paths: Any) -> Any:  # noqa: ANN401  # one path, a tuple of them, or by name
    """Return paths made absolute; an empty one stays so."""
    if isinstance(paths, tuple):
        return tuple(_under(folder, path) for path in paths)
    if isinstance(paths, Mapping):
        return {name: _under(folder, path) for name, path in paths.items()}
    return str((folder / Path(paths).expanduser()).absolute()) if paths else ""
