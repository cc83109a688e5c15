"""The tools that run programs, each on a small workspace with an outside beside it."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

from pydantic import JsonValue

from tests.tools.files.conftest import picture
from tests.tools.sandbox.pretend import Pretend
from tests.tools.sandbox.workplace import build, tools_on
from tools.contract import Artifacts, JsonObject, Tool
from tools.sandbox.box import Box
from tools.specimen import Specimen

PEEK = "import os; print(sorted(os.listdir())); open('made', 'w').write('x'); os.remove('link')"


def tidy(work: Path) -> int:
    """Change, make, remove and move; a file, a folder, a mode."""
    (work / "notes/a.txt").write_text("ONE\ntwo\n")
    if (work / "notes/b.txt").exists():
        (work / "notes/b.txt").rename(work / "notes/c.txt")
    (work / "sub/deep/run.sh").chmod(0o700)
    (work / "made/inner").mkdir(parents=True, exist_ok=True)
    (work / "made/inner/new.bin").write_bytes(bytes(range(256)))
    return 0


def clear(work: Path) -> int:
    """Remove a folder with all that is in it."""
    shutil.rmtree(work / "sub", ignore_errors=True)
    return 0


def link(work: Path) -> int:
    """Make a link that leads out."""
    (work / "out").symlink_to("/etc/passwd")
    return 0


def protect(work: Path) -> int:
    """Change what only people change."""
    (work / "surefoot.toml").write_text("[tools.commands]\n")
    return 0


def fail(work: Path) -> int:
    """Change something, and fail."""
    (work / "notes/a.txt").write_text("half done")
    return 1


def deceive(work: Path) -> int:
    """Make a file whose name turns round."""
    (work / "\u202etxt.exe").write_text("x")
    return 0


DEEDS = {deed.__name__: deed for deed in (tidy, clear, link, protect, fail, deceive)}


class CommandSpecimen(Specimen):
    """One tool on a small workspace."""

    named: ClassVar[str]
    table: ClassVar[dict[str, Any]]

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        build(folder / "space")
        (folder / "outside").write_text("nobody's business\n")

    def box(self) -> Box | None:
        """Return what holds programs; the sandbox of this machine when None."""
        return None

    def tool(self, artifacts: Artifacts) -> Tool:
        """Return the tool of that name."""
        return tools_on(self.folder / "space", artifacts, self.table, self.box())[self.named]

    def world(self) -> JsonValue:
        """Return all files, inside and outside, byte for byte, with permissions and owners."""
        return {name: [*map(str, seen)] for name, seen in picture(self.folder).items()}


class Tries(CommandSpecimen):
    """Runs a recipe for real, and leaves everything as it was."""

    named = "try_command"
    table: ClassVar[dict[str, Any]] = {
        "recipes": {"peek": {"argv": ["python", "-S", "-c", PEEK], "arguments": ["-v", "[a-z]+"]}}
    }

    def actions(self) -> Sequence[JsonObject]:
        """Return the recipe."""
        return [{"recipe": "peek", "arguments": ["-v", "all"]}]

    def refused(self) -> Sequence[JsonObject]:
        """Return what is no recipe, and arguments that it does not take."""
        return [
            {"recipe": "sh", "arguments": []},
            {"recipe": "python", "arguments": []},
            {"recipe": "peek", "arguments": ["--all"]},
            {"recipe": "peek", "arguments": ["; rm -rf /"]},
        ]


class Codes(CommandSpecimen):
    """Runs code for real, and leaves everything as it was."""

    named = "run_python"
    table: ClassVar[dict[str, Any]] = {"code": True}

    def actions(self) -> Sequence[JsonObject]:
        """Return a program that changes everything that it can."""
        code = "import os, pathlib\nfor p in pathlib.Path('/').rglob('*.txt'): p.write_text('x')"
        return [{"code": f"{code}\nprint(os.getcwd())"}]


class Runs(CommandSpecimen):
    """Carries over what recipes change; nothing is run, so that it can be killed often."""

    named = "run_command"
    table: ClassVar[dict[str, Any]] = {
        "recipes": {
            **{name: {"argv": [name], "keeps_changes": True} for name in DEEDS},
            "look": ["tidy"],
        }
    }

    def box(self) -> Box:
        """Return what does as if."""
        return Pretend(DEEDS)

    def actions(self) -> Sequence[JsonObject]:
        """Return the ones whose changes are to be had."""
        return [{"recipe": name, "arguments": []} for name in ("tidy", "clear")]

    def refused(self) -> Sequence[JsonObject]:
        """Return those whose changes are not, and one that keeps none."""
        names = ("link", "protect", "fail", "deceive", "look", "nothing")
        return [{"recipe": name, "arguments": []} for name in names]

    def disturb(self, args: JsonObject) -> None:
        """Write something else into what was left, or put something where something was."""
        if args["recipe"] == "tidy":
            (self.folder / "space/notes/c.txt").write_text("somebody else's\n")
        else:
            (self.folder / "space/sub").write_text("somebody else's\n")
