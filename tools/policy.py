"""The policy: may this action run, must a person be asked, or not at all?

Rules are tried in order and the first that matches decides; when none does, the answer is deny.
Trust must only ever help: with more confidence, without taint or within the plan the verdict never
gets stricter, with less trust it never gets laxer, whatever a team writes into its file. Plain
first match cannot promise that: `tainted -> ask` in front of `deny` would let taint soften a
denial. So the design leaves no room for it:

1. Conditions on trust are *cautions* (`tainted`, `confidence_below`, `money_above`, and what is
   unusual). Only ask, deny and alert rules may state them, and only towards less trust; an alert
   decides nothing.
2. A caution that matches does not end the search. Its verdict is combined with whatever follows,
   and the stricter of the two stands.
3. Hence the rule that ends the search never depends on trust, and less trust only adds verdicts.
4. The floors, which no rule can lower, are combined in the same way.
5. An ask rule may be *eased*: where a person waived the question for a while, or where it says
   `learned` and people's answers prove a risk below that. Cautions and floors are never eased, nor
   is what cannot be undone or is tainted.

Doubt works against the action (`tools/policy_match.py`): an allow rule is read narrowly; ask and
deny rules are read widely, but end the search only where they match narrowly. So a rule that asks
about one table shields no other table that the same action touches from the rules that follow.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple, Self

from tools.contract import EffectClass, Record
from tools.policy_file import UNUSUAL, Decision, Rule, RuleVerdict, parse_policy, read_policy
from tools.policy_match import Facts, is_about, unmet

__all__ = ["Considered", "Decision", "Facts", "Policy", "Rule", "Verdict", "explain_verdict"]

EASED = "eased"
"""Follows the id of an ask rule in a verdict that did without the question."""
_STRICTNESS: Mapping[RuleVerdict, int] = {"alert": -1, "allow": 0, "ask": 1, "deny": 2}


class Verdict(Record):
    """What the policy says, by which rule, and why."""

    decision: Decision
    rule: str
    """Id of a rule, `default`, or `floor:...`."""
    reason: str
    alerts: tuple[str, ...] = ()
    """Rules that wanted it noted, whatever was decided."""


class Considered(Record):
    """One rule or floor on the way to a verdict."""

    rule: str
    decision: RuleVerdict
    matched: bool
    why: str
    """The rule's reason when it matched, else the condition that does not hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Ordered rules, and the confidence below which an allowed action is asked about."""

    source: str
    """Where the text comes from, for messages."""
    text: str
    """The whole file; the policy can be rebuilt from it."""
    rules: tuple[Rule, ...]
    thresholds: Mapping[EffectClass, float]
    """Minimum confidence per effect class; 1.0 for irreversible, which is asked about anyway."""

    @classmethod
    def from_toml(cls, text: str, *, source: str) -> Self:
        """Return the policy that a TOML text states.

        Args:
            text: The whole file.
            source: Where it comes from, for messages.

        Raises:
            BadPolicy: The text is not a policy; the message names rule, key and what is allowed.
        """
        stated = parse_policy(text, source=source)
        thresholds: dict[EffectClass, float] = {
            "read": stated.thresholds.read,
            "reversible": stated.thresholds.reversible,
            "irreversible": 1.0,
        }
        return cls(source=source, text=text, rules=stated.rules, thresholds=thresholds)

    @classmethod
    def from_file(cls, path: str | Path) -> Self:
        """Return the policy in a file.

        Raises:
            BadPolicy: The file cannot be read, or is not a policy.
        """
        return cls.from_toml(read_policy(path), source=str(path))

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of the text: what `sha256sum` says of the file."""
        return sha256(self.text.encode()).hexdigest()

    def judge(self, facts: Facts) -> Verdict:
        """Return the verdict. Total: whatever the facts are, it never raises."""
        matched = [one for one in _considered(self, facts) if one.matched]
        strictest = max(matched, key=lambda one: _STRICTNESS[one.decision])
        alerts = tuple(one.rule for one in matched if one.decision == "alert")
        # An alert is never the strictest: whatever ends the search decides something.
        decision = "deny" if strictest.decision == "alert" else strictest.decision
        return Verdict(decision=decision, rule=strictest.rule, reason=strictest.why, alerts=alerts)

    def learns(self, tool: str, effect: EffectClass) -> float | None:
        """Return the strictest share that rules about a tool want learned; None for none."""
        wanted = [
            rule.learned
            for rule in self.rules
            if rule.learned is not None and is_about(rule, tool, effect)
        ]
        return min(wanted, default=None)

    @property
    def watches(self) -> bool:
        """Whether a rule wants to know what is unusual."""
        return any(getattr(rule, name) is not None for rule in self.rules for name in UNUSUAL)

    def never(self, tool: str, effect: EffectClass) -> bool:
        """Tell whether every use of a tool is denied, whatever its arguments and the trust."""
        for rule in self.rules:
            if not is_about(rule, tool, effect) or rule.verdict == "alert":
                continue
            if rule.verdict != "deny":
                return False
            if not (rule.cautious or rule.resource or rule.arguments):
                return True
        return True


def explain_verdict(policy: Policy, facts: Facts) -> list[Considered]:
    """Return every rule and floor that was considered, in order, matched or not, and why.

    Rules after the one that ended the search are not among them. The verdict is the strictest of
    those that matched, the first among equals.
    """
    return list(_considered(policy, facts))


def _considered(policy: Policy, facts: Facts) -> Iterator[Considered]:
    yield from _by_rules(policy, facts)
    # What a person allowed beforehand has to be as sure as what can be undone.
    lenient = facts.entrusted and facts.effect == "irreversible"
    yield from _by_floors(facts, policy.thresholds["reversible" if lenient else facts.effect])


def _by_rules(policy: Policy, facts: Facts) -> Iterator[Considered]:
    """Walk the rules up to the one that ends the search."""
    for rule in policy.rules:
        missing = unmet(rule, facts, narrow=rule.verdict == "allow")
        eased = "" if missing else _eased(rule, facts)
        why = missing or eased or rule.reason or f"Rule {rule.id!r} says {rule.verdict}."
        yield Considered(
            rule=f"{rule.id}:{EASED}" if eased else rule.id,
            decision="allow" if eased else rule.verdict,
            matched=not missing,
            why=why,
        )
        if not (missing or rule.cautious or unmet(rule, facts, narrow=True)):
            return
    why = f"No rule of {policy.source} settles what to do with {facts.action.tool!r:.80}."
    yield Considered(rule="default", decision="deny", matched=True, why=why)


def _eased(rule: Rule, facts: Facts) -> str:
    """Say why an ask rule need not ask this time; empty when it must."""
    if rule.verdict != "ask" or rule.cautious or facts.effect == "irreversible" or facts.tainted:
        return ""
    if facts.waived:
        return "A person said that such actions need no question for now."
    if rule.learned is not None and facts.risk <= rule.learned:
        return f"People reject at most {facts.risk:.1%} of such actions, as their answers prove."
    return ""


class Floor(NamedTuple):
    """What no rule can lower."""

    name: str
    decision: Decision
    why: str
    applies: Callable[[Facts], bool]


def _acts(facts: Facts) -> bool:
    return facts.effect != "read"


def _is_final(facts: Facts) -> bool:
    return facts.effect == "irreversible"


_FLOORS: tuple[Floor, ...] = (
    Floor(
        "outside-plan",
        "deny",
        "What cannot be undone runs only within the plan or by the user's grant.",
        lambda facts: _is_final(facts) and not (facts.in_plan or facts.granted),
    ),
    Floor(
        "not-asked-for",
        "deny",
        "Nobody's words call for this; say that it is wanted, and it can be asked about.",
        lambda facts: not facts.asked and (_acts(facts) or facts.tainted),
    ),
    Floor(
        "unsourced",
        "deny",
        "A value that decides who, where or how much stands in no place that people named.",
        lambda facts: facts.tainted and not facts.sourced,
    ),
    Floor(
        "carries",
        "deny",
        "It would let out an address or a link that nobody whom you trust has named.",
        lambda facts: _acts(facts) and facts.carries,
    ),
    Floor(
        "protected",
        "ask",
        "It touches what no agent changes alone: what it is measured by, or what holds it.",
        lambda facts: _acts(facts) and facts.protected,
    ),
    Floor(
        "drift",
        "ask",
        "It touches what the plan did not predict for this step.",
        lambda facts: _acts(facts) and facts.drifts,
    ),
    Floor(
        "unsupported",
        "ask",
        "It rests on a claim that stands in nothing that was read.",
        lambda facts: _acts(facts) and facts.unsupported,
    ),
    Floor(
        "irreversible",
        "ask",
        "What cannot be undone is a person's decision.",
        lambda facts: (
            _is_final(facts) and not (facts.entrusted and facts.asked and not facts.tainted)
        ),
    ),
    Floor(
        "tainted",
        "ask",
        "An argument that decides who, where or how much has no trusted origin.",
        lambda facts: facts.tainted and _acts(facts),
    ),
)


def _by_floors(facts: Facts, minimum: float) -> Iterator[Considered]:
    """Raise the verdict where no rule may lower it."""
    for floor in _FLOORS:
        yield _floor(floor.name, floor.decision, matched=floor.applies(facts), why=floor.why)
    yield _floor(
        "confidence",
        "ask",
        matched=facts.certainty < minimum,
        why=f"The confidence {facts.certainty:.2f} is compared with at least {minimum:g} "
        f"for {facts.effect} actions.",
    )


def _floor(name: str, decision: Decision, *, matched: bool, why: str) -> Considered:
    return Considered(rule=f"floor:{name}", decision=decision, matched=matched, why=why)
