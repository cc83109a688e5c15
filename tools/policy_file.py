"""The grammar of a policy file, and reading it so that every mistake is told in the file's words.

A rule has two kinds of conditions. *What it is about*: `tool`, `effect`, `resource`, `arguments`.
And *cautions*: that little is trusted (`tainted`, `confidence_below`, `money_above`), or that it
is unusual (`new_target`, `outside_hours`, `rate_above`, `cost_above`), which only `ask`, `deny`
and `alert` rules may state, and only in the direction of less trust. `tools/policy.py` says why.
"""

import fnmatch
import math
import re
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)
from pydantic_core import ErrorDetails

from tools.contract import EffectClass, Record
from tools.errors import BadPolicy

Decision = Literal["allow", "ask", "deny"]
RuleVerdict = Literal["allow", "ask", "deny", "alert"]
"""`alert` decides nothing: it is noted that the rule matched."""


def _listed(value: object) -> object:
    """Let one item stand for a list of one."""
    return value if isinstance(value, list | tuple) else [value]


def _plain(value: object) -> object:
    """Refuse what an argument cannot be compared with."""
    finite = not isinstance(value, float) or math.isfinite(value)
    if not (isinstance(value, bool | int | float | str) and finite):
        raise ValueError(f"must be a text, a finite number or a truth value, not {value!r:.60}")
    return value


def _compiles(pattern: str) -> str:
    """Refuse a glob that the matcher could not run."""
    try:
        re.compile(fnmatch.translate(pattern))
    except re.error as fault:
        raise ValueError(f"{pattern!r} is not a glob pattern ({fault})") from fault
    return pattern


Glob = Annotated[str, Field(min_length=1, max_length=500), AfterValidator(_compiles)]
Scalar = Annotated[bool | int | float | str, BeforeValidator(_plain)]
Globs = Annotated[tuple[Glob, ...], BeforeValidator(_listed), Field(min_length=1)]
Effects = Annotated[tuple[EffectClass, ...], BeforeValidator(_listed), Field(min_length=1)]
Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Share = Annotated[float, Field(strict=True, ge=0.0, le=1.0)]
Amount = Annotated[Number, Field(ge=0.0)]
Hours = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$")]
UNUSUAL = ("new_target", "outside_hours", "rate_above", "cost_above")
"""Cautions that compare an action with what was usual."""
CAUTIONS = ("tainted", "confidence_below", "money_above", *UNUSUAL)


class Predicate(Record):
    """What an argument must be; several conditions must all hold."""

    model_config = ConfigDict(validate_by_name=False, validate_by_alias=True)

    equals: Scalar | None = None
    one_of: tuple[Scalar, ...] | None = Field(default=None, alias="in", min_length=1)
    glob: Globs | None = None
    min: Number | None = None
    max: Number | None = None
    max_items: Annotated[int, Field(strict=True, ge=0)] | None = None

    @model_validator(mode="after")
    def _says_something(self) -> "Predicate":
        if not self.model_fields_set:
            raise ValueError(f"states no condition; possible: {', '.join(_keys(Predicate))}")
        return self


class Rule(Record):
    """One rule: what it is about, its cautions, and its verdict."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,59}$")
    tool: Globs | None = None
    """Globs over tool names; any may match."""
    effect: Effects | None = None
    resource: Globs | None = None
    """Globs over the names of what is touched, e.g. `table:*`."""
    arguments: dict[str, Predicate] = Field(default_factory=dict)
    tainted: Literal[True] | None = None
    confidence_below: Share | None = None
    money_above: Amount | None = None
    new_target: Literal[True] | None = None
    """The tool has not acted on this in any of the runs before."""
    outside_hours: Hours | None = None
    """Times of day in UTC, e.g. `08:00-18:00`; `22:00-06:00` goes past midnight."""
    rate_above: Amount | None = None
    """Effects of this run, in medians of the runs before."""
    cost_above: Amount | None = None
    """What the models of this run cost, in medians of the runs before."""
    learned: Annotated[Share, Field(gt=0.0, le=0.5)] | None = None
    """Share of rejections below which an ask rule need not ask, once people's answers prove it."""
    verdict: RuleVerdict
    reason: str = Field(default="", max_length=500)

    @property
    def cautious(self) -> bool:
        """Whether it applies only when something speaks against trusting the action."""
        return any(getattr(self, name) is not None for name in CAUTIONS)

    @model_validator(mode="after")
    def _means_something(self) -> "Rule":
        if self.id == "default":
            raise ValueError("id 'default' is the name of the verdict when no rule matches")
        if self.verdict == "allow" and self.cautious:
            raise ValueError(
                f"an allow rule may not depend on {', '.join(CAUTIONS[:-1])} or {CAUTIONS[-1]}; "
                "put an ask or deny rule with that condition before it"
            )
        if self.verdict == "alert" and not self.cautious:
            raise ValueError(f"an alert rule needs a caution: {', '.join(CAUTIONS)}")
        if self.learned is not None and (self.verdict != "ask" or self.cautious):
            raise ValueError("learned belongs to an ask rule without a caution")
        return self


class Thresholds(Record):
    """Confidence below which an allowed action is asked about, per effect class.

    There is none for irreversible actions: those are asked about at any confidence.
    """

    read: Share = 0.0
    reversible: Share = 0.6


class PolicyFile(Record):
    """A whole policy file."""

    thresholds: Thresholds = Thresholds()
    rules: tuple[Rule, ...] = Field(default=(), max_length=1000)

    @model_validator(mode="after")
    def _ids_differ(self) -> "PolicyFile":
        seen: set[str] = set()
        for number, rule in enumerate(self.rules, 1):
            if rule.id in seen:
                raise ValueError(f"rule {number}: id {rule.id!r} is taken by an earlier rule")
            seen.add(rule.id)
        return self


def read_policy(path: str | Path) -> str:
    """Return the text of a policy file.

    Raises:
        BadPolicy: It is missing, cannot be read, or is not UTF-8.
    """
    try:
        return Path(path).read_bytes().decode()
    except (OSError, ValueError) as fault:
        reason = fault.strerror if isinstance(fault, OSError) else "it is not UTF-8 text"
        raise BadPolicy(f"The policy {str(path)!r} cannot be read: {reason}.") from fault


def parse_policy(text: str, *, source: str) -> PolicyFile:
    """Return what a policy says.

    Args:
        text: TOML.
        source: Where it comes from, for messages.

    Raises:
        BadPolicy: Names source, rule, key, and what is allowed there.
    """
    try:
        data = tomllib.loads(text.encode().decode())  # refuses half characters, as a file would
    except (ValueError, RecursionError) as fault:
        raise BadPolicy(f"{source} is not TOML: {fault}.") from fault
    try:
        return PolicyFile.model_validate(data)
    except ValidationError as fault:
        problems = [_told(error, data) for error in fault.errors(include_url=False)]
        raise BadPolicy(
            f"{source} is not a policy: {'; '.join(problems[:5])}.",
            advice="Correct the file; `surefoot policy check FILE` validates it.",
        ) from fault


def _told(error: ErrorDetails, data: dict[str, object]) -> str:
    """Say where the mistake is, and what is allowed there."""
    where = _place(error["loc"], data)
    match error["type"]:
        case "extra_forbidden":
            said = f"is not known; allowed here: {', '.join(_keys(_owner(error['loc'])))}"
        case "missing":
            said = "is missing"
        case "value_error":
            said = str(error["ctx"]["error"])
        case kind:
            plain = _INPUT.sub("must ", error["msg"]).replace("must be True", "must be true")
            expected = _SHAPES.get(kind, plain)
            said = f"{expected}, not {error['input']!r:.60}"
    return f"{where} {said}" if where else said


_INPUT = re.compile(r"^(Input|String|Value) should ")
_SHAPES = {
    "model_type": "must be a table",
    "dict_type": "must be a table",
    "tuple_type": "must be a list",
    "too_short": "must not be empty",
}


def _place(loc: Sequence[int | str], data: dict[str, object]) -> str:
    """Return a pydantic location in the words of the file: `rule 2 ('drop'), key 'tool'`."""
    rest = [f"item {part + 1}" if isinstance(part, int) else part for part in loc]
    words = []
    if loc[:1] == ("rules",) and rest[1:]:
        words, rest = [_rule_name(int(loc[1]), data)], rest[2:]
    if rest:
        words.append(f"key {'.'.join(rest)!r}")
    return ", ".join(words)


def _rule_name(index: int, data: dict[str, object]) -> str:
    rules = data["rules"]
    rule = rules[index] if isinstance(rules, list) else None
    name = rule.get("id") if isinstance(rule, dict) else None
    return f"rule {index + 1}" + (f" ({name!r:.80})" if isinstance(name, str) else "")


def _owner(loc: Sequence[int | str]) -> type[BaseModel]:
    """Return the record that a key stands in."""
    if loc[0] == "thresholds":
        return Thresholds
    if loc[0] != "rules" or len(loc) == 1:
        return PolicyFile
    return Predicate if "arguments" in loc[:-1] else Rule


def _keys(record: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in record.model_fields.items()]
