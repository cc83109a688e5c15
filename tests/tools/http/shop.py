"""A small shop behind HTTP: orders that are made once for each key, and settings that are put."""

from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock
from typing import Any
from urllib.parse import parse_qs, urlsplit

from pydantic import JsonValue

from tests.tools.http.server import Asked, Reply, Site, as_json

NONE = Reply(404, b"none", {"Content-Type": "text/plain"})


@dataclass
class Shop:
    """Answers like a careful service: the same idempotency key never makes two orders."""

    orders: dict[str, dict[str, Any]] = field(default_factory=dict)
    prices: dict[str, Any] = field(default_factory=lambda: {"tea": {"cents": 300}})
    acted: list[str] = field(default_factory=list)
    """What was really done, in order."""
    fault: Callable[[Asked], Reply | None] = lambda _: None
    """Asked after acting: what to answer instead."""
    numbered: int = 0
    _lock: Lock = field(default_factory=Lock)

    def __call__(self, asked: Asked) -> Reply:
        kind, _, name = asked.path.strip("/").partition("/")
        with self._lock:
            reply = self._orders(asked, name) if kind == "orders" else self._prices(asked, name)
        return self.fault(asked) or reply

    def _orders(self, asked: Asked, name: str) -> Reply:
        if asked.method == "POST":
            return self._order(asked)
        if asked.method == "DELETE":
            if name not in self.orders:
                return NONE
            self._act(f"cancel {name}")
            return as_json(self.orders.pop(name))
        if name:
            return as_json(self.orders[name]) if name in self.orders else NONE
        key = parse_qs(urlsplit(asked.target).query).get("key", [""])[0]
        found: list[JsonValue] = [one for one in self.orders.values() if one["key"] == key]
        return as_json({"orders": found})

    def _order(self, asked: Asked) -> Reply:
        key = asked.headers.get("idempotency-key", "")
        known = [one for one in self.orders.values() if key and one["key"] == key]
        if known:
            return as_json(known[0], 200)
        if asked.json["item"] == "air":
            return as_json({"error": "there is no air"}, 422)
        self.numbered += 1
        name = f"o{self.numbered}"
        self.orders[name] = {"id": name, "key": key, **asked.json}
        self._act(f"order {name}")
        return as_json(self.orders[name], 201)

    def _prices(self, asked: Asked, name: str) -> Reply:
        if asked.method == "PUT":
            self._act(f"price {name}")
            self.prices[name] = asked.json
        elif asked.method == "DELETE":
            self._act(f"no price {name}")
            self.prices.pop(name, None)
            return Reply(204)
        return as_json(self.prices[name]) if name in self.prices else NONE

    def _act(self, what: str) -> None:
        self.acted.append(what)

    def world(self) -> JsonValue:
        """Return what the shop's users see; keys and numbers are its own business."""
        orders: list[JsonValue] = [
            {"item": one["item"], "count": one["count"]} for one in self.orders.values()
        ]
        return {"orders": orders, "prices": dict(self.prices)}


def order(site: Site, **more: Any) -> dict[str, Any]:
    """Declare the making of orders: found again by their key, cancelled to undo."""
    place = f"http://127.0.0.1:{site.port}"
    return {
        "name": "order",
        "description": "Order an item.",
        "method": "POST",
        "url": f"{place}/orders",
        "parameters": {
            "item": {"description": "What."},
            "count": {"type": "integer", "min": 1, "max": 9},
        },
        "idempotency_header": "Idempotency-Key",
        "probe": {"url": f"{place}/orders?key={{idempotency_key}}", "found": "orders.0"},
        "compensation": {"method": "DELETE", "url": f"{place}/orders/{{result.id}}"},
        **more,
    }


def price(site: Site, **more: Any) -> dict[str, Any]:
    """Declare the setting of a price: the old one is put back to undo."""
    place = f"http://127.0.0.1:{site.port}/prices/{{item}}"
    return {
        "name": "price",
        "description": "Set a price.",
        "method": "PUT",
        "url": place,
        "parameters": {"item": {"choices": ["tea", "milk"]}, "cents": {"type": "integer"}},
        "state": place,
        "compensation": {"method": "PUT", "url": place, "body": "{state}"},
        **more,
    }
