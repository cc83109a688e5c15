"""The table `[tools.http]` of `surefoot.toml`."""

from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from tools.contract import Record
from tools.errors import BadInput
from tools.http.allow import Allowed
from tools.http.credentials import Credential
from tools.http.endpoint import Endpoint
from tools.http.networks import Networks


def _place(text: str) -> str:
    try:
        return Allowed.parse(text).text
    except BadInput as fault:
        raise ValueError(fault.what) from fault


def _network(text: str) -> str:
    try:
        Networks.parse([text])
    except BadInput as fault:
        raise ValueError(fault.what) from fault
    return text


Place = Annotated[str, AfterValidator(_place)]
Network = Annotated[str, AfterValidator(_network)]

TYPES = (
    *("text/*", "application/json", "application/*+json", "application/xml"),
    *("application/*+xml", "application/xhtml+xml", "application/yaml", "application/x-ndjson"),
)


class HttpSettings(Record):
    """What may be done over HTTP; nothing, unless it is named."""

    allow: tuple[Place, ...] = ()
    """What `http_get` may read: `docs.python.org/3`, `https://*.example.com`, `https://*`."""
    deny: tuple[Place, ...] = ()
    """What it may not read, although it is allowed."""
    allow_networks: tuple[Network, ...] = ()
    """Private networks that hosts may be in which are named without a wildcard."""
    credentials: tuple[Credential, ...] = ()
    """Tokens from the environment, each for one origin."""
    endpoints: tuple[Endpoint, ...] = ()
    """Declared requests; each becomes a tool."""
    seconds: float = Field(default=20.0, gt=0, le=300)
    """How long one exchange may take, from looking up the name to the last byte."""
    connect_seconds: float = Field(default=5.0, gt=0, le=60)
    max_bytes: int = Field(default=2_000_000, ge=1_000, le=50_000_000)
    """How much of a body is read, after decompression."""
    max_characters: int = Field(default=20_000, ge=100, le=200_000)
    """How much text one call returns; the rest is read on from `start`."""
    redirects: int = Field(default=5, ge=0, le=20)
    types: tuple[str, ...] = TYPES
    """Globs of the media types that are read."""
    cache_seconds: float = Field(default=3_600.0, ge=0)
    """How long an answer is good for at most, whatever its server says."""
    cache_entries: int = Field(default=64, ge=0, le=10_000)

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        names = [endpoint.name for endpoint in self.endpoints]
        twice = {name for name in names if names.count(name) > 1} | ({"get"} & {*names})
        if twice:
            raise ValueError(f"the endpoint name {min(twice)!r} is taken")
        return self
