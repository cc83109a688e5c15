"""A declared request: what settings say of one thing that may be done at a server."""

import re
from collections.abc import Iterator
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, Field, JsonValue, create_model, model_validator
from pydantic import ConfigDict as Config

from tools.contract import EffectClass, JsonObject, Record
from tools.errors import Refused
from tools.http.template import UrlTemplate, gaps_in

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
REPEATABLE: frozenset[Method] = frozenset({"GET", "PUT", "DELETE"})
"""Methods that a server may be sent twice without doing more (RFC 9110)."""
OURS = frozenset(
    {
        *("host", "content-length", "content-type", "transfer-encoding", "connection", "te"),
        *("upgrade", "cookie", "authorization", "proxy-authorization", "accept-encoding"),
    }
)
"""Headers that are not for settings to state."""
SPECIAL = frozenset({"body", "result", "state", "idempotency_key"})
"""Names in templates that are no parameters."""
RESULT = frozenset(
    {"summary", "status", "value", "truncated", "size", "location", "idempotency_key", "state"}
)
"""Fields of what a tool returns of an answer."""

_HEADER = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,60}")


def _header_name(text: str) -> str:
    if text and (not _HEADER.fullmatch(text) or text.lower() in OURS):
        raise ValueError(f"{text!r} is no header that settings may state")
    return text


def _header_value(text: str) -> str:
    if not text.isascii() or not text.isprintable():
        raise ValueError(f"{text!r} is nothing that a header may hold")
    return text


def _url(text: str) -> str:
    try:
        return UrlTemplate(text).text
    except Refused as fault:
        raise ValueError(fault.what) from fault


HeaderName = Annotated[str, AfterValidator(_header_name)]
HeaderValue = Annotated[str, AfterValidator(_header_value)]
Url = Annotated[str, AfterValidator(_url)]


class Parameter(Record):
    """One argument of an endpoint."""

    type: Literal["string", "integer", "number", "boolean"] = "string"
    description: str = ""
    role: Literal["authority", "content"] = "authority"
    """`authority` when it decides who, where or how much; `content` when it is only carried."""
    outgoing: bool = True
    """Of content: whether others read it, so that no address may be in it that nobody named."""
    choices: tuple[str, ...] = ()
    pattern: str = ""
    """Regular expression that the whole text must match."""
    min: float | None = None
    max: float | None = None
    max_length: int = Field(default=1_000, ge=1)

    def field(self) -> tuple[object, object]:
        """Return it as a pydantic field."""
        if self.choices:
            return Literal[self.choices], Field(description=self.description)
        if self.type == "string":
            pattern = f"^(?:{self.pattern})$" if self.pattern else None
            text = Field(description=self.description, max_length=self.max_length, pattern=pattern)
            return str, text
        if self.type == "boolean":
            return bool, Field(description=self.description)
        number = Field(
            description=self.description, ge=self.min, le=self.max, allow_inf_nan=False, strict=True
        )
        return (int if self.type == "integer" else float), number


class Probe(Record):
    """A GET that tells whether an idempotency key was seen: 404 for no."""

    url: Url
    found: str = ""
    """Dotted path to what was made, in the answer; absent or empty there means no."""


class Compensation(Record):
    """The request that takes the effect back."""

    method: Method = "DELETE"
    url: Url
    headers: dict[HeaderName, HeaderValue] = Field(default_factory=dict)
    body: JsonValue = None


class Endpoint(Record):
    """One thing that may be done at a server; becomes a tool of its own, `http_<name>`.

    `{parameter}` in URLs and bodies is filled in. So are, after the effect, `{result.id}` (from
    its answer), `{state}` (what `state` said before) and `{idempotency_key}`.
    """

    name: str = Field(pattern=r"^[a-z][a-z0-9_]{0,40}$")
    description: str = Field(min_length=1, max_length=1_000)
    method: Method
    url: Url
    headers: dict[HeaderName, HeaderValue] = Field(default_factory=dict)
    parameters: dict[str, Parameter] = Field(default_factory=dict)
    body: JsonValue = None
    """JSON with gaps; without one, an object of the parameters that the URL does not use."""
    free_body: bool = False
    """Whether the whole body is one argument, `body`, with any JSON object."""
    reads: bool = False
    """Whether a POST only looks, e.g. a search."""
    verbs: tuple[str, ...] = ()
    """Words with which people ask for it, e.g. `order`; none when any goal may need it."""
    idempotency_header: HeaderName = ""
    """Header that carries the idempotency key, e.g. `Idempotency-Key`."""
    probe: Probe | None = None
    state: Url | None = None
    """GET of what the effect changes; compared before undoing."""
    compensation: Compensation | None = None
    """Makes it reversible; without one it is irreversible."""
    secret_fields: tuple[str, ...] = ()
    """Fields of the answer that nobody may see."""

    @property
    def effect(self) -> EffectClass:
        """How much harm it can do."""
        if self.method == "GET" or self.reads:
            return "read"
        return "reversible" if self.compensation else "irreversible"

    @property
    def destroys(self) -> bool:
        """Whether it ends something that is there; what, a person must have said."""
        return self.method == "DELETE"

    @property
    def outgoing(self) -> frozenset[str]:
        """The parameters that reach other people."""
        if self.effect == "read":
            return frozenset()
        carried = (name for name, one in self.parameters.items() if one.role == "content")
        return frozenset(name for name in carried if self.parameters[name].outgoing)

    @property
    def repeatable(self) -> bool:
        """Whether the request may be sent again when its answer was lost."""
        return bool(self.idempotency_header) or self.method in REPEATABLE

    def arguments(self) -> type[BaseModel]:
        """Return the schema of the arguments, the same whatever order settings were kept in."""
        fields = {name: one.field() for name, one in sorted(self.parameters.items())}
        if self.free_body:
            fields["body"] = (JsonObject, Field(description="The JSON object that is sent."))
        made: type[BaseModel] = create_model(  # type: ignore[call-overload]  # made from data
            f"Http_{self.name}_args", __config__=Config(extra="forbid"), **fields
        )
        return made

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        problem = next(self._problems(), "")
        if problem:
            raise ValueError(f"endpoint {self.name!r}: {problem}")
        return self

    def _problems(self) -> Iterator[str]:
        wrong = [name for name in self.parameters if name in SPECIAL or not name.isidentifier()]
        if wrong:
            yield f"{wrong[0]!r} cannot be the name of a parameter"
        if self.free_body and self.body is not None:
            yield "has both `body` and `free_body`"
        if self.method == "GET" and (self.body is not None or self.free_body):
            yield "is a GET, which has no body"
        if self.reads and self.compensation:
            yield "only reads, so there is nothing to compensate"
        if RESULT & {*self.secret_fields}:
            yield f"{min(RESULT & {*self.secret_fields})!r} cannot be a secret field"
        yield from self._gap_problems()
        yield from self._compensation_problems()

    def _gap_problems(self) -> Iterator[str]:
        """Yield the gaps that nothing will ever fill."""
        before = frozenset(self.parameters)
        used = {"url": (UrlTemplate(self.url).names, before), "body": (gaps_in(self.body), before)}
        after = before | SPECIAL
        if self.probe:
            keyed = before | {"idempotency_key"}
            used["probe"] = (UrlTemplate(self.probe.url).names, keyed)
        if self.state:
            used["state"] = (UrlTemplate(self.state).names, before | {"result", "idempotency_key"})
        if self.compensation:
            used["compensation"] = (
                UrlTemplate(self.compensation.url).names | gaps_in(self.compensation.body),
                after,
            )
        for where, (names, known) in used.items():
            for name in sorted(names):
                if name.partition(".")[0] not in known:
                    yield f"{where} needs {name!r}, which is no parameter"

    def _compensation_problems(self) -> Iterator[str]:
        undoing = self.compensation
        if undoing is None:
            return
        if undoing.method not in REPEATABLE and not self.idempotency_header:
            yield f"a compensation by {undoing.method} needs an `idempotency_header`"
        names = UrlTemplate(undoing.url).names | gaps_in(undoing.body)
        roots = {name.partition(".")[0] for name in names}
        if "state" in roots and not self.state:
            yield "its compensation needs the `state`, which is not declared"
        if "state" in roots and self.secret_fields:
            yield "its compensation would bring back secrets, which are not kept"
        if "result" in roots and not self.probe:
            yield "its compensation needs the result, so it needs a `probe` that finds it again"
