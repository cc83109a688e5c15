"""The table `[tools.mcp]`: what does not hold together is refused at once."""

import tomllib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import JsonValue, ValidationError

from tools.mcp.looking import resources
from tools.mcp.references import Missing, arguments, filled, refuse_unknown
from tools.mcp.settings import McpSettings

TOML = """
[notes]
command = "notes-server"
args = ["--folder", "notes"]
env = { KEY = "${NOTES_KEY}" }

[notes.tools.write_note]
effect = "reversible"
authority = ["name"]
look = { tool = "read_note", args = { name = "$args.name" }, absent = "no such note" }
happened = { text = "$args.text" }
undo = { tool = "write_note", args = { name = "$args.name", text = "$before.text" } }

[tickets]
url = "https://tickets.example.com/mcp"
headers = { Authorization = "Bearer ${TICKETS}" }
"""


def test_table_is_read_as_it_stands() -> None:
    read = McpSettings.model_validate(tomllib.loads(TOML))
    assert read.servers["notes"].tools["write_note"].effect == "reversible"
    assert read.servers["tickets"].url.startswith("https://")
    assert McpSettings.model_validate(read.to_json()) == read


@pytest.mark.parametrize(
    "table",
    [
        {"notes": {}},
        {"notes": {"command": "x", "url": "https://x"}},
        {"notes": {"url": "file:///etc/passwd"}},
        {"notes": {"command": "x", "shell": True}},
        {"notes": {"url": "http://example.com/mcp", "headers": {"authorization": "x"}}},
        {"notes": {"url": "http://127.0.0.1.example.com/", "headers": {"authorization": "x"}}},
        {"Notes/..": {"command": "x"}},
        {"notes": {"command": "x", "tools": {"w": {"effect": "reversible"}}}},
        {"notes": {"command": "x", "tools": {"w": {"happened": {"text": "$arg.text"}}}}},
        {"notes": {"command": "x", "tools": {"w": {"undo": {"tool": "d", "args": {"a": "$x"}}}}}},
        {"notes": {"command": "x", "restarts": -1}},
    ],
)
def test_what_does_not_hold_together_is_refused(table: JsonValue) -> None:
    with pytest.raises(ValidationError):
        McpSettings.model_validate(table)


def test_references_are_replaced_and_dollars_can_be_written() -> None:
    scope: dict[str, JsonValue] = {"args": {"a": {"b": [1, 2]}}, "key": "r/s/1"}
    told: dict[str, JsonValue] = {"x": "$args.a.b.1", "y": ["$key", "$$key", "plain"]}
    assert arguments(told, scope) == {"x": 2, "y": ["r/s/1", "$key", "plain"]}
    with pytest.raises(Missing, match=r"\$args.a.c"):
        filled("$args.a.c", scope)


@settings(max_examples=80, derandomize=True, deadline=None)
@given(
    template=st.recursive(
        st.one_of(st.text(), st.integers(), st.sampled_from(["$args.a", "$key", "$$", "$"])),
        lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.text(), inner)),
        max_leaves=8,
    )
)
def test_what_is_accepted_can_be_filled_or_is_missing(template: JsonValue) -> None:
    try:
        refuse_unknown(template)
    except ValueError:
        return
    try:
        filled(template, {"args": {"a": 1}, "key": "k"})
    except Missing:
        return


def test_names_of_resources_are_made_of_arguments_and_nothing_else() -> None:
    args: dict[str, JsonValue] = {"repo": "a/b", "n": 7, "who": "{repo.__class__}"}
    assert resources(("issue:{repo}/{n}",), args, "x") == {"issue:a/b/7"}
    assert resources(("by:{who}{none}",), args, "x") == {"by:{repo.__class__}"}
    assert resources(("{repo.__class__}{repo[0]}",), args, "x") == {""}
    assert resources((), args, "mcp:notes") == {"mcp:notes"}
