"""`surefoot tools` tells what an agent may do here, and attacks the tools of a file."""

from pathlib import Path

import pytest

from tests.graphs.cli.conftest import call

SETTINGS = '[tools.files]\nroot = "ws"\nread_only = true\n'
NONE = "class Nothing:\n    pass\n"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ws").mkdir()
    (tmp_path / "surefoot.toml").write_text(SETTINGS)
    return tmp_path


def test_tools_are_listed_with_what_holds_them(here: Path) -> None:
    told = call("tools")
    assert told.code == 0
    assert "read_file" in told.out
    assert "write_file" not in told.out
    assert f"only beneath {here / 'ws'}" in told.out


def test_document_has_the_schema_of_the_arguments(here: Path) -> None:
    first = call("tools", "--json").document["tools"][0]
    assert first["name"] == "read_file"
    assert first["authority"] == ["path"]
    assert "path" in first["parameters"]["properties"]


def test_one_tool_is_shown_with_its_arguments(here: Path) -> None:
    told = call("tools", "show", "read_file")
    assert "decides, must be trusted" in told.out


def test_unknown_tool_is_told_with_those_that_are(here: Path) -> None:
    told = call("tools", "show", "launch")
    assert told.code == 2
    assert "read_file" in told.err


def test_no_tools_are_told_with_the_way_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert "docs/tools.md" in call("tools").out


def test_looking_leaves_no_store(here: Path) -> None:
    call("tools")
    assert {path.name for path in here.iterdir()} == {"ws", "surefoot.toml"}


@pytest.mark.parametrize("text", [NONE, "import no_such_module\n", None])
def test_file_without_a_specimen_is_told(here: Path, text: str | None) -> None:
    if text is not None:
        (here / "mytools.py").write_text(text)
    assert call("tools", "check", "mytools.py").code == 2


@pytest.mark.parametrize(
    "words", [("--database", "x.db"), ("--workload", "x.sql"), ("--runbook", "x.toml")]
)
def test_run_on_half_of_something_is_told(here: Path, words: tuple[str, str]) -> None:
    (here / "surefoot.toml").unlink()
    assert call("run", "Do it", *words).code == 2


def test_run_with_nothing_to_work_on_is_told(here: Path) -> None:
    (here / "surefoot.toml").unlink()
    told = call("run", "Do it")
    assert told.code == 2
    assert "[tools]" in told.err


def test_run_without_anybody_to_plan_is_told(here: Path) -> None:
    told = call("run", "Do it")
    assert told.code == 2
    assert "--runbook" in told.err
