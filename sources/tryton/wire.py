"""What we read of Tryton's records, under Tryton's names: strict on these fields, silent on every other.

Fields are None where they were not asked for, where there is nothing, and where the key's user may not read them.
`id` and the few fields that are always asked for are required: without them nothing can be said of a record.
"""

from __future__ import annotations

from decimal import Decimal
from typing import cast

import msgspec
from msgspec import Struct

from sources.tryton.values import Amount, Day, Instant


class Row(Struct, frozen=True, kw_only=True):
    """Any record: its id."""

    id: int


class Coded(Row, frozen=True, kw_only=True):
    """A record of which we read how people call it."""

    code: str | None = None
    name: str | None = None
    symbol: str | None = None


class Company(Row, frozen=True, kw_only=True):
    """A company, with the currency of its books."""

    currency: Coded | None = None


class Address(Row, frozen=True, kw_only=True):
    """A postal address; `invoice` and `delivery` say what it is used for."""

    street: str | None = None
    city: str | None = None
    postal_code: str | None = None
    subdivision: Coded | None = None
    country: Coded | None = None
    invoice: bool | int | None = None
    delivery: bool | int | None = None


class ContactMechanism(Row, frozen=True, kw_only=True):
    """A way to reach somebody at a party."""

    type: str | None = None
    value: str | None = None
    name: str | None = None


class Identifier(Row, frozen=True, kw_only=True):
    """A number of a party: for taxes, or without a type a plain reference."""

    type: str | None = None
    code: str | None = None


class Party(Row, frozen=True, kw_only=True):
    """A customer. `reference` stands for the configured field with its key in the CRM."""

    code: str | None = None
    reference: str | None = None
    name: str | None = None
    currency: Coded | None = None
    identifiers: list[Identifier] | None = None
    addresses: list[Address] | None = None
    contact_mechanisms: list[ContactMechanism] | None = None
    customer_payment_term: Coded | None = None
    credit_limit_amount: Amount | None = None
    credit_amount: Amount | None = None
    receivable: Amount | None = None
    receivable_today: Amount | None = None
    write_date: Instant | None = None
    create_date: Instant | None = None


class Tax(Row, frozen=True, kw_only=True):
    """A tax: a share of the amount, or a fixed sum a unit."""

    type: str | None = None
    rate: Amount | None = None
    amount: Amount | None = None


class Product(Row, frozen=True, kw_only=True):
    """A variant of what is sold."""

    code: str | None = None
    name: str | None = None
    type: str | None = None
    active: bool | int | None = None
    list_price_used: Amount | None = None
    default_uom: Coded | None = None


class SaleLine(Row, frozen=True, kw_only=True):
    """A line of a sale; titles, comments and subtotals are lines of other types."""

    type: str | None = None
    sequence: int | None = None
    product: Product | None = None
    description: str | None = None
    quantity: Decimal | None = None
    unit: Coded | None = None
    unit_price: Amount | None = None
    amount: Amount | None = None
    taxes: list[Tax] | None = None
    note: str | None = None


class Move(Row, frozen=True, kw_only=True):
    """Goods that move from one place to another."""

    state: str | None = None
    origin: str | None = None
    sale: int | None = None
    product: Product | None = None
    quantity: Decimal | None = None
    unit: Coded | None = None


class Shipment(Row, frozen=True, kw_only=True):
    """Goods that go to a customer, or come back."""

    state: str
    number: str | None = None
    company: int | None = None
    warehouse: Coded | None = None
    planned_date: Day | None = None
    effective_date: Day | None = None
    create_date: Instant | None = None
    outgoing_moves: list[Move] | None = None
    incoming_moves: list[Move] | None = None


class Sale(Row, frozen=True, kw_only=True):
    """The head of a sale. `reference` stands for the configured reference field, and so does `purchase_order`."""

    state: str
    create_date: Instant
    shipment_state: str | None = None
    invoice_state: str | None = None
    number: str | None = None
    company: Company | int | None = None
    reference: str | None = None
    purchase_order: str | None = None
    sale_date: Day | None = None
    quotation_date: Day | None = None
    shipping_date: Day | None = None
    comment: str | None = None
    write_date: Instant | None = None
    currency: Coded | None = None
    untaxed_amount: Amount | None = None
    tax_amount: Amount | None = None
    total_amount: Amount | None = None
    party: Party | None = None
    invoice_party: Party | None = None
    shipment_address: Address | None = None
    lines: list[SaleLine] | None = None


class SaleShipments(Row, frozen=True, kw_only=True):
    """What was sent and came back for a sale."""

    shipments: list[Shipment] | None = None
    shipment_returns: list[Shipment] | None = None


class Receivable(Row, frozen=True, kw_only=True):
    """The type of an account: whether customers' debts stand on it."""

    receivable: bool | int | None = None


class Account(Row, frozen=True, kw_only=True):
    """An account of the books."""

    type: Receivable | None = None


class MoveLine(Row, frozen=True, kw_only=True):
    """A line in the books."""

    debit: Amount | None = None
    credit: Amount | None = None
    amount_second_currency: Amount | None = None
    second_currency: Coded | None = None
    maturity_date: Day | None = None
    reconciliation: int | None = None
    account: Account | None = None
    party: Party | None = None
    invoice_payment: int | None = None
    move: Entry | None = None


class Journal(Row, frozen=True, kw_only=True):
    """Where something is written down."""

    name: str | None = None
    type: str | None = None


class Entry(Row, frozen=True, kw_only=True):
    """An entry in the books: a payment has one."""

    number: str | None = None
    state: str | None = None
    date: Day | None = None
    create_date: Instant | None = None
    company: Company | None = None
    journal: Journal | None = None
    origin: str | None = None
    lines: list[MoveLine] | None = None


class InvoiceLine(Row, frozen=True, kw_only=True):
    """A line of an invoice or credit note."""

    type: str | None = None
    origin: str | None = None
    product: Product | None = None
    description: str | None = None
    quantity: Decimal | None = None
    amount: Amount | None = None
    taxes: list[Tax] | None = None


class SaleOf(Row, frozen=True, kw_only=True):
    """A sale that an invoice bills, by the ids of its lines."""

    lines: list[int] | None = None


class Credited(Row, frozen=True, kw_only=True):
    """An invoice that a credit note credits: whose it is."""

    sales: list[SaleOf] | None = None
    lines: list[InvoiceLine] | None = None


class Invoice(Row, frozen=True, kw_only=True):
    """An invoice, or a credit note where its total is less than nothing."""

    state: str
    number: str | None = None
    company: int | Company | None = None
    party: Party | None = None
    currency: Coded | None = None
    invoice_date: Day | None = None
    create_date: Instant | None = None
    description: str | None = None
    untaxed_amount: Amount | None = None
    tax_amount: Amount | None = None
    total_amount: Amount | None = None
    amount_to_pay: Amount | None = None
    cancel_move: int | None = None
    sales: list[SaleOf] | None = None
    lines: list[InvoiceLine] | None = None
    lines_to_pay: list[MoveLine] | None = None
    payment_lines: list[MoveLine] | None = None
    origin_invoices: list[Credited] | None = None


def sales_under(reference: str, purchase_order: str | None, customer_reference: str | None = None) -> type[Sale]:
    """Sales whose reference and purchase order come in fields of these names, and so does their party's reference."""
    fields = [_renamed("reference", reference)]
    if customer_reference:
        fields.append(("party", parties_under(customer_reference) | None, None))
    if purchase_order and purchase_order != reference:
        fields.append(_renamed("purchase_order", purchase_order))
    made = msgspec.defstruct("Sale", fields, bases=(Sale,), frozen=True, kw_only=True)
    return cast("type[Sale]", made)


def parties_under(reference: str | None) -> type[Party]:
    """Parties whose key in the CRM comes in a field of this name."""
    if reference is None:
        return Party
    made = msgspec.defstruct("Party", [_renamed("reference", reference)], bases=(Party,), frozen=True, kw_only=True)
    return cast("type[Party]", made)


def _renamed(name: str, field: str) -> tuple[str, object, object]:
    return (name, str | None, msgspec.field(default=None, name=field))
