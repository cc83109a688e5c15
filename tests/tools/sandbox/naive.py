"""How programs are run by those who trust them: the same tests are shown to fail here."""

import os
import subprocess

from tools.sandbox.escape import VARIABLE
from tools.sandbox.job import Job


def run(job: Job) -> bytes:
    """Run a program with nothing but a folder and a time."""
    done = subprocess.run(
        job.command,
        cwd=job.room.work,
        env={**os.environ, VARIABLE: "secret"},
        capture_output=True,
        timeout=job.limits.seconds,
        check=False,
    )
    return done.stdout
