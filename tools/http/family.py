"""The tools that settings of HTTP make."""

import ssl
import time
from collections.abc import Callable, Mapping

from tools.contract import Artifacts, Tool
from tools.http.allow import AllowList
from tools.http.cache import Cache
from tools.http.client import Client, Limits
from tools.http.credentials import Credentials
from tools.http.endpoint_tool import endpoint_tool
from tools.http.exchange import Exchange
from tools.http.get import HttpGet
from tools.http.networks import Networks
from tools.http.settings import HttpSettings
from tools.http.wire import Resolver, system_resolver


def http_tools(
    settings: HttpSettings,
    *,
    artifacts: Artifacts,
    environment: Mapping[str, str],
    resolver: Resolver = system_resolver,
    tls: ssl.SSLContext | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> list[Tool]:
    """Return `http_get` when something may be read, and one tool for each endpoint.

    Args:
        settings: The table `[tools.http]`.
        artifacts: Keeps the states that undoing brings back.
        environment: Holds the tokens that settings name.
        resolver: Looks up names; injected for tests.
        tls: What certificates are trusted; the system's when None.
        sleep: Waits before a request is sent again; injected for tests.
    """
    client = Client(
        networks=Networks.parse(settings.allow_networks),
        credentials=Credentials(settings.credentials, environment),
        limits=Limits(
            seconds=settings.seconds,
            connect_seconds=settings.connect_seconds,
            max_bytes=settings.max_bytes,
        ),
        resolver=resolver,
        tls=tls,
    )
    tools: list[Tool] = [
        endpoint_tool(Exchange(one, client, sleep), artifacts) for one in settings.endpoints
    ]
    if settings.allow:
        tools.insert(0, _getter(settings, client))
    return tools


def _getter(settings: HttpSettings, client: Client) -> HttpGet:
    return HttpGet(
        client,
        AllowList.parse(settings.allow, settings.deny),
        cache=Cache(entries=settings.cache_entries, seconds=settings.cache_seconds),
        types=settings.types,
        redirects=settings.redirects,
        max_characters=settings.max_characters,
    )
