"""The tools that search outside. They change nothing; they tell others what is sought."""

from typing import ClassVar, Final
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from tools.contract import EffectClass, JsonObject, Tool
from tools.errors import Refused
from tools.research.asking import Asking
from tools.research.settings import Source

DESCRIPTIONS: Final[dict[Source, str]] = {
    "web": "Search the web; returns titles, addresses and short texts.",
    "wikipedia": "Search Wikipedia; returns titles, addresses and how the articles begin.",
    "arxiv": "Search arXiv; returns titles, addresses, authors, dates and abstracts of papers.",
}
NAMES: Final[dict[Source, str]] = {
    "web": "search_web",
    "wikipedia": "search_wikipedia",
    "arxiv": "search_arxiv",
}


class SearchArgs(BaseModel):
    """What to look for."""

    model_config = ConfigDict(extra="forbid")

    query: str = Field(min_length=1, max_length=300, description="What to look for, in few words.")
    limit: int = Field(default=5, ge=1, le=10, description="How many results at most.")


class SearchOutside(Tool):
    """Searches one source; made by `search_tool`."""

    effect: ClassVar[EffectClass] = "read"
    args_schema = SearchArgs
    authority: ClassVar[frozenset[str]] = frozenset({"query"})
    content: ClassVar[frozenset[str]] = frozenset({"limit"})

    def __init__(self, asking: Asking) -> None:
        self._asking = asking

    def bounds(self) -> tuple[str, ...]:
        """Return whom it talks to."""
        told = self._asking.settings
        return (
            f"asks {self._host()}; the query is told to it",
            f"{told.results} results of {told.characters} characters, {told.seconds:g} s",
        )

    def resources(self, args: JsonObject) -> frozenset[str]:
        """Return the host that is asked."""
        del args
        return frozenset({f"host:{self._host()}"})

    def apply(self, args: JsonObject, key: str) -> JsonValue:
        """Search.

        Raises:
            Refused: The query has nothing to look for, or the source does not take it.
            Transient: The source is busy, cannot be reached or takes too long.
            Fatal: Its answer is not understood.
        """
        del key
        query = " ".join(str(args["query"]).split())
        if not any(sign.isalnum() for sign in query):
            raise Refused(f"There is nothing to look for in {query!r}.")
        found: list[JsonValue] = [*self._asking.ask(query, int(str(args["limit"])))]
        what = f"{len(found)} results" if found else "Nothing"
        told: JsonObject = {"summary": f"{what} for {query[:80]!r} from {self._host()}."}
        return told | {"source": self._host(), "results": found}

    def _host(self) -> str:
        settings, source = self._asking.settings, self._asking.source
        return urlsplit(settings.endpoint(source)).hostname or f"{settings.backend}.com"


def search_tool(asking: Asking) -> SearchOutside:
    """Return the tool that searches a source."""

    class Kind(SearchOutside):
        name = NAMES[asking.source]
        description = DESCRIPTIONS[asking.source]

    if asking.settings.queries == "content":
        Kind.authority, Kind.content = frozenset(), frozenset({"query", "limit"})
        Kind.outgoing = frozenset({"query"})
    return Kind(asking)
