import pytest

from graphs.render.story import Story
from graphs.render.trail import Trail, keys_of, sections, trail


def found(story: Story, key: str) -> Trail:
    one = trail(story.entries, key)
    assert one is not None
    return one


@pytest.mark.parametrize(
    ("heading", "text"),
    [
        ("Decision", "take name=b"),
        ("Why", "told so"),
        ("Confidence", "90%"),
        ("Gate", "waiting by rule take: A person lets files go."),
        ("Gate", "cleared by rule take: Approved by ada"),
        ("Asked", "take b"),
        ("Answered", "approved by ada: go on (action "),
        ("The change", "undo: The file is put back."),
        ("Effect", "applied at "),
        ("Came", "ok in "),
        ("Checks", "holds: helps (expectation): it helps"),
    ],
)
def test_the_trail_tells_everything(story: Story, heading: str, text: str) -> None:
    told = dict(sections(found(story, "r/tidy/1")))
    assert text in "\n".join(told[heading])


def test_alternatives_and_evidence_are_told(story: Story) -> None:
    told = dict(sections(found(story, "r/tune/2")))
    assert told["Instead of"][0].endswith("too slow")
    assert told["Rests on"] == ["look"]


def test_an_undo_is_told_with_its_reason(story: Story) -> None:
    assert dict(sections(found(story, "r/tune/1")))["Undo"] == ["undone: it is useless"]


def test_empty_headings_are_left_out(story: Story) -> None:
    assert "Undo" not in dict(sections(found(story, "r/tidy/1")))


def test_an_unknown_key_has_no_trail(story: Story) -> None:
    assert trail(story.entries, "r/tune/99") is None


def test_a_step_means_all_its_decisions(story: Story) -> None:
    assert keys_of(story.entries, "tune") == ["r/tune/1", "r/tune/2", "r/tune/3"]


def test_a_label_means_one_decision(story: Story) -> None:
    assert keys_of(story.entries, "tune.2") == ["r/tune/2"]
