"""The tools that run programs on copies of a workspace."""

import sys
from pathlib import Path

from tools.contract import Artifacts, Tool
from tools.errors import BadInput
from tools.files.guard import Guard
from tools.files.root import Root
from tools.sandbox.box import Box, Sandbox
from tools.sandbox.carrying import Carrier
from tools.sandbox.running import RunCommand
from tools.sandbox.settings import CommandSettings
from tools.sandbox.sights import Sights
from tools.sandbox.trying import RunPython, TryCommand
from tools.sandbox.workshop import Workshop


def make_workshop(
    settings: CommandSettings, *, root: Root, guard: Guard, box: Box | None = None
) -> Workshop:
    """Return where programs are run on copies of a workspace.

    Args:
        settings: What may be run, and how bounded.
        root: The workspace; open for as long as it is used.
        guard: What of it is kept from agents, and so from programs.
        box: What holds programs; the sandbox of this machine when None.

    Raises:
        BadInput: An interpreter or a folder that is named is not there.
    """
    python = Path(settings.python or sys.executable)
    for path in (python, *map(Path, settings.reads)):
        if not path.exists():
            raise BadInput(
                f"{str(path)!r} in [tools.commands] is not there.",
                advice="Name an interpreter, or folders, that exist.",
            )
    return Workshop(
        root=root,
        sights=Sights(root, guard, settings),
        settings=settings,
        box=box or Sandbox(settings.sandbox),
    )


def command_tools(
    workshop: Workshop, *, artifacts: Artifacts, read_only: bool = False
) -> list[Tool]:
    """Return the tools that run programs.

    Args:
        workshop: Where they run them.
        artifacts: Where content is kept for undo.
        read_only: Whether nothing of the workspace is changed.
    """
    settings = workshop.settings
    made: list[Tool] = []
    if settings.recipes:
        made.append(TryCommand(workshop))
    if not read_only and any(recipe.keeps_changes for recipe in settings.recipes.values()):
        carrier = Carrier(root=workshop.root, guard=workshop.sights.guard, artifacts=artifacts)
        made.append(RunCommand(workshop, carrier))
    if settings.code:
        made.append(RunPython(workshop))
    return made
