"""The table `[tools.research]` of `surefoot.toml`."""

from typing import Final, Literal

from pydantic import Field, field_validator

from tools.contract import Record

Source = Literal["web", "wikipedia", "arxiv"]
SOURCES: Final[tuple[Source, ...]] = ("web", "wikipedia", "arxiv")


class ResearchSettings(Record):
    """Where an agent may search outside."""

    sources: tuple[Source, ...] = ()
    """Any of web, wikipedia and arxiv; none when it is not told."""
    queries: Literal["authority", "content"] = "authority"
    """What is sought is told to whoever is searched, and a secret can leave in a query: so it must
    come from people's words, or a person is asked. `content`: an agent may seek what it likes."""
    results: int = Field(default=5, ge=1, le=10)
    """How many results a search brings at most."""
    characters: int = Field(default=1_500, ge=100, le=20_000)
    """How much text of each."""
    seconds: float = Field(default=30.0, gt=0)
    """How long a search may take."""
    pause_seconds: float = Field(default=3.0, ge=0)
    """Time between two searches of one source, as arXiv asks for."""
    language: str = Field(default="en", pattern=r"^[a-z][a-z-]{1,11}$")
    """Of Wikipedia."""
    region: str = Field(default="wt-wt", pattern=r"^[a-z]{2}-[a-z]{2}$")
    """Of the web search; `wt-wt` is the whole world."""
    backend: str = Field(default="duckduckgo", pattern=r"^[a-z]+$")
    """The search engine, as the library ddgs calls it."""
    endpoints: dict[Source, str] = Field(default_factory=dict)
    """Other addresses than the public ones, e.g. a mirror."""

    @field_validator("endpoints")
    @classmethod
    def _addresses(cls, endpoints: dict[Source, str]) -> dict[Source, str]:
        for address in endpoints.values():
            if not address.startswith(("https://", "http://")):
                raise ValueError(f"{address[:80]!r} is no address")
        return endpoints

    def endpoint(self, source: Source) -> str:
        """Return the address that is asked; empty for that of the search engine's own library."""
        if source in self.endpoints:
            return self.endpoints[source]
        return {
            "web": "",
            "wikipedia": f"https://{self.language}.wikipedia.org/w/api.php",
            "arxiv": "https://export.arxiv.org/api/query",
        }[source]
