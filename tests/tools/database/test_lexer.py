import pytest

from tools.database.lexer import split
from tools.errors import Refused


def test_semicolons_in_strings_names_and_comments_do_not_end_a_statement() -> None:
    text = """SELECT ';' , "a;b", [c;d], `e;f` -- ; no
    /* ; */ ; SELECT 2"""
    assert [piece.tokens[-1].text for piece in split(text)] == ["`e;f`", "2"]


def test_a_comment_ends_at_the_first_closing_mark_as_in_sqlite() -> None:
    pieces = split("SELECT 1 /* /* */ ; DROP TABLE t; -- */")
    assert [piece.text for piece in pieces] == ["SELECT 1", "DROP TABLE t"]


def test_pieces_know_the_line_of_their_first_token() -> None:
    assert [piece.line for piece in split("-- a\n\nSELECT 1;\n\n/* b\n */ SELECT 2")] == [3, 6]


def test_comments_before_a_statement_are_kept_and_those_inside_are_not() -> None:
    (piece,) = split("-- name: x\nSELECT 1 -- y\n + 2")
    assert piece.comments == ("-- name: x",)


def test_doubled_quotes_stay_inside_their_string() -> None:
    (piece,) = split("SELECT 'it''s; fine', \"a\"\"b\"")
    assert piece.tokens[-1].name == 'a"b'


def test_blank_statements_are_left_out() -> None:
    assert split(" ;; -- only a comment\n;") == []


@pytest.mark.parametrize("text", ["SELECT 'a", 'SELECT "a', "SELECT [a", "SELECT `a", "SELECT #"])
def test_open_quotes_and_foreign_characters_are_refused(text: str) -> None:
    with pytest.raises(Refused):
        split(text)


@pytest.mark.parametrize(
    "text",
    [
        "SELECT 1 FROM t\N{NO-BREAK SPACE}x",
        "\N{IDEOGRAPHIC SPACE}SELECT 1",
        "SELECT 1\N{FULLWIDTH SEMICOLON} x",
        "\N{LATIN SMALL LETTER LONG S}elect 1",
        "select \N{KELVIN SIGN}",
        "\N{FULLWIDTH LATIN CAPITAL LETTER D}ROP",
    ],
)
def test_look_alikes_outside_quotes_are_refused(text: str) -> None:
    with pytest.raises(Refused, match=r"ambiguous"):
        split(text)


def test_letters_of_other_languages_are_names() -> None:
    assert split("SELECT größe, 数量 FROM t")[0].text == "SELECT größe, 数量 FROM t"
