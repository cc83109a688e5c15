"""What `surefoot.toml` may say of the workspace agent: its tools, and what proves success."""

from pathlib import Path

from tools.contract import Record
from tools.files.settings import FilesSettings
from tools.http.settings import HttpSettings
from tools.mcp.settings import McpSettings
from tools.sandbox.settings import CommandSettings


class ToolSettings(Record):
    """The table `[tools]`: what an agent gets; what is not named is not there."""

    files: FilesSettings | None = None
    """Files of one folder."""
    commands: CommandSettings | None = None
    """Programs on private copies of that folder."""
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
        files = self.files
        if files is not None:
            files = files.model_copy(update={"root": _under(folder, files.root)})
        commands = self.commands
        if commands is not None:
            python = _under(folder, commands.python) if commands.python else ""
            reads = tuple(_under(folder, path) for path in commands.reads)
            commands = commands.model_copy(update={"python": python, "reads": reads})
        return self.model_copy(update={"files": files, "commands": commands})


class WorkspaceSettings(Record):
    """The table `[workspace]`: what must stay, and what tells that a goal is reached."""

    unchanged: tuple[str, ...] = ()
    """Globs of files that no run may change, e.g. `tests/*`; one that does is undone."""
    success: tuple[str, ...] = ()
    """Names of commands that must succeed at the end; without one no run is `verified`."""


def _under(folder: Path, path: str) -> str:
    return str((folder / Path(path).expanduser()).absolute())
