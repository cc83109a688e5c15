"""Settings come from one file and the environment, and mistakes are told."""

import re
from pathlib import Path

import pytest

from graphs.settings import read_settings
from tools.errors import BadInput


def test_defaults_need_no_file(tmp_path: Path) -> None:
    assert read_settings(folder=tmp_path, environment={}).store == "sqlite:///surefoot.db"


def test_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "surefoot.toml").write_text('reviewer = "ada"\n[budget]\nmax_effects = 3\n')
    found = read_settings(folder=tmp_path, environment={})
    assert (found.reviewer, found.budget.max_effects) == ("ada", 3)


def test_environment_wins(tmp_path: Path) -> None:
    (tmp_path / "surefoot.toml").write_text('reviewer = "ada"\n')
    found = read_settings(folder=tmp_path, environment={"SUREFOOT_REVIEWER": "grace"})
    assert found.reviewer == "grace"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("reviewer = ", "cannot be read as TOML"),
        ("colour = 1", "colour"),
        ("offer_hours = -1", "offer_hours"),
        ("[budget]\nmax_effects = 'many'", "budget.max_effects"),
        ("[retention]\nmax_runs = -1", "retention.max_runs"),
        ("models = 'x'", "models.* a table"),
    ],
)
def test_mistake_is_named(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "surefoot.toml").write_text(text)
    with pytest.raises(BadInput, match=told):
        read_settings(folder=tmp_path, environment={"SUREFOOT_MODEL": "openai:x"})


@pytest.mark.parametrize(
    ("text", "name", "known"),
    [
        ("[tools.files]\nrot = '.'", "tools.files.rot", r"\[tools.files\]: root"),
        ("[tools.commands.recipes.a]\nargs = ['x']", "recipes.a.args", "recipes.a\\]: argv"),
        ("colour = 1", "colour", "Known settings: store"),
    ],
)
def test_unknown_name_is_told_with_those_that_are_known(
    tmp_path: Path, text: str, name: str, known: str
) -> None:
    (tmp_path / "surefoot.toml").write_text(text)
    with pytest.raises(BadInput, match=f"{name}' does not fit: there is no such") as caught:
        read_settings(folder=tmp_path, environment={})
    assert re.search(known, caught.value.advice)


def test_retention_is_read(tmp_path: Path) -> None:
    (tmp_path / "surefoot.toml").write_text("[retention]\nmax_age_days = 30\nmax_mb = 500\n")
    found = read_settings(folder=tmp_path, environment={}).retention
    assert (found.max_age_days, found.max_runs, found.max_mb) == (30, None, 500)
