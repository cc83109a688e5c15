"""A small workspace with secrets and oddities, and the tools that run programs on copies of it."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tools.contract import Artifacts, Tool
from tools.files.guard import Guard
from tools.files.root import Root
from tools.files.settings import FilesSettings
from tools.sandbox.box import Box
from tools.sandbox.family import command_tools, make_workshop
from tools.sandbox.settings import CommandSettings


def build(space: Path) -> None:
    """Make a workspace in a folder that does not exist."""
    for name in ("notes", "sub/deep", ".git/hooks"):
        (space / name).mkdir(parents=True)
    texts = {
        "notes/a.txt": "one\ntwo\n",
        "notes/b.txt": "b\n",
        "sub/deep/c.py": "x=1\n",
        ".env": "TOKEN=1\n",
        ".git/config": "[core]\n",
        "surefoot.toml": "[tools]\n",
    }
    for name, text in texts.items():
        (space / name).write_text(text)
    (space / "sub/deep/run.sh").write_text("#!/bin/sh\n")
    (space / "sub/deep/run.sh").chmod(0o750)
    (space / "link").symlink_to("notes/a.txt")
    os.mkfifo(space / "pipe")
    if os.geteuid() == 0:
        os.chown(space / "notes/b.txt", 1234, 2345)


def tools_on(
    space: Path, artifacts: Artifacts, table: Mapping[str, Any], box: Box | None = None
) -> dict[str, Tool]:
    """Return the tools on a workspace, by name, as `[tools.commands]` wants them."""
    guard = Guard(FilesSettings(root=str(space)))
    settings = CommandSettings.model_validate(table)
    workshop = make_workshop(settings, root=Root(space), guard=guard, box=box)
    made = command_tools(workshop, artifacts=artifacts)
    return {tool.name: tool for tool in made}
