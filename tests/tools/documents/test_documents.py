"""Documents are found by their words, read by spans, and kept up with as they change."""

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.tools.documents.conftest import Reader
from tools.documents.collection import Collection
from tools.documents.family import documents_tools
from tools.documents.settings import DocumentsSettings
from tools.errors import BadInput, Refused
from tools.stopping import Stop, Stopped, stopping_at
from tools.toolbox import Toolbox, lint

Configure = Callable[..., DocumentsSettings]


def test_every_kind_of_file_is_found_by_its_words(reader: Reader) -> None:
    assert reader.names("omnivorous") == ["docs/fable.md"]
    assert reader.names("beetles") == ["docs/page.html"]
    assert reader.names("zebras") == ["docs/more/book.pdf"]
    assert reader.names("cafe prix") == ["docs/latin.txt"]
    assert reader.names("mammal") == ["docs/fable.md"], "by its stem"


def test_what_is_not_shown_is_not_found(reader: Reader) -> None:
    assert reader.names("treasure") == []
    assert reader.names("instructions") == []


def test_passage_tells_where_it_stands_and_can_be_read_there(reader: Reader) -> None:
    (found,) = reader.search("omnivorous")
    assert found["heading"] == "Details"
    start, end = int(str(found["start"])), int(str(found["end"]))
    read = reader.call("read_document", document=found["document"], start=start, length=end - start)
    assert read["text"] == found["text"]
    assert read["sha256"] == found["sha256"]
    (zebras,) = reader.search("yaks")
    assert zebras["page"] == 2


def test_html_is_read_as_people_see_it(reader: Reader) -> None:
    read = reader.call("read_document", document="docs/page.html")
    assert read["title"] == "On hedgehogs"
    assert read["text"].split("\n") == [
        "Hedgehogs at night",
        "They eat beetles and café crumbs.",
        "slugs",
        "snails",
        "",
    ]
    assert read["parts"] == [{"start": 0, "heading": "Hedgehogs at night"}]


def test_any_of_the_words_will_do_when_they_are_not_together(reader: Reader) -> None:
    assert set(reader.names("omnivorous zebras")) == {"docs/fable.md", "docs/more/book.pdf"}
    assert reader.names('"brown fox"') == ["docs/fable.md"]


def test_what_cannot_be_read_says_why(reader: Reader) -> None:
    reader.names("fox")
    for name, why in (("broken.pdf", "cannot be read"), ("binary.txt", "no text")):
        read = reader.call("read_document", document=f"docs/{name}")
        assert why in read["problem"]
        assert read["text"] == ""


def test_index_follows_what_happens_to_files(reader: Reader, folder: Path) -> None:
    assert reader.names("fox") == ["docs/fable.md", "docs/fable.md"]
    (folder / "fable.md").write_text("All about wolves now.")
    (folder / "new.txt").write_text("A lonely fox.")
    assert reader.names("fox") == ["docs/new.txt"]
    (folder / "new.txt").unlink()
    assert reader.names("fox") == []
    assert reader.names("wolves") == ["docs/fable.md"]


def test_same_size_and_time_do_not_hide_a_change(reader: Reader, folder: Path) -> None:
    path = folder / "latin.txt"
    reader.names("fox")
    seen = path.stat()
    path.write_bytes(path.read_bytes().replace(b"Prix", b"Cout"))
    os.utime(path, ns=(seen.st_atime_ns, seen.st_mtime_ns))
    assert reader.names("cout") == ["docs/latin.txt"]


def test_touched_file_is_not_read_again(configure: Configure, folder: Path) -> None:
    collection = Collection(configure())
    assert collection.refresh().read == 6
    assert collection.refresh().read == 0
    os.utime(folder / "fable.md")
    assert collection.refresh().read == 1
    assert collection.refresh().read == 0
    assert Collection(configure()).refresh().read == 0, "another process goes on from there"


def test_what_takes_long_goes_on_next_time(configure: Configure) -> None:
    ticks = iter(range(1_000))
    collection = Collection(configure(refresh_seconds=1), clock=lambda: float(next(ticks)))
    told = [collection.refresh() for _ in range(5)]
    assert [one.left for one in told[:3]] == [4, 2, 0]
    assert sum(one.read for one in told) == 6


def test_large_and_many_files_are_left_out_and_told_of(configure: Configure) -> None:
    told = Collection(configure(file_bytes=100)).refresh()
    assert (told.read, told.skipped) == (2, 4)
    told = Collection(configure(files=2)).refresh()
    assert told.skipped == 4


def test_long_text_is_kept_in_part(configure: Configure, folder: Path) -> None:
    (folder / "long.txt").write_text("word " * 1_000)
    reader = Reader(documents_tools(configure(text_characters=2_000)))
    reader.names("fox")
    read = reader.call("read_document", document="docs/long.txt")
    assert read["characters"] == 2_000
    assert "only the first 2000" in read["problem"]


def test_broken_index_is_made_again(configure: Configure, tmp_path: Path) -> None:
    for garbage in (b"", b"garbage" * 10_000):
        (tmp_path / "index.db").write_bytes(garbage)
        assert Reader(documents_tools(configure())).names("omnivorous") == ["docs/fable.md"]
    with closing(sqlite3.connect(tmp_path / "index.db")) as connection:
        connection.execute("PRAGMA user_version = 99")
    assert Reader(documents_tools(configure())).names("omnivorous") == ["docs/fable.md"]


def test_index_is_for_its_owner_only(reader: Reader, tmp_path: Path) -> None:
    reader.names("fox")
    assert (tmp_path / "index.db").stat().st_mode & 0o077 == 0


def test_stop_is_heard_between_files(reader: Reader) -> None:
    stop = Stop()
    stop.set_result(None)
    with stopping_at(stop), pytest.raises(Stopped):
        reader.names("fox")


def test_tools_only_read_and_vouch_for_names_that_there_are(reader: Reader) -> None:
    tools = Toolbox([*reader.tools.values()])
    assert [problem for tool in tools.values() for problem in lint(tool)] == []
    assert {tool.effect for tool in tools.values()} == {"read"}
    reader.names("fox")
    read = tools["read_document"]
    assert read.known_values({"document": "docs/fable.md"}) == {"docs/fable.md"}
    assert read.known_values({"document": "docs/none.md"}) == frozenset()
    search = tools["search_documents"]
    assert search.resources(search.check({"query": "x"})) == {"documents:docs"}
    assert search.known_values({}) == {"", "docs"}


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("search_documents", {"query": "?!"}),
        ("search_documents", {"query": "fox", "folder": "elsewhere"}),
        ("read_document", {"document": "docs/none.md"}),
        ("read_document", {"document": "docs/fable.md", "start": 10_000}),
        ("find_quote", {"quote": "fox", "document": "docs/none.md"}),
        ("find_quote", {"quote": "x" * 5_000}),
    ],
)
def test_what_is_not_there_is_refused(reader: Reader, name: str, args: Any) -> None:
    reader.names("fox")
    with pytest.raises(Refused):
        reader.call(name, **args)


def test_settings_must_hold_together(configure: Configure, tmp_path: Path) -> None:
    assert documents_tools(DocumentsSettings()) == []
    with pytest.raises(BadInput, match="no file"):
        documents_tools(configure(index=""))
    with pytest.raises(BadInput, match="cannot be opened"):
        documents_tools(configure(folders={"docs": str(tmp_path / "nowhere")}))
    for wrong in ({"folders": {"../x": "/"}}, {"suffixes": [".exe"]}):
        with pytest.raises(ValueError, match="validation error"):
            configure(**wrong)
