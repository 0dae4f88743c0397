"""What the world is made of: plain frozen values. With faults about, an attribute may hold anything."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum


class Status(Enum):
    """Where an order stands. Names and values differ, as the graph shows the names."""

    DRAFT = "draft"
    BOOKED = "booked"
    SHIPPED = "shipped"


class Currency(Enum):
    """What money is counted in."""

    EUR = "eur"
    USD = "usd"


@dataclass(frozen=True, slots=True)
class Money:
    amount: Decimal
    currency: Currency


@dataclass(frozen=True, slots=True)
class Place:
    """A composite without an identity of its own, with calls below it, and a place within the place."""

    key: str
    city: str
    country: str | None
    zone: Place | None


@dataclass(frozen=True, slots=True)
class Line:
    key: str
    sku: str
    quantity: int | None
    price: Money


@dataclass(frozen=True, slots=True)
class Product:
    sku: str
    name: str | None

    @property
    def key(self) -> str:
        return self.sku


@dataclass(frozen=True, slots=True)
class Customer:
    key: str
    name: str
    email: str | None
    place: Place
    shops: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Payment:
    key: str
    method: str
    amount: float
    paid_at: datetime | None


@dataclass(frozen=True, slots=True)
class Invoice:
    key: str
    number: str
    due: date | None
    price: Money | None
    rows: tuple[Line | None, ...]


@dataclass(frozen=True, slots=True)
class Order:
    key: str
    number: str
    status: Status
    axis: Status | None
    urgent: bool
    weight: float
    count: int
    total: Decimal
    ordered_at: datetime | None
    due: date
    source: str
    note: str | None
    price: Money | None
    sure_price: Money
    prices: tuple[Money, ...] | None
    tags: tuple[str | None, ...]
    codes: tuple[str, ...] | None
    steps: tuple[Status, ...] | None
    matrix: tuple[tuple[int, ...] | None, ...] | None
    grid: tuple[tuple[Money | None, ...], ...]
    cube: tuple[tuple[tuple[Money, ...], ...], ...]
    lines: tuple[Line, ...]
    spare_lines: tuple[Line | None, ...] | None
    place: Place
    stops: tuple[tuple[Place, ...] | None, ...] | None


@dataclass(frozen=True, slots=True)
class Edge:
    cursor: str
    node: Order


@dataclass(frozen=True, slots=True)
class Page:
    key: str
    edges: tuple[Edge, ...]
    more: bool


@dataclass(frozen=True, slots=True)
class Counter:
    """What a counter stood at after a change."""

    key: str
    count: int
