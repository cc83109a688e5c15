"""Finds the specimens of a file that a user names."""

import importlib.util
import inspect
import sys
from pathlib import Path
from types import ModuleType

from tools.errors import BadInput
from tools.specimen import Specimen


def specimens_in(file: Path) -> list[type[Specimen]]:
    """Return the kinds of specimen that a Python file defines, in its order.

    The file is imported, so it must be one that you trust as much as a program that you run.

    Raises:
        BadInput: It is not there, cannot be imported, or defines none.
    """
    module = _imported(file)
    found = [
        kind
        for kind in vars(module).values()
        if inspect.isclass(kind)
        and issubclass(kind, Specimen)
        and not inspect.isabstract(kind)
        and kind.__module__ == module.__name__
    ]
    if not found:
        raise BadInput(
            f"{str(file)!r} defines no specimen, so there is nothing to try.",
            advice="Write a subclass of tools.specimen.Specimen in it; docs/tools.md has one.",
        )
    return found


def _imported(file: Path) -> ModuleType:
    name = f"surefoot_specimens_{file.stem}"
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None or not file.is_file():
        raise BadInput(
            f"{str(file)!r} is not a Python file.", advice="Name a file that ends in .py."
        )
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    # What stands beside it can be imported, as when Python runs it.
    sys.path.insert(0, str(file.resolve().parent))
    problem = ""
    try:
        spec.loader.exec_module(module)
    except Exception as fault:  # noqa: BLE001  # a user's file may raise anything
        problem = f"{type(fault).__name__}: {fault!s:.300}"
    finally:
        sys.path.pop(0)
    if problem:
        raise BadInput(f"{str(file)!r} cannot be imported: {problem}.")
    return module
