"""What a terminal sees: no traceback, no colour from strangers, questions there and then."""

import os
import pty
import select
import signal
import subprocess
import sys
from pathlib import Path

from checkpoints.store import open_store
from tests.graphs.cli.conftest import EVIL, GOAL, call, indexes

COMMAND = [sys.executable, "-m", "graphs.cli"]
ENDLESS = "WITH RECURSIVE n(x) AS (VALUES (1) UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n"
RUN = ["run", GOAL, "--database", "shop.db", "--workload", "shop.sql", "--name", "one"]


def on_terminal(words: list[str], folder: Path, keys: str) -> tuple[int, str]:
    """Run a command on a pseudo-terminal, type keys at the first question, tell what came."""
    ours, theirs = pty.openpty()
    environment = os.environ | {"TERM": "xterm", "COLUMNS": "100"}
    with subprocess.Popen(
        [*COMMAND, *words],
        cwd=folder,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=environment,
        start_new_session=True,
    ) as process:
        os.close(theirs)
        shown = b""
        typed = False
        while chunk := _read(ours):
            shown += chunk
            if not typed and b"[l]ater:" in shown:
                os.write(ours, keys.encode())
                typed = True
    os.close(ours)
    return process.returncode, shown.decode()


def _read(terminal: int) -> bytes:
    ready, _, _ = select.select([terminal], [], [], 60)
    try:
        return os.read(terminal, 4096) if ready else b""
    except OSError:
        return b""


def test_a_terminal_asks_there_and_then(shop: Path) -> None:
    code, shown = on_terminal(RUN, shop, "a\n")
    assert (code, "by_customer" in indexes(shop)) == (0, False)
    assert "A question:" in shown


def test_a_person_may_answer_later(waiting: Path) -> None:
    code, shown = on_terminal(["resume", "one"], waiting, "l\n")
    assert (code, "surefoot approve" in shown) == (10, True)


def test_a_person_may_waive_for_the_run(waiting: Path) -> None:
    code, shown = on_terminal(["resume", "one"], waiting, "w\n")
    assert (code, "Not asked again in this run" in shown) == (0, True)
    assert "by_customer" not in indexes(waiting)
    (given,) = call("waivers", "--json").document
    assert (given["run"], given["tool"]) == ("one", "drop_index")


def test_a_person_may_mistype(waiting: Path) -> None:
    code, shown = on_terminal(["resume", "one"], waiting, "maybe\nr\nwe need it\n")
    assert (code, "is no answer here" in shown) == (0, True)


def test_a_person_may_edit(waiting: Path) -> None:
    code, shown = on_terminal(["resume", "one"], waiting, 'e\n{"nome": 1}\nr\nno\n')
    assert (code, "do not fit" in shown) == (0, True)


def test_no_input_never_asks(waiting: Path) -> None:
    code, shown = on_terminal(["resume", "one", "--no-input"], waiting, "a\n")
    assert (code, "A question:" in shown) == (10, False)


def test_colour_only_on_a_terminal(waiting: Path) -> None:
    _, shown = on_terminal(["ls"], waiting, "")
    assert "\x1b[" in shown
    assert "\x1b[" not in call("ls").out


def test_ctrl_c_says_how_to_go_on_and_leaves_the_run_free_for_others(shop: Path) -> None:
    # Twice, while a query runs that would never end.
    (shop / "shop.sql").write_text(f"{ENDLESS};\n")
    with subprocess.Popen(
        [*COMMAND, *RUN], cwd=shop, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        while call("ls", "--json").code != 0 or not call("ls", "--json").document:
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        told = process.stderr.readline()
        process.send_signal(signal.SIGINT)
        told += process.stderr.read()
    assert (process.returncode, "Traceback" in told) == (130, False)
    assert "surefoot resume one" in told
    assert call("undo", "one").code == 0


def test_a_goal_cannot_colour_the_terminal(shop: Path) -> None:
    words = ["run", f"Be fast {EVIL}", "--database", "shop.db", "--workload", "shop.sql"]
    shown = call(*words, "--dry-run").out + call("ls").out
    assert shop.exists()
    assert "\x1b" not in shown
    assert "[bold]evil" in shown


def test_a_question_cannot_colour_the_terminal(waiting: Path, item: str) -> None:
    with open_store(f"sqlite:///{waiting / 'surefoot.db'}") as store:
        kept = store.reviews.get(item)
        evil = {
            "id": "rv-evil",
            "title": EVIL,
            "why": EVIL,
            "card": kept.card | {"reasoning": EVIL},
        }
        store.reviews.open(kept.model_copy(update=evil))
    shown = call("inbox").out + call("inbox", "rv-evil").out
    assert "\x1b" not in shown
    assert "[bold]evil" in shown


def test_a_message_of_a_fault_cannot_colour_the_terminal(waiting: Path) -> None:
    assert waiting.exists()
    assert "\x1b" not in call("show", EVIL).err


def test_an_output_that_is_not_unicode_is_no_fault(waiting: Path) -> None:
    environment = os.environ | {"PYTHONIOENCODING": "ascii"}
    done = subprocess.run(
        [*COMMAND, "show", "one"], cwd=waiting, env=environment, capture_output=True, check=False
    )
    assert (done.returncode, b"Traceback" in done.stderr) == (0, False)


def test_a_closed_pipe_is_no_fault(waiting: Path) -> None:
    done = subprocess.run(  # noqa: S602  # a fixed text
        f"{sys.executable} -m graphs.cli show one | head -1",
        shell=True,
        cwd=waiting,
        capture_output=True,
        check=False,
    )
    assert b"Traceback" not in done.stderr


def test_help_documents_the_exit_codes() -> None:
    out = call("--help").out
    for code in (0, 2, 3, 10, 20, 21, 22, 23, 24, 25, 26, 130):
        assert f"  {code:>3}  " in out


def test_an_unknown_command_is_bad_input() -> None:
    assert call("nonsense").code == 2
