"""Whatever a program wants too much of ends it, or is refused to it; nothing of it is left."""

from dataclasses import replace

import pytest

from tests.tools.sandbox.programs import SMALL, living, python
from tools.sandbox.job import Tier
from tools.sandbox.limits import Limits
from tools.sandbox.room import Room

FLOOD = "import os\nfor _ in range(1 << 14): os.write(1, b'x' * 65536)"
"""One gigabyte."""
SHARED = """
import mmap, os
held = [mmap.mmap(-1, 1 << 20) for _ in range(512)]
for page in held:
    page.write(b"x" * (1 << 20))
"""
MANY = """
import os, time
for _ in range(4):
    if not os.fork():
        held = b"x" * (40 << 20)
        time.sleep(60)
os.wait()
"""
FORKS = """
import os
while True:
    try:
        os.fork()
    except OSError:
        pass
"""
DAEMON = """
import os, subprocess, sys
if not os.fork():
    os.setsid()
    if not os.fork():
        os.execv(sys.executable, [sys.executable, "-S", "-c", "import time; time.sleep(60)", {!r}])
    os._exit(0)
os.wait()
"""


def test_time_ends_it(tier: Tier, room: Room) -> None:
    ended = python("import time; time.sleep(60)", room, tier, replace(SMALL, seconds=0.3))
    assert (ended.ending, ended.exit_code) == ("time", None)
    assert ended.seconds < 5


def test_cpu_ends_it(tier: Tier, room: Room) -> None:
    ended = python("while True: pass", room, tier, replace(SMALL, cpu_seconds=0.3))
    assert ended.ending == "cpu"
    assert ended.cpu_seconds >= 0.3


def test_memory_is_refused_to_one_process(tier: Tier, room: Room) -> None:
    ended = python("x = bytearray(100 << 20)", room, tier)
    assert ended.exit_code == 1
    assert "MemoryError" in ended.stderr.text


@pytest.mark.parametrize("code", [SHARED, MANY], ids=["shared", "many processes"])
def test_memory_of_all_together_ends_it(tier: Tier, room: Room, code: str) -> None:
    assert python(code, room, tier).ending == "memory"


def test_output_ends_it_and_is_kept_from_both_ends(tier: Tier, room: Room) -> None:
    ended = python(f"print('begin')\n{FLOOD}", room, tier)
    assert ended.ending == "output"
    assert ended.stdout.total < 4 * SMALL.output_bytes
    assert ended.stdout.truncated
    assert len(ended.stdout.text) < 300


def test_output_within_its_limit_is_counted(tier: Tier, room: Room) -> None:
    code = "print('begin' + 'x' * 10_000 + 'end')"
    ended = python(code, room, tier)
    assert ended.stdout.text.startswith("begin")
    assert ended.stdout.text.endswith("end\n")
    assert "9809 bytes left out" in ended.stdout.text


def test_many_small_files_end_it(tier: Tier, room: Room) -> None:
    code = "import itertools\nfor n in itertools.count(): open(str(n), 'w').close()"
    assert python(code, room, tier).ending == "disk"


def test_many_files_together_end_it(tier: Tier, room: Room) -> None:
    code = (
        "import time\nfor n in range(9): open(str(n), 'wb').write(bytes(1 << 20))\ntime.sleep(60)"
    )
    assert python(code, room, tier).ending == "disk"


def test_a_fork_bomb_is_bounded_and_gone(tier: Tier, room: Room) -> None:
    ended = python(FORKS, room, tier, replace(SMALL, seconds=0.5))
    assert ended.ending in {"time", "cpu"}
    assert ended.processes <= 30


def test_a_daemon_is_gone(tier: Tier, room: Room) -> None:
    marker = f"daemon-of-{room.top.name}"
    ended = python(DAEMON.format(marker), room, tier)
    assert (ended.ending, ended.exit_code) == ("exited", 0)
    assert living(marker) == []


def test_limits_of_nothing_are_refused() -> None:
    with pytest.raises(ValueError, match="seconds must be more than 0"):
        Limits(seconds=0.0)
