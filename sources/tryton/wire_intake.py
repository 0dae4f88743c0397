"""What we read of Tryton's records in order to write: strict on these fields, as `wire` is.

Fields are None where they were not asked for, where there is nothing, and where the key's user may not read them.
"""

from __future__ import annotations

from decimal import Decimal
from typing import cast

import msgspec
from msgspec import Struct

from sources.tryton import wire
from sources.tryton.values import Amount, Day, Instant
from sources.tryton.wire import Coded, Row


class Tax(wire.Tax, frozen=True, kw_only=True):
    """A tax; `group` is what rules may go by."""

    group: int | None = None


class RuleLine(Row, frozen=True, kw_only=True):
    """A line of a tax rule: which tax it replaces, and by which."""

    sequence: int | None = None
    start_date: Day | None = None
    end_date: Day | None = None
    group: int | None = None
    origin_tax: int | None = None
    keep_origin: bool | int | None = None
    tax: Tax | None = None


class TaxRule(Row, frozen=True, kw_only=True):
    """What a customer's taxes are replaced by."""

    lines: list[RuleLine] | None = None


class Place(wire.Address, frozen=True, kw_only=True):
    """An address in the order that its party keeps them in."""

    sequence: int | None = None


class Buyer(Row, frozen=True, kw_only=True):
    """A party as a sale needs it; relations are ids."""

    code: str | None = None
    name: str | None = None
    addresses: list[Place] | None = None
    customer_payment_term: int | None = None
    customer_currency: int | None = None
    customer_tax_rule: TaxRule | None = None
    sale_invoice_method: str | None = None
    sale_shipment_method: str | None = None
    sale_price_list: int | None = None
    credit_limit_amount: Amount | None = None
    credit_amount: Amount | None = None
    currency: Coded | None = None


class Unit(Coded, frozen=True, kw_only=True):
    """A unit of measure, with how many digits its quantities have behind the point."""

    digits: int | None = None


class Category(Row, frozen=True, kw_only=True):
    """What a product is accounted as, with its taxes."""

    customer_taxes_used: list[Tax] | None = None


class Template(Row, frozen=True, kw_only=True):
    """What the variants of a product have in common."""

    account_category: Category | None = None


class Span(Struct, frozen=True):
    """`{"__class__": "timedelta", "seconds": 172800.0}`."""

    seconds: float


class Goods(Row, frozen=True, kw_only=True):
    """A variant as a sale needs it; its price and stock are those of the context that was asked in."""

    code: str | None = None
    type: str | None = None
    active: bool | int | None = None
    salable: bool | int | None = None
    sale_uom: Unit | None = None
    default_uom: Unit | None = None
    sale_price_uom: Amount | None = None
    forecast_quantity: Decimal | None = None
    lead_time: Span | None = None
    template: Template | None = None


class Move(Row, frozen=True, kw_only=True):
    """Goods of a line on their way."""

    state: str | None = None
    quantity: Decimal | None = None


class Line(Row, frozen=True, kw_only=True):
    """A line of a sale as it stands; relations are ids."""

    type: str | None = None
    sequence: int | None = None
    product: Coded | None = None
    description: str | None = None
    note: str | None = None
    quantity: Decimal | None = None
    unit: int | None = None
    unit_price: Amount | None = None
    moves: list[Move] | None = None


class Document(Row, frozen=True, kw_only=True):
    """A shipment or an invoice: its number, and where it stands."""

    number: str | None = None
    state: str | None = None


class Order(Row, frozen=True, kw_only=True):
    """A sale as it stands. `ours` stands for the configured field with our reference, and so do the next two."""

    state: str
    create_date: Instant
    ours: str | None = None
    reference: str | None = None
    purchase_order: str | None = None
    number: str | None = None
    company: int | None = None
    party: Buyer | None = None
    invoice_party: Buyer | None = None
    currency: Coded | None = None
    invoice_address: int | None = None
    shipment_address: int | None = None
    sale_date: Day | None = None
    shipping_date: Day | None = None
    write_date: Instant | None = None
    shipment_state: str | None = None
    invoice_state: str | None = None
    untaxed_amount: Amount | None = None
    comment: str | None = None
    price_list: int | None = None
    lines: list[Line] | None = None
    shipments: list[Document] | None = None
    invoices: list[Document] | None = None


class Amended(Row, frozen=True, kw_only=True):
    """An amendment of a sale; `description` is the reference it goes by."""

    state: str | None = None
    description: str | None = None
    sale: int | None = None


class Known(Row, frozen=True, kw_only=True):
    """A party as it is found again. `reference` stands for the configured field with its key in the CRM."""

    code: str | None = None
    reference: str | None = None
    identifiers: list[wire.Identifier] | None = None


class Configuration(Row, frozen=True, kw_only=True):
    """How sales are handled here: how long a confirmed one may still be taken back."""

    sale_process_after: Span | None = None


class Named(Row, frozen=True, kw_only=True):
    """A record by its name."""

    name: str | None = None


def orders_under(ours: str, reference: str, purchase_order: str | None) -> type[Order]:
    """Sales whose references come in fields of these names."""
    fields = {"ours": ours, "reference": reference, "purchase_order": purchase_order}
    # One field may stand for two things, and msgspec takes each name once: the first has it.
    held: dict[str, str] = {}
    for name, field in fields.items():
        if field and field not in held.values():
            held[name] = field
    renamed = [(name, str | None, msgspec.field(default=None, name=field)) for name, field in held.items()]
    return cast("type[Order]", msgspec.defstruct("Order", renamed, bases=(Order,), frozen=True, kw_only=True))


def known_under(reference: str | None) -> type[Known]:
    """Parties whose key in the CRM comes in a field of this name."""
    if reference is None:
        return Known
    renamed = [("reference", str | None, msgspec.field(default=None, name=reference))]
    return cast("type[Known]", msgspec.defstruct("Known", renamed, bases=(Known,), frozen=True, kw_only=True))
