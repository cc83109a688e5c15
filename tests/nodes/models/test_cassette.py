"""Cassettes: what was said once is said again, and nothing else."""

from pathlib import Path

import pytest
from langchain_core.messages import AIMessage, HumanMessage

from nodes.models.cassette import STRIPPED, Cassette, CassetteMiss
from nodes.models.scripted import ScriptBroken, ScriptedModel
from tests.nodes.models.asking import candidate
from tools.errors import SurefootError

ME = candidate()


@pytest.fixture
def tape(tmp_path: Path) -> Path:
    return tmp_path / "tape.jsonl"


def record(tape: Path, *pairs: tuple[str, str | AIMessage], secrets: tuple[str, ...] = ()) -> None:
    model = ScriptedModel(lines=[answer for _, answer in pairs])
    chat = Cassette(tape, secrets=secrets).recording(lambda _: model)(ME)
    for question, _ in pairs:
        chat.invoke([HumanMessage(question)])


def replay(tape: Path, *questions: str, secrets: tuple[str, ...] = ()) -> list[AIMessage]:
    chat = Cassette(tape, secrets=secrets).replaying()(ME)
    return [chat.invoke([HumanMessage(question)]) for question in questions]


def test_answer_is_replayed_with_its_usage(tape: Path) -> None:
    usage = {"input_tokens": 3, "output_tokens": 2, "total_tokens": 5}
    record(tape, ("one?", AIMessage("1", usage_metadata=usage)))
    (said,) = replay(tape, "one?")
    assert (said.text, said.usage_metadata) == ("1", usage)


def test_order_of_different_questions_does_not_matter(tape: Path) -> None:
    record(tape, ("one?", "1"), ("two?", "2"))
    assert [said.text for said in replay(tape, "two?", "one?")] == ["2", "1"]


def test_same_question_gets_its_answers_in_order(tape: Path) -> None:
    record(tape, ("again?", "1"), ("again?", "2"))
    assert [said.text for said in replay(tape, "again?", "again?")] == ["1", "2"]


def test_question_asked_more_often_than_recorded_fails(tape: Path) -> None:
    record(tape, ("one?", "1"))
    with pytest.raises(CassetteMiss, match="on the cassette 1 times"):
        replay(tape, "one?", "one?")


def test_miss_shows_the_nearest_recorded_request(tape: Path) -> None:
    record(tape, ("far\naway\nfrom it", "1"), ("the same\nbut for this line\nthe end", "2"))
    with pytest.raises(CassetteMiss) as caught:
        replay(tape, "the same\nbut for that line\nthe end")
    assert "-but for this line" in str(caught.value)
    assert "+but for that line" in str(caught.value)


def test_other_parameters_are_another_request(tape: Path) -> None:
    record(tape, ("one?", "1"))
    chat = Cassette(tape).replaying()(ME)
    with pytest.raises(CassetteMiss):
        chat.invoke([HumanMessage("one?")], tools=[{"name": "put"}])


def test_other_model_is_another_request(tape: Path) -> None:
    record(tape, ("one?", "1"))
    with pytest.raises(CassetteMiss):
        Cassette(tape).replaying()(candidate("other")).invoke([HumanMessage("one?")])


def test_secrets_do_not_reach_the_tape_and_replay_matches(tape: Path) -> None:
    secrets, question = ("hunter2-hunter2",), "hunter2-hunter2 and sk-proj-0123456789abcdefgh"
    record(tape, (question, "Bearer abcdefghijkl"), secrets=secrets)
    assert not {"hunter2", "0123456789", "abcdefghijkl"} & set(tape.read_text().split("-"))
    assert replay(tape, question, secrets=secrets)[0].text == STRIPPED


def test_names_that_look_a_little_like_keys_stay(tape: Path) -> None:
    record(tape, ("?", "pk_customer_orders, task-force-one-hundred"))
    assert STRIPPED not in tape.read_text()


def test_file_that_is_no_cassette_is_refused(tape: Path) -> None:
    tape.write_text("not json\n")
    with pytest.raises(SurefootError, match="cannot be read as a cassette"):
        Cassette(tape).replaying()


def test_empty_cassette_fails_at_the_first_question(tape: Path) -> None:
    tape.write_text("")
    with pytest.raises(CassetteMiss, match="empty"):
        replay(tape, "one?")


def test_script_that_was_not_said_to_its_end_fails() -> None:
    model = ScriptedModel(lines=["1", "2"])
    model.invoke([HumanMessage("?")])
    with pytest.raises(ScriptBroken, match="1 of 2"):
        model.assert_complete()
