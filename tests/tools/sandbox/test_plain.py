"""The sandbox holds without any rights of ours, too."""

import json
import os
import subprocess
import sys

import pytest

from tools.sandbox.choice import trials


@pytest.mark.skipif(os.geteuid() != 0, reason="the other tests are run by a plain user already")
def test_all_that_holds_for_root_holds_for_a_plain_user() -> None:
    command = [sys.executable, "-m", "tests.tools.sandbox.plain"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {trial.tier.name: trial.why_not for trial in trials()}
