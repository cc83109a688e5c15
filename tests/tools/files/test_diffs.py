import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tools.errors import Refused
from tools.files.diffs import parse, patched
from tools.files.text import MAX_DIFF_LINES, change_of, lines_of, revealed

LINES = st.lists(st.sampled_from(["a", "b", "", "- c", "+++ d", "@@ e", "\\ f"]), max_size=12)
TEXTS = st.tuples(LINES, st.booleans()).map(
    lambda made: "\n".join(made[0]) + ("\n" if made[0] and made[1] else "")
)
often = settings(max_examples=150, deadline=None, derandomize=True)


@often
@given(old=TEXTS, new=TEXTS)
def test_the_diff_that_a_preview_shows_makes_one_text_of_the_other(old: str, new: str) -> None:
    change = change_of("x", old.encode(), new.encode())
    if old == new:
        assert change.diff == ""
    else:
        assert patched(old, parse(change.diff).hunks) == new


@often
@given(
    st.lists(
        st.sampled_from(
            [
                "@@ -1,2 +1 @@\n",
                "@@ -0,0 +1 @@\n",
                "@@",
                " a\n",
                "-a\n",
                "+b\n",
                "\\ No\n",
                "\n",
                "--- x\n",
            ]
        ),
        max_size=10,
    ).map("".join)
    | st.text(max_size=60)
)
def test_whatever_is_no_diff_is_refused(text: str) -> None:
    try:
        patched("a\na\n", parse(text).hunks)
    except Refused:
        return


@often
@given(old=TEXTS, new=TEXTS, cut=st.integers(min_value=1, max_value=40))
def test_a_diff_that_was_cut_off_never_makes_something_else(old: str, new: str, cut: int) -> None:
    diff = change_of("x", old.encode(), new.encode()).diff
    kept = lines_of(diff)[:-cut]
    whole = [number for number, line in enumerate(lines_of(diff)) if line.startswith("@@ -")]
    try:
        parse("".join(kept))
    except Refused:
        return
    assert len(kept) in whole or "\\ No newline" in diff  # only between hunks it goes unnoticed


DIFF = "--- a/x\n+++ b/x\n@@ -2,2 +2,3 @@ def f():\n two\n-three\n+3\n+3.5\n"
TEXT = "one\ntwo\nthree\nfour\n"


def test_a_diff_is_applied() -> None:
    diff = parse(DIFF)
    assert (diff.old_name, diff.new_name) == ("a/x", "b/x")
    assert patched(TEXT, diff.hunks) == "one\ntwo\n3\n3.5\nfour\n"


def test_a_wrong_line_number_is_forgiven_when_there_is_one_place() -> None:
    hunks = parse(DIFF.replace("-2,2 +2,3", "-7,2 +7,3")).hunks
    assert patched(TEXT, hunks) == "one\ntwo\n3\n3.5\nfour\n"
    with pytest.raises(Refused, match="not at line 7, but at 2, 6"):
        patched(TEXT + TEXT, hunks)


def test_hunks_are_applied_in_order() -> None:
    diff = "@@ -1 +1 @@\n-one\n+1\n@@ -4 +4,2 @@\n four\n+five\n"
    assert patched(TEXT, parse(diff).hunks) == "1\ntwo\nthree\nfour\nfive\n"
    swapped = "@@ -4 +4,2 @@\n four\n+five\n@@ -1 +1 @@\n-one\n+1\n"
    with pytest.raises(Refused, match="Hunk 2 does not fit"):
        patched(TEXT, parse(swapped).hunks)


def test_ends_of_files_are_kept_as_the_diff_says() -> None:
    diff = "@@ -1 +1 @@\n-one\n\\ No newline at end of file\n+1\n\\ No newline at end of file\n"
    assert patched("one", parse(diff).hunks) == "1"
    with pytest.raises(Refused, match="does not fit"):
        patched("one\n", parse(diff).hunks)


@pytest.mark.parametrize(
    ("diff", "why"),
    [
        ("", "no hunk"),
        ("--- a\n+++ b\n", "no hunk"),
        (DIFF.replace("-2,2", "-2,3"), "says 3 old and 3 new lines, but has 2 and 3"),
        (DIFF.replace("+2,3", "+2,1"), "Hunk 1 has more lines than its header says"),
        (DIFF + DIFF, "more than one file"),
        ("--- a\n--- b\n" + DIFF, "more than one file"),
        ("@@ nonsense @@\n", "neither a hunk's header"),
        ("@@ -1,2 +1 @@\n one\n*two\n", "does not begin with a space"),
        (DIFF + "stray\n", "neither a hunk's header"),
    ],
)
def test_what_is_wrong_with_a_diff_is_told(diff: str, why: str) -> None:
    with pytest.raises(Refused, match=why):
        patched(TEXT, parse(diff).hunks)


def test_where_a_diff_does_not_fit_is_told() -> None:
    with pytest.raises(Refused, match="line 3 is 'three\\\\n', not 'drei\\\\n'"):
        patched(TEXT, parse(DIFF.replace("-three", "-drei")).hunks)
    with pytest.raises(Refused, match="after line 9; there are 4"):
        patched(TEXT, parse("@@ -9,0 +10 @@\n+x\n").hunks)


def test_long_changes_are_shown_in_part() -> None:
    old = "".join(f"{number}\n" for number in range(30_000))
    one = change_of("x", old.encode(), old.replace("15000\n", "here\n").encode())
    assert (one.added, one.removed) == (1, 1)
    assert "@@ -14998,7 +14998,7 @@" in one.diff
    every = change_of("x", old.encode(), old.replace("1", "one").encode())
    assert every.diff.endswith("(and more)\n")
    assert len(lines_of(every.diff)) <= 3 * MAX_DIFF_LINES


def test_nothing_in_a_diff_hides_or_turns_text() -> None:
    change = change_of("x", b"", "a\u202eb\x1b[2K\r\n".encode())
    assert "+a\\u202eb\\u001b[2K\\u000d" in change.diff
    assert revealed("größe\t日本\n") == "größe\t日本\n"


def test_bytes_are_not_shown() -> None:
    assert change_of("x", b"\xff", None).diff == "Binary file x: 1 bytes -> nothing"
