"""The inbox, the card, and the answers."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from checkpoints.store import open_store
from tests.graphs.cli.conftest import Template, call, indexes, start


def test_the_inbox_lists_what_waits(item: str) -> None:
    out = call("inbox").out
    assert item in out
    assert "by_customer" in out
    assert f"surefoot approve {item}" in out


@pytest.fixture(scope="module")
def card(template: Template) -> str:
    """Return the card of the question that the run `one` asks."""
    store = ("--store", f"sqlite:///{template.copy('waiting') / 'surefoot.db'}")
    return call("inbox", call("inbox", "--json", *store).document[0]["id"], *store).out


@pytest.mark.parametrize(
    "told",
    [
        "What changes",
        'DROP INDEX "by_customer"',
        "size about",
        "rows 23,999",
        "Query plans before and after",
        "the same for every query",
        "Why",
        "is redundant",
        "Asked because",
        "How sure",
        "90%",
        "If it is wrong",
        "It can be undone",
        "CREATE INDEX by_customer",
        "Read, and not trusted",
        "simulate_indexes",
        "The offer",
        "expires at",
    ],
)
def test_the_card_answers_its_question(card: str, told: str) -> None:
    assert told in card


def test_an_approval_does_what_the_card_says(waiting: Path, item: str) -> None:
    done = call("approve", item, "--as", "ada", "--message", "go on")
    assert done.code == 0
    assert "by_customer" not in indexes(waiting)


def test_a_verified_run_reports_before_and_after(item: str) -> None:
    out = call("approve", item).out
    for told in ("one: verified", "Before and after", "by mail", "x faster", "Kept", "Next"):
        assert told in out


def test_an_approval_is_attributed(item: str) -> None:
    call("approve", item, "--as", "ada")
    rows = call("show", "one", "--json").document["timeline"]
    assert next(row["who"] for row in rows if row["label"] == "tidy.1") == "approved by ada"


def test_a_rejection_keeps_the_index(waiting: Path, item: str) -> None:
    done = call("reject", item, "--message", "we need it")
    assert (done.code, "by_customer" in indexes(waiting)) == (0, True)


def test_an_answer_can_be_kept_for_later(waiting: Path, item: str) -> None:
    done = call("approve", item, "--no-resume")
    assert (done.code, "by_customer" in indexes(waiting)) == (0, True)
    assert "surefoot resume one" in done.out
    assert call("resume", "one").code == 0
    assert "by_customer" not in indexes(waiting)


def test_the_beginning_of_an_id_suffices(item: str) -> None:
    assert call("approve", item[:-2], "--no-resume").code == 0


def test_an_answer_counts_once(item: str) -> None:
    call("approve", item, "--no-resume")
    done = call("reject", item)
    assert (done.code, "answered already" in done.err) == (2, True)


def test_an_edit_is_judged_again(waiting: Path, item: str) -> None:
    done = call("edit", item, "--args", '{"name": "by_customer_and_date"}')
    assert done.code in {0, 10}
    assert "by_customer" in indexes(waiting)


@pytest.mark.parametrize(
    ("args", "told"),
    [
        ("nonsense", "not JSON"),
        ("[1]", "not an object"),
        ('{"nome": "x"}', "do not fit"),
        ('{"name": "x", "approved_by": "admin"}', "do not fit"),
    ],
)
def test_an_edit_that_does_not_fit_leaves_the_question(item: str, args: str, told: str) -> None:
    done = call("edit", item, "--args", args)
    assert (done.code, told in done.err) == (2, True)
    assert call("inbox", "--json").document[0]["id"] == item


def test_words_need_words(item: str) -> None:
    assert call("answer", item, "--decision", "respond").code == 2


def test_words_count_as_no(waiting: Path, item: str) -> None:
    done = call("answer", item, "--decision", "respond", "--message", "not on a Friday")
    assert (done.code, "by_customer" in indexes(waiting)) == (0, True)


def test_aborting_ends_the_run(waiting: Path, item: str) -> None:
    done = call("answer", item, "--decision", "abort")
    assert (done.code, "by_customer" in indexes(waiting)) == (20, True)
    assert "aborted" in done.out


def test_an_answer_that_is_not_allowed_is_refused(item: str) -> None:
    done = call("answer", item, "--decision", "replan")
    assert (done.code, "no answer to the question" in done.err) == (2, True)


def test_an_unknown_question_is_refused(waiting: Path) -> None:
    assert waiting.exists()
    done = call("approve", "rv-unknown")
    assert (done.code, "There is no question" in done.err) == (2, True)


def test_an_offer_that_expired_is_not_taken(waiting: Path, item: str) -> None:
    with open_store(f"sqlite:///{waiting / 'surefoot.db'}") as store:
        late = store.reviews.get(item).model_copy(
            update={"id": "rv-late", "expires_at": datetime.now(UTC) - timedelta(hours=1)}
        )
        store.reviews.open(late)
    done = call("approve", "rv-late")
    assert (done.code, "surefoot resume one" in done.err) == (2, True)


def test_answers_print_one_json_document(item: str) -> None:
    document = call("approve", item, "--json").document
    assert (document["status"], document["exit_code"]) == ("verified", 0)


def test_an_answer_for_later_prints_one_json_document(item: str) -> None:
    assert call("reject", item, "--no-resume", "--json").document["status"] == "waiting"


def test_an_empty_inbox_says_so(item: str) -> None:
    call("approve", item)
    assert call("inbox").out == "Nothing waits for a person.\n"
    assert call("inbox", "--json").document == []


def test_question_can_be_waived_for_a_time_and_the_waiver_revoked(item: str) -> None:
    done = call("approve", item, "--for", "8h", "--on", "index:*", "--as", "ada")
    assert (done.code, "Not asked again until" in done.out) == (0, True)
    given = call("waivers", "--json").document
    assert [(one["tool"], one["by"], one["run"]) for one in given] == [("drop_index", "ada", "")]
    assert given[0]["id"] in call("waivers").out
    assert call("waivers", "revoke", given[0]["id"], "--as", "eve").code == 0
    assert "Nothing is waived" in call("waivers").out
    assert call("audit", "verify").code == 0


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--for", "forever"), "no span of time"),
        (("--on", "index:*"), "Add e.g. --for run"),
    ],
)
def test_waiver_that_cannot_be_meant_answers_nothing(
    item: str, options: tuple[str, ...], told: str
) -> None:
    done = call("approve", item, *options)
    assert (done.code, told in done.err) == (2, True)
    assert call("inbox", "--json").document[0]["id"] == item


def test_unknown_waiver_is_said(waiting: Path) -> None:
    assert waiting.exists()
    done = call("waivers", "revoke", "wv-none")
    assert (done.code, "no waiver" in done.err) == (2, True)


def test_one_answer_can_be_for_everybody_who_asks_the_same(waiting: Path, item: str) -> None:
    assert start("--name", "two", "--no-input").code == 10
    (other,) = [one["id"] for one in call("inbox", "--json").document if one["id"] != item]
    told = call("reject", item, "--no-resume", "--alike", "--message", "we need it")
    assert f"Kept: reject of {other}" in told.out
    assert "surefoot resume two" in told.out
    assert call("inbox", "--json").document == []
    assert call("resume", "two").code == 3  # the first run has made everything fast
    assert "by_customer" in indexes(waiting)


def test_who_answers_one_is_told_of_the_others(waiting: Path, item: str) -> None:
    assert start("--name", "two", "--no-input").code == 10
    assert waiting.exists()
    told = call("approve", item, "--no-resume")
    assert "1 more ask exactly this" in told.out
    assert len(call("inbox", "--json").document) == 1
