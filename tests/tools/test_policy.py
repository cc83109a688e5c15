"""What a policy says, by which rule, and how a mistake in its file is told."""

from hashlib import sha256
from pathlib import Path

import pytest
from pydantic import JsonValue

from tools.contract import Action, EffectClass
from tools.errors import BadPolicy
from tools.policy import Facts, Policy, Verdict, explain_verdict

SHIPPED = Path(__file__).parents[2] / "graphs" / "database" / "policy.toml"
MADE = ("database:main", "index:sf_a_b_1f", "table:a")
"""What `create_index` touches."""


def policy(*rules: str, head: str = "") -> Policy:
    """Return a policy of rules, each given as the body of a table; ids are r1, r2, ..."""
    tables = [f'[[rules]]\nid = "r{number}"\n{rule}' for number, rule in enumerate(rules, 1)]
    return Policy.from_toml("\n".join([head, *tables]), source="test.toml")


def facts(
    tool: str = "write",
    *resources: str,
    effect: EffectClass = "reversible",
    args: dict[str, JsonValue] | None = None,
) -> Facts:
    return Facts(
        action=Action(tool=tool, args=args or {}),
        effect=effect,
        resources=resources,
        confidence=1.0,
        tainted=False,
    )


def said(verdict: Verdict) -> tuple[str, str]:
    return verdict.decision, verdict.rule


ALLOW, ASK, DENY = 'verdict = "allow"', 'verdict = "ask"', 'verdict = "deny"'


def test_the_first_rule_that_matches_decides() -> None:
    judged = policy(ASK, DENY).judge(facts())
    assert said(judged) == ("ask", "r1")


def test_what_no_rule_settles_is_denied() -> None:
    judged = policy('tool = "read*"\n' + ALLOW).judge(facts("write"))
    assert said(judged) == ("deny", "default")


def test_a_policy_without_rules_denies() -> None:
    assert said(policy().judge(facts(effect="read"))) == ("deny", "default")


def test_the_reason_of_the_rule_is_given() -> None:
    judged = policy(ASK + '\nreason = "People decide."').judge(facts())
    assert judged.reason == "People decide."


@pytest.mark.parametrize(
    ("rule", "asked", "decision"),
    [
        ('tool = "wr*"\n' + ALLOW, facts("write"), "allow"),
        ('tool = ["a", "write"]\n' + ALLOW, facts("write"), "allow"),
        ('tool = "write"\n' + ALLOW, facts("WRITE"), "deny"),
        ('effect = "read"\n' + ALLOW, facts(effect="reversible"), "deny"),
        ('effect = ["read", "reversible"]\n' + ALLOW, facts(effect="reversible"), "allow"),
        ('resource = "table:a*"\n' + ALLOW, facts("w", "table:a", "table:ab"), "allow"),
        ('resource = "table:a*"\n' + ALLOW, facts("w", "table:a", "table:b"), "deny"),
        ('resource = ["table:a", "table:b"]\n' + ALLOW, facts("w", "table:a", "table:b"), "allow"),
        ('resource = "*"\n' + ALLOW, facts("w"), "deny"),
        ('resource = "table:a"\n' + ALLOW, facts("w", "table:A"), "deny"),
    ],
)
def test_an_allow_rule_is_read_narrowly(rule: str, asked: Facts, decision: str) -> None:
    assert policy(rule).judge(asked).decision == decision


@pytest.mark.parametrize(
    ("rule", "asked"),
    [
        ('resource = "table:a"', facts("w", "table:a", "table:b")),
        ('resource = "table:secret*"', facts("w", "table:SECRET_a")),
        ('arguments.path.glob = "/etc/*"', facts(args={"path": "/ETC/passwd"})),
        ('arguments.path.glob = "/etc/*"', facts(args={"path": ["/etc/passwd"]})),
        ("arguments.amount.min = 100", facts(args={"amount": "1000"})),
        ("arguments.amount.min = 100", facts(args={"amount": float("nan")})),
        ("arguments.amount.min = 100", facts(args={"amount": None})),
        ('arguments.mode.in = ["FORCE"]', facts(args={"mode": "force"})),
    ],
)
def test_nothing_slips_past_a_deny_rule(rule: str, asked: Facts) -> None:
    judged = policy(f"{rule}\n{DENY}", ALLOW).judge(asked)
    assert said(judged) == ("deny", "r1")


@pytest.mark.parametrize(
    ("rule", "asked"),
    [
        ('resource = "table:scratch"', facts("w", "table:scratch", "table:users")),
        ('resource = "table:scratch"', facts("w", "table:SCRATCH")),
        ("arguments.amount.max = 5", facts(args={"amount": "many"})),
    ],
)
def test_an_ask_rule_that_fits_in_part_shields_nothing(rule: str, asked: Facts) -> None:
    judged = policy(f"{rule}\n{ASK}", DENY).judge(asked)
    assert said(judged) == ("deny", "r2")


def test_an_ask_rule_that_fits_in_part_still_asks() -> None:
    partly = policy('resource = "table:scratch"\n' + ASK, ALLOW)
    judged = partly.judge(facts("w", "table:scratch", "table:users"))
    assert said(judged) == ("ask", "r1")


@pytest.mark.parametrize(
    ("predicate", "value", "meets"),
    [
        ("equals = 1", 1, True),
        ("equals = 1", 1.0, True),
        ("equals = 1", True, False),
        ("equals = true", 1, False),
        ('equals = "1"', 1, False),
        ('in = ["a", 2]', 2, True),
        ('in = ["a", 2]', "b", False),
        ('glob = "a*"', "abc", True),
        ('glob = ["a*", "b*"]', "bc", True),
        ('glob = "a*"', "ba", False),
        ("min = 1\nmax = 3", 3, True),
        ("min = 1\nmax = 3", 4, False),
        ("max = 3", True, False),
        ("max = 3", 10**400, False),
        ("max = 3", float("nan"), False),
        ("max_items = 2", ["a", "b"], True),
        ("max_items = 2", ["a", "b", "c"], False),
        ("max_items = 2", "ab", False),
        ("max_items = 2", None, False),
    ],
)
def test_predicates_over_arguments(predicate: str, value: JsonValue, *, meets: bool) -> None:
    allowing = policy(f"{ALLOW}\n[rules.arguments.x]\n{predicate}")
    assert (allowing.judge(facts(args={"x": value})).decision == "allow") is meets


@pytest.mark.parametrize("verdict", [ALLOW, ASK])
def test_an_argument_that_is_absent_meets_no_predicate(verdict: str) -> None:
    assert said(policy(f"arguments.x.max = 3\n{verdict}").judge(facts())) == ("deny", "default")


@pytest.mark.parametrize(
    ("caution", "change"),
    [
        ("tainted = true", {"tainted": True}),
        ("confidence_below = 0.9", {"confidence": 0.8}),
        ("confidence_below = 0.9", {"confidence": float("nan")}),
        ("money_above = 5", {"money": 6.0}),
        ("money_above = 5", {"money": float("nan")}),
    ],
)
def test_a_caution_makes_the_verdict_stricter(caution: str, change: dict[str, object]) -> None:
    careful = policy(f"{caution}\n{DENY}", ALLOW)
    assert said(careful.judge(facts())) == ("allow", "r2")
    assert said(careful.judge(facts().model_copy(update=change))) == ("deny", "r1")


def test_a_caution_never_softens_what_follows() -> None:
    judged = policy("tainted = true\n" + ASK, DENY).judge(
        facts().model_copy(update={"tainted": True})
    )
    assert said(judged) == ("deny", "r2")


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        ({"effect": "irreversible"}, ("ask", "floor:irreversible")),
        ({"effect": "irreversible", "in_plan": False}, ("deny", "floor:outside-plan")),
        (
            {"effect": "irreversible", "in_plan": False, "granted": True},
            ("ask", "floor:irreversible"),
        ),
        ({"tainted": True}, ("ask", "floor:tainted")),
        ({"effect": "read", "tainted": True}, ("allow", "r1")),
        ({"confidence": 0.59}, ("ask", "floor:confidence")),
        ({"confidence": 0.6}, ("allow", "r1")),
        ({"confidence": float("nan")}, ("ask", "floor:confidence")),
        ({"effect": "read", "confidence": 0.0}, ("allow", "r1")),
    ],
)
def test_no_rule_lowers_a_floor(change: dict[str, object], verdict: tuple[str, str]) -> None:
    assert said(policy(ALLOW).judge(facts().model_copy(update=change))) == verdict


def test_thresholds_come_from_the_file() -> None:
    wary = policy(ALLOW, head="thresholds = { read = 0.5, reversible = 0.9 }")
    assert wary.thresholds == {"read": 0.5, "reversible": 0.9, "irreversible": 1.0}
    unsure = facts().model_copy(update={"confidence": 0.8})
    assert said(wary.judge(unsure)) == ("ask", "floor:confidence")


@pytest.mark.parametrize(
    ("rules", "never"),
    [
        ([], True),
        (['tool = "other"\n' + ALLOW], True),
        (['effect = "read"\n' + ALLOW], True),
        ([DENY, ALLOW], True),
        ([ALLOW], False),
        ([ASK], False),
        (['resource = "table:a"\n' + DENY, ALLOW], False),
        (["tainted = true\n" + DENY, ALLOW], False),
        (["arguments.x.max = 1\n" + DENY, ALLOW], False),
    ],
)
def test_never_tells_tools_that_are_always_denied(rules: list[str], *, never: bool) -> None:
    assert policy(*rules).never("write", "reversible") is never


def test_the_explanation_lists_every_rule_up_to_the_one_that_decided() -> None:
    rules = ('tool = "read"\n' + ALLOW, "tainted = true\n" + DENY, ASK, DENY)
    steps = explain_verdict(policy(*rules), facts())
    assert [(step.rule, step.matched) for step in steps[:3]] == [
        ("r1", False),
        ("r2", False),
        ("r3", True),
    ]
    assert all(step.rule.startswith("floor:") for step in steps[3:])


def test_the_explanation_says_why_a_rule_did_not_match() -> None:
    rules = ("confidence_below = 0.5\n" + DENY, "arguments.x.max = 1\n" + DENY, ALLOW)
    steps = explain_verdict(policy(*rules), facts())
    assert steps[0].why == "the confidence 1.00 is not below 0.5"
    assert steps[1].why == "the argument 'x' does not fit"


def test_the_explanation_shows_an_allow_rule_that_fits_in_part_as_unmatched() -> None:
    steps = explain_verdict(
        policy('resource = "table:a"\n' + ALLOW), facts("w", "table:a", "table:b")
    )
    assert not steps[0].matched
    assert steps[0].why == "its resources do not fit what is touched: table:a, table:b"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("rules = [", "test.toml is not TOML"),
        ("rule = 1", "key 'rule' is not known; allowed here: thresholds, rules"),
        ("rules = 3", "key 'rules' must be a list, not 3"),
        ("rules = [3]", "rule 1 must be a table, not 3"),
        ("thresholds.read = 2", "key 'thresholds.read' must be less than or equal to 1, not 2"),
        ("thresholds.irreversible = 0.1", "'thresholds.irreversible' is not known; allowed here"),
        ('[[rules]]\nid = "a"', "rule 1 ('a'), key 'verdict' is missing"),
        ('[[rules]]\nverdict = "ask"', "rule 1, key 'id' is missing"),
        (
            '[[rules]]\nid = "a"\nverdict = "yes"',
            "must be 'allow', 'ask', 'deny' or 'alert', not 'yes'",
        ),
        ('[[rules]]\nid = "a"\nverdict = "ask"\nargs = 1', "key 'args' is not known; allowed here"),
        ('[[rules]]\nid = "default"\nverdict = "ask"', "when no rule matches"),
        ('[[rules]]\nid = "floor:x"\nverdict = "ask"', "key 'id' must match"),
    ],
)
def test_a_mistake_in_the_file_is_told_in_its_words(text: str, told: str) -> None:
    with pytest.raises(BadPolicy) as caught:
        Policy.from_toml(text, source="test.toml")
    assert told in str(caught.value)
    assert "test.toml" in str(caught.value)


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("tool = []\n" + ASK, "key 'tool' must not be empty"),
        ('effect = "write"\n' + ASK, "must be 'read', 'reversible' or 'irreversible'"),
        ("arguments.x = 4\n" + ASK, "key 'arguments.x' must be a table, not 4"),
        ("arguments.x = {}\n" + ASK, "states no condition; possible: equals, in, glob"),
        ("arguments.x.over = 4\n" + ASK, "allowed here: equals, in, glob, min, max, max_items"),
        ("arguments.x.equals = [1]\n" + ASK, "must be a text, a finite number or a truth value"),
        ("arguments.x.equals = nan\n" + ASK, "must be a text, a finite number or a truth value"),
        ("tainted = false\n" + DENY, "key 'tainted' must be true, not False"),
        ("tainted = true\n" + ALLOW, "an allow rule may not depend on tainted"),
        ("confidence_below = 0.5\n" + ALLOW, "put an ask or deny rule with that condition before"),
        ("confidence_below = nan\n" + DENY, "key 'confidence_below' must be"),
        ('confidence_below = "0.5"\n' + DENY, "key 'confidence_below' must be"),
        ("money_above = inf\n" + DENY, "key 'money_above' must be a finite number"),
    ],
)
def test_a_mistake_in_a_rule_names_the_rule(body: str, told: str) -> None:
    with pytest.raises(BadPolicy) as caught:
        policy(ASK, body)
    assert "rule 2 ('r2')" in caught.value.what
    assert told in caught.value.what


def test_two_rules_may_not_share_an_id() -> None:
    rule = '[[rules]]\nid = "a"\nverdict = "ask"\n'
    with pytest.raises(BadPolicy, match="rule 2: id 'a' is taken by an earlier rule"):
        Policy.from_toml(rule + rule, source="test.toml")


def test_the_digest_is_that_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "p.toml"
    path.write_bytes(b"# windows\r\nthresholds.read = 0.1\r\n")
    assert Policy.from_file(path).digest == sha256(path.read_bytes()).hexdigest()


def test_a_policy_is_rebuilt_from_its_text() -> None:
    shipped = Policy.from_file(SHIPPED)
    assert Policy.from_toml(shipped.text, source=str(SHIPPED)) == shipped


def test_a_missing_file_is_bad_input(tmp_path: Path) -> None:
    with pytest.raises(BadPolicy, match="cannot be read: No such file"):
        Policy.from_file(tmp_path / "none.toml")


def test_a_file_that_is_not_text_is_bad_input(tmp_path: Path) -> None:
    path = tmp_path / "p.toml"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(BadPolicy, match="not UTF-8"):
        Policy.from_file(path)


@pytest.mark.parametrize(
    ("asked", "verdict"),
    [
        (facts("inspect_schema", effect="read"), ("allow", "look")),
        (facts("simulate_indexes", effect="read"), ("allow", "look")),
        (facts("create_index", *MADE, args={"columns": ["b"] * 6}), ("allow", "create-index")),
        (facts("create_index", *MADE, args={"columns": ["b"] * 7}), ("deny", "default")),
        (facts("create_index", *MADE, args={"columns": "b"}), ("deny", "default")),
        (facts("create_index", *MADE, "file:a", args={"columns": ["b"]}), ("deny", "default")),
        (facts("create_index", "index:mine", args={"columns": ["b"]}), ("deny", "default")),
        (facts("drop_own_index", "table:a"), ("allow", "drop-own-index")),
        (facts("analyze", "table:a"), ("allow", "analyze")),
        (facts("drop_index", "table:a"), ("ask", "drop-index")),
        (facts("drop_index", "table:a", effect="irreversible"), ("ask", "drop-index")),
        (facts("drop_table", "table:a", effect="irreversible"), ("deny", "default")),
        (facts("execute_sql", effect="read"), ("deny", "default")),
    ],
)
def test_the_shipped_policy(asked: Facts, verdict: tuple[str, str]) -> None:
    assert said(Policy.from_file(SHIPPED).judge(asked)) == verdict


def test_the_examples_of_the_shipped_policy_are_valid() -> None:
    text = SHIPPED.read_text()
    examples = text[text.index("# Examples") :].replace("\n# ", "\n")
    assert len(Policy.from_toml(text + examples, source="examples").rules) == 7
