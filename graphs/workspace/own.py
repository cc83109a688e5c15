"""The user's own tools, named in `surefoot.toml` as `package.module:object`."""

from collections.abc import Iterable, Sequence
from pkgutil import resolve_name

from tools.contract import Artifacts, Tool
from tools.errors import BadInput


def own_tools(names: Sequence[str], artifacts: Artifacts) -> list[Tool]:
    """Return the tools that these names stand for.

    Each is a tool, a list of tools, a LangChain tool, or a function that is given the store's
    artifacts and returns one of these.

    Args:
        names: `package.module:object`, importable where the agent runs.
        artifacts: For tools that keep what undo needs.

    Raises:
        BadInput: A name leads nowhere, or to something else.
    """
    return [tool for name in names for tool in _tools(name, artifacts)]


def _tools(name: str, artifacts: Artifacts) -> list[Tool]:
    found = _resolved(name)
    if not _is_tool(found) and not _is_list(found) and callable(found):
        found = found(artifacts)
    listed = [*found] if isinstance(found, list | tuple) else [found]
    return [_one(item, name) for item in listed]


def _resolved(name: str) -> object:
    problem = "write package.module:object"
    try:
        if ":" in name:
            return resolve_name(name)
    except (ImportError, AttributeError, ValueError) as fault:
        problem = str(fault)
    raise BadInput(
        f"The tool {name!r} cannot be found: {problem}.",
        advice="Install the package that it is in beside Surefoot, or mend the name.",
    )


def _is_list(found: object) -> bool:
    return isinstance(found, Iterable)


def _is_tool(found: object) -> bool:
    return isinstance(found, Tool) or _is_langchains(found)


def _is_langchains(found: object) -> bool:
    """Tell whether it is a LangChain tool, without loading LangChain to find out."""
    return any(
        kind.__name__ == "BaseTool" and kind.__module__.startswith("langchain_core.")
        for kind in type(found).__mro__
    )


def _one(found: object, name: str) -> Tool:
    if isinstance(found, Tool):
        return found
    if _is_langchains(found):
        from tools.langchain.adapter import adapted  # noqa: PLC0415  # loads LangChain

        return adapted(found)  # type: ignore[arg-type]  # told by name, just above
    raise BadInput(
        f"{name!r} is a {type(found).__name__}, not a tool.",
        advice="Name a tool, a LangChain tool, a list of them, or a function that makes one.",
    )
