"""The allow-list names hosts and paths, and nothing gets round it."""

import pytest

from tools.errors import BadInput, Refused
from tools.http.address import parse_address
from tools.http.allow import Allowed, AllowList


def allows(entry: str, url: str) -> bool:
    return Allowed.parse(entry).covers(parse_address(url))


@pytest.mark.parametrize(
    ("entry", "url"),
    [
        ("docs.python.org", "https://docs.python.org/3/library/os.html"),
        ("docs.python.org/3", "https://docs.python.org/3"),
        ("docs.python.org/3", "https://docs.python.org/3/library"),
        ("docs.python.org/3/", "https://docs.python.org/3/library"),
        ("https://*.example.com", "https://a.b.example.com/x"),
        ("https://*", "https://anything.example/x"),
        ("http://127.0.0.1:8080/api", "http://127.0.0.1:8080/api/x"),
        ("bücher.example", "https://xn--bcher-kva.example/"),
    ],
)
def test_entry_covers(entry: str, url: str) -> None:
    assert allows(entry, url)


@pytest.mark.parametrize(
    ("entry", "url"),
    [
        ("docs.python.org", "http://docs.python.org/"),
        ("docs.python.org", "https://docs.python.org:8443/"),
        ("docs.python.org", "https://docs.python.org.evil.test/"),
        ("docs.python.org", "https://evildocs.python.org/"),
        ("docs.python.org/3", "https://docs.python.org/33"),
        ("docs.python.org/3/", "https://docs.python.org/3%2Fx"),
        ("docs.python.org/3", "https://docs.python.org/2?x=/3/"),
        ("https://*.example.com", "https://example.com/"),
        ("https://*.example.com", "https://evilexample.com/"),
        ("https://*", "https://8.8.8.8/"),
        ("https://*", "https://[2606:4700::1111]/"),
        ("https://*", "http://anything.example/"),
        ("good.test", "https://gооd.test/"),  # noqa: RUF001  # the attack
    ],
)
def test_entry_does_not_cover(entry: str, url: str) -> None:
    assert not allows(entry, url)


@pytest.mark.parametrize(
    "entry",
    [
        "",
        "*.com",
        "*.8.8.8.8",
        "http://*.x",
        "a b",
        "x.test/?q",
        "x.test/#a",
        "u@x.test",
        "*x.test",
        "x.*.test",
        "x.test/../y",
        "ftp://x.test",
    ],
)
def test_entry_that_says_something_else_than_it_seems_is_refused(entry: str) -> None:
    with pytest.raises(BadInput):
        Allowed.parse(entry)


@pytest.mark.parametrize(
    "url",
    [
        "https://x.test/admin",
        "https://x.test/admin/users",
        "https://x.test//admin",
        "https://x.test/ADMIN/x",
        "https://x.test/%61dmin",
        "https://x.test/%2561dmin",
        "https://x.test/admin%2Fusers",
        "https://x.test/admin;v=1/users",
    ],
)
def test_denial_holds_however_the_path_is_written(url: str) -> None:
    places = AllowList.parse(["x.test"], ["x.test/admin"])
    with pytest.raises(Refused, match="denied"):
        places.checked(parse_address(url))
    assert places.checked(parse_address("https://x.test/administration")).named


def test_refusal_says_what_is_allowed() -> None:
    with pytest.raises(Refused, match=r"Allowed: a\.test, b\.test/x\."):
        AllowList.parse(["a.test", "b.test/x"]).checked(parse_address("https://c.test/"))
