"""A program in a sandbox finds what it needs, and can be stopped."""

import json
import os
import signal
import subprocess
import sys
from concurrent.futures import Future
from pathlib import Path

import pytest

from tests.tools.sandbox.programs import living, python
from tools.errors import Fatal
from tools.sandbox.disk import discard
from tools.sandbox.job import Job, Tier
from tools.sandbox.launch import launch
from tools.sandbox.limits import Limits
from tools.sandbox.room import Room, private_room
from tools.stopping import Stop, Stopped, background, stopping_at

ROOMY = Limits()
USUAL = {
    "HOME",
    "LANG",
    "LC_CTYPE",
    "LOGNAME",
    "NO_COLOR",
    "PATH",
    "PWD",
    "PYTHONDONTWRITEBYTECODE",
    "PYTHONHASHSEED",
    "SOURCE_DATE_EPOCH",
    "TERM",
    "TMPDIR",
    "TZ",
    "USER",
}


def test_it_works_in_its_folder(tier: Tier, room: Room) -> None:
    (room.work / "a").write_text("given")
    ended = python("open('b', 'w').write(open('a').read() + ' and kept')", room, tier)
    assert ended.exit_code == 0, ended.stderr.text
    assert (room.work / "b").read_text() == "given and kept"


def test_it_begins_below_its_folder(tier: Tier, room: Room) -> None:
    (room.work / "below").mkdir()
    ended = python("import os; print(os.path.basename(os.getcwd()))", room, tier, cwd="below")
    assert ended.stdout.text == "below\n"


def test_it_reads_its_input(tier: Tier, room: Room) -> None:
    ended = python("print(input()[::-1])", room, tier, stdin=b"olleh\n")
    assert ended.stdout.text == "hello\n"


def test_its_exit_code_is_told(tier: Tier, room: Room) -> None:
    ended = python("import sys; print('no', file=sys.stderr); sys.exit(7)", room, tier)
    assert (ended.ending, ended.exit_code, ended.stderr.text) == ("exited", 7, "no\n")


def test_a_signal_is_told_as_shells_do(tier: Tier, room: Room) -> None:
    assert python("import os; os.kill(os.getpid(), 15)", room, tier).exit_code == 143


def test_what_it_used_is_told(tier: Tier, room: Room) -> None:
    ended = python("x = b'x' * (20 << 20); sum(range(1_000_000))", room, tier)
    assert ended.memory_bytes > 20 << 20
    assert 0 < ended.cpu_seconds < 5


def test_its_environment_holds_nothing_of_ours(
    tier: Tier, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    ended = python("import json, os; print(json.dumps([*os.environ]))", room, tier, ROOMY)
    assert {*json.loads(ended.stdout.text)} <= {*USUAL}


def test_its_temporary_files_and_home_are_its_own(tier: Tier, room: Room) -> None:
    code = "import os, tempfile; open(os.path.expanduser('~/x'), 'w'); tempfile.mkdtemp()"
    assert python(code, room, tier).exit_code == 0
    assert (room.home / "x").exists()
    assert len([*room.temporary.iterdir()]) == 1


def test_a_program_that_is_not_there_is_a_fault(tier: Tier, room: Room) -> None:
    with pytest.raises(Fatal, match="could not start 'nowhere'"):
        launch(Job(argv=["nowhere"], room=room), tier)


def test_a_folder_with_our_home_in_it_is_never_shown(tier: Tier, room: Room) -> None:
    with pytest.raises(Fatal, match="your home is in it"):
        launch(Job(argv=["true"], room=room, reads=[Path("/")]), tier)


def test_what_it_leaves_is_removed_however_deep_and_closed(tier: Tier) -> None:
    code = """
import os
for _ in range(20):
    os.mkdir("d" * 250)
    os.chdir("d" * 250)
open("deep", "w")
os.chdir(os.environ["TMPDIR"])
os.mkdir("closed")
open("closed/file", "w")
os.chmod("closed", 0)
"""
    with private_room() as room:
        ended = launch(Job(argv=["python", "-S", "-c", code], room=room), tier)
        assert ended.exit_code == 0, ended.stderr.text
    assert not room.top.exists()


def test_a_stop_ends_it_at_once(tier: Tier, room: Room) -> None:
    os.mkfifo(room.work / "begun")
    marker = f"stopped-{room.top.name}"
    code = "open('begun', 'w').close(); import time; time.sleep(60)"
    stop: Stop = Future()

    def press() -> None:
        (room.work / "begun").read_bytes()
        stop.set_result(None)

    background(press)
    with stopping_at(stop), pytest.raises(Stopped):
        launch(Job(argv=["python", "-S", "-c", code, marker], room=room), tier)
    assert living(marker) == []


def test_it_ends_with_the_process_that_wanted_it(tier: Tier) -> None:
    command = [sys.executable, "-m", "tests.tools.sandbox.killed", tier.name]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as agent:
        assert agent.stdout is not None
        place = Path(agent.stdout.readline().strip())
        with (place / "alive").open() as alive:
            assert alive.readline() == "begun\n"
            agent.send_signal(signal.SIGKILL)
            assert alive.read() == ""  # an end, because nobody is left to write
    discard(place.parent)
