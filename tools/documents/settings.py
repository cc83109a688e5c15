"""The table `[tools.documents]` of `surefoot.toml`."""

from typing import Final

from pydantic import Field, field_validator

from tools.contract import Record

KINDS: Final = {
    ".txt": "text",
    ".text": "text",
    ".md": "markdown",
    ".markdown": "markdown",
    ".html": "html",
    ".htm": "html",
    ".xhtml": "html",
    ".pdf": "pdf",
}
"""What a file is read as, by the end of its name."""


class DocumentsSettings(Record):
    """A collection of documents."""

    folders: dict[str, str] = Field(default_factory=dict)
    """Folders by the name that documents in them begin with: `{ handbook = "/srv/handbook" }`."""
    index: str = ""
    """File of the index, with the texts of all documents; beside the store when it is not told."""
    suffixes: tuple[str, ...] = tuple(KINDS)
    """Which files are read; others are left out."""
    hidden: bool = False
    """Whether files and folders whose names begin with a dot are read too."""
    files: int = Field(default=20_000, ge=1)
    """More than these are left out."""
    file_bytes: int = Field(default=52_428_800, ge=1)
    """A larger file is left out."""
    text_characters: int = Field(default=5_000_000, ge=1_000)
    """What is kept of one document."""
    file_seconds: float = Field(default=20.0, gt=0)
    """Processor's time for reading one HTML or PDF file; four times as long on a busy machine."""
    memory_bytes: int = Field(default=1_073_741_824, ge=134_217_728)
    """Memory for reading one HTML or PDF file."""
    refresh_seconds: float = Field(default=60.0, gt=0)
    """How long one call may bring the index up to date; the next goes on from there."""

    @field_validator("folders")
    @classmethod
    def _named(cls, folders: dict[str, str]) -> dict[str, str]:
        for name in folders:
            if not name.replace("-", "_").isidentifier():
                raise ValueError(f"a folder of documents may not be called {name[:60]!r}")
        return folders

    @field_validator("suffixes")
    @classmethod
    def _known(cls, suffixes: tuple[str, ...]) -> tuple[str, ...]:
        if unknown := sorted(set(suffixes) - set(KINDS)):
            raise ValueError(f"{', '.join(unknown)} cannot be read; known: {', '.join(KINDS)}")
        return suffixes
