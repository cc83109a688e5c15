"""A workspace with an outside beside it, seen through the kernel's door and through our own."""

import json
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import JsonValue

from tools.contract import Tool, canonical, digest
from tools.files.family import files_tools
from tools.files.root import Root
from tools.files.settings import FilesSettings

OUTSIDE = "nobody's business\n"


def build(folder: Path) -> Path:
    """Make a small workspace in a folder; beside it lies an outside."""
    space, outside = folder / "space", folder / "outside"
    for inner in ("notes", "deep/er", ".git", "keys"):
        (space / inner).mkdir(parents=True)
    outside.mkdir()
    texts = {
        "notes/a.txt": "one\ntwo\nthree\n",
        "notes/b.txt": "banana\n",
        "empty.txt": "",
        ".env": "TOKEN=1\n",
        ".git/config": "[core]\n",
        "keys/id_rsa": "KEY\n",
        "surefoot.toml": "[tools.files]\n",
        "readonly.txt": "stays\n",
        "../outside/nobody.txt": OUTSIDE,
        "../outside/hard.txt": OUTSIDE,
    }
    for name, text in texts.items():
        (space / name).write_text(text)
    (space / "deep/er/b.bin").write_bytes(bytes(range(256)))
    (space / "deep/er/b.bin").chmod(0o750)
    (space / "readonly.txt").chmod(0o444)
    (space / "hard.txt").hardlink_to(outside / "hard.txt")
    (space / "link in.txt").symlink_to("notes/a.txt")
    (space / "link out.txt").symlink_to("../outside/nobody.txt")
    (space / "way in").symlink_to("notes")
    (space / "way out").symlink_to("../outside")
    os.mkfifo(space / "pipe")
    if os.geteuid() == 0:
        os.mknod(space / "device", stat.S_IFCHR | 0o666, os.makedev(1, 3))
        os.chown(space / "deep/er/b.bin", 1234, 2345)
    return space


@pytest.fixture
def space(tmp_path: Path) -> Path:
    """Return a small workspace; beside it lies an outside."""
    return build(tmp_path)


@pytest.fixture(params=["openat2", "walk"])
def root(space: Path, request: pytest.FixtureRequest) -> Iterator[Root]:
    """Return the workspace, opened by the kernel's own way and by walking."""
    opened = Root(space, walk=request.param == "walk")
    yield opened
    opened.close()


def picture(folder: Path) -> dict[str, tuple[object, ...]]:
    """Return everything under a folder but its times, byte for byte."""
    found: dict[str, tuple[object, ...]] = {}
    for above, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path = Path(above, name)
            seen = path.lstat()
            body: object = None
            if stat.S_ISREG(seen.st_mode):
                body = path.read_bytes()
            elif stat.S_ISLNK(seen.st_mode):
                body = str(path.readlink())
            found[str(path.relative_to(folder))] = (
                seen.st_mode,
                seen.st_uid,
                seen.st_gid,
                seen.st_nlink if stat.S_ISREG(seen.st_mode) else 0,
                body,
            )
    return found


class Shelf:
    """Artifacts in memory."""

    def __init__(self) -> None:
        self.kept: dict[str, str] = {}

    def put(self, value: JsonValue) -> str:
        """Keep a value under its hash."""
        ref = f"sha256:{digest(value)}"
        self.kept[ref] = canonical(value)
        return ref

    def get(self, ref: str) -> JsonValue:
        """Return what is kept."""
        value: JsonValue = json.loads(self.kept[ref])
        return value


@pytest.fixture
def shelf() -> Shelf:
    """Return an empty artifact store."""
    return Shelf()


Tools = Callable[..., dict[str, Tool]]


@pytest.fixture
def make_tools(root: Root, space: Path, shelf: Shelf) -> Tools:
    """Return what opens the tools of the workspace, with settings."""

    def make(**settings: Any) -> dict[str, Tool]:
        own = settings.pop("own", ())
        made = FilesSettings(root=str(space), **settings)
        tools = files_tools(made, root=root, artifacts=shelf, own=own)
        return {tool.name: tool for tool in tools}

    return make


@pytest.fixture
def tools(make_tools: Tools) -> dict[str, Tool]:
    """Return the tools as they are by default."""
    return make_tools()


def done(tool: Tool, **args: JsonValue) -> dict[str, Any]:
    """Do something without a journal and return what came of it."""
    checked = tool.check(args)
    if tool.effect != "read":
        tool.snapshot(checked)
    result = tool.apply(checked, "run/step/1")
    assert isinstance(result, dict)
    return result
