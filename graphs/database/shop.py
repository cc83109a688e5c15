"""The rows of the sample shop: seeded, skewed and with gaps, like the data of a real one."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from random import Random
from typing import Final

Row = tuple[int | float | str | None, ...]

FIRST_DAY: Final = date(2023, 1, 1)
DAYS: Final = 1096
"""Three years, the last day being 2025-12-31."""

CATEGORIES: Final = 48
FIRST_NAMES: Final = ("Nora", "Liam", "Aisha", "Mateo", "Ingrid", "Kofi", "Yuki", "Elena", "Tariq")
LAST_NAMES: Final = (
    "Hansen", "Okafor", "McAllister", "Silva", "Tanaka", "Novak", "Dubois", "McCarthy", "Berg",
    "Haddad", "Kowalski", "Romero", "Nilsen", "Fischer", "Moreau", "O'Brien", "Lindqvist",
)  # fmt: skip
COUNTRIES: Final = ("DE", "FR", "GB", "NO", "SE", "ES", "IT", "PL", "NL", "DK", "PT", "IS")
COUNTRY_WEIGHTS: Final = (24, 18, 17, 9, 8, 7, 6, 4, 3, 2, 1.2, 0.8)
CITIES: Final = ("Berlin", "Lyon", "Leeds", "Oslo", "Malmo", "Sevilla", "Turin", "Gdansk", None)
SEGMENTS: Final = ("consumer", "consumer", "consumer", "business", "business", "wholesale")
STATUSES: Final = ("delivered", "shipped", "pending", "cancelled", "returned", "disputed")
STATUS_WEIGHTS: Final = (81, 8, 5, 4.5, 1.2, 0.3)
CHANNELS: Final = ("web", "app", "phone", "store")
CHANNEL_WEIGHTS: Final = (58, 33, 6, 3)
METHODS: Final = ("card", "card", "card", "paypal", "invoice", "voucher")
CARRIERS: Final = ("Falcon", "Falcon", "Falcon", "Heron", "Heron", "Kestrel")
WAREHOUSES: Final = ("Oslo", "Hamburg", "Hamburg", "Lyon", "Lyon", "Lyon", "Porto")
KINDS: Final = ("sale", "sale", "sale", "purchase", "return", "recount")
ADJECTIVES: Final = ("Sturdy", "Light", "Folding", "Nordic", "Compact", "Classic", "Silent")
NOUNS: Final = ("Lamp", "Chair", "Kettle", "Backpack", "Desk", "Jacket", "Tent", "Clock", "Stove")
SHARE_WITH_PHONE: Final = 0.6
SHARE_WITH_CREDIT: Final = 0.3
SHARE_WITH_WEIGHT: Final = 0.9
SHARE_ON_SALE: Final = 0.93
SHARE_DISCOUNTED: Final = 0.08
SHARE_WITH_COUPON: Final = 0.07
SHARE_FAILED_FIRST: Final = 0.05
SHARE_WITH_TEXT: Final = 0.7
PHRASES: Final = (
    "arrived on time", "colour differs from the picture", "would buy again", "a bit expensive",
    "broken after a week", "asked for a refund", "sturdy and light", "the manual is missing",
    "my children love it", "packaging was damaged", "exactly as described", "smaller than it looks",
)  # fmt: skip


class Shop:
    """A shop of a given size; every table is drawn from its own seeded stream.

    Args:
        seed: The same seed and size give the same rows.
        orders: Number of orders; all other tables follow from it.
    """

    def __init__(self, *, seed: int, orders: int) -> None:
        self._seed = seed
        self._orders = orders
        self._customers = max(50, orders // 3)
        self._products = max(CATEGORIES, orders // 20)
        self._days = [(FIRST_DAY + timedelta(days=day)).isoformat() for day in range(DAYS)]

    def tables(self) -> Mapping[str, Iterable[Row]]:
        """Return the rows of each table, parents before children."""
        orders, items = self._orders_and_items()
        return {
            "categories": self._category_rows(),
            "customers": self._customer_rows(),
            "products": self._product_rows(),
            "orders": orders,
            "order_items": items,
            "payments": self._payment_rows(orders),
            "shipments": self._shipment_rows(orders),
            "reviews": self._review_rows(),
            "inventory_movements": self._inventory_rows(),
        }

    def _draw(self, table: str) -> Random:
        """Return the table's own stream, so that a change to one table leaves the others alone."""
        return Random(f"{self._seed}/{table}")  # noqa: S311  # sample data, nothing secret

    def _moment(self, draw: Random, day: int) -> str:
        """Return a text time on a day, counted from the first; days past the end are the last."""
        second = int(draw.random() * 86_400)
        hours, rest = divmod(second, 3600)
        return f"{self._days[min(day, DAYS - 1)]} {hours:02}:{rest // 60:02}:{rest % 60:02}"

    def _category_rows(self) -> Iterator[Row]:
        for number in range(1, CATEGORIES + 1):
            parent = None if number <= len(NOUNS) else 1 + number % len(NOUNS)
            yield number, parent, f"{NOUNS[number % len(NOUNS)]}s {number}"

    def _customer_rows(self) -> Iterator[Row]:
        draw = self._draw("customers")
        countries = draw.choices(COUNTRIES, COUNTRY_WEIGHTS, k=self._customers)
        for number, country in enumerate(countries, start=1):
            first = FIRST_NAMES[number % len(FIRST_NAMES)]
            last = LAST_NAMES[number % len(LAST_NAMES)]
            email = f"{first}.{last}.{number}@example.com".lower().replace("'", "")
            has_phone, has_credit = (
                draw.random() < SHARE_WITH_PHONE,
                draw.random() < SHARE_WITH_CREDIT,
            )
            phone = f"+47{draw.randrange(10**8):08}" if has_phone else None
            limit = round(draw.expovariate(1 / 900), 2) if has_credit else None
            day = int(DAYS * draw.random() ** 2)
            segment = SEGMENTS[int(draw.random() * len(SEGMENTS))]
            city = CITIES[int(draw.random() * len(CITIES))]
            joined = self._moment(draw, day)
            yield number, email, first, last, country, city, phone, segment, limit, joined

    def _product_rows(self) -> Iterator[Row]:
        draw = self._draw("products")
        for number in range(1, self._products + 1):
            name = f"{draw.choice(ADJECTIVES)} {draw.choice(NOUNS)} {number}"
            weight = (
                round(draw.lognormvariate(0, 1), 3) if draw.random() < SHARE_WITH_WEIGHT else None
            )
            yield (
                number,
                f"SKU-{number * 7919 % 1_000_003:06}",
                name,
                1 + int(CATEGORIES * draw.random() ** 1.5),
                int(100 * draw.lognormvariate(3.2, 0.9)) + 99,
                weight,
                int(draw.random() < SHARE_ON_SALE),
                self._moment(draw, int(DAYS * draw.random() ** 2)),
            )

    def _orders_and_items(self) -> tuple[list[Row], list[Row]]:
        """Return both together, because an order's total is the sum of its items."""
        draw = self._draw("orders")
        random = draw.random
        statuses = draw.choices(STATUSES, STATUS_WEIGHTS, k=self._orders)
        channels = draw.choices(CHANNELS, CHANNEL_WEIGHTS, k=self._orders)
        orders: list[Row] = []
        items: list[Row] = []
        for number in range(1, self._orders + 1):
            total = 0
            for _ in range(1 + int(random() ** 2 * 6)):
                product = 1 + int(self._products * random() ** 3)
                quantity = 1 + int(random() ** 4 * 5)
                price = 199 + product * 37 % 9000
                discount = 0.1 if random() < SHARE_DISCOUNTED else None
                total += quantity * price
                items.append((len(items) + 1, number, product, quantity, price, discount))
            customer = 1 + int(self._customers * random() ** 2.2)
            day = int(DAYS * ((number - 1) / self._orders) ** 0.8)
            coupon = f"WELCOME{customer % 9}" if random() < SHARE_WITH_COUPON else None
            moment = self._moment(draw, day)
            status, channel = statuses[number - 1], channels[number - 1]
            orders.append((number, customer, moment, status, channel, coupon, total))
        return orders, items

    def _payment_rows(self, orders: list[Row]) -> Iterator[Row]:
        draw = self._draw("payments")
        number = 0
        for order, _, moment, status, _, _, total in orders:
            failures = 1 if draw.random() < SHARE_FAILED_FIRST else 0
            for attempt in range(failures + (status != "cancelled")):
                number += 1
                failed = attempt < failures
                method = METHODS[int(draw.random() * len(METHODS))]
                reference = f"PAY-{number * 7919 % 9_999_991:07}"
                paid = None if failed or (status == "pending") else moment
                state = "failed" if failed else ("paid" if paid else "waiting")
                yield number, order, method, state, total, reference, paid

    def _shipment_rows(self, orders: list[Row]) -> Iterator[Row]:
        draw = self._draw("shipments")
        number = 0
        for position, (order, _, _, status, _, _, _) in enumerate(orders):
            if status in {"pending", "cancelled"}:
                continue
            number += 1
            day = int(DAYS * (position / len(orders)) ** 0.8) + int(draw.random() * 3)
            shipped = self._moment(draw, day)
            later = day + 1 + int(draw.random() ** 3 * 12)
            delivered = None if status == "shipped" else self._moment(draw, later)
            carrier = CARRIERS[int(draw.random() * len(CARRIERS))]
            warehouse = WAREHOUSES[int(draw.random() * len(WAREHOUSES))]
            cost = round(3 + draw.expovariate(0.2), 2)
            yield number, order, carrier, warehouse, shipped, delivered, cost

    def _review_rows(self) -> Iterator[Row]:
        draw = self._draw("reviews")
        for number in range(1, self._orders * 2 // 3 + 1):
            has_text = draw.random() < SHARE_WITH_TEXT
            body = ", ".join(draw.choices(PHRASES, k=3)) if has_text else None
            yield (
                number,
                1 + int(self._products * draw.random() ** 2.5),
                1 + int(self._customers * draw.random() ** 1.8),
                5 - int(draw.random() ** 2 * 5),
                PHRASES[number % len(PHRASES)].capitalize(),
                body,
                self._moment(draw, int(DAYS * draw.random() ** 0.7)),
            )

    def _inventory_rows(self) -> Iterator[Row]:
        draw = self._draw("inventory")
        for number in range(1, self._orders * 4 // 3 + 1):
            kind = KINDS[int(draw.random() * len(KINDS))]
            sign = -1 if kind == "sale" else 1
            yield (
                number,
                1 + int(self._products * draw.random() ** 2),
                WAREHOUSES[int(draw.random() * len(WAREHOUSES))],
                kind,
                sign * (1 + int(draw.random() ** 3 * 40)),
                self._moment(draw, int(DAYS * (number / (self._orders * 4 / 3)))),
                "counted twice" if kind == "recount" else None,
            )
