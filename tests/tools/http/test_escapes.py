"""Every known way round an allow-list leads a naive tool to the inner server, and ours nowhere."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import httpcore2
import pytest

from tests.tools.http.naive import Naive
from tests.tools.http.opening import got, opened
from tests.tools.http.server import Reply, Site, moved, page
from tools.contract import Tool
from tools.errors import Refused, ToolFault

INNER = "127.0.0.2"
"""Stands for a machine of the intranet; tests open 127.0.0.1 only."""
pytestmark = pytest.mark.allow_hosts(["127.0.0.1", INNER])
SECRET = "the inner secret"  # noqa: S105  # what an attack is after


@dataclass
class World:
    """A site that may be read, an inner one that may not, and what names lead to."""

    good: Site
    inner: Site
    names: dict[str, list[str]]
    lookups: int = 0
    later: dict[str, list[str]] | None = None
    """What names lead to from the second look-up on."""

    def resolve(self, host: str, port: int) -> Sequence[str]:
        self.lookups += 1
        names = self.later if self.later is not None and self.lookups > 1 else self.names
        if host not in names:
            raise OSError(f"no such name {host}")
        return names[host]

    @property
    def prefix(self) -> str:
        return f"http://good.test:{self.good.port}"

    def ours(self) -> Tool:
        return opened(allow=[self.prefix], resolver=self.resolve)["http_get"]

    def naive(self) -> Naive:
        return Naive(self.prefix, self.resolve)


@pytest.fixture
def world() -> Iterator[World]:
    with Site(lambda _: page("hello")) as good, Site(lambda _: page(SECRET), host=INNER) as inner:
        names = {"good.test": ["127.0.0.1"], "evil.test": [INNER], "inner.test": [INNER]}
        yield World(good, inner, names)


def leads(world: World, to: str) -> None:
    """Let the good site send its visitors elsewhere."""
    world.good.answering = lambda _: moved(to)


def redirect_to_address(world: World) -> str:
    leads(world, f"http://{INNER}:{world.inner.port}/")
    return f"{world.prefix}/"


def redirect_to_name(world: World) -> str:
    leads(world, f"http://inner.test:{world.inner.port}/")
    return f"{world.prefix}/"


def redirect_to_decimal(world: World) -> str:
    leads(world, f"http://2130706434:{world.inner.port}/")
    return f"{world.prefix}/"


def redirect_without_scheme(world: World) -> str:
    leads(world, f"//inner.test:{world.inner.port}/")
    return f"{world.prefix}/"


def redirect_twice(world: World) -> str:
    inner = f"http://{INNER}:{world.inner.port}/"
    world.good.answering = lambda asked: moved("/next" if asked.path == "/" else inner)
    return f"{world.prefix}/"


def rebinding(world: World) -> str:
    world.good.close()
    world.later = {"good.test": [INNER]}
    return f"http://good.test:{world.good.port}/"


def mixed_answers(world: World) -> str:
    world.names["good.test"] = ["127.0.0.1", INNER]
    return f"{world.prefix}/"


def user_in_front(world: World) -> str:
    return f"{world.prefix}@{INNER}:{world.inner.port}/"


def user_behind_slashes(world: World) -> str:
    return f"http://evil.test:{world.inner.port}\\@{world.prefix.removeprefix('http://')}/"


def host_in_the_query(world: World) -> str:
    return f"http://evil.test:{world.inner.port}/?//{world.prefix.removeprefix('http://')}"


def host_in_the_fragment(world: World) -> str:
    return f"http://evil.test:{world.inner.port}/#//{world.prefix.removeprefix('http://')}"


def longer_host(world: World) -> str:
    world.names["good.test.evil.test"] = [INNER]
    host = f"good.test.evil.test:{world.inner.port}"
    return f"http://{host}/?//{world.prefix.removeprefix('http://')}"


def hexadecimal_address(world: World) -> str:
    return f"http://0x7f.2:{world.inner.port}/?//{world.prefix.removeprefix('http://')}"


def decimal_address(world: World) -> str:
    return f"http://2130706434:{world.inner.port}/?//{world.prefix.removeprefix('http://')}"


ATTACKS: list[Callable[[World], str]] = [
    redirect_to_address,
    redirect_to_name,
    redirect_to_decimal,
    redirect_without_scheme,
    redirect_twice,
    rebinding,
    mixed_answers,
    user_in_front,
    user_behind_slashes,
    host_in_the_query,
    host_in_the_fragment,
    longer_host,
    hexadecimal_address,
    decimal_address,
]


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.__name__)
def test_attack_reaches_the_inner_server_through_a_naive_tool_only(
    world: World, attack: Callable[[World], str]
) -> None:
    url = attack(world)
    if attack in {rebinding, mixed_answers}:  # these need the port to be the same on both sides
        _answer_on_the_same_port(world)
    assert SECRET in world.naive().get(url)
    asked, world.lookups = len(world.inner.asked), 0
    assert asked
    with pytest.raises(ToolFault):
        got(world.ours(), url)
    assert len(world.inner.asked) == asked


def _answer_on_the_same_port(world: World) -> None:
    """Let the inner server listen where the good one does, on its own address."""
    port = world.good.port
    world.inner.close()
    world.inner = Site(lambda _: page(SECRET), host=INNER, port=port)


class Dialled(httpcore2.SyncBackend):
    """Notes who is called, and connects on this machine only."""

    def __init__(self) -> None:
        self.hosts: list[str] = []

    def connect_tcp(self, host: str, *args: Any, **more: Any) -> httpcore2.NetworkStream:
        self.hosts.append(host)
        if host != "127.0.0.1":
            raise httpcore2.ConnectError
        return super().connect_tcp(host, *args, **more)


@pytest.mark.parametrize("address", ["169.254.169.254", "10.0.0.1", "192.168.1.1"])
def test_redirect_to_metadata_or_intranet_is_not_even_tried(world: World, address: str) -> None:
    leads(world, f"http://{address}/latest/meta-data/")
    dialled = Dialled()
    with pytest.raises(httpcore2.ConnectError):
        Naive(world.prefix, world.resolve, dialled).get(f"{world.prefix}/")
    assert dialled.hosts == ["127.0.0.1", address]
    with pytest.raises(Refused, match="allow-list"):
        got(world.ours(), f"{world.prefix}/")
    anywhere = opened(allow=[world.prefix, "http://*"], resolver=world.resolve)["http_get"]
    with pytest.raises(Refused):
        got(anywhere, f"{world.prefix}/")


def test_name_is_looked_up_once_and_what_was_checked_is_what_is_connected(world: World) -> None:
    world.later = {"good.test": [INNER]}
    assert got(world.ours(), f"{world.prefix}/")["text"] == "hello"
    assert world.lookups == 1
    assert world.inner.asked == []


def test_wildcard_does_not_reach_an_opened_network(world: World) -> None:
    anywhere = opened(allow=[f"http://*:{world.good.port}"], resolver=world.resolve)["http_get"]
    with pytest.raises(Refused, match="no public address"):
        got(anywhere, f"{world.prefix}/")
    assert world.good.asked == []


def test_redirect_to_a_denied_path_is_refused(world: World) -> None:
    world.good.answering = lambda asked: moved("/admin") if asked.path == "/" else page(SECRET)
    tool = opened(allow=[world.prefix], deny=[f"{world.prefix}/admin"], resolver=world.resolve)
    with pytest.raises(Refused, match="denied"):
        got(tool["http_get"], f"{world.prefix}/")
    assert [asked.path for asked in world.good.asked] == ["/"]


def test_redirects_end(world: World) -> None:
    world.good.answering = lambda asked: moved(f"{asked.path}a")
    with pytest.raises(Refused, match="more than 5 times"):
        got(world.ours(), f"{world.prefix}/")
    assert len(world.good.asked) == 6


def test_proxy_of_the_environment_is_ignored(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY", "https_proxy"):
        monkeypatch.setenv(name, f"http://{INNER}:{world.inner.port}")
    assert got(world.ours(), f"{world.prefix}/")["text"] == "hello"
    assert world.inner.asked == []


def test_cookies_are_not_kept(world: World) -> None:
    world.good.answering = lambda _: Reply(
        200, b"hello", {"Content-Type": "text/plain", "Set-Cookie": "id=1"}
    )
    tool = world.ours()
    for _ in range(2):
        got(tool, f"{world.prefix}/")
    assert all("cookie" not in asked.headers for asked in world.good.asked)


def test_host_header_names_the_host_and_no_address(world: World) -> None:
    got(world.ours(), f"{world.prefix}/a%20b?c=d")
    (asked,) = world.good.asked
    assert asked.headers["host"] == f"good.test:{world.good.port}"
    assert asked.target == "/a%20b?c=d"
