"""Which model plays which part: chains of candidates, cheap first; plain JSON, no secrets."""

from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from tools.contract import Record
from tools.errors import BadInput

Role = Literal["planner", "decider", "verifier", "summarizer", "critic"]
Structured = Literal["json_schema", "json_mode", "text", "auto"]

OPENAI = "openai:"
OPENAI_URL = "https://api.openai.com/v1"
_EXAMPLE = 'Write "openai:gpt-5.4-mini", or any model name together with a base_url.'


class Candidate(Record):
    """One model that may play a part."""

    model: str = Field(min_length=1, max_length=200)
    """`openai:` and a model of OpenAI, or any name that the server at `base_url` knows."""
    base_url: str = Field(default="", max_length=500)
    """An OpenAI-compatible server, e.g. `http://localhost:11434/v1`; empty for OpenAI's own."""
    key_env: str = Field(default="", pattern=r"^([A-Za-z_][A-Za-z0-9_]{0,99})?$")
    """Name of the environment variable that holds the key. The key itself is stored nowhere.

    Empty means `OPENAI_API_KEY` for OpenAI's own server and no key at all for a `base_url`, so
    that no key reaches a server for which it was not meant.
    """
    structured: Structured = "auto"
    """How its answers are held to a schema; `auto` tries the schema and falls back to text."""
    max_output_tokens: int = Field(default=2048, ge=1, le=1_000_000)
    timeout_seconds: float = Field(default=60.0, gt=0.0, le=3600.0)
    input_usd_per_million: float | None = Field(default=None, ge=0.0, allow_inf_nan=False)
    """US dollars per million tokens; both or neither. Goes before any price list."""
    output_usd_per_million: float | None = Field(default=None, ge=0.0, allow_inf_nan=False)
    temperature: float | None = Field(default=None, ge=0.0, le=2.0)
    """None leaves it to the model; some accept no other."""
    logprobs: bool = False
    """Whether its server is asked how probable each token was; some refuse the question."""

    @property
    def name(self) -> str:
        """The model's name as its server knows it."""
        return self.model.removeprefix(OPENAI)

    @property
    def server(self) -> str:
        """Its server, the same for each way to write its URL."""
        return (self.base_url or OPENAI_URL).rstrip("/").lower()

    @property
    def identity(self) -> str:
        """Model and server in one text, for records."""
        return f"{self.name} at {self.base_url}" if self.base_url else self.model

    @model_validator(mode="after")
    def _usable(self) -> Self:
        if not self.base_url and (not self.model.startswith(OPENAI) or not self.name):
            raise BadInput(f"{self.model!r} names no model that can be reached.", advice=_EXAMPLE)
        if self.base_url:
            _check_url(self.base_url)
        if (self.input_usd_per_million is None) != (self.output_usd_per_million is None):
            raise BadInput(
                f"The price of {self.model!r} is half stated.",
                advice="State input_usd_per_million and output_usd_per_million, or neither.",
            )
        return self


class Roles(Record):
    """The chain of candidates of each role, tried in order; an empty one means: no model."""

    planner: tuple[Candidate, ...] = Field(default=(), max_length=8)
    decider: tuple[Candidate, ...] = Field(default=(), max_length=8)
    verifier: tuple[Candidate, ...] = Field(default=(), max_length=8)
    summarizer: tuple[Candidate, ...] = Field(default=(), max_length=8)
    critic: tuple[Candidate, ...] = Field(default=(), max_length=8)
    """Rates proposals that a person would be asked about."""
    prompts: dict[Role, str] = Field(default_factory=dict)
    """Role to the name of its prompt, where it is not the role's own."""

    def chain(self, role: Role) -> tuple[Candidate, ...]:
        """Return the candidates of a role, cheapest first."""
        chains: dict[Role, tuple[Candidate, ...]] = {
            "planner": self.planner,
            "decider": self.decider,
            "verifier": self.verifier,
            "summarizer": self.summarizer,
            "critic": self.critic,
        }
        return chains[role]

    @property
    def any_model(self) -> bool:
        """Whether any role has a model."""
        thinking = (self.planner, self.decider, self.verifier, self.summarizer, self.critic)
        return any(thinking)

    def prompt(self, role: Role) -> str:
        """Return the name of a role's prompt."""
        return self.prompts.get(role, role)

    @model_validator(mode="after")
    def _independent(self) -> Self:
        deciders = {(item.name, item.server) for item in self.decider}
        shared = [item for item in self.verifier if (item.name, item.server) in deciders]
        if shared and self.prompt("verifier") == self.prompt("decider"):
            raise BadInput(
                f"{shared[0].identity!r} would judge its own decisions: decider and verifier "
                "have the same model and the same prompt.",
                advice="Give the verifier another model, or its own prompt.",
            )
        return self


def _check_url(url: str) -> None:
    """Refuse what is no server, and what would carry a secret into settings and records."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        usable = False
    if not usable:
        raise BadInput(f"{url[:200]!r} is not the URL of a server.", advice=_EXAMPLE)
    if parts.username or parts.password or parts.query or parts.fragment:
        raise BadInput(
            f"The URL of the server {parts.hostname!r} carries more than host, port and path.",
            advice="Keep secrets in an environment variable and name that in key_env.",
        )
