"""A prompt changes on purpose or not at all."""

import pytest

from tests.golden.prompts.shown import FOLDER, prompts, text_of


@pytest.mark.parametrize(
    "role", ["planner", "decider", "decider_foreign", "program", "verifier", "summarizer"]
)
def test_prompt_is_as_it_was_reviewed(role: str) -> None:
    golden = (FOLDER / f"{role}.txt").read_text()
    assert text_of(prompts()[role]) == golden, "see tests/golden/prompts/shown.py"
