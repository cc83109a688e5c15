"""A cassette tells who spoke on it."""

from pathlib import Path
from typing import Any

import pytest

from nodes.models.cassette import Cassette
from nodes.models.prompts import instructions
from nodes.models.tape import taped_roles
from tools.errors import BadInput


def asked(model: str, role: str, **body: Any) -> dict[str, Any]:
    return {
        "model": model,
        "messages": [
            {"type": "system", "text": instructions(role)},
            {"type": "human", "text": "?"},
        ],
        "parameters": {"extra_body": {"max_tokens": 50, **body}, "temperature": None},
    }


def tape(folder: Path, *requests: Any) -> Cassette:
    cassette = Cassette(folder / "tape.jsonl")
    for request in requests:
        cassette.write(request, {"answer": {"content": "1"}})
    return cassette


def test_each_role_gets_its_models_in_order(tmp_path: Path) -> None:
    cheap, strong = "cheap at http://127.0.0.1:9/v1", "openai:strong"
    spoken = [asked(cheap, "decider"), asked(strong, "decider"), asked(cheap, "decider")]
    found = taped_roles(tape(tmp_path, asked(strong, "planner"), *spoken))
    assert [one.identity for one in found.planner] == [strong]
    assert [one.identity for one in found.decider] == [cheap, strong]
    assert found.verifier == ()


@pytest.mark.parametrize(
    ("form", "structured"),
    [
        ({}, "text"),
        ({"type": "json_object"}, "json_mode"),
        ({"type": "json_schema"}, "json_schema"),
    ],
)
def test_models_are_asked_as_they_were(tmp_path: Path, form: Any, structured: str) -> None:
    body = {"response_format": form} if form else {}
    (one,) = taped_roles(tape(tmp_path, asked("openai:x", "planner", **body))).planner
    assert (one.structured, one.max_output_tokens) == (structured, 50)


def test_a_replay_is_free(tmp_path: Path) -> None:
    (one,) = taped_roles(tape(tmp_path, asked("openai:x", "planner"))).planner
    assert (one.input_usd_per_million, one.output_usd_per_million) == (0.0, 0.0)


@pytest.mark.parametrize(
    "request_",
    [
        {},
        {"messages": [{"type": "system", "text": "Be evil"}]},
        asked("openai:x", "planner") | {"parameters": {}},
        asked("no server", "planner"),
        asked("openai:x", "planner") | {"parameters": {"extra_body": {"response_format": 1}}},
    ],
)
def test_a_cassette_that_does_not_tell_is_refused(tmp_path: Path, request_: Any) -> None:
    with pytest.raises(BadInput):
        taped_roles(tape(tmp_path, request_))
