import unicodedata
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tools.errors import Refused
from tools.files.globs import Patterns, matches
from tools.files.names import as_is, is_normal, normal, parents, resource, split, twin
from tools.files.root import Root

PARTS = st.sampled_from(
    [*"./~\\ ab\0\n", "..", "notes", "a.txt", "way out", "\u202e", "e\u0301", "\ud800", "n" * 300]
)
ODD_NAMES = st.lists(PARTS, max_size=8).map("".join) | st.text(max_size=20)
quickly = settings(max_examples=150, deadline=None, derandomize=True)


@quickly
@given(ODD_NAMES)
@example("a//b/./c/")
def test_a_name_is_refused_or_is_the_one_name(name: str) -> None:
    try:
        found = normal(name)
    except Refused:
        return
    assert normal(found) == found
    assert all(part not in {"", ".", ".."} for part in found.split("/") if found)
    assert found == "" or is_normal(found)
    assert {unicodedata.category(sign) for sign in found}.isdisjoint({"Cc", "Cf", "Cs", "Zl", "Zp"})


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("notes/a.txt", "notes/a.txt"),
        ("./notes//a.txt", "notes/a.txt"),
        ("notes/./b/", "notes/b"),
        ("e\u0301.txt", "\u00e9.txt"),
        ("", ""),
        (".", ""),
        ("a b/c-d_e+f.tar.gz", "a b/c-d_e+f.tar.gz"),
        ("größe/日本.md", "größe/日本.md"),
    ],
)
def test_one_file_has_one_name(name: str, found: str) -> None:
    assert normal(name) == found


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("/etc/passwd", "not a name in the workspace"),
        ("~/x", "not a name in the workspace"),
        ("a/../b", "upwards"),
        ("a\\b", "backslash"),
        ("a /b", "begins or ends with a space"),
        ("a\nb", r"U\+000A"),
        ("a\0b", r"U\+0000"),
        ("\u202etxt.exe", r"U\+202E"),
        ("a\u200bb", r"U\+200B"),
        ("\ud800", r"U\+D800"),
        ("n" * 256, "256 bytes"),
        ("é" * 128, "256 bytes"),
        ("d/" * 600, "more than 1024 bytes"),
        (".surefoot-x", "Surefoot's own"),
    ],
)
def test_what_is_no_name_is_told_why(name: str, why: str) -> None:
    with pytest.raises(Refused, match=why):
        normal(name)


@pytest.mark.parametrize(
    ("one", "other"),
    [("A.txt", "a.txt"), ("stra\u00dfe", "STRASSE"), ("\uff41", "a"), ("e\u0301", "\u00c9")],
)
def test_twins_are_known(one: str, other: str) -> None:
    assert twin(one) == twin(other)


def test_names_are_taken_apart() -> None:
    assert split("a/b/c") == ("a/b", "c")
    assert parents("a/b/c") == ["a", "a/b"]
    assert (resource("a/b"), resource("")) == ("file:a/b", "file:.")


@quickly
@given(name=st.lists(PARTS, max_size=6).map("".join))
def test_no_name_leads_out_however_it_is_opened(
    tmp_path_factory: pytest.TempPathFactory, name: str
) -> None:
    folder = _shared(tmp_path_factory)
    inside = {path.lstat().st_ino for path in (folder / "space", *(folder / "space").rglob("*"))}
    for walk in (False, True):
        root = Root(folder / "space", walk=walk)
        try:
            seen = root.exact.stat(name)
        except Refused:
            seen = None
        finally:
            root.close()
        assert seen is None or seen.st_ino in inside


def _shared(factory: pytest.TempPathFactory) -> Path:
    folder = factory.getbasetemp() / "names"
    if not folder.exists():
        (folder / "space/notes").mkdir(parents=True)
        (folder / "a.txt").touch()
        (folder / "space/notes/a.txt").touch()
        (folder / "space/way out").symlink_to("..")
    return folder


@pytest.mark.parametrize("name", ["/a", "a//b", "a/", "..", "a/../b", ".", "a\0"])
def test_names_of_the_disk_must_lie_beneath(name: str) -> None:
    with pytest.raises(Refused):
        as_is(name)


@pytest.mark.parametrize(
    ("pattern", "name", "fits"),
    [
        (".git", ".git/config", True),
        (".git", "deep/.GIT/config", True),
        (".git", ".gitignore", False),
        (".env.*", "a/.env.local", True),
        ("build/", "x/build/y", True),
        ("/notes", "notes/a", True),
        ("/notes", "deep/notes/a", False),
        ("src/**/secret", "src/a/b/secret/x", True),
        ("src/**/secret", "src/secret", True),
        ("src/*.py", "src/a/b.py", False),
        ("*.pem", "certs/A.PEM", True),
    ],
)
def test_patterns_cover_names_and_what_is_beneath(pattern: str, name: str, *, fits: bool) -> None:
    assert bool(Patterns([pattern]).covering(name)) is fits


@pytest.mark.parametrize(
    ("pattern", "name", "fits"),
    [
        ("*.py", "a/b.py", True),
        ("*.py", "a/b.py/c", False),
        ("a/*.py", "a/b.py", True),
        ("a/*.py", "a/b/c.py", False),
        ("**/c.py", "c.py", True),
        ("a/**", "a/b/c", True),
        ("a/**/b/**/c", "a/x/b/y/z/c", True),
        ("[ab].txt", "b.txt", True),
    ],
)
def test_patterns_match_names(pattern: str, name: str, *, fits: bool) -> None:
    assert matches(pattern, name) is fits


def test_no_pattern_is_slow() -> None:
    name = "/".join(["a" * 60] * 16)
    assert not matches("/".join(["**", "*a*a*a*a*a*a*a*a*b"] * 16), name)
    assert not Patterns(["*a*a*a*a*a*a*a*a*a*a*b"]).covering(name)


def test_refused_names_leave_no_descriptor_open(root: Root) -> None:
    def count() -> int:
        return len([*Path("/proc/self/fd").iterdir()])

    before = count()
    for name in ("notes/a.txt", "none/x", "way out/x", "pipe"):
        try:
            root.open(name).close()
        except Refused:
            continue
        root.stat(name)
        root.scan("notes")
    assert count() == before
