"""Trying a policy before a run does."""

from pathlib import Path

import pytest

from graphs.database.domain import POLICY
from tests.graphs.cli.conftest import call


def test_the_shipped_policy_holds() -> None:
    done = call("policy", "check", str(POLICY))
    assert (done.code, "create-index" in done.out) == (0, True)


def test_a_policy_that_does_not_hold_names_its_mistake(tmp_path: Path) -> None:
    file = tmp_path / "bad.toml"
    file.write_text('[[rules]]\nid = "x"\nverdict = "maybe"\n')
    done = call("policy", "check", str(file))
    assert (done.code, "verdict" in done.err) == (2, True)


@pytest.mark.parametrize(
    ("action", "verdict"),
    [
        (["create_index", "table=orders", "columns=a,b"], "allow"),
        (["create_index", "table=orders", 'columns=["a"]'], "allow"),
        (['{"tool": "drop_index", "args": {"name": "x"}}'], "ask"),
        (["create_index", "table=orders", "columns=a,b,c,d,e,f,g"], "deny"),
        (["inspect_schema"], "allow"),
    ],
)
def test_an_action_is_judged(action: list[str], verdict: str) -> None:
    document = call("policy", "test", str(POLICY), *action, "--json").document
    assert document["verdict"]["decision"] == verdict


def test_doubt_turns_allow_into_ask() -> None:
    words = ["create_index", "table=orders", "columns=a", "--confidence", "0.1"]
    assert call("policy", "test", str(POLICY), *words).out.startswith("ask by floor:confidence")


def test_taint_turns_allow_into_ask() -> None:
    words = ["create_index", "table=orders", "columns=a", "--tainted"]
    assert call("policy", "test", str(POLICY), *words).out.startswith("ask by floor:tainted")


@pytest.mark.parametrize(
    ("action", "told"),
    [
        (["drop_table", "name=x"], "There is no tool 'drop_table'"),
        (["create_index", "table"], "is not `key=value`"),
        (["create_index", "tabel=x"], "do not fit"),
        (["{nonsense"], "not JSON"),
    ],
)
def test_what_is_no_action_is_told(action: list[str], told: str) -> None:
    done = call("policy", "test", str(POLICY), *action)
    assert (done.code, told in done.err) == (2, True)


def test_policy_commands_print_json() -> None:
    assert call("policy", "check", str(POLICY), "--json").document["valid"] is True
