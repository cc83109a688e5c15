"""The tools that search outside, as the settings allow."""

from importlib.util import find_spec
from typing import Final

from tools.contract import Tool
from tools.research.asking import Asking, missing
from tools.research.settings import ResearchSettings, Source
from tools.research.tools import search_tool

PACKAGES: Final[dict[Source, str]] = {"web": "ddgs", "wikipedia": "wikipedia", "arxiv": "arxiv"}


def research_tools(settings: ResearchSettings) -> list[Tool]:
    """Return the tools of the sources that the settings name; none when they name none.

    Raises:
        BadInput: A package is missing.
    """
    if settings.sources:
        require("langchain_community")
    for source in settings.sources:
        require(PACKAGES[source])
    return [search_tool(Asking(source, settings)) for source in dict.fromkeys(settings.sources)]


def require(package: str) -> None:
    """Raise when a package is not installed.

    Raises:
        BadInput: It is not.
    """
    if find_spec(package) is None:
        raise missing(package)
