"""What the tools that run recipes have in common."""

from collections import Counter
from collections.abc import Sequence
from typing import Annotated, ClassVar, Final

from pydantic import BaseModel, ConfigDict, Field

from tools.contract import JsonObject, Tool
from tools.errors import Refused
from tools.plain_text import plain
from tools.sandbox.settings import ARGUMENT_CHARACTERS, MAX_ARGUMENTS, Recipe
from tools.sandbox.workshop import Change, Workshop

Argument = Annotated[str, Field(max_length=ARGUMENT_CHARACTERS)]
_SHOWN: Final = 100
_LINE_CHARACTERS: Final = 120


class CommandArgs(BaseModel):
    """Which recipe, and with which further arguments."""

    model_config = ConfigDict(extra="forbid")

    recipe: str = Field(max_length=40)
    arguments: list[Argument] = Field(default_factory=list, max_length=MAX_ARGUMENTS)


class CommandTool(Tool):
    """A tool that runs recipes.

    Args:
        workshop: Where they are run.
    """

    args_schema: ClassVar[type[BaseModel]] = CommandArgs
    authority: ClassVar[frozenset[str]] = frozenset({"recipe", "arguments"})

    def __init__(self, workshop: Workshop) -> None:
        self.workshop = workshop

    @property
    def recipes(self) -> dict[str, Recipe]:
        """The recipes that this tool runs, by name."""
        return {**self.workshop.settings.recipes}

    def known_values(self, args: JsonObject) -> frozenset[str]:
        """Return the recipes, and the arguments that the chosen one names: the operator's words."""
        recipe = self.recipes.get(str(args["recipe"]))
        return frozenset(self.recipes) | (recipe.literals if recipe else frozenset())

    def resources(self, args: JsonObject) -> frozenset[str]:
        """Return the recipe.

        Raises:
            Refused: There is no such recipe.
        """
        self.recipe(args)
        return frozenset({f"command:{args['recipe']}"})

    def bounds(self) -> tuple[str, ...]:
        """Return the recipes, the sandbox and its limits."""
        return (
            f"recipes: {', '.join(_line(*one) for one in self.recipes.items())}",
            *workshop_bounds(self.workshop),
        )

    def recipe(self, args: JsonObject) -> tuple[Recipe, Sequence[str]]:
        """Return the recipe that is meant, and its whole command.

        Raises:
            Refused: There is no such recipe, or it does not take such arguments.
        """
        found = self.recipes.get(str(args["recipe"]))
        if found is None:
            raise Refused(
                f"There is no recipe {args['recipe']!r} for {self.name}.",
                advice=f"Recipes: {', '.join(self.recipes)}.",
            )
        more = args["arguments"]
        return found, found.command([str(one) for one in more] if isinstance(more, list) else [])


def workshop_bounds(workshop: Workshop) -> tuple[str, ...]:
    """Return what holds every program, in short lines for people."""
    settings, limits = workshop.settings, workshop.settings.limits()
    return (
        f"sandbox: {workshop.box.told()}",
        "no network; sees a private copy without secrets, system programs and Python only",
        f"ended at {limits.seconds:g} s, or {limits.cpu_seconds:g} s of CPU",
        f"{settings.memory_mb} MB, {limits.processes} processes, {settings.disk_mb} MB of disk",
        f"copies at most {settings.copy_mb} MB in {settings.copy_files} files",
    )


def listed(changes: Sequence[Change]) -> JsonObject:
    """Return changed names for a result, by what became of them; a bounded number of each."""
    found: dict[str, list[str]] = {"made": [], "changed": [], "removed": []}
    for change in changes:
        found[change.what].append(change.name)
    return {what: [*names[:_SHOWN]] for what, names in found.items() if names}


def counted(changes: Sequence[Change]) -> str:
    """Return in words how much a program changed."""
    counts = Counter(change.what for change in changes)
    return ", ".join(f"{counts[what]} {what}" for what in sorted(counts)) or "nothing changed"


def _line(name: str, recipe: Recipe) -> str:
    more = f" [{' | '.join(recipe.arguments)}]" if recipe.arguments else ""
    return plain(f"{name} = {' '.join(recipe.argv)}{more}", _LINE_CHARACTERS).replace("\n", " ")
