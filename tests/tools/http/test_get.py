"""Reading: text that can be read on, answers that are kept, tokens that stay hidden."""

import json
import ssl
from collections.abc import Iterator
from typing import Any

import pytest
import trustme

from tests.tools.http.opening import got, opened
from tests.tools.http.server import Asked, Reply, Site, as_json, moved, page
from tools.contract import Tool
from tools.errors import BadInput, Fatal, Refused
from tools.http.cache import Cache
from tools.http.client import Answer
from tools.http.readable import readable, stripped
from tools.http.settings import HttpSettings

ARTICLE = (
    "<html><head><title>Of feet</title><style>p{}</style></head><body><nav>Menu Login</nav>"
    "<article><h1>Of feet</h1>"
    + "".join(
        f"<p>Sentence number {n} tells with <a href='/more'>more</a> words than a menu has that "
        "feet are to be put where the ground was looked at before.</p>"
        for n in range(20)
    )
    + "</article><footer>Imprint</footer><script>evil()</script></body></html>"
)


@pytest.fixture
def site() -> Iterator[Site]:
    with Site(lambda _: page("hello")) as made:
        yield made


def tool_for(site: Site, **settings: Any) -> tuple[Tool, str]:
    place = f"http://127.0.0.1:{site.port}"
    return opened(allow=[place], **settings)["http_get"], place


def test_article_is_read_without_menus(site: Site) -> None:
    site.answering = lambda _: Reply(200, ARTICLE.encode(), {"Content-Type": "text/html"})
    tool, place = tool_for(site)
    found = got(tool, f"{place}/a")
    assert found["title"] == "Of feet"
    assert "Sentence number 7" in found["text"]
    assert f"{place}/more" in found["text"]
    assert "evil()" not in found["text"]
    assert "Menu" not in found["text"]


def test_long_text_is_read_on_from_where_it_ended(site: Site) -> None:
    site.answering = lambda _: page("".join(str(n % 10) for n in range(250)))
    tool, place = tool_for(site, max_characters=100)
    first = got(tool, f"{place}/")
    assert "150 more from start=100" in first["summary"]
    pieces = [got(tool, f"{place}/", start=start)["text"] for start in (0, 100, 200)]
    assert "".join(pieces) == "".join(str(n % 10) for n in range(250))
    assert got(tool, f"{place}/", start=999)["text"] == ""


def test_what_cannot_be_seen_is_not_read(site: Site) -> None:
    hidden = "".join(chr(0xE0000 + ord(one)) for one in "obey")
    site.answering = lambda _: page(f"a\u200bb{hidden}\u202ec\n\td")
    tool, place = tool_for(site)
    assert got(tool, f"{place}/")["text"] == "abc\n\td"


def test_json_is_returned_as_it_is(site: Site) -> None:
    site.answering = lambda _: as_json({"a": [1, "<b>"]})
    tool, place = tool_for(site)
    assert json.loads(got(tool, f"{place}/")["text"]) == {"a": [1, "<b>"]}


def test_redirect_within_the_allowed_is_followed(site: Site) -> None:
    site.answering = lambda asked: moved("/b?c=d") if asked.path == "/a" else page("there")
    tool, place = tool_for(site)
    found = got(tool, f"{place}/a")
    assert (found["url"], found["text"]) == (f"{place}/b?c=d", "there")


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("<p>a<p>b", "a\nb"),
        ("a<script>x<b></script>b", "ab"),
        ("a<!-- <p>no --> b", "a b"),
        ("a < b", "a"),
        ("<style>", ""),
        ("&lt;b&gt; &amp; c", "<b> & c"),
        ("<SCRIPT>x</SCRIPT>y", "y"),
        ("<" * 1000, ""),
        ("<div>" * 1000 + "x", "x"),
    ],
)
def test_tags_are_stripped_in_one_pass(markup: str, text: str) -> None:
    assert stripped(markup) == text


def test_huge_page_is_stripped_of_tags_only() -> None:
    markup = "<title>T &amp; U</title><p>word " * 40_000
    found = readable(markup, "text/html", "https://x.test/")
    assert found.title == "T & U"
    assert len(found.text) >= 200_000


# The cache.


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def answer(body: bytes = b"x", status: int = 200, **headers: Any) -> Answer:
    stated = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status=status, headers=stated, body=body, truncated=False)


def test_answer_is_fresh_as_long_as_its_server_says_within_bounds() -> None:
    clock = Clock()
    cache = Cache(clock=clock, seconds=100)
    cache.keep("a", answer(cache_control="public, max-age=30", age="10"))
    cache.keep("b", answer(cache_control="max-age=99999"))
    kept = {name: cache.find(name) for name in "ab"}
    clock.now = 19.9
    assert all(one and cache.is_fresh(one) for one in kept.values())
    clock.now = 21
    assert [bool(one and cache.is_fresh(one)) for one in kept.values()] == [False, True]
    clock.now = 101
    assert not any(one and cache.is_fresh(one) for one in kept.values())


@pytest.mark.parametrize(
    "headers",
    [
        {"cache_control": "no-store, max-age=60"},
        {"cache_control": "max-age=60", "vary": "*"},
        {"cache_control": "max-age=0"},
        {},
    ],
)
def test_answer_is_not_kept_against_its_servers_word(headers: dict[str, Any]) -> None:
    cache = Cache()
    cache.keep("a", answer(**headers))
    assert cache.find("a") is None


def test_failures_and_cut_answers_are_not_kept() -> None:
    cache = Cache()
    cache.keep("a", answer(status=404, cache_control="max-age=60"))
    cut = Answer(status=200, headers={"etag": "1"}, body=b"x", truncated=True)
    cache.keep("b", cut)
    assert (cache.find("a"), cache.find("b")) == (None, None)


def test_least_recently_used_goes_first() -> None:
    cache = Cache(entries=2, max_bytes=100)
    for name in "ab":
        cache.keep(name, answer(etag=name))
    cache.find("a")
    cache.keep("c", answer(etag="c"))
    assert [bool(cache.find(name)) for name in "abc"] == [True, False, True]
    cache.keep("d", answer(b"x" * 100, etag="d"))
    assert [bool(cache.find(name)) for name in "acd"] == [False, False, True]


def test_kept_answer_asks_nobody(site: Site) -> None:
    site.answering = lambda _: page("kept", Cache_Control="max-age=60")
    tool, place = tool_for(site)
    assert [got(tool, f"{place}/")["cached"] for _ in range(3)] == [False, True, True]
    assert len(site.asked) == 1


def test_stale_answer_is_asked_about_and_kept_on(site: Site) -> None:
    def answering(asked: Asked) -> Reply:
        if asked.headers.get("if-none-match") == '"1"':
            return Reply(304)
        return page("tagged", ETag='"1"')

    site.answering = answering
    tool, place = tool_for(site)
    assert [got(tool, f"{place}/")["text"] for _ in range(3)] == ["tagged"] * 3
    assert len(site.asked) == 3


# Tokens.

TOKEN = "s3cr3t-t0ken/+="  # noqa: S105  # what must not be seen


def test_token_goes_to_its_origin_only(site: Site) -> None:
    with Site(lambda _: page("other")) as other:
        site.answering = lambda _: moved(f"http://127.0.0.1:{other.port}/")
        tool = opened(
            allow=[f"http://127.0.0.1:{site.port}", f"http://127.0.0.1:{other.port}"],
            credentials=[{"origin": f"http://127.0.0.1:{site.port}", "token_env": "API_TOKEN"}],
            environment={"API_TOKEN": TOKEN},
        )["http_get"]
        assert got(tool, f"http://127.0.0.1:{site.port}/")["text"] == "other"
        assert site.asked[0].headers["authorization"] == f"Bearer {TOKEN}"
        assert "authorization" not in other.asked[0].headers


def test_token_that_a_server_echoes_is_not_shown(site: Site) -> None:
    site.answering = lambda asked: (
        page(json.dumps(asked.headers)) if asked.path == "/" else moved(f"/x?{TOKEN}")
    )
    tool = opened(
        allow=[f"http://127.0.0.1:{site.port}"],
        credentials=[{"origin": f"http://127.0.0.1:{site.port}", "token_env": "API_TOKEN"}],
        environment={"API_TOKEN": TOKEN},
    )["http_get"]
    assert TOKEN not in json.dumps(got(tool, f"http://127.0.0.1:{site.port}/"))
    with pytest.raises(Refused) as caught:
        got(tool, f"http://127.0.0.1:{site.port}/redirected")
    assert TOKEN not in str(caught.value)
    assert TOKEN not in " ".join(tool.bounds())


@pytest.mark.parametrize("token", ["", "two\r\nlines", "ümlaut"])
def test_token_that_is_missing_or_cannot_be_sent_is_fatal(site: Site, token: str) -> None:
    tool = opened(
        allow=[f"http://127.0.0.1:{site.port}"],
        credentials=[{"origin": f"http://127.0.0.1:{site.port}", "token_env": "API_TOKEN"}],
        environment={"API_TOKEN": token},
    )["http_get"]
    with pytest.raises(Fatal, match="API_TOKEN"):
        got(tool, f"http://127.0.0.1:{site.port}/")
    assert site.asked == []


@pytest.mark.parametrize(
    "origin", ["http://api.test", "http://127.evil.test", "https://api.test/v1", "api.test"]
)
def test_token_for_an_open_or_unclear_origin_is_refused(origin: str) -> None:
    with pytest.raises(ValueError, match="credentials"):
        HttpSettings.model_validate({"credentials": [{"origin": origin, "token_env": "T"}]})


# TLS.


def test_certificate_is_checked_for_the_name_though_a_number_is_dialled() -> None:
    authority = trustme.CA()
    server, client = _contexts(authority, "good.test")
    seen: list[str | None] = []
    server.sni_callback = lambda _, name, __: seen.append(name)
    with Site(lambda _: page("hello"), tls=server) as site:
        place = f"https://good.test:{site.port}"
        tool = opened(allow=[place], tls=client)["http_get"]
        assert got(tool, f"{place}/")["text"] == "hello"
        assert seen == ["good.test"]


@pytest.mark.parametrize("fault", ["other name", "unknown authority"])
def test_wrong_certificate_is_fatal_before_anything_is_sent(fault: str) -> None:
    authority = trustme.CA()
    server, client = _contexts(authority, "other.test" if fault == "other name" else "good.test")
    if fault == "unknown authority":
        _, client = _contexts(trustme.CA(), "good.test")
    with Site(lambda _: page("hello"), tls=server) as site:
        place = f"https://good.test:{site.port}"
        tool = opened(allow=[place], tls=client)["http_get"]
        with pytest.raises(Fatal, match="no safe connection"):
            got(tool, f"{place}/")
        assert site.asked == []


def test_redirect_to_plain_http_is_refused(site: Site) -> None:
    authority = trustme.CA()
    server, client = _contexts(authority, "good.test")
    plain = f"http://127.0.0.1:{site.port}"
    with Site(lambda _: moved(f"{plain}/"), tls=server) as safe:
        place = f"https://good.test:{safe.port}"
        tool = opened(allow=[place, plain], tls=client)["http_get"]
        with pytest.raises(Refused, match="plain http"):
            got(tool, f"{place}/")
    assert site.asked == []


def _contexts(authority: trustme.CA, name: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(server)
    client = ssl.create_default_context()
    authority.configure_trust(client)
    return server, client


# Declarations.


def test_nothing_is_allowed_unless_it_is_named() -> None:
    assert opened() == {}


def test_bounds_say_what_may_be_read(site: Site) -> None:
    tool = opened(allow=["docs.python.org/3", "https://*.x.test"], deny=["a.x.test"])["http_get"]
    assert tool.bounds()[0] == "reads docs.python.org/3, https://*.x.test, but not a.x.test"
    assert tool.resources({"url": "https://Docs.python.org./3/"}) == {"host:docs.python.org"}


@pytest.mark.parametrize(
    "settings", [{"allow": ["*.com"]}, {"allow_networks": ["10.0.0.1/8"]}, {"redirects": -1}]
)
def test_setting_that_cannot_be_used_is_refused(settings: dict[str, object]) -> None:
    with pytest.raises((ValueError, BadInput)):
        HttpSettings.model_validate(settings)
