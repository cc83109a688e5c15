"""The tour that `make demo` runs."""

from pathlib import Path

import pytest

from tests.graphs.cli.conftest import Result, call


@pytest.fixture(scope="module")
def tour(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Result]:
    folder = tmp_path_factory.mktemp("tour") / "demo"
    return folder, call("demo", "--folder", str(folder), "--orders", "9000")


def test_the_tour_ends_well(tour: tuple[Path, Result]) -> None:
    _, done = tour
    assert done.code == 0, done.out + done.err


@pytest.mark.parametrize(
    "stage", ["run", "inbox rv-", "approve rv-", "why shop", "undo shop --dry-run", "audit verify"]
)
def test_every_stage_shows_its_command(tour: tuple[Path, Result], stage: str) -> None:
    assert f"$ surefoot {stage}" in tour[1].out


def test_the_tour_says_that_it_answers_itself(tour: tuple[Path, Result]) -> None:
    assert "answers yes through the ordinary command" in tour[1].out


def test_a_second_tour_leaves_the_first_alone(tour: tuple[Path, Result]) -> None:
    folder, _ = tour
    first = (folder / "tour-1" / "shop.db").read_bytes()
    done = call("demo", "--folder", str(folder), "--orders", "500", "--yes")
    assert "An earlier tour is kept" in done.out
    assert (folder / "tour-1" / "shop.db").read_bytes() == first


def test_the_tour_prints_one_json_document(tmp_path: Path) -> None:
    done = call("demo", "--folder", str(tmp_path / "demo"), "--orders", "500", "--json")
    assert done.document["exit_code"] == done.code
    assert [stage["exit_code"] for stage in done.document["stages"]][-3:] == [0, 0, 0]


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "demo").write_text("a file")
    done = call("demo", "--folder", str(tmp_path / "demo"))
    assert (done.code, "Traceback" in done.err) == (2, False)
