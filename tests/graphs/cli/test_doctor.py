"""The doctor says which sandbox is in use, and has tried to get out of it."""

from pathlib import Path

import pytest

from tests.graphs.cli.conftest import call
from tools.sandbox import bubblewrap
from tools.sandbox.escape import names


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_doctor_says_which_sandbox_is_in_use_and_what_it_held(folder: Path) -> None:
    document = call("doctor", "--offline", "--json").document
    (used,) = [item for item in document["sandboxes"] if item["in_use"]]
    assert used["held"] == [*names()]
    assert "none of 15 ways out was found" in call("doctor", "--offline").out


def test_doctor_tries_the_sandbox_that_is_wanted(folder: Path) -> None:
    (folder / "surefoot.toml").write_text('[tools.commands]\ncode = true\nsandbox = "landlock"\n')
    document = call("doctor", "--offline", "--json").document
    assert {item["name"] for item in document["sandboxes"]} <= {"landlock"}


def test_doctor_is_not_well_when_programs_could_not_be_held(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "surefoot.toml").write_text('[tools.commands]\ncode = true\nsandbox = "bubblewrap"\n')
    broken = folder / "bwrap"
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setattr(bubblewrap, "found", lambda: [bubblewrap.Bubblewrap(broken)])
    done = call("doctor", "--offline")
    assert done.code == 20
    assert "No sandbox holds here, so no program is ever run" in done.out
