"""Servers that crash, hang, flood, multiply, and change what they said: none of it gets through."""

import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import JsonValue

from tests.tools.mcp.naive import naive
from tests.tools.mcp.serving import ROOT, await_end, kill, processes, raw, raw_command, tools_of
from tools.contract import canonical
from tools.errors import Fatal, OutcomeUnknown, Refused, SurefootError, Transient
from tools.mcp.link import Link
from tools.mcp.settings import ServerSettings

SHORT = 0.3
"""Seconds that a call may take, where it is to take too long."""


def log(folder: Path) -> str:
    return (folder / "log").read_text()


def acted(settings: ServerSettings) -> JsonValue:
    """Call the only tool of a server, as one that has an effect."""
    with tools_of(settings) as tools:
        return tools["do"].apply({"what": "x"}, "key")


def rug_is_pulled_on_naive(folder: Path) -> bool:
    seen = naive(raw_command("rug", folder), [{"what": "x"}])
    return "mallory" not in seen.descriptions[0] and "done" in seen.answers[0]


def test_changed_definition_is_refused_before_anything_is_called(tmp_path: Path) -> None:
    with tools_of(raw("rug", tmp_path)) as tools:
        with pytest.raises(Refused, match="no longer says the same"):
            tools["do"].target({})
        with pytest.raises(Refused, match="no longer says the same"):
            tools["do"].apply({"what": "x"}, "key")
    assert "called" not in log(tmp_path)


def test_naive_client_calls_what_was_changed(tmp_path: Path) -> None:
    assert rug_is_pulled_on_naive(tmp_path)


def test_tool_that_is_gone_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="has no more tool"):
        acted(raw("vanishing", tmp_path))


def test_crash_leaves_an_effect_in_doubt_and_a_read_to_be_tried_again(tmp_path: Path) -> None:
    with pytest.raises(OutcomeUnknown, match="ended with code 3"):
        acted(raw("crash", tmp_path))
    told = {"do": {"effect": "read"}}
    with tools_of(raw("crash once", tmp_path, tools=told)) as tools:
        with pytest.raises(Transient):
            tools["do"].apply({"what": "x"}, "key")
        assert "done" in str(tools["do"].apply({"what": "x"}, "key"))


def test_server_that_keeps_crashing_is_not_started_for_ever(tmp_path: Path) -> None:
    with tools_of(raw("crash", tmp_path, tools={"do": {"effect": "read"}})) as tools:
        for kind in (Transient, Transient, Fatal, Fatal):
            with pytest.raises(kind):
                tools["do"].apply({"what": "x"}, "key")
    assert log(tmp_path).count("started") == 2


@pytest.mark.parametrize("mode", ["hang", "line", "flood"])
def test_hang_and_floods_end_the_server_and_leave_the_effect_in_doubt(
    mode: str, tmp_path: Path
) -> None:
    seconds = SHORT if mode == "hang" else 60.0
    with pytest.raises(OutcomeUnknown):
        acted(raw(mode, tmp_path, call_seconds=seconds, message_bytes=100_000, messages=500))
    assert processes(str(tmp_path)) == []


def test_server_without_a_word_is_given_up(tmp_path: Path) -> None:
    with pytest.raises(Transient, match="did not answer within"):
        acted(raw("silent", tmp_path, start_seconds=SHORT))
    assert processes(str(tmp_path)) == []


def test_server_that_does_not_start_says_why_in_plain_words(tmp_path: Path) -> None:
    with pytest.raises(Fatal, match=r"ended with code 7; its last words: '\[31mno licence key'"):
        acted(raw("exit", tmp_path))
    with pytest.raises(Fatal, match="No such file"):
        Link("none", ServerSettings(command="/nowhere/server")).pin()


@pytest.mark.parametrize("mode", ["chatty", "noisy"])
def test_words_beside_the_protocol_do_no_harm(mode: str, tmp_path: Path) -> None:
    assert "done" in str(acted(raw(mode, tmp_path)))


def test_pages_without_end_are_not_read(tmp_path: Path) -> None:
    with pytest.raises(Fatal, match="more than"):
        acted(raw("endless", tmp_path))


def test_server_may_not_ask_our_models(tmp_path: Path) -> None:
    acted(raw("asks", tmp_path))
    assert "Sampling not supported" in log(tmp_path)


@pytest.mark.parametrize(
    ("mode", "kind"), [("refuses", Refused), ("breaks", OutcomeUnknown), ("odd", OutcomeUnknown)]
)
def test_errors_of_the_protocol_are_typed_and_plain(
    mode: str, kind: type[SurefootError], tmp_path: Path
) -> None:
    with pytest.raises(kind) as fault:
        acted(raw(mode, tmp_path))
    assert str(fault.value).isprintable()


@pytest.mark.parametrize("mode", ["nan", "deep"])
def test_odd_answer_to_an_effect_is_an_answer(mode: str, tmp_path: Path) -> None:
    assert canonical(acted(raw(mode, tmp_path)))


def test_closed_server_leaves_no_process_behind(tmp_path: Path) -> None:
    acted(raw("family", tmp_path))
    assert processes(str(tmp_path)) == []


def test_naive_client_leaves_processes_behind(tmp_path: Path) -> None:
    naive(raw_command("family", tmp_path))
    left = processes(str(tmp_path))
    for one in left:
        kill(one)
    assert left


def test_server_ends_with_a_process_of_ours_that_is_killed(tmp_path: Path) -> None:
    code = (
        "import os, pathlib, signal, sys\n"
        "from tests.tools.mcp.serving import raw, tools_of\n"
        "with tools_of(raw('family', pathlib.Path(sys.argv[1]))):\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], cwd=ROOT, check=False)
    assert all(await_end(one, 10) for one in processes(str(tmp_path)))


def test_closed_link_starts_nothing_again(tmp_path: Path) -> None:
    link = Link("raw", raw("ok", tmp_path))
    link.pin()
    link.close()
    link.close()
    with pytest.raises(Fatal, match="ended with its run"):
        link.pin()
