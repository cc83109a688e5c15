"""Every tool passes the one contract suite, as `surefoot tools check` runs it.

A family of tools keeps its specimens in `tests/tools/FAMILY/specimens.py`.
"""

import json
import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from graphs.proving.loading import specimens_in
from graphs.proving.proof import TRIALS

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / "tests").glob("**/specimens.py"))
POINTS = "4"
"""At how many lines each is killed; `surefoot tools check` alone tries more."""
PATIENCE_SECONDS = 600
KINDS = [
    (file, number, kind.__name__)
    for file in FILES
    for number, kind in enumerate(specimens_in(file))
]
pytestmark = pytest.mark.timeout(PATIENCE_SECONDS)


@cache
def checked(file: Path, *words: str) -> list[dict[str, Any]]:
    """Return what the command says of a file's specimens; a process of its own, as it forks."""
    command = [sys.executable, "-m", "graphs.cli", "tools", "check", str(file), "--json"]
    command += ["--points", POINTS, *words]
    done = subprocess.run(
        command,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_SECONDS - 10,
    )
    assert done.stdout, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)["tools"]
    return found


@pytest.mark.parametrize(
    ("file", "number"),
    [(file, number) for file, number, _ in KINDS],
    ids=[f"{file.parent.name}-{kind}" for file, _, kind in KINDS],
)
def test_tool_passes_every_trial(file: Path, number: int) -> None:
    proof = checked(file)[number]
    assert proof["findings"] == []
    assert proof["trials"] == dict.fromkeys(TRIALS, 0)


def test_every_tool_of_ours_is_tried() -> None:
    named = re.compile(r'^    name(?:: ClassVar\[str\])? = "([a-z_]+)"$', re.MULTILINE)
    ours = {name for file in ROOT.glob("tools/**/*.py") for name in named.findall(file.read_text())}
    tried = {proof["tool"] for file in FILES for proof in checked(file)}
    assert ours - tried == set()


def test_one_tool_is_tried_alone() -> None:
    file = ROOT / "tests" / "tools" / "documents" / "specimens.py"
    (alone,) = checked(file, "--only", "Read")
    assert (alone["tool"], alone["findings"]) == (checked(file)[1]["tool"], [])
