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
POINTS = "8"
KINDS = [(file, kind.__name__) for file in FILES for kind in specimens_in(file)]


@cache
def checked(file: Path, kind: str) -> dict[str, Any]:
    """Return what the command says of a specimen; in a process of its own, because it forks."""
    command = [sys.executable, "-m", "graphs.cli", "tools", "check", str(file), "--json"]
    command += ["--points", POINTS, "--only", kind]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=110
    )
    assert done.stdout, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize(
    ("file", "kind"), KINDS, ids=[f"{file.parent.name}-{kind}" for file, kind in KINDS]
)
def test_tool_passes_every_trial(file: Path, kind: str) -> None:
    (proof,) = checked(file, kind)["tools"]
    assert proof["findings"] == []
    assert proof["trials"] == dict.fromkeys(TRIALS, 0)


def test_every_tool_of_ours_is_tried() -> None:
    named = re.compile(r'^    name(?:: ClassVar\[str\])? = "([a-z_]+)"$', re.MULTILINE)
    ours = {name for file in ROOT.glob("tools/**/*.py") for name in named.findall(file.read_text())}
    tried = {proof["tool"] for file, kind in KINDS for proof in checked(file, kind)["tools"]}
    assert ours - tried == set()
