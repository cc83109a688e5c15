from checkpoints.store import Store
from graphs.render.story import Story
from graphs.render.timeline import Row, timeline, unfold
from graphs.session import Run
from tools.contract import JsonObject


def row(story: Story, label: str) -> Row:
    return next(item for item in story.rows if item.label == label)


def test_one_row_for_each_decision_across_the_pause(story: Story) -> None:
    decided = [entry.subject for entry in story.entries if entry.kind == "decision"]
    assert [item.key for item in story.rows if item.key] == decided


def test_rows_begin_with_the_goal_and_end_with_the_outcome(story: Story) -> None:
    kinds = [item.kind for item in story.rows]
    assert (kinds[0], kinds[1], kinds[-1]) == ("goal", "plan", "outcome")


def test_an_approved_action_names_who_approved_it(story: Story) -> None:
    assert row(story, "tidy.1").who == "approved by ada: go on"


def test_an_approved_action_tells_how_long_it_waited(story: Story) -> None:
    assert row(story, "tidy.1").waited == 2 * 3600


def test_a_cleared_action_names_its_rule(story: Story) -> None:
    assert (row(story, "tune.2").gate, row(story, "tune.2").rule) == ("cleared", "put")


def test_an_undone_action_tells_why(story: Story) -> None:
    undone = row(story, "tune.1")
    assert (undone.effect, undone.came) == ("undone", "undone: it is useless")


def test_an_effect_that_stands_is_applied(story: Story) -> None:
    assert row(story, "tune.2").effect == "applied"


def test_a_later_undo_shows_in_the_row(ended: Run) -> None:
    ended.undo()
    rows = timeline(ended.entries, ended.effects)
    assert {item.effect for item in rows if item.kind == "action"} == {"", "undone"}


def test_a_waiting_action_says_so(waiting: Run) -> None:
    rows = timeline(waiting.entries, waiting.effects)
    asked = next(item for item in rows if item.label == "tidy.1")
    assert (asked.gate, asked.came) == (
        "waiting",
        "waits for a person: A person lets files go.",
    )


def test_a_rejected_action_is_not_done(waiting: Run) -> None:
    waiting.reject(reviewer="ada")
    rows = timeline(waiting.entries, waiting.effects)
    asked = next(item for item in rows if item.label == "tidy.1")
    assert (asked.who, asked.came) == ("rejected by ada", "not done")


def test_large_bodies_are_put_back(store: Store) -> None:
    body: JsonObject = {"goal": {"objective": "x" * 70_000}}
    store.ledger.append("r", "goal", "r", body)
    whole = unfold(store.ledger.entries("r"), store.artifacts.get)
    assert whole[0].body == body
