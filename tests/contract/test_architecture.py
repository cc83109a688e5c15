"""The tree is the architecture: budgets of size, arrows between rooms, and names that are ours."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROOMS = ("graphs", "nodes", "tools", "checkpoints")
VAGUE = {"utils", "helpers", "common", "core", "misc"}
REASON = re.compile(r"BLE001  # \w+")
"""What stands behind a suppression: why."""
MAX_FILE, MAX_TEST_FILE, MAX_FUNCTION = 400, 500, 40


def sources(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def place(path: Path, line: int | None = None) -> str:
    return f"{path.relative_to(ROOT)}" + (f":{line}" if line is not None else "")


def nodes_of(*folders: str) -> Iterator[tuple[Path, ast.AST]]:
    for path in sources(*folders):
        for node in ast.walk(ast.parse(path.read_text())):
            yield path, node


def lines_of(path: Path) -> int:
    return len(path.read_text().splitlines())


def is_broad(handler: ast.ExceptHandler) -> bool:
    caught = ast.walk(handler.type) if handler.type is not None else [ast.Name("BaseException")]
    names = {node.id for node in caught if isinstance(node, ast.Name)}
    return bool(names & {"Exception", "BaseException"})


def broad_excepts() -> list[tuple[Path, ast.ExceptHandler]]:
    return [
        (path, node)
        for path, node in nodes_of(*ROOMS)
        if isinstance(node, ast.ExceptHandler) and is_broad(node)
    ]


def test_the_rooms_are_not_empty() -> None:
    assert all(sources(room) for room in ROOMS)


def test_files_fit_in_the_head() -> None:
    assert [place(path) for path in sources(*ROOMS) if lines_of(path) > MAX_FILE] == []


def test_test_files_fit_in_the_head() -> None:
    assert [place(path) for path in sources("tests") if lines_of(path) > MAX_TEST_FILE] == []


def test_functions_are_short() -> None:
    long = [
        f"{place(path, node.lineno)} {node.name}"
        for path, node in nodes_of(*ROOMS)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or node.lineno) - node.lineno + 1 > MAX_FUNCTION
    ]
    assert long == []


def test_broad_excepts_are_rare() -> None:
    lines = sum(lines_of(path) for path in sources(*ROOMS))
    assert len(broad_excepts()) <= max(1, lines // 1000)


def test_every_broad_except_has_its_reason() -> None:
    silent = [
        place(path, node.lineno)
        for path, node in broad_excepts()
        if not REASON.search(path.read_text().splitlines()[node.lineno - 1])
    ]
    assert silent == []


def test_no_import_is_relative() -> None:
    relative = [
        place(path, node.lineno)
        for path, node in nodes_of(*ROOMS, "tests")
        if isinstance(node, ast.ImportFrom) and node.level
    ]
    assert relative == []


def test_no_folder_or_module_has_a_vague_name() -> None:
    vague = {
        place(path)
        for path in sources(*ROOMS, "tests")
        if VAGUE & {*path.relative_to(ROOT).with_suffix("").parts}
    }
    assert vague == set()


def test_every_folder_of_tests_is_a_package() -> None:
    folders = {path.parent for path in sources("tests")}
    assert [place(folder) for folder in folders if not (folder / "__init__.py").exists()] == []


def test_imports_point_downwards() -> None:
    lint = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [lint, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_other_distribution_owns_our_names() -> None:
    owners = packages_distributions()
    strangers = {room: set(owners.get(room, ())) - {"surefoot"} for room in ROOMS}
    assert strangers == {room: set() for room in ROOMS}
