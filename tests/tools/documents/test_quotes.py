"""Quotes are found again letter by letter or nearly, and invented ones are not."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tools.documents.conftest import FABLE, Reader
from tools.documents.collection import Collection
from tools.documents.extracting import Extract
from tools.documents.index import Index
from tools.documents.passages import Mark, passages
from tools.documents.queries import query
from tools.documents.quotes import locate
from tools.documents.settings import DocumentsSettings
from tools.documents.spans import folded

WORDS = st.sampled_from(
    ["fox", "dog", "the", "a", "Über", "naïve", "x1", "don't", "“so”", "end.", "\n\n", "--", "東京"]
)
TEXTS = st.lists(WORDS, min_size=1, max_size=400).map(" ".join)


@pytest.mark.parametrize(
    ("quote", "how"),
    [
        ("The quick brown fox", "verbatim"),
        ("the lazy dog.\nIt “really”", "verbatim"),
        ("the  LAZY dog. It 'really' does - twice", "near"),
        ('the lazy dog. It "really" does - twice.', "spacing"),
        ("The quick brown fox jumped over the lazy dog", "near"),
    ],
)
def test_quote_is_found_where_it_stands(reader: Reader, quote: str, how: str) -> None:
    told = reader.quote(quote)
    place = told["places"][0]
    assert told["found"] is True
    assert (place["document"], place["how"]) == ("docs/fable.md", how)
    assert FABLE[place["start"] : place["end"]] == place["text"]


def test_quote_of_a_page_tells_the_page(reader: Reader) -> None:
    place = reader.quote("then about yaks")["places"][0]
    assert (place["document"], place["page"]) == ("docs/more/book.pdf", 2)


@pytest.mark.parametrize(
    "quote",
    [
        "The fox is an animal of great wisdom and dignity",
        "twice. does “really” It dog. lazy the over jumps fox brown",
        "All about zebras And then about lions and tigers and bears",
    ],
)
def test_invented_quote_is_not_found(reader: Reader, quote: str) -> None:
    told = reader.quote(quote)
    assert told["found"] is False
    assert "places" not in told


def test_nearly_right_quote_is_told_what_stands_there(reader: Reader) -> None:
    told = reader.quote("Foxes are small omnivorous animals")
    assert told["found"] is False
    assert "sized omnivorous" in told["nearest"]["text"]


def test_quote_is_sought_in_one_document_only(reader: Reader) -> None:
    assert reader.quote("quick brown fox", document="docs/fable.md")["found"] is True
    assert reader.quote("quick brown fox", document="docs/latin.txt")["found"] is False


def test_quote_inside_a_word_is_found_letter_by_letter(reader: Reader, folder: Path) -> None:
    (folder / "kanji.txt").write_text("吾輩は猫である。名前はまだ無い。")
    assert reader.quote("猫である")["places"][0]["start"] == 3


def test_quote_across_passages_is_found(reader: Reader, folder: Path) -> None:
    text = "\n\n".join(f"Paragraph {number} speaks of number {number}." for number in range(300))
    (folder / "long.txt").write_text(text)
    quote = text[700:2_900]
    place = reader.quote(quote)["places"][0]
    assert (place["start"], place["end"], place["how"]) == (700, 2_900, "verbatim")


@settings(max_examples=80, derandomize=True, deadline=None)
@given(text=TEXTS, marks=st.lists(st.integers(0, 2_000), max_size=6))
def test_passages_lie_end_to_end(text: str, marks: list[int]) -> None:
    found = [*passages(text, [Mark(start, 0, "h") for start in sorted(marks)])]
    assert "".join(passage.text for passage in found) == text
    assert all(text[one.start : one.end] == one.text for one in found)
    assert max(len(one.text) for one in found) <= 1_800


@settings(max_examples=100, derandomize=True, deadline=None)
@given(text=st.text(max_size=200))
def test_folded_letters_know_where_they_stood(text: str) -> None:
    found = folded(text)
    assert len(found.text) == len(found.at)
    assert [*found.at] == sorted(found.at)
    assert "  " not in found.text
    assert found.text == found.text.strip()


@pytest.fixture(scope="module")
def collection(tmp_path_factory: pytest.TempPathFactory) -> Collection:
    folder = tmp_path_factory.mktemp("many")
    return Collection(DocumentsSettings(index=str(folder / "index.db")))


@settings(max_examples=60, derandomize=True, deadline=None)
@given(text=TEXTS, data=st.data())
def test_every_piece_of_a_text_is_found_in_it(
    collection: Collection, text: str, data: st.DataObject
) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    quote = text[start : data.draw(st.integers(start + 1, len(text)))]
    collection.index.put("docs/one.txt", "", "", "", Extract(text=text))
    places = locate(collection, quote).places
    if quote.strip():
        assert places
        assert text[places[0].start : places[0].end] == places[0].text
        assert folded(places[0].text).text == folded(quote).text


@settings(max_examples=100, derandomize=True, deadline=None)
@given(text=st.one_of(st.text(max_size=80), st.text('"*^:(){}+-,. \0ANDORNEAT', max_size=40)))
def test_no_text_is_an_error_of_the_query_language(collection: Collection, text: str) -> None:
    for every in (True, False):
        collection.index.search(query(text, every=every), limit=5)


def naive_search(index: Index, text: str) -> Any:
    """Search as it is mostly written: the words of a model are the query."""
    return index.search(text, limit=5)


@pytest.mark.parametrize("text", ["what's up?", '"open', "AND", "title:fox", "a - b", "fox*^"])
def test_naive_search_breaks_at_common_signs(collection: Collection, text: str) -> None:
    with pytest.raises(
        Exception, match=r"syntax error|no such column|unterminated|unknown special"
    ):
        naive_search(collection.index, text)
    collection.index.search(query(text), limit=5)


def test_results_are_plain_json(reader: Reader) -> None:
    json.dumps(reader.quote("quick brown"), allow_nan=False)
