"""The table `[tools.mcp]` of `surefoot.toml`: servers, and what their tools are taken for."""

import re
from typing import Final
from urllib.parse import urlsplit

from pydantic import Field, JsonValue, field_validator, model_validator

from tools.contract import EffectClass, Record, Trust
from tools.mcp.references import refuse_unknown

SERVER_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,30}")


class Ask(Record):
    """A call of another tool of the same server; `$args.NAME`, `$result.NAME` stand for values."""

    tool: str
    args: dict[str, JsonValue] = Field(default_factory=dict)

    @field_validator("args")
    @classmethod
    def _known(cls, args: dict[str, JsonValue]) -> dict[str, JsonValue]:
        refuse_unknown(args)
        return args


class Look(Ask):
    """A call that shows the one thing that an action touches, and changes nothing."""

    fields: tuple[str, ...] = ()
    """What of the answer counts; all of it when there are none. Leave out times of changes."""
    absent: str = ""
    """Part of the error that says that there is no such thing."""


class Override(Record):
    """What you say of a tool; what you do not say is taken at its worst."""

    effect: EffectClass = "irreversible"
    """`reversible` needs `look` and `undo`."""
    authority: tuple[str, ...] | None = None
    """Arguments that decide who, where and how much; all of them when it is not told."""
    trust: Trust = "untrusted"
    """`trusted` only when no outsider can write any of the output."""
    trusted_fields: tuple[str, ...] = ()
    """Fields of its result that no outsider can write, e.g. `data.number`."""
    outgoing: tuple[str, ...] | None = None
    """Content arguments that reach other people; all of them when it is not told."""
    verbs: tuple[str, ...] = ()
    """Words with which people ask for it; any goal may need it when there are none."""
    destroys: bool = False
    """Whether it ends something that is there; a server that says so itself is believed."""
    resources: tuple[str, ...] = ()
    """What it touches, e.g. `issue:{repo}/{number}`; the server itself when it is not told."""
    look: Look | None = None
    """Shows what is touched: the preview, the conflict of an undo, and whether it happened."""
    happened: dict[str, JsonValue] = Field(default_factory=dict)
    """Fields that `look` (or `probe`) shows once it has happened, e.g. `{text = "$args.text"}`."""
    probe: Ask | None = None
    """Shows whether it happened, when `look` cannot."""
    undo: Ask | None = None
    """Takes it back."""
    undo_new: Ask | None = None
    """Takes it back when there was nothing before; `undo` when it is not told."""
    undone: dict[str, JsonValue] = Field(default_factory=dict)
    """Fields that `look` shows once it is taken back; as before when it is not told."""

    @model_validator(mode="after")
    def _whole(self) -> "Override":
        refuse_unknown(self.happened)
        refuse_unknown(self.undone)
        if self.effect == "reversible" and (self.look is None or self.undo is None):
            raise ValueError("a reversible tool needs `look` and `undo`")
        if self.effect == "reversible" and not self.happened:
            raise ValueError("a reversible tool needs `happened`, to know whether it has")
        return self


class ServerSettings(Record):
    """One server: a program that is started here (`command`), or one that is reached (`url`)."""

    command: str = ""
    args: tuple[str, ...] = ()
    env: dict[str, str] = Field(default_factory=dict)
    """Variables of the program, besides HOME, LOGNAME, PATH, SHELL, TERM and USER; `${NAME}` stands
    for one of ours, and only that text is ever stored."""
    cwd: str = ""
    """Folder of the program; that of this process when it is not told."""
    url: str = ""
    headers: dict[str, str] = Field(default_factory=dict)
    """Sent with each request; `${NAME}` as for `env`."""
    only: tuple[str, ...] = ("*",)
    """Patterns of the server's own names of tools; no others are taken."""
    tools: dict[str, Override] = Field(default_factory=dict)
    """By the server's own names."""
    start_seconds: float = Field(default=30.0, gt=0, le=600)
    call_seconds: float = Field(default=60.0, gt=0, le=3600)
    restarts: int = Field(default=3, ge=0, le=100)
    """How often a server that ended, hung or flooded is started again before it works again."""
    message_bytes: int = Field(default=4_194_304, ge=1_024)
    """A longer message ends the server."""
    messages: int = Field(default=2_000, ge=10)
    """More than these without being asked end it too."""
    output_characters: int = Field(default=100_000, ge=1_000)
    """What is kept of a result."""

    @model_validator(mode="after")
    def _one_way(self) -> "ServerSettings":
        if bool(self.command) == bool(self.url):
            raise ValueError("a server has either a `command` or a `url`")
        if self.url and not self.url.startswith(("http://", "https://")):
            raise ValueError("the `url` of a server begins with https:// or http://")
        if self.headers and self.url.startswith("http://") and not _is_here(self.url):
            raise ValueError("headers are sent over https:// only, or to this machine")
        return self


def _is_here(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    return host in {"localhost", "::1"} or re.fullmatch(r"127(\.\d{1,3}){3}", host) is not None


class McpSettings(Record):
    """Servers by name: the tables `[tools.mcp.NAME]`."""

    servers: dict[str, ServerSettings] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _by_name(cls, given: object) -> object:
        """Take the tables of the file as they stand."""
        if isinstance(given, dict) and set(given) != {"servers"}:
            return {"servers": given}
        return given

    @field_validator("servers")
    @classmethod
    def _named(cls, servers: dict[str, ServerSettings]) -> dict[str, ServerSettings]:
        for name in servers:
            if not SERVER_NAME.fullmatch(name):
                raise ValueError(f"a server may not be called {name[:60]!r}: small letters, digits")
        return servers
