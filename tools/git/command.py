"""Runs git so that nothing in a repository, in the user's home or in the environment can act.

Repositories name programs in many places: hooks, filters, drivers, helpers, pagers, file system
monitors. So the environment is made from nothing, system and user configuration are not read, and
what a repository's own configuration could still say of programs is overridden.
"""

import os
import shutil
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryFile
from threading import Timer
from typing import Final

from tools.errors import BadInput, Fatal, Refused

MAX_OUTPUT_BYTES: Final = 16_000_000
_SHOWN: Final = 300

SETTINGS: Final[Mapping[str, str]] = {
    "core.hooksPath": "/dev/null",
    "core.fsmonitor": "false",
    "core.untrackedCache": "false",
    "core.attributesFile": "/dev/null",
    "core.excludesFile": "/dev/null",
    "core.pager": "cat",
    "core.editor": "false",
    "core.sshCommand": "false",
    "core.gitProxy": "false",
    "core.askPass": "",
    "core.alternateRefsCommand": "false",
    "core.autocrlf": "false",
    "core.safecrlf": "false",
    "core.protectNTFS": "true",
    "core.protectHFS": "true",
    "core.fsync": "objects,reference",
    "core.fsyncMethod": "fsync",
    "core.quotePath": "false",
    "commit.gpgSign": "false",
    "tag.gpgSign": "false",
    "gpg.program": "false",
    "log.showSignature": "false",
    "credential.helper": "",
    "diff.external": "",
    "fetch.recurseSubmodules": "false",
    "submodule.recurse": "false",
    "protocol.allow": "never",
    "gc.auto": "0",
    "maintenance.auto": "false",
    "pack.threads": "1",
}
"""Stated on every command line, where it wins over what any file says."""

ENVIRONMENT: Final[Mapping[str, str]] = {
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "HOME": "/nonexistent",
    "XDG_CONFIG_HOME": "/nonexistent",
    "LC_ALL": "C",
    "TZ": "UTC",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ASKPASS": "false",
    "SSH_ASKPASS": "false",
    "GIT_EDITOR": "false",
    "GIT_PAGER": "cat",
    "GIT_ALLOW_PROTOCOL": "",
    "GIT_PROTOCOL_FROM_USER": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_CEILING_DIRECTORIES": "/",
    "GIT_LITERAL_PATHSPECS": "1",
}
"""All that git is told; nothing is inherited."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What came of a command."""

    code: int
    out: bytes
    said: str
    """How its error output begins."""
    truncated: bool = False

    @property
    def text(self) -> str:
        """The output as text, without the last line end."""
        return self.out.decode("utf-8", "replace").rstrip("\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class Git:
    """Git on one repository.

    Args:
        directory: The repository itself.
        tree: Its worktree, when a command needs one.
        identity: Name and address of who makes commits.
        seconds: How long a command may take.
        held: Descriptors of locks that a command keeps until it ends, even without us.
        more: More environment, e.g. another index.
    """

    directory: Path
    tree: Path | None = None
    identity: tuple[str, str] = ("Surefoot", "surefoot@localhost")
    seconds: float = 60.0
    held: tuple[int, ...] = ()
    more: Mapping[str, str] = field(default_factory=dict)

    def run(self, *words: str, given: bytes = b"") -> str:
        """Run a command that is to succeed, and return its output as text.

        Raises:
            Fatal: It did not.
        """
        return self.data(*words, given=given).decode("utf-8", "surrogateescape").rstrip("\n")

    def data(self, *words: str, given: bytes = b"", limit: int = MAX_OUTPUT_BYTES) -> bytes:
        """Run a command that is to succeed, and return its output.

        Raises:
            Fatal: It did not, or said more than can be taken.
        """
        done = self.attempt(*words, given=given, limit=limit)
        if done.code or done.truncated:
            why = "it says too much" if done.truncated else done.said or f"exit code {done.code}"
            raise Fatal(f"git {words[0]} failed: {why}.")
        return done.out

    def attempt(self, *words: str, given: bytes = b"", limit: int = MAX_OUTPUT_BYTES) -> Done:
        """Run a command and return what came of it.

        Args:
            words: The command and its arguments.
            given: Its input.
            limit: How much output is read; what says more is ended.

        Raises:
            Fatal: It cannot be run, or takes too long.
        """
        with TemporaryFile() as source, TemporaryFile() as complaints:
            source.write(given)
            source.seek(0)
            try:
                process = subprocess.Popen(  # noqa: S603  # no shell; git is found, not named by others
                    self._command(words),
                    stdin=source,
                    stdout=subprocess.PIPE,
                    stderr=complaints,
                    cwd=self.tree or self.directory,
                    env=self._environment(),
                    start_new_session=True,
                    pass_fds=self.held,
                )
            except OSError as fault:
                raise Fatal(f"git cannot be run: {fault}.") from fault
            out, late = _outcome(process, limit, self.seconds)
            if late:
                raise Fatal(f"git {words[0]} took longer than {self.seconds:g} s.")
            complaints.seek(0)
            said = " ".join(complaints.read(4 * _SHOWN).decode("utf-8", "replace").split())
        truncated = len(out) > limit
        return Done(
            code=0 if truncated else process.returncode,
            out=out[:limit],
            said=said[:_SHOWN],
            truncated=truncated,
        )

    def _command(self, words: Sequence[str]) -> list[str]:
        stated = [word for name, value in SETTINGS.items() for word in ("-c", f"{name}={value}")]
        return [program(), "--no-pager", *stated, *words]

    def _environment(self) -> dict[str, str]:
        name, address = self.identity
        made = {**ENVIRONMENT, "GIT_DIR": str(self.directory)}
        made |= {"GIT_AUTHOR_NAME": name, "GIT_AUTHOR_EMAIL": address}
        made |= {"GIT_COMMITTER_NAME": name, "GIT_COMMITTER_EMAIL": address}
        if self.tree is not None:
            made["GIT_WORK_TREE"] = str(self.tree)
        return {**made, **self.more}


def program() -> str:
    """Return where git is.

    Raises:
        BadInput: It is not installed.
    """
    found = shutil.which("git", path=ENVIRONMENT["PATH"])
    if found is None:
        raise BadInput("git is not installed.", advice="Install git 2.38 or later.")
    return found


def refuse_option(word: str, what: str) -> str:
    """Return a word that git cannot take for an option or for something to be looked up.

    Raises:
        Refused: It could.
    """
    if not word or word.startswith("-") or not word.isprintable():
        raise Refused(f"{word!r:.80} cannot be {what}.")
    return word


def _outcome(process: subprocess.Popen[bytes], limit: int, seconds: float) -> tuple[bytes, bool]:
    """Return what a process says up to a limit, and whether its time was over first."""
    late: list[bool] = []

    def end() -> None:
        late.append(True)
        _kill(process)

    timer = Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        assert process.stdout is not None  # noqa: S101  # it is a pipe
        out = process.stdout.read(limit + 1)
        if len(out) > limit:
            _kill(process)
        process.wait()
    finally:
        timer.cancel()
        if process.poll() is None:  # whoever waits for it was stopped
            _kill(process)
            process.wait()
        if process.stdout is not None:
            process.stdout.close()
    return out, bool(late)


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End a command and all that it started."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
