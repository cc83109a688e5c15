from pathlib import Path

import pytest

from tests.tools.files.conftest import Tools, done
from tools.contract import Tool
from tools.errors import Refused
from tools.files.searching import MAX_MATCHES, PATIENCE_SECONDS, SearchFiles
from tools.files.walking import Walk
from tools.toolbox import Toolbox

All = dict[str, Tool]


def test_declarations_hold_together(tools: All, make_tools: Tools) -> None:
    assert len(Toolbox([*tools.values()])) == 8
    assert [*make_tools(read_only=True)] == ["read_file", "list_files", "search_files"]


def test_a_text_is_read_with_its_version(tools: All) -> None:
    found = done(tools["read_file"], path="./notes//a.txt")
    assert found["text"] == "one\ntwo\nthree\n"
    assert found["summary"] == "notes/a.txt, lines 1 to 3 of 3."
    assert (found["path"], found["bytes"], found["truncated"]) == ("notes/a.txt", 14, False)
    written = done(tools["write_file"], path="notes/c.txt", text="one\ntwo\nthree\n")
    assert found["version"] == written["version"]


@pytest.mark.parametrize(
    ("first", "lines", "text", "more"),
    [(2, 1, "two\n", True), (3, 9, "three\n", False), (4, 1, "", False)],
)
def test_some_lines_are_read(tools: All, first: int, lines: int, text: str, *, more: bool) -> None:
    found = done(tools["read_file"], path="notes/a.txt", first_line=first, lines=lines)
    assert (found["text"], found["truncated"]) == (text, more)


def test_line_ends_and_marks_of_windows_are_told_not_shown(tools: All, space: Path) -> None:
    (space / "win.txt").write_bytes(b"\xef\xbb\xbfone\r\ntwo\r\n")
    found = done(tools["read_file"], path="win.txt")
    assert (found["text"], found["line_ends"]) == ("one\ntwo\n", "CRLF")


def test_what_is_no_text_is_told_as_such(tools: All) -> None:
    found = done(tools["read_file"], path="deep/er/b.bin")
    assert found["binary"]
    assert found["begins"].startswith("00 01 02")
    assert "text" not in found


def test_long_lines_are_cut(tools: All, space: Path) -> None:
    (space / "long.txt").write_text("x" * 150_000)
    found = done(tools["read_file"], path="long.txt")
    assert (len(found["text"]), found["truncated"]) == (100_000, True)


def test_large_files_are_not_read(make_tools: Tools) -> None:
    with pytest.raises(Refused, match="14 bytes; at most 13 are read"):
        done(make_tools(max_file_bytes=13)["read_file"], path="notes/a.txt")


def test_a_file_that_is_not_there_is_told_with_what_is_near(tools: All) -> None:
    with pytest.raises(Refused) as refusal:
        done(tools["read_file"], path="notes/A.text")
    assert "notes/a.txt" in refusal.value.advice
    with pytest.raises(Refused) as refusal:
        done(tools["read_file"], path="note/a.txt")
    assert "no folder 'note'" in refusal.value.advice


def test_links_are_not_followed_and_say_so(tools: All) -> None:
    with pytest.raises(Refused, match="links are not followed"):
        done(tools["read_file"], path="link in.txt")


def test_everything_is_listed_but_secrets(tools: All) -> None:
    found = done(tools["list_files"])
    names = [entry["path"] for entry in found["entries"]]
    assert names[:4] == ["deep", "deep/er", "deep/er/b.bin", "device"] or "device" not in names
    assert {".env", ".git", ".git/config", "keys/id_rsa"}.isdisjoint(names)
    assert {"notes/a.txt", "link out.txt", "pipe", "surefoot.toml"} <= set(names)
    assert (found["kept_from_agents"], found["truncated"]) == (3, False)
    assert {"path": "notes/a.txt", "kind": "file", "bytes": 14} in found["entries"]


def test_a_part_is_listed(tools: All) -> None:
    found = done(tools["list_files"], path="deep", depth=1)
    assert [entry["path"] for entry in found["entries"]] == ["deep/er"]
    found = done(tools["list_files"], pattern="**/b.*")
    assert [entry["path"] for entry in found["entries"]] == ["deep/er/b.bin", "notes/b.txt"]


def test_names_that_a_workspace_does_not_take_are_counted(tools: All, space: Path) -> None:
    (space / "notes/bad\nname").touch()
    found = done(tools["list_files"], path="notes")
    assert (found["count"], found["unusable_names"]) == (2, 1)


def test_listings_and_walks_are_bounded(make_tools: Tools, space: Path) -> None:
    for number in range(1_010):
        (space / f"deep/{number}").touch()
    found = done(make_tools()["list_files"], path="deep")
    assert (len(found["entries"]), found["count"], found["truncated"]) == (1_000, 1_012, True)
    found = done(make_tools(max_files=5)["list_files"], path="deep")
    assert (found["count"], found["truncated"]) == (5, True)


def test_deep_trees_are_walked(tools: All, space: Path) -> None:
    (space / "/".join(["d"] * 300)).mkdir(parents=True)
    tool = tools["read_file"]
    assert len([*Walk(tool.space).through("d")]) == 299  # type: ignore[attr-defined]  # a FileTool


def test_text_is_found_line_by_line(tools: All) -> None:
    found = done(tools["search_files"], text="t")
    assert found["matches"] == [
        {"path": "notes/a.txt", "line": 2, "text": "two"},
        {"path": "notes/a.txt", "line": 3, "text": "three"},
        {"path": "readonly.txt", "line": 1, "text": "stays"},
        {"path": "surefoot.toml", "line": 1, "text": "[tools.files]"},
    ]
    assert "TOKEN" not in str(done(tools["search_files"], text="TOKEN")["matches"])


@pytest.mark.parametrize(
    ("args", "lines"),
    [
        ({"text": "TWO", "ignore_case": True}, [2]),
        ({"text": "^t[wh]", "regex": True}, [2, 3]),
        ({"text": "^T", "regex": True, "ignore_case": True}, [2, 3]),
        ({"text": "t.o"}, []),
        ({"text": "e", "pattern": "*.bin"}, []),
    ],
)
def test_search_is_exact_folded_or_regular(
    tools: All, args: dict[str, bool | str], lines: list[int]
) -> None:
    found = done(tools["search_files"], path="notes", **args)
    assert [match["line"] for match in found["matches"]] == lines


@pytest.mark.parametrize("expression", ["(a+)+$", "(a|a)*b", "(.*)*(.*)*(.*)*b", "(a{0,30}){30}b"])
def test_no_expression_is_catastrophic(tools: All, space: Path, expression: str) -> None:
    (space / "notes/evil.txt").write_text("a" * 20_000 + "!")
    found = done(tools["search_files"], text=expression, regex=True, path="notes")
    assert found["searched_files"] == 3


@pytest.mark.parametrize(
    "expression", ["(", r"(a)\1", "(?=a)", "a{1,5000}", "(?R)", "((a{1,900}){1,900})"]
)
def test_what_is_no_expression_is_refused(tools: All, expression: str) -> None:
    with pytest.raises(Refused, match="no regular expression"):
        done(tools["search_files"], text=expression, regex=True)


def test_searches_are_bounded(tools: All, space: Path) -> None:
    (space / "notes/many.txt").write_text("x\n" * 600)
    found = done(tools["search_files"], text="x", path="notes")
    assert (len(found["matches"]), found["truncated"]) == (MAX_MATCHES, True)
    slow = iter([0.0, 1.0, *[PATIENCE_SECONDS + 1] * 9])
    tool = SearchFiles(tools["search_files"].space, seconds=lambda: next(slow))  # type: ignore[attr-defined]  # a FileTool
    found = done(tool, text="o", path="notes")
    assert (found["searched_files"], found["truncated"]) == (1, True)


def test_only_reads_and_edits_vouch_for_names(tools: All) -> None:
    vouching = {
        name
        for name, tool in tools.items()
        if tool.known_values({"path": "notes/a.txt"}) == {"notes/a.txt"}
    }
    assert vouching == {*tools} - {"move_file", "delete_file"}
    assert all(
        not tool.known_values({"path": name})
        for tool in tools.values()
        for name in ("none", ".env")
    )
    assert tools["list_files"].known_values({"path": ""}) == {""}


def test_what_holds_a_tool_is_told(tools: All, space: Path) -> None:
    first, *_ = tools["read_file"].bounds()
    assert str(space) in first


def test_settings_add_to_what_is_left_alone(make_tools: Tools, space: Path) -> None:
    tools = make_tools(
        deny=("deep",), protected=("notes/b.txt",), allow=(".env",), own=[space / "notes/runs.db"]
    )
    assert done(tools["read_file"], path=".env")["text"] == "TOKEN=1\n"
    for name in ("deep/er/b.bin", "notes/runs.db-wal", ".git/config"):
        with pytest.raises(Refused, match="kept from agents"):
            done(tools["read_file"], path=name)
    assert done(tools["read_file"], path="notes/b.txt")["text"] == "banana\n"
    with pytest.raises(Refused, match="may be read, but not changed"):
        done(tools["delete_file"], path="notes/b.txt")
