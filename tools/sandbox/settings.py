"""What `[tools.commands]` of surefoot.toml may say."""

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, Field, field_validator, model_validator

from tools.contract import Record
from tools.errors import Refused
from tools.sandbox.limits import MEBIBYTE, Limits

TierName = Literal["bubblewrap", "landlock"]
SKIPPED: Final[tuple[str, ...]] = (
    ".git",
    ".hg",
    ".svn",
    ".venv",
    "venv",
    "node_modules",
    "__pycache__",
    ".pytest_cache",
    ".mypy_cache",
    ".ruff_cache",
    ".hypothesis",
    ".tox",
    ".coverage",
)
"""Names that are neither copied into a sandbox nor out of it, beside the secrets."""
ARGUMENT_CHARACTERS: Final = 500
MAX_ARGUMENTS: Final = 16


def _pattern(text: str) -> str:
    """Return a pattern that compiles (ValueError when it does not)."""
    try:
        re.compile(text)
    except re.error as fault:
        raise ValueError(f"{text!r} is not a regular expression: {fault}") from fault
    return text


Pattern = Annotated[str, AfterValidator(_pattern)]
RecipeName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,39}$")]


class Recipe(Record):
    """A command that may be run; in surefoot.toml its words alone suffice."""

    argv: tuple[str, ...] = Field(min_length=1)
    """The command and its arguments; no shell reads them. `python` is the sandbox's own."""
    description: str = Field(default="", max_length=200)
    """What it is for, in a few words."""
    arguments: tuple[Pattern, ...] = ()
    """Patterns of further arguments; each that an agent adds must match one as a whole.

    One that begins with `-` needs a pattern that does.
    """
    cwd: str = "."
    """Folder of the workspace where it runs."""
    seconds: float | None = Field(default=None, gt=0, le=3600)
    """By the clock on the wall; as for all commands when it is not said."""
    keeps_changes: bool = False
    """Whether what it changes may be carried over to the workspace, by `run_command`."""

    def command(self, more: Sequence[str]) -> tuple[str, ...]:
        """Return the whole command with further arguments.

        Raises:
            Refused: One of them matches no pattern.
        """
        for argument in more:
            if not any(self._admits(pattern, argument) for pattern in self.arguments):
                raise Refused(
                    f"The argument {argument!r} is not among those that this recipe takes.",
                    advice=f"Patterns: {', '.join(self.arguments) or 'it takes none'}.",
                )
        return (*self.argv, *more)

    @property
    def literals(self) -> frozenset[str]:
        """Further arguments that are named as such, and not by a pattern."""
        return frozenset(one for one in self.arguments if re.escape(one).replace("\\-", "-") == one)

    def _admits(self, pattern: str, argument: str) -> bool:
        if argument.startswith("-") and not pattern.startswith(("-", "\\-")):
            return False
        return "\0" not in argument and re.fullmatch(pattern, argument) is not None

    @field_validator("cwd")
    @classmethod
    def _beneath(cls, cwd: str) -> str:
        if cwd.startswith("/") or ".." in cwd.split("/"):
            raise ValueError("name a folder from the workspace down")
        return cwd


class CommandSettings(Record):
    """`[tools.commands]`: what may be run on private copies of the workspace, and how bounded."""

    recipes: Mapping[RecipeName, Recipe] = Field(default_factory=dict, max_length=50)
    """Commands by name, e.g. `recipes.test = ["python", "-m", "pytest", "-q"]`."""
    code: bool = False
    """Whether an agent may run Python that it writes itself, on a private copy."""
    sandbox: TierName | None = None
    """The only sandbox to be used; the first that holds when it is not said."""
    python: str = ""
    """The Python that programs find; the one that runs Surefoot when empty."""
    reads: tuple[str, ...] = ()
    """Further folders that programs may read, e.g. a virtual environment."""
    skip: tuple[str, ...] = ()
    """More patterns of names that are neither copied into a sandbox nor out of it."""
    seconds: float = Field(default=60.0, gt=0, le=3600)
    """By the clock on the wall, for each command."""
    cpu_seconds: float = Field(default=120.0, gt=0)
    """Of all its processes together."""
    memory_mb: int = Field(default=2048, ge=16)
    """Of each process, and of all together."""
    processes: int = Field(default=64, ge=1)
    disk_mb: int = Field(default=512, ge=1)
    """That it may add."""
    disk_files: int = Field(default=20_000, ge=1)
    """Files and folders that it may add."""
    output_kb: int = Field(default=32, ge=1, le=256)
    """Of each stream that is kept: one half from its beginning, the other from its end."""
    copy_mb: int = Field(default=512, ge=1)
    """A larger workspace is not copied."""
    copy_files: int = Field(default=20_000, ge=1)
    """Nor is one with more files and folders."""
    max_changes: int = Field(default=200, ge=1, le=2000)
    """Files and folders that a command may change and have carried over."""
    max_changed_mb: int = Field(default=16, ge=1, le=256)
    """That these may hold together."""

    @field_validator("recipes", mode="before")
    @classmethod
    def _in_full(cls, given: object) -> object:
        """Take a list of words as a recipe."""
        if not isinstance(given, Mapping):
            return given
        return {
            name: {"argv": words} if isinstance(words, list | tuple) else words
            for name, words in given.items()
        }

    @model_validator(mode="after")
    def _offers_something(self) -> Self:
        if not self.recipes and not self.code:
            raise ValueError("name recipes, or say `code = true`; else there is nothing to run")
        return self

    def limits(self, seconds: float | None = None) -> Limits:
        """Return what a command may use."""
        return Limits(
            seconds=seconds or self.seconds,
            cpu_seconds=self.cpu_seconds,
            memory_bytes=self.memory_mb * MEBIBYTE,
            processes=self.processes,
            disk_bytes=self.disk_mb * MEBIBYTE,
            disk_files=self.disk_files,
            kept_bytes=self.output_kb * 1024,
        )
