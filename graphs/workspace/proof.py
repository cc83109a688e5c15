"""Commands that tell whether a goal is reached, run on private copies of the workspace."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from graphs.workspace.checks import Came
from tools.errors import BadInput, ToolFault
from tools.sandbox.settings import Recipe
from tools.sandbox.workshop import Workshop


def success_checks(
    workshop: Workshop | None, names: Sequence[str]
) -> Mapping[str, Callable[[], Came]]:
    """Return what runs each of these recipes.

    Args:
        workshop: Where they are run; None when nothing is run.
        names: The recipes.

    Raises:
        BadInput: One is no recipe.
    """
    recipes = {} if workshop is None else workshop.settings.recipes
    unknown = [name for name in names if name not in recipes]
    if workshop is None or unknown:
        if not names:
            return {}
        raise BadInput(
            f"{', '.join(unknown)} in `success` of [workspace] is no recipe.",
            advice=f"Recipes of [tools.commands]: {', '.join(recipes) or 'none'}.",
        )
    return {name: partial(_run, workshop, name, recipes[name]) for name in names}


def passes(workshop: Workshop, names: Sequence[str]) -> bool:
    """Tell whether all of these recipes succeed.

    Raises:
        BadInput: One is no recipe.
    """
    return all(run().holds for run in success_checks(workshop, names).values())


def _run(workshop: Workshop, name: str, recipe: Recipe) -> Came:
    try:
        came = workshop.run(recipe.argv, cwd=recipe.cwd, seconds=recipe.seconds)
    except ToolFault as fault:
        return Came(holds=False, detail=f"{name} could not be run: {fault.what}")
    said = f" {came.last_words}" if came.last_words else ""
    return Came(holds=came.well, detail=f"{name}: {came.how}.{said}")
