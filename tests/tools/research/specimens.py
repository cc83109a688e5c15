"""A search outside, of a world on loopback."""

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from pydantic import JsonValue

from tests.tools.research.answers import answering
from tools.contract import Artifacts, JsonObject, Tool
from tools.research.family import research_tools
from tools.research.settings import ResearchSettings
from tools.specimen import Specimen


class SearchWeb(Specimen):
    title = "search outside"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._until = ExitStack()
        self._answers = self._until.enter_context(answering())

    def tool(self, artifacts: Artifacts) -> Tool:
        endpoint = f"{self._answers.address}/web"
        settings = ResearchSettings(sources=("web",), endpoints={"web": endpoint}, pause_seconds=0)
        return research_tools(settings)[0]

    def actions(self) -> Sequence[JsonObject]:
        return [{"query": "red fox", "limit": 2}]

    def refused(self) -> Sequence[JsonObject]:
        return [{"query": "?"}, {"query": "fox", "limit": 99}, {"query": "fox", "site": "x"}]

    def world(self) -> JsonValue:
        """Return what the searched one would change: nothing, whatever it is asked."""
        return {}

    def close(self) -> None:
        self._until.close()
