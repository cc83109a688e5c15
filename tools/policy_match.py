"""Does a rule match? Read in two ways, so that doubt always works against the action.

The *narrow* reading is exact: every resource that is touched (and at least one) resembles a
pattern, and every argument is of the expected type. The *wide* reading gives an action no way
round a rule: any resource suffices, letter case does not matter, and an argument of an unexpected
type counts as a match. What matches narrowly also matches widely. An argument that is absent
matches in neither.
"""

import math
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase

from pydantic import JsonValue

from tools.contract import Action, EffectClass, Record
from tools.policy_file import Predicate, Rule, Scalar


class Facts(Record):
    """All that a verdict may depend on."""

    action: Action
    effect: EffectClass
    resources: tuple[str, ...]
    """Names of everything that the action touches."""
    confidence: float
    """From 0 to 1; what is not a number counts as 0."""
    tainted: bool
    """Whether an authority argument comes from somewhere that is not trusted."""
    in_plan: bool = True
    """Whether the checked plan names the tool for this step."""
    granted: bool = False
    """Whether the user granted this action although it is not in the plan."""
    entrusted: bool = False
    """Whether a person allowed actions of this kind beforehand, with values of trusted origin."""
    asked: bool = True
    """Whether people's words call for it, or leave it to a text that they name."""
    sourced: bool = True
    """Whether what has no trusted origin was read from a place that people named."""
    carries: bool = False
    """Whether it would let out a secret, or an address that nobody trusted has named."""
    money: float = 0.0
    """Money at stake; what is not a number counts as unbounded."""

    protected: bool = False
    """Whether it touches what nobody changes alone: tests, metrics, the agent's own settings."""
    drifts: bool = False
    """Whether it touches what its step did not predict."""
    unsupported: bool = False
    """Whether it rests on a claim that stands in nothing that was read."""
    new_target: bool = False
    """Whether the tool has not acted on this in any of the runs before."""
    minute: int | None = None
    """Minute of the day (UTC) at which it would run; None where no rule asks."""
    rate: float = 0.0
    """Effects of this run, in medians of the runs before; 0 when there were too few."""
    cost: float = 0.0
    """What the models of this run cost, in medians of the runs before; the same."""
    risk: float = 1.0
    """Upper bound of the share that people reject of such actions; 1 when nothing is known."""
    waived: bool = False
    """Whether a person said that such actions need no question for a while."""

    @property
    def certainty(self) -> float:
        """The confidence, whatever was given for it."""
        return 0.0 if math.isnan(self.confidence) else self.confidence

    @property
    def stake(self) -> float:
        """The money, whatever was given for it."""
        return math.inf if math.isnan(self.money) else self.money


def is_about(rule: Rule, tool: str, effect: EffectClass) -> bool:
    """Tell whether a rule speaks of this tool and effect class."""
    named = rule.tool is None or any(fnmatchcase(tool, glob) for glob in rule.tool)
    return named and (rule.effect is None or effect in rule.effect)


def unmet(rule: Rule, facts: Facts, *, narrow: bool) -> str:
    """Return the first condition of a rule that does not hold, in words; empty when all hold."""
    return next(_unmet(rule, facts, narrow=narrow), "")


def _unmet(rule: Rule, facts: Facts, *, narrow: bool) -> Iterator[str]:
    if not is_about(rule, facts.action.tool, facts.effect):
        yield f"it is not about {facts.action.tool!r:.80} ({facts.effect})"
    if rule.resource is not None and not _touches(rule.resource, facts.resources, narrow=narrow):
        shown = ", ".join(facts.resources[:3])[:200] or "nothing"
        yield f"its resources do not fit what is touched: {shown}"
    for name, predicate in rule.arguments.items():
        if not _meets(predicate, facts.action.args, name, narrow=narrow):
            yield f"the argument {name!r:.80} does not fit"
    yield from _trusted(rule, facts)


def _trusted(rule: Rule, facts: Facts) -> Iterator[str]:
    """Yield the cautions of a rule that have nothing to say against the action."""
    if rule.tainted and not facts.tainted:
        yield "the action is not tainted"
    if rule.confidence_below is not None and facts.certainty >= rule.confidence_below:
        yield f"the confidence {facts.certainty:.2f} is not below {rule.confidence_below:g}"
    if rule.money_above is not None and facts.stake <= rule.money_above:
        yield f"the money {facts.stake:.2f} is not above {rule.money_above:g}"
    yield from _usual(rule, facts)


def _usual(rule: Rule, facts: Facts) -> Iterator[str]:
    """Yield the cautions of a rule about the unusual that find all as ever."""
    if rule.new_target and not facts.new_target:
        yield "the tool has acted on this before"
    if rule.outside_hours is not None and not _is_outside(rule.outside_hours, facts.minute):
        yield f"it is within {rule.outside_hours}"
    for name, seen, limit in (
        ("rate", facts.rate, rule.rate_above),
        ("cost", facts.cost, rule.cost_above),
    ):
        if limit is not None and not (seen > limit or math.isnan(seen)):
            yield f"the {name} of {seen:.1f} medians is not above {limit:g}"


def _is_outside(hours: str, minute: int | None) -> bool:
    if minute is None:
        return False
    first, last = (int(text[:2]) * 60 + int(text[3:]) for text in hours.split("-"))
    within = first <= minute < last if first <= last else not last <= minute < first
    return not within


def _touches(globs: Iterable[str], resources: Iterable[str], *, narrow: bool) -> bool:
    alike = [_resembles(name, globs, narrow=narrow) for name in resources]
    return bool(alike) and (all(alike) if narrow else any(alike))


def _resembles(text: str, globs: Iterable[str], *, narrow: bool) -> bool:
    return any(
        fnmatchcase(text, glob) or (not narrow and fnmatchcase(text.casefold(), glob.casefold()))
        for glob in globs
    )


def _meets(predicate: Predicate, args: dict[str, JsonValue], name: str, *, narrow: bool) -> bool:
    """Tell whether an argument meets every condition; doubt counts as yes in the wide reading."""
    if name not in args:
        return False
    held = _held(predicate, args[name], narrow=narrow)
    return all(one if one is not None else not narrow for one in held)


def _held(predicate: Predicate, value: JsonValue, *, narrow: bool) -> Iterator[bool | None]:
    """Yield for each condition yes, no, or None where the type of the value does not fit."""
    if predicate.equals is not None:
        yield _is_among(value, (predicate.equals,), narrow=narrow)
    if predicate.one_of is not None:
        yield _is_among(value, predicate.one_of, narrow=narrow)
    if predicate.glob is not None:
        yield _resembles(value, predicate.glob, narrow=narrow) if isinstance(value, str) else None
    if predicate.max_items is not None:
        yield len(value) <= predicate.max_items if isinstance(value, list | dict) else None
    yield from _within(predicate, value)


def _within(predicate: Predicate, value: JsonValue) -> Iterator[bool | None]:
    number = value if isinstance(value, int | float) and _kind(value) == "number" else None
    if predicate.min is not None:
        yield None if number is None else number >= predicate.min
    if predicate.max is not None:
        yield None if number is None else number <= predicate.max


def _is_among(value: JsonValue, choices: Iterable[Scalar], *, narrow: bool) -> bool | None:
    """Compare like with like: True is not 1, and the text "1" is not the number."""
    peers = [choice for choice in choices if _kind(choice) == _kind(value)]
    if not peers:
        return None
    return _folded(value, narrow=narrow) in [_folded(choice, narrow=narrow) for choice in peers]


def _folded(value: JsonValue, *, narrow: bool) -> JsonValue:
    return value.casefold() if isinstance(value, str) and not narrow else value


def _kind(value: JsonValue) -> str:
    match value:
        case bool():
            return "truth"
        case str():
            return "text"
        case int() | float() if not (isinstance(value, float) and math.isnan(value)):
            return "number"
        case _:
            return "other"
