"""Links of the documents lead somewhere, and their command lines are ones that exist."""

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer.main

from graphs.cli.app import build_app

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
PLACEHOLDERS = "…[]<>"
"""A line with one of these shows a form, not a command."""


def links(page: Path) -> list[str]:
    """Return what a page links to in this repository."""
    found = re.findall(r"\]\(([^)\s]+)\)", page.read_text("utf-8"))
    return [link.partition("#")[0] for link in found if not re.match(r"[a-z]+:|#", link)]


def commands(page: Path) -> list[str]:
    """Return the command lines of a page: in blocks for a shell, and whole ones in the text."""
    text = page.read_text("utf-8")
    blocks = "\n".join(re.findall(r"```sh\n(.*?)```", text, re.DOTALL)).replace("\\\n", " ")
    shown = re.findall(r"^(?:\$ )?(surefoot .*)$", blocks, re.MULTILINE)
    inner = re.findall(r"\$\((surefoot [^)]*)\)", text)
    said = re.findall(r"(?<!`)`(surefoot [^`\n]+)`(?!`)", text)
    return [line for line in (*shown, *inner, *said) if not set(line) & set(PLACEHOLDERS)]


def unknown(line: str) -> str:
    """Return the first word of a command line that does not exist; empty when all do."""
    words = shlex.split(line, comments=True)[1:]
    command: Any = typer.main.get_command(build_app())
    while words and hasattr(command, "commands") and words[0] in command.commands:
        command = command.commands[words.pop(0)]
    known = {option for one in command.params for option in (*one.opts, *one.secondary_opts)}
    options = [word.partition("=")[0] for word in words if re.match(r"--?[a-z]", word)]
    strange = [one for one in options if one not in known | {"--help"}]
    if hasattr(command, "commands"):
        strange += [word for word in words if not word.startswith("-")]
    return next(iter(strange), "")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    assert [link for link in links(page) if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_exist(page: Path) -> None:
    assert [(line, unknown(line)) for line in commands(page) if unknown(line)] == []


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("surefoot shwo RUN", "shwo"),
        ("surefoot show RUN --jsn", "--jsn"),
        ("surefoot audit prove", "prove"),
        ("surefoot audit verify --head heads.jsonl", ""),
    ],
)
def test_wrong_commands_are_noticed(line: str, told: str) -> None:
    assert unknown(line) == told


def test_documents_show_commands() -> None:
    assert sum(len(commands(page)) for page in PAGES) > 30
