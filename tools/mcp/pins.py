"""What a run keeps of its servers: their tools, as they were when it began."""

from pydantic import Field

from tools.contract import JsonObject, Record


class Definition(Record):
    """One tool of a server, as it was when the run began."""

    name: str
    """What the server calls it."""
    called: str
    """What we call it: `SERVER_NAME`, letters, digits and `_` only."""
    description: str
    """The server's words, plain and in brief."""
    parameters: JsonObject
    """The closed schema of its arguments."""
    hints: dict[str, bool] = Field(default_factory=dict)
    """What the server says of its risk; nobody believes it."""
    digest: str
    """Of all that the server says of it."""

    @property
    def warns(self) -> bool:
        """Whether the server itself says that this tool changes or destroys something."""
        return self.hints.get("destructiveHint", False) or self.hints.get("readOnlyHint") is False


class Pinned(Record):
    """The tools of one server, as they were when the run began."""

    server: str
    tools: tuple[Definition, ...] = ()
    skipped: dict[str, str] = Field(default_factory=dict)
    """Tools that cannot be taken, and why."""


class Pins(Record):
    """What a run keeps of all its servers."""

    servers: dict[str, Pinned] = Field(default_factory=dict)
