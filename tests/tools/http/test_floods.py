"""Servers that answer slowly, endlessly or enormously are cut off."""

import gzip
import socket
import time
import zlib
from collections.abc import Callable
from typing import Any

import pytest

from tests.tools.http.opening import got, opened
from tests.tools.http.server import RawServer, Reply, Site
from tools.contract import Tool
from tools.errors import Fatal, Refused, Transient
from tools.http.decoding import as_text, media_type, read_body

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"


def reader(port: int, **settings: Any) -> tuple[Tool, str]:
    place = f"http://127.0.0.1:{port}"
    return opened(allow=[place], seconds=settings.pop("seconds", 0.4), **settings)[
        "http_get"
    ], f"{place}/"


def endlessly(send: Callable[[socket.socket], None]) -> Callable[[socket.socket], None]:
    """Go on until the other side hangs up, or long after it should have."""

    def behave(connection: socket.socket) -> None:
        end = time.monotonic() + 5
        while time.monotonic() < end:
            send(connection)

    return behave


def dripping(connection: socket.socket) -> None:
    connection.sendall(b"x")
    time.sleep(0.02)


def silent(connection: socket.socket) -> None:
    connection.recv(1)


def body_drips(connection: socket.socket) -> None:
    connection.sendall(HEAD + b"Content-Length: 1000000\r\n\r\n")
    endlessly(dripping)(connection)


def header_drips(connection: socket.socket) -> None:
    connection.sendall(HEAD)
    endlessly(dripping)(connection)


@pytest.mark.parametrize("behaviour", [silent, body_drips, header_drips])
def test_slow_answer_ends_at_the_whole_time(
    behaviour: Callable[[socket.socket], None],
) -> None:
    with RawServer(behaviour) as server:
        tool, url = reader(server.port)
        started = time.monotonic()
        with pytest.raises(Transient, match=r"within 0\.4 s"):
            got(tool, url)
        assert time.monotonic() - started < 2


def many_headers(connection: socket.socket) -> None:
    connection.sendall(HEAD)
    endlessly(lambda to: to.sendall(b"X-A: " + b"a" * 4000 + b"\r\n"))(connection)


def many_continues(connection: socket.socket) -> None:
    endlessly(lambda to: to.sendall(b"HTTP/1.1 100 Continue\r\n\r\n" * 100))(connection)


def no_http(connection: socket.socket) -> None:
    connection.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")


def tiny_chunks(connection: socket.socket) -> None:
    connection.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
    endlessly(lambda to: to.sendall(b"1;" + b"e" * 2000 + b"\r\nx\r\n"))(connection)


@pytest.mark.parametrize("behaviour", [many_headers, many_continues, no_http, tiny_chunks])
def test_answer_that_does_not_end_is_cut_off(behaviour: Callable[[socket.socket], None]) -> None:
    with RawServer(behaviour) as server:
        tool, url = reader(server.port, seconds=4.0, max_bytes=1_000)
        started = time.monotonic()
        with pytest.raises(Transient):
            got(tool, url)
        assert time.monotonic() - started < 3


def test_connection_that_is_cut_is_a_fault_that_may_pass() -> None:
    with RawServer(
        lambda connection: connection.sendall(HEAD + b"Content-Length: 9\r\n\r\nx")
    ) as server:
        tool, url = reader(server.port)
        with pytest.raises(Transient):
            got(tool, url)


def test_nobody_listening_is_a_fault_that_may_pass() -> None:
    with RawServer(silent) as server:
        tool, url = reader(server.port)
    with pytest.raises(Transient, match="cannot be reached"):
        got(tool, url)


def test_look_up_that_hangs_is_given_up() -> None:
    def hanging(host: str, port: int) -> list[str]:
        time.sleep(1)
        return ["127.0.0.1"]

    tool = opened(allow=["http://good.test"], resolver=hanging, seconds=0.1)["http_get"]
    with pytest.raises(Transient, match="took too long"):
        got(tool, "http://good.test/")


def test_long_page_is_cut_and_says_so() -> None:
    with Site(lambda _: Reply(200, b"a" * 5_000, {"Content-Type": "text/plain"})) as site:
        tool, url = reader(site.port, max_bytes=1_000)
        found = got(tool, url)
    assert (len(found["text"]), found["truncated"]) == (1_000, True)


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_bomb_does_not_go_off(encoding: str) -> None:
    pack = gzip.compress if encoding == "gzip" else zlib.compress
    bomb = pack(b"a" * 20_000_000)
    headers = {"Content-Type": "text/plain", "Content-Encoding": encoding}
    with Site(lambda _: Reply(200, bomb, headers)) as site:
        tool, url = reader(site.port, max_bytes=100_000, seconds=4.0)
        found = got(tool, url)
    assert (found["total_characters"], found["truncated"]) == (100_000, True)


def test_bomb_is_never_held_whole() -> None:
    bomb = gzip.compress(b"a" * 20_000_000)
    body, more = read_body([bomb], "gzip", 1_000)
    assert (len(body), more) == (1_000, True)


@pytest.mark.parametrize("encoding", ["br", "gzip, gzip", "zstd", "gzip"])
def test_encoding_that_was_not_asked_for_or_is_wrong_is_a_fault(encoding: str) -> None:
    headers = {"Content-Type": "text/plain", "Content-Encoding": encoding}
    with Site(lambda _: Reply(200, b"hello", headers)) as site:
        tool, url = reader(site.port)
        with pytest.raises(Transient, match="sent a body"):
            got(tool, url)


@pytest.mark.parametrize(
    "stated", ["application/octet-stream", "image/png", "", "text", "video/mp4"]
)
def test_what_is_no_text_is_refused(stated: str) -> None:
    headers = {"Content-Type": stated} if stated else {}
    with Site(lambda _: Reply(200, b"\x00\x01", headers)) as site:
        tool, url = reader(site.port)
        with pytest.raises(Refused, match="not read here"):
            got(tool, url)


@pytest.mark.parametrize(
    ("status", "fault"),
    [(404, Refused), (403, Refused), (418, Refused), (429, Transient), (503, Transient)],
)
def test_failure_says_its_status(status: int, fault: type[Exception]) -> None:
    with Site(lambda _: Reply(status, b"no", {"Content-Type": "text/plain"})) as site:
        tool, url = reader(site.port)
        with pytest.raises(fault, match=str(status)):
            got(tool, url)


def test_charsets_are_those_of_pages() -> None:
    assert as_text("häß".encode("latin1"), "iso-8859-1") == "häß"
    assert as_text("häß".encode(), "punycode") == "häß"
    assert as_text(b"\xff\xfe", "utf-8") == "\ufffd\ufffd"
    assert media_type('Text/HTML; Charset="UTF-8"') == ("text/html", "utf-8")


def test_untrusted_certificate_is_fatal_and_nothing_is_sent() -> None:
    with RawServer(silent) as server:  # speaks no TLS
        tool = opened(allow=[f"https://127.0.0.1:{server.port}"], connect_seconds=0.2)["http_get"]
        with pytest.raises((Fatal, Transient)) as caught:
            got(tool, f"https://127.0.0.1:{server.port}/")
    assert "Nothing was sent." in str(caught.value)
