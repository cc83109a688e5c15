"""HTTP tools, each beside a server of its own on loopback."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import JsonValue

from tests.tools.http.opening import opened
from tests.tools.http.server import Asked, Reply, Site, moved, page
from tests.tools.http.shop import Shop, order, price
from tools.contract import Artifacts, JsonObject, Tool
from tools.specimen import Specimen

PORT = 18_080
"""The same in every world, because URLs name it; the worlds differ by address."""


def address_of(folder: Path) -> str:
    """Return a loopback address that is this world's own."""
    seed = hashlib.sha256(str(folder).encode()).digest()
    return f"127.{seed[0]}.{seed[1]}.{seed[2] % 253 + 1}"


class HttpGet(Specimen):
    """A site with pages, and one that leads astray."""

    title = "http_get"
    place = f"http://pages.test:{PORT}"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._address = address_of(folder)
        self.site = Site(self._answer, host=self._address, port=PORT)

    def _answer(self, asked: Asked) -> Reply:
        if asked.path == "/astray":
            return moved("http://169.254.169.254/latest/meta-data")
        return page(f"You asked for {asked.path}.", Cache_Control="max-age=60")

    def tool(self, artifacts: Artifacts) -> Tool:
        names = {"pages.test": [self._address]}
        return opened(
            allow=[f"{self.place}/open"],
            allow_networks=["127.0.0.0/8"],
            names=names,
            artifacts=artifacts,
        )["http_get"]

    def actions(self) -> Sequence[JsonObject]:
        return [{"url": f"{self.place}/open/a", "start": 0}, {"url": f"{self.place}/open/b"}]

    def refused(self) -> Sequence[JsonObject]:
        return [
            {"url": f"{self.place}/closed"},
            {"url": f"{self.place}/open/../closed"},
            {"url": f"{self.place}/astray"},
            {"url": f"http://pages.test:{PORT}@evil.test/open"},
            {"url": "http://169.254.169.254/"},
            {"url": "file:///etc/passwd"},
        ]

    def world(self) -> JsonValue:
        return {"written": [asked.method for asked in self.site.asked if asked.method != "GET"]}

    def close(self) -> None:
        self.site.close()


class ShopSpecimen(Specimen):
    """A shop behind HTTP."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.shop = Shop()
        self.site = Site(self.shop)

    def declared(self) -> dict[str, Any]:
        """Return the endpoint."""
        raise NotImplementedError

    def tool(self, artifacts: Artifacts) -> Tool:
        (tool,) = opened(endpoints=[self.declared()], artifacts=artifacts).values()
        return tool

    def world(self) -> JsonValue:
        return self.shop.world()

    def close(self) -> None:
        self.site.close()


class HttpOrder(ShopSpecimen):
    """Makes something new, found again by its key."""

    title = "http endpoint that makes"

    def declared(self) -> dict[str, Any]:
        place = f"http://127.0.0.1:{self.site.port}/orders/{{result.id}}"
        return order(self.site, state=place)

    def actions(self) -> Sequence[JsonObject]:
        return [{"item": "tea", "count": 2}, {"item": "milk", "count": 1}]

    def refused(self) -> Sequence[JsonObject]:
        return [{"item": "air", "count": 1}, {"item": "tea", "count": 10}]

    def disturb(self, args: JsonObject) -> None:
        for one in self.shop.orders.values():
            one["count"] = 7


class HttpPrice(ShopSpecimen):
    """Changes what is there, and puts it back."""

    title = "http endpoint that changes"

    def declared(self) -> dict[str, Any]:
        return price(self.site)

    def actions(self) -> Sequence[JsonObject]:
        return [{"item": "tea", "cents": 5}]

    def refused(self) -> Sequence[JsonObject]:
        return [{"item": "water", "cents": 5}, {"item": "../orders", "cents": 1}]

    def disturb(self, args: JsonObject) -> None:
        self.shop.prices[str(args["item"])] = {"cents": 9}


class HttpIrreversible(ShopSpecimen):
    """Makes something that nobody can take back."""

    title = "http endpoint that cannot undo"

    def declared(self) -> dict[str, Any]:
        return order(self.site, compensation=None)

    def actions(self) -> Sequence[JsonObject]:
        return [{"item": "tea", "count": 2}]
