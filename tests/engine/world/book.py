"""The book of a world: every value by its key, made once, so that all who ask of it meet the same objects."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from tests.engine.world import values as v
from tests.engine.world.chance import Chance

AT = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
# So few that values meet again on other paths: parents that are shared, and circles.
_KEYS = 4


class Book(Chance):
    """Values are whatever chance makes of them; hence Any."""

    def __init__(self, seed: int, faults: int) -> None:
        super().__init__(seed, faults)
        self._held: dict[tuple[str, str], Any] = {}

    def once(self, name: str, key: str, make: Callable[[], Any]) -> Any:
        """The value of this name and key, made when it is first asked for."""
        place = (name, key)
        if place not in self._held:
            self._held[place] = make()
        return self._held[place]

    def near(self, *words: object) -> str:
        """One of the few keys that there are."""
        return str(self.roll(_KEYS, "near", *words))

    def some(self, make: Callable[[str], Any], most: int, *words: object) -> Any:
        """A list of up to so many values, seldom of none; now and then the same one twice."""
        count = 1 + self.roll(most, "count", *words) if most and self.roll(8, "any", *words) else 0
        return self.listed([make(self.near(*words, place)) for place in range(count)], *words)

    def money(self, key: str) -> Any:
        return self.once("money", key, lambda: self._money(key))

    def _money(self, key: str) -> Any:
        currency = list(v.Currency)[self.roll(2, key)]
        return v.Money(self.spoilt(Decimal("10.50"), key, "amount"), self.spoilt(currency, key, "currency"))

    def place(self, key: str) -> Any:
        return self.once("place", key, lambda: self._place(key))

    def _place(self, key: str) -> Any:
        zone = self.place(f"{key}z") if len(key) < 3 else None
        return v.Place(
            key, self.spoilt("Ulm", key, "city"), self.spoilt(None, key, "country"), self.spoilt(zone, key, "zone")
        )

    def line(self, key: str) -> Any:
        return self.once("line", key, lambda: self._line(key))

    def _line(self, key: str) -> Any:
        return v.Line(
            key,
            self.spoilt(f"P-{key}", key, "sku"),
            self.spoilt(self.roll(9, key), key, "quantity"),
            self.spoilt(self.money(key), key, "price"),
        )

    def product(self, key: str) -> Any:
        return self.once("product", key, lambda: v.Product(f"P-{key}", self.spoilt("Bolt", key, "product")))

    def customer(self, key: str) -> Any:
        return self.once("customer", key, lambda: self._customer(key))

    def _customer(self, key: str) -> Any:
        return v.Customer(
            key,
            self.spoilt(f"C-{key}", key, "name"),
            self.spoilt("a@b.c", key, "email"),
            self.spoilt(self.place(key), key, "home"),
            self.some(self.place, 2, key, "shops"),
        )

    def payment(self, key: str) -> Any:
        return self.once("payment", key, lambda: self._payment(key))

    def _payment(self, key: str) -> Any:
        return v.Payment(
            key, self.spoilt("card", key, "method"), self.spoilt(4.5, key, "paid"), self.spoilt(AT, key, "paid_at")
        )

    def invoice(self, key: str) -> Any:
        return self.once("invoice", key, lambda: self._invoice(key))

    def _invoice(self, key: str) -> Any:
        return v.Invoice(
            key,
            self.spoilt(f"I-{key}", key, "invoice"),
            self.spoilt(date(2026, 12, 1), key, "due"),
            self.spoilt(self.money(key), key, "sum"),
            self.some(self.line, 2, key, "rows"),
        )

    def order(self, key: str) -> Any:
        return self.once("order", key, lambda: self._order(key))

    def _order(self, key: str) -> Any:
        plain: dict[str, Any] = {
            "number": f"N-{key}",
            "status": list(v.Status)[self.roll(3, key)],
            "axis": None,
            "urgent": bool(self.roll(2, key)),
            "weight": 12.5,
            "count": 3,
            "total": Decimal("99.90"),
            "ordered_at": AT,
            "due": AT.date(),
            "source": "shop",
            "note": "gift",
            "price": self.money(key),
            "sure_price": self.money(f"{key}s"),
            "place": self.place(key),
        }
        spoilt = {name: self.spoilt(value, key, name) for name, value in plain.items()}
        return v.Order(key=key, **spoilt, **self._lists_of_order(key))

    def _lists_of_order(self, key: str) -> dict[str, Any]:
        def within(make: Callable[[str], Any], name: str) -> Callable[[str], Any]:
            return lambda part: self.some(make, 2, key, name, part)

        return {
            "prices": self.some(self.money, 2, key, "prices"),
            "tags": self.some(lambda part: f"t{part}", 2, key, "tags"),
            "codes": self.some(lambda part: f"c{part}", 2, key, "codes"),
            "steps": self.some(lambda part: list(v.Status)[int(part) % 3], 2, key, "steps"),
            "matrix": self.some(within(int, "matrix"), 2, key, "matrix"),
            "grid": self.some(within(self.money, "grid"), 2, key, "grid"),
            "cube": self.some(
                lambda part: self.some(within(self.money, f"cube{part}"), 2, key, "cube", part), 1, key, "cube"
            ),
            "lines": self.some(self.line, 3, key, "lines"),
            "spare_lines": self.some(self.line, 2, key, "spare_lines"),
            "stops": self.some(within(self.place, "stops"), 2, key, "stops"),
        }

    def page(self, key: str, first: int) -> Any:
        return self.once("page", f"{key}:{first}", lambda: self._page(key, first))

    def _page(self, key: str, first: int) -> Any:
        def edge(part: str) -> Any:
            return v.Edge(self.spoilt(f"@{part}", key, part, "cursor"), self.spoilt(self.order(part), key, part))

        return v.Page(
            key, self.some(edge, max(0, min(first, 4)), key, "edges"), self.spoilt(value := False, key, value)
        )
