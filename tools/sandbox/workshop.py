"""Runs programs on private copies of a workspace, and tells what they changed there."""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from tools.errors import Refused
from tools.files.contents import Thing, observe
from tools.files.root import Root
from tools.files.tree import Tree, differences, unlisted
from tools.plain_text import plain
from tools.progress import report
from tools.sandbox.box import Box
from tools.sandbox.bubblewrap import HOME, TEMPORARY, WORKSPACE
from tools.sandbox.copying import copy_tree
from tools.sandbox.job import Job
from tools.sandbox.order import Ended, Stream
from tools.sandbox.room import Room, private_room
from tools.sandbox.settings import CommandSettings
from tools.sandbox.sights import Sights


class Change(NamedTuple):
    """One name of the workspace of which a program's copy says something else afterwards."""

    name: str
    """As trees list it."""
    before: Thing | None
    after: Thing | None
    data: bytes = b""
    """What a file is to hold, when that was wanted."""

    @property
    def what(self) -> str:
        """What became of it, in a word."""
        if self.before is None:
            return "made"
        return "removed" if self.after is None else "changed"


class Came(NamedTuple):
    """What came of a program."""

    ended: Ended
    stdout: str
    stderr: str
    changes: tuple[Change, ...]

    @property
    def how(self) -> str:
        """How it ended, in a few words."""
        after = f"after {self.ended.seconds:.1f} s"
        if self.ended.ending == "exited":
            return f"exit code {self.ended.exit_code} {after}"
        return f"ended {after}: its limit of {self.ended.ending} was reached"

    @property
    def well(self) -> bool:
        """Whether it ended by itself and says that all is well."""
        return self.ended.exit_code == 0

    @property
    def last_words(self) -> str:
        """The last line that it printed."""
        lines = [line for text in (self.stdout, self.stderr) for line in text.splitlines() if line]
        return lines[-1][:200] if lines else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workshop:
    """A workspace, and where programs are run on copies of it.

    Args:
        root: The workspace.
        sights: What programs get to see of it.
        settings: How programs are bounded.
        box: Runs them.
    """

    root: Root
    sights: Sights
    settings: CommandSettings
    box: Box

    def run(
        self,
        argv: Sequence[str],
        *,
        cwd: str = ".",
        seconds: float | None = None,
        stdin: bytes = b"",
        keep_bytes: int = 0,
    ) -> Came:
        """Run a program on a private copy, which is thrown away.

        Args:
            argv: The program and its arguments.
            cwd: Folder of the workspace where it begins.
            seconds: By the clock on the wall; as the settings say when None.
            stdin: What it reads.
            keep_bytes: How much of what changed files hold is wanted as well; 0 for nothing.

        Raises:
            Refused: The workspace is too large to be copied, or what the program left is too much
                to be looked at, or to be kept.
            Transient: Somebody writes to the workspace at this moment.
            Fatal: No sandbox holds, or the program cannot be started.
            Stopped: The run is to stop; the program is gone.
        """
        before = self.sights.look()
        with private_room() as room:
            copy_tree(self.root, before, room.work)
            job = replace(self._job(argv, room), limits=self.settings.limits(seconds))
            report(f"running {' '.join(argv)[:80]} on a private copy")
            ended = self.box.run(replace(job, cwd=cwd, stdin=stdin))
            changes = tuple(self._changes(before, room, keep_bytes))
            texts = [_text(stream, room) for stream in (ended.stdout, ended.stderr)]
        return Came(ended, texts[0], texts[1], changes)

    def _job(self, argv: Sequence[str], room: Room) -> Job:
        return Job(
            argv=argv,
            room=room,
            interpreter=Path(self.settings.python or sys.executable),
            reads=tuple(map(Path, self.settings.reads)),
        )

    def _changes(self, before: Tree, room: Room, keep_bytes: int) -> Iterator[Change]:
        """Yield what the copy says otherwise, as it would be in the workspace."""
        copy = Root(room.work)
        left = keep_bytes
        try:
            for each in differences(before, self.sights.look_at(copy, before)):
                data = bytearray()
                if keep_bytes and each.after is not None and each.after.kind == "file":
                    left -= each.after.size
                    if left < 0:
                        raise Refused(
                            f"The files that the program changed hold more than {keep_bytes} bytes."
                        )
                    observe(copy.exact, unlisted(each.name), into=data)
                yield Change(each.name, each.before, each.after, bytes(data))
        finally:
            copy.close()


def _text(stream: Stream, room: Room) -> str:
    """Return what a program printed, as it would be printed anywhere, and fit to be shown."""
    text = stream.text
    for folder, place in zip(room.folders, (WORKSPACE, TEMPORARY, HOME), strict=True):
        text = text.replace(folder, place)
    return plain(text, len(text))
