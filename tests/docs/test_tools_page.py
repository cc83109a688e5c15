"""What the page about tools shows, works as it stands there."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from graphs.proving.proof import TRIALS

PAGE = (Path(__file__).parents[2] / "docs" / "tools.md").read_text()


@pytest.fixture
def written(tmp_path: Path) -> Path:
    """Return the example, written down as the page says."""
    (example,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    file = tmp_path / "mytools.py"
    file.write_text(example)
    return file


def test_example_passes_the_suite_as_it_stands(written: Path) -> None:
    command = [sys.executable, "-m", "graphs.cli", "tools", "check", str(written), "--json"]
    done = subprocess.run(
        [*command, "--points", "6"], capture_output=True, text=True, check=False, timeout=100
    )
    document = json.loads(done.stdout)
    assert document["tools"][0]["findings"] == []
    assert (document["holds"], done.returncode) == (True, 0)


def test_every_trial_is_explained() -> None:
    assert [name for name in TRIALS if f"| {name} |" not in PAGE] == []


def test_tool_of_the_example_is_short(written: Path) -> None:
    tool = written.read_text().split("class WriteNote")[1].split("class Notes")[0]
    assert len([line for line in tool.splitlines() if line.strip()]) <= 30
