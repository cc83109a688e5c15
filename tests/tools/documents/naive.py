"""Reading documents as it is mostly written."""

from pathlib import Path


def naive_read(folder: Path, name: str) -> str:
    """Read a document by its name."""
    return (folder / name).read_text(errors="replace")


def naive_collect(folder: Path) -> dict[str, str]:
    """Read all documents of a folder."""
    return {
        str(path.relative_to(folder)): path.read_text(errors="replace")
        for path in folder.rglob("*")
        if path.is_file() and path.suffix in {".txt", ".md"}
    }
