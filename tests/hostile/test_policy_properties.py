"""Whatever a policy file says and whatever is asked of it: total, monotone in trust, floors hold.

Policies are drawn as TOML text, so that the properties hold for what a team can really write.
"""

import json
import math

from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from pydantic import JsonValue

from tools.contract import Action
from tools.errors import BadPolicy
from tools.policy import Facts, Policy, Verdict, explain_verdict

STRICTNESS = {"alert": -1, "allow": 0, "ask": 1, "deny": 2}
NAMES = ("write", "read_all", "drop", "WRITE")
RESOURCES = ("table:a", "table:A", "table:b", "file:x")
TOOL_GLOBS = ("*", "write", "read_*", "[!d]*", "[z-a]", "[", "?")
RESOURCE_GLOBS = ("*", "table:*", "table:a", "table:b", "*:[aB]")
thorough = settings(derandomize=True, deadline=None, max_examples=250)

numbers = st.sampled_from(("0", "0.3", "0.5", "0.9", "1", "1.0"))
nearby = st.sampled_from((0.0, 0.3, 0.5, 0.9, 1.0, math.nan)) | st.floats()


def globs(names: tuple[str, ...]) -> st.SearchStrategy[str]:
    return st.lists(st.sampled_from(names), min_size=1, max_size=2).map(json.dumps)


predicates = st.one_of(
    st.sampled_from(("equals = 1", 'equals = "a"', 'in = ["a", 1, true]', "max_items = 1")),
    globs(TOOL_GLOBS).map("glob = {}".format),
    numbers.map("min = {}".format),
    numbers.map("max = {}".format),
)
subjects = st.one_of(
    globs(TOOL_GLOBS).map("tool = {}".format),
    globs(RESOURCE_GLOBS).map("resource = {}".format),
    st.sampled_from(("read", "reversible", "irreversible")).map('effect = "{}"'.format),
    predicates.map("arguments.x = {{ {} }}".format),
)
cautions = st.one_of(
    st.just("tainted = true"),
    numbers.map("confidence_below = {}".format),
    numbers.map("money_above = {}".format),
    numbers.map("rate_above = {}".format),
    numbers.map("cost_above = {}".format),
    st.just("new_target = true"),
    st.sampled_from(("08:00-18:00", "22:00-06:00")).map('outside_hours = "{}"'.format),
)
easings = st.sampled_from(("", "learned = 0.05", "learned = 0.5"))


verdicts = st.sampled_from(("allow", "ask", "deny"))


def body_of(verdict: str, about: list[str], careful: list[str], eased: str = "") -> str:
    """Return a rule without its id; a key that was drawn twice is stated once."""
    lines = about + (careful if verdict != "allow" else [])
    if verdict == "ask" and not careful and eased:
        lines = [*lines, eased]
    by_key = {line.split(" ", 1)[0]: line for line in lines}
    return "\n".join([*by_key.values(), f'verdict = "{verdict}"'])


def policy_of(head: str, bodies: list[str]) -> Policy:
    rules = [f'[[rules]]\nid = "r{number}"\n{body}' for number, body in enumerate(bodies)]
    return Policy.from_toml("\n".join([head, *rules]), source="drawn")


bodies = st.builds(
    body_of, verdicts, st.lists(subjects, max_size=2), st.lists(cautions, max_size=2), easings
)
cautious_bodies = st.builds(
    body_of,
    st.sampled_from(("ask", "deny", "alert")),
    st.lists(subjects, max_size=2),
    st.lists(cautions, min_size=1, max_size=2),
)
heads = st.builds("thresholds = {{ read = {}, reversible = {} }}".format, numbers, numbers)
drawn_rules = st.lists(bodies, max_size=5)
mixed_rules = st.lists(bodies | cautious_bodies, max_size=5)
rule_lists = (
    drawn_rules | mixed_rules | drawn_rules.map(lambda rules: [*rules, 'verdict = "allow"'])
)
"""A third of the policies end by allowing what is left, so that verdicts are not all denials."""
policies = st.builds(policy_of, heads, rule_lists)
trust_rules = st.lists(
    st.builds(body_of, verdicts, st.just([]), st.lists(cautions, min_size=1, max_size=2))
)
resource_rules = st.lists(
    st.builds(
        body_of,
        verdicts,
        globs(RESOURCE_GLOBS).map(lambda names: [f"resource = {names}"]),
        st.just([]),
    )
)
json_values: st.SearchStrategy[JsonValue] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=5,
)
arguments = st.fixed_dictionaries({}, optional={"x": json_values, "y": json_values})
facts = st.builds(
    Facts,
    action=st.builds(Action, tool=st.sampled_from(NAMES) | st.text(max_size=9), args=arguments),
    effect=st.sampled_from(("read", "reversible", "reversible", "irreversible")),
    resources=st.lists(st.sampled_from(RESOURCES), max_size=3).map(tuple) | st.tuples(st.text()),
    confidence=nearby,
    tainted=st.booleans(),
    in_plan=st.booleans(),
    granted=st.booleans(),
    entrusted=st.booleans(),
    asked=st.booleans(),
    sourced=st.booleans(),
    carries=st.booleans(),
    protected=st.booleans(),
    drifts=st.booleans(),
    unsupported=st.booleans(),
    new_target=st.booleans(),
    minute=st.none() | st.integers(0, 1439),
    rate=nearby,
    cost=nearby,
    risk=st.sampled_from((0.01, 0.05, 0.2, 1.0, math.nan)),
    waived=st.booleans(),
    money=nearby,
)


def strictness(verdict: Verdict) -> int:
    return STRICTNESS[verdict.decision]


def certainty(asked: Facts) -> float:
    return 0.0 if math.isnan(asked.confidence) else asked.confidence


def stake(asked: Facts) -> float:
    return math.inf if math.isnan(asked.money) else asked.money


def known(number: float) -> float:
    return math.inf if math.isnan(number) else number


def pair(one: Facts, other: Facts) -> tuple[Facts, Facts]:
    """Return the first with the least, and with the most trust that the two state."""
    sure, unsure = sorted((one, other), key=certainty, reverse=True)
    cheap, dear = sorted((one, other), key=stake)
    safe, risky = sorted((one, other), key=lambda asked: known(asked.risk))
    slow, fast = sorted((one, other), key=lambda asked: known(asked.rate))
    thrifty, costly = sorted((one, other), key=lambda asked: known(asked.cost))
    least = {
        "tainted": one.tainted or other.tainted,
        "in_plan": one.in_plan and other.in_plan,
        "granted": one.granted and other.granted,
        "entrusted": one.entrusted and other.entrusted,
        "asked": one.asked and other.asked,
        "sourced": one.sourced and other.sourced,
        "carries": one.carries or other.carries,
        "protected": one.protected or other.protected,
        "drifts": one.drifts or other.drifts,
        "unsupported": one.unsupported or other.unsupported,
        "new_target": one.new_target or other.new_target,
        "waived": one.waived and other.waived,
        "risk": risky.risk,
        "rate": fast.rate,
        "cost": costly.cost,
        "confidence": unsure.confidence,
        "money": dear.money,
    }
    most = {
        "tainted": one.tainted and other.tainted,
        "in_plan": one.in_plan or other.in_plan,
        "granted": one.granted or other.granted,
        "entrusted": one.entrusted or other.entrusted,
        "asked": one.asked or other.asked,
        "sourced": one.sourced or other.sourced,
        "carries": one.carries and other.carries,
        "protected": one.protected and other.protected,
        "drifts": one.drifts and other.drifts,
        "unsupported": one.unsupported and other.unsupported,
        "new_target": one.new_target and other.new_target,
        "waived": one.waived or other.waived,
        "risk": safe.risk,
        "rate": slow.rate,
        "cost": thrifty.cost,
        "confidence": sure.confidence,
        "money": cheap.money,
    }
    return one.model_copy(update=least), one.model_copy(update=most)


@thorough
@given(policies, facts)
def test_every_question_gets_a_verdict_that_names_its_rule(policy: Policy, asked: Facts) -> None:
    verdict = policy.judge(asked)
    ids = {rule.id for rule in policy.rules} | {"default"}
    assert verdict.rule.removesuffix(":eased") in ids or verdict.rule.startswith("floor:")
    assert verdict.reason


@thorough
@given(policies | st.builds(policy_of, heads, trust_rules), facts, facts)
def test_more_trust_is_never_stricter(policy: Policy, asked: Facts, other: Facts) -> None:
    less, more = pair(asked, other)
    assert strictness(policy.judge(more)) <= strictness(policy.judge(less))


@thorough
@given(heads, rule_lists, st.integers(0, 5), cautious_bodies, facts)
def test_a_caution_never_softens(
    head: str, rules: list[str], place: int, caution: str, asked: Facts
) -> None:
    plain = policy_of(head, rules)
    wary = policy_of(head, [*rules[:place], caution, *rules[place:]])
    assert strictness(wary.judge(asked)) >= strictness(plain.judge(asked))


@thorough
@given(policies, facts)
def test_no_policy_lowers_a_floor(policy: Policy, asked: Facts) -> None:
    decision = policy.judge(asked).decision
    final = asked.effect == "irreversible"
    if final and not asked.in_plan and not asked.granted:
        assert decision == "deny"
    if final and (asked.tainted or not asked.entrusted):
        assert decision != "allow"
    if asked.tainted and asked.effect != "read":
        assert decision != "allow"
    if not asked.asked and (asked.effect != "read" or asked.tainted):
        assert decision == "deny"
    if asked.tainted and not asked.sourced:
        assert decision == "deny"
    if asked.carries and asked.effect != "read":
        assert decision == "deny"
    lenient = final and asked.entrusted
    if certainty(asked) < policy.thresholds["reversible" if lenient else asked.effect]:
        assert decision != "allow"


@thorough
@given(policies, facts.filter(lambda asked: asked.effect != "read"))
def test_what_is_protected_unpredicted_or_unsupported_is_never_simply_allowed(
    policy: Policy, asked: Facts
) -> None:
    assume(asked.protected or asked.drifts or asked.unsupported)
    assert policy.judge(asked).decision != "allow"


@thorough
@given(policies, facts)
def test_without_an_allow_rule_nothing_is_allowed(policy: Policy, asked: Facts) -> None:
    if policy.judge(asked).decision == "allow":
        named, _, eased = policy.judge(asked).rule.partition(":")
        found = {rule.verdict for rule in policy.rules if rule.id == named}
        assert found == ({"ask"} if eased else {"allow"})


@thorough
@given(policies, facts)
def test_a_question_is_eased_only_by_proof_or_by_a_person(policy: Policy, asked: Facts) -> None:
    eased = [one for one in explain_verdict(policy, asked) if one.rule.endswith(":eased")]
    if not eased:
        return
    assert asked.effect != "irreversible"
    assert not asked.tainted
    for one in eased:
        rule = next(rule for rule in policy.rules if f"{rule.id}:eased" == one.rule)
        assert rule.verdict == "ask"
        assert not rule.cautious
        assert asked.waived or (rule.learned is not None and asked.risk <= rule.learned)


@thorough
@given(policies | st.builds(policy_of, heads, resource_rules), facts, st.sampled_from(RESOURCES))
def test_touching_more_is_never_laxer(policy: Policy, asked: Facts, more: str) -> None:
    assume(asked.resources)
    wider = asked.model_copy(update={"resources": (*asked.resources, more)})
    assert strictness(policy.judge(wider)) >= strictness(policy.judge(asked))


@thorough
@given(policies, facts)
def test_a_tool_that_is_never_allowed_is_always_denied(policy: Policy, asked: Facts) -> None:
    if policy.never(asked.action.tool, asked.effect):
        assert policy.judge(asked).decision == "deny"


@thorough
@given(policies, facts)
def test_the_explanation_agrees_with_the_verdict(policy: Policy, asked: Facts) -> None:
    verdict = policy.judge(asked)
    matched = [step for step in explain_verdict(policy, asked) if step.matched]
    assert max(STRICTNESS[step.decision] for step in matched) == strictness(verdict)
    assert verdict.rule in {step.rule for step in matched}


@thorough
@given(st.text() | st.text('[]="rules.idtooverdictallow \n', max_size=80))
@example("x = " + "[" * 5000)
@example("# \ud800")
def test_any_text_is_a_policy_or_is_refused(text: str) -> None:
    try:
        policy = Policy.from_toml(text, source="drawn")
    except BadPolicy:
        return
    assert len(policy.digest) == 64
