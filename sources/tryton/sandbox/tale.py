"""What the seeding is told: one company's customers, products and sales, as plain values that go through a JSON file.

It is read in Tryton's own interpreter too, so it needs the standard library only. Amounts and quantities are Decimals,
written as strings; days and instants are ISO 8601, instants with their offset.
"""

from __future__ import annotations

import json
import types
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints


@dataclass(frozen=True, slots=True)
class Contact:
    """A person at a customer."""

    name: str
    email: str
    phone: str


@dataclass(frozen=True, slots=True)
class Address:
    """A postal address; `country` is ISO 3166 alpha-2, `region` its subdivision's code without the country."""

    street: str
    city: str
    postal_code: str
    region: str
    country: str


@dataclass(frozen=True, slots=True)
class Customer:
    """A party with one address for bills and one for goods. `credit_limit` None: no limit."""

    code: str
    name: str
    billing: Address
    shipping: Address
    contacts: tuple[Contact, ...]
    payment_days: int
    credit_limit: Decimal | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Product:
    """A product sold by the piece; a service is never shipped."""

    code: str
    name: str
    service: bool
    price: Decimal
    active: bool = True


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a sale; `number` names it in the tale and gives its place."""

    number: int
    product: str
    quantity: Decimal
    unit_price: Decimal
    tax_rate: Decimal
    description: str = ""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A shipment or a return; quantities by line number. `posted_at` None: it has not left (`picked`: it is ready)."""

    number: str
    created_at: datetime
    planned_on: date
    quantities: Mapping[str, Decimal]
    picked: bool
    posted_at: datetime | None
    is_return: bool = False


@dataclass(frozen=True, slots=True)
class Credit:
    """A credit note on an invoice, quantities keyed as the invoice's. `applied` False: it stays open on the account."""

    number: str
    issued_on: date
    quantities: Mapping[str, Decimal]
    reason: str
    applied: bool


@dataclass(frozen=True, slots=True)
class Money:
    """A payment's part for this invoice; the same number in several invoices is one payment. `method`: its journal."""

    number: str
    amount: Decimal
    paid_on: date
    method: str


@dataclass(frozen=True, slots=True)
class Invoice:
    """One invoice; `quantities` are keyed "<sale number>/<line number>", so that one may bill several sales.

    `posted` False leaves a draft, which has no number in Tryton. `settled`: money and credits cover it to the cent.
    """

    number: str
    issued_at: datetime
    quantities: Mapping[str, Decimal]
    posted: bool
    settled: bool
    cancelled: bool
    payments: tuple[Money, ...] = ()
    credits: tuple[Credit, ...] = ()


@dataclass(frozen=True, slots=True)
class Sale:
    """One sale; `state` is how far it went before goods and money. `held`: a quotation, its confirmation refused.

    An invoice over several sales stands at the first of them.
    """

    number: str
    reference: str
    customer: str
    state: Literal["draft", "quotation", "confirmed", "cancelled"]
    held: bool
    booked_at: datetime
    changed_at: datetime
    requested_on: date | None
    note: str
    lines: tuple[Line, ...]
    deliveries: tuple[Delivery, ...] = ()
    invoices: tuple[Invoice, ...] = ()


@dataclass(frozen=True, slots=True)
class Tale:
    """One company in one currency, as it stands on `told_on`; nothing happened later."""

    company: str
    country: str
    currency: str
    told_on: datetime
    customers: tuple[Customer, ...]
    products: tuple[Product, ...]
    sales: tuple[Sale, ...]


def text(tale: Tale) -> str:
    """The tale as JSON, the same for the same tale."""
    return json.dumps(asdict(tale), default=str, indent=1) + "\n"


def write(tale: Tale, path: Path) -> None:
    """Write the tale to a file."""
    path.write_text(text(tale), "utf-8")


def read(path: Path) -> Tale:
    """Read what `write` wrote; KeyError or ValueError where the file is not one."""
    tale = _build(Tale, json.loads(path.read_text("utf-8")))
    if not isinstance(tale, Tale):
        raise TypeError("The file holds no tale.")
    return tale


def _build(kind: Any, value: Any) -> Any:
    origin = get_origin(kind)
    if origin in {Union, types.UnionType}:
        return None if value is None else _build(get_args(kind)[0], value)
    if origin is tuple:
        return tuple(_build(get_args(kind)[0], item) for item in value)
    if origin is Mapping:
        return {key: _build(get_args(kind)[1], item) for key, item in value.items()}
    if is_dataclass(kind) and isinstance(kind, type):
        hints = get_type_hints(kind)
        return kind(**{each.name: _build(hints[each.name], value[each.name]) for each in fields(kind)})
    return _plain(kind, value)


def _plain(kind: Any, value: Any) -> Any:
    if kind is datetime:
        return datetime.fromisoformat(value)
    if kind is date:
        return date.fromisoformat(value)
    return Decimal(value) if kind is Decimal else value
