"""Two ways to the files of a workspace: ours, and one as it is usually written.

The naive one is kept to show that the attacks are attacks: each must succeed against it. It does
what tutorials do: it joins the paths, resolves them, compares the beginning, and opens.
"""

import os
from pathlib import Path
from typing import Protocol

from tests.tools.files.conftest import Shelf
from tools.contract import JsonObject
from tools.errors import Refused
from tools.files.family import files_tools
from tools.files.root import Root
from tools.files.settings import FilesSettings


class Door(Protocol):
    """What an agent does with files."""

    def read(self, name: str) -> str:
        """Return what a file holds."""
        ...

    def write(self, name: str, text: str) -> None:
        """Make or replace a file."""
        ...

    def move(self, name: str, new_name: str) -> None:
        """Rename a file."""
        ...

    def delete(self, name: str) -> None:
        """Remove a file."""
        ...


class Naive:
    """Files by path, with the checks that everybody writes first."""

    def __init__(self, space: Path) -> None:
        self.top = str(space)

    def read(self, name: str) -> str:
        """Return what a file holds."""
        return Path(self._checked(name)).read_text()

    def write(self, name: str, text: str) -> None:
        """Make or replace a file."""
        path = Path(self._checked(name))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def move(self, name: str, new_name: str) -> None:
        """Rename a file."""
        os.replace(self._checked(name), self._checked(new_name))  # noqa: PTH105  # as it is written

    def delete(self, name: str) -> None:
        """Remove a file."""
        os.remove(self._checked(name))  # noqa: PTH107  # as it is usually written

    def _checked(self, name: str) -> str:
        if name.startswith((".env", ".git")):
            raise Refused("It is a secret.")
        path = os.path.join(self.top, name)  # noqa: PTH118  # as it is usually written
        if not os.path.realpath(path).startswith(self.top):
            raise Refused("It is outside.")
        return path


class Ours:
    """Files by our tools, asked as the runner asks them."""

    def __init__(self, space: Path) -> None:
        self.root = Root(space)
        settings = FilesSettings(root=str(space))
        tools = files_tools(settings, root=self.root, artifacts=Shelf())
        self.tools = {tool.name: tool for tool in tools}

    def read(self, name: str) -> str:
        """Return what a file holds."""
        return str(self._run("read_file", {"path": name})["text"])

    def write(self, name: str, text: str) -> None:
        """Make or replace a file."""
        self._run("write_file", {"path": name, "text": text})

    def move(self, name: str, new_name: str) -> None:
        """Rename a file."""
        self._run("move_file", {"path": name, "new_path": new_name})

    def delete(self, name: str) -> None:
        """Remove a file."""
        self._run("delete_file", {"path": name})

    def _run(self, name: str, args: JsonObject) -> JsonObject:
        tool = self.tools[name]
        args = tool.check(args)
        if tool.effect != "read":
            tool.snapshot(args)
        result = tool.apply(args, "run/step/1")
        assert isinstance(result, dict)
        return result
