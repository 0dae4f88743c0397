"""From what is wanted to Tryton's field paths: nothing is asked for that nobody reads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from canonical.wanted import Wanted
from sources.tryton.settings import Settings

Paths = tuple[str, ...]
_Map = Mapping[str, tuple[str, ...]]

_ADDRESS: Final = ("street", "city", "postal_code", "subdivision.code", "country.code")
_TAXES: Final = ("amount", "quantity", "taxes.type", "taxes.rate", "taxes.amount")
_MONEY: Final = ("currency.code",)

_ORDER: Final[_Map] = {
    "customer_key": ("party.code",),
    "customer": ("party.code",),
    "customer_name": ("party.name",),
    "ship_to": tuple(f"shipment_address.{path}" for path in _ADDRESS),
    "currency_code": _MONEY,
    "requested_delivery_date": ("shipping_date",),
    "subtotal": ("untaxed_amount", *_MONEY),
    "tax": ("tax_amount", *_MONEY),
    "total": ("total_amount", *_MONEY),
    "submitted_at": ("quotation_date",),
    "booked_at": ("sale_date",),
    "cancelled_at": ("write_date",),
    "version": ("write_date",),
}
_ORDER_LINE: Final[_Map] = {
    "number": ("sequence",),
    "sku": ("product.code",),
    "description": ("description", "product.name"),
    "unit": ("unit.symbol",),
    "unit_price": ("unit_price",),
    "amount": ("amount",),
    "tax": _TAXES,
    "partner_key": ("note",),
    "starts_on": ("note",),
    "ends_on": ("note",),
    "segment": ("note",),
    "parent_key": ("note", "sequence"),
    "parent_line_id": ("note", "sequence"),
}
ORDER_LINES: Final = ("lines", "status", "fulfillment_status", "invoicing_status")
_LINE_MONEY: Final = ("unit_price", "amount", "tax")

_SHIPMENT: Final[_Map] = {
    "ship_from": ("warehouse.name",),
    "planned_on": ("planned_date",),
    "shipped_at": ("effective_date",),
}
_SHIPMENT_LINE: Final[_Map] = {"sku": ("product.code",), "unit": ("unit.symbol",)}

_INVOICE: Final[_Map] = {
    "status": ("amount_to_pay",),
    "customer_key": ("party.code",),
    "customer": ("party.code",),
    "issued_on": ("invoice_date",),
    "created_at": ("create_date",),
    "due_on": ("lines_to_pay.maturity_date", "lines_to_pay.reconciliation"),
    "overdue_days": ("amount_to_pay", "lines_to_pay.maturity_date", "lines_to_pay.reconciliation"),
    "subtotal": ("untaxed_amount",),
    "tax": ("tax_amount",),
    "open": ("amount_to_pay",),
    "reason": ("description",),
}
_INVOICE_LINE: Final[_Map] = {
    "sku": ("product.code",),
    "description": ("description", "product.name"),
    "amount": ("amount",),
    "tax": _TAXES,
}
_PAID_BY: Final = ("credit", "debit", "amount_second_currency", "second_currency.code", "move.journal.type")
_PAYMENT: Final[_Map] = {
    "number": ("number",),
    "method": ("journal.name",),
    "status": ("state",),
}
_PAYMENT_LINES: Final = (
    *("credit", "debit", "amount_second_currency", "second_currency.code", "account.type.receivable"),
    *("invoice_payment", "reconciliation", "party.code"),
)
_CUSTOMER: Final[_Map] = {
    "name": ("name",),
    "billing_address": (*(f"addresses.{path}" for path in _ADDRESS), "addresses.invoice"),
    "shipping_address": (*(f"addresses.{path}" for path in _ADDRESS), "addresses.delivery"),
    "contacts": (*("contact_mechanisms.type", "contact_mechanisms.value", "contact_mechanisms.name"),),
    "updated_at": ("write_date", "create_date"),
}
_TOLD_OF_PARTY: Final = frozenset({"ref", "name", "parent_key", "billing_address", "shipping_address", "updated_at"})
_ACCOUNT: Final[_Map] = {
    "payment_terms": ("customer_payment_term.name",),
    "credit": ("credit_limit_amount", "credit_amount"),
    "open_balance": ("receivable",),
    "overdue_balance": ("receivable_today",),
}
_PRODUCT: Final[_Map] = {
    "name": ("name",),
    "unit": ("default_uom.symbol",),
    "active": ("active",),
    "prices": ("list_price_used",),
    "list_price": ("list_price_used",),
}


def order_paths(wanted: Wanted, settings: Settings) -> Paths:
    """Of `sale.sale`. Always: what says where a sale stands, its lines' ids, and what a hold for credit is seen by."""
    paths = ["number", "state", "shipment_state", "invoice_state", "create_date", "company", settings.reference_field]
    paths += _of(_ORDER, wanted)
    if "purchase_order_number" in wanted:
        paths.append(settings.purchase_order_field or "comment")
    if tells_customer(wanted):
        paths += _under("party", customer_paths(wanted.below("customer"), settings))
    if settings.credit:
        paths.append("party.credit_limit_amount")
    if wanted.any_of(*ORDER_LINES):
        below = wanted.below("lines")
        paths += _under("lines", ("type", "quantity", "product.type", *_of(_ORDER_LINE, below)))
        if below.any_of(*_LINE_MONEY):
            paths += _MONEY
    return _distinct(paths)


def tells_customer(wanted: Wanted) -> bool:
    """Whether sales are read with their party: not where more is read of it than they would bring for each of them."""
    return "customer" in wanted and _TOLD_OF_PARTY.issuperset(wanted.below("customer").names())


def credit_paths() -> Paths:
    """Of `sale.sale`: what Tryton weighs before it confirms one (modules/sale_credit_limit)."""
    parties = _under("party", ("credit_limit_amount", "credit_amount"))
    others = _under("invoice_party", ("credit_limit_amount", "credit_amount"))
    return ("state", "create_date", "untaxed_amount", "currency.code", "company.currency.code", *parties, *others)


def shipment_paths(wanted: Wanted, moves: str) -> Paths:
    """Of one shipment or return, whose moves are the field `moves`; lines and what says where it stands always."""
    below = wanted.below("lines")
    lines = ("state", "origin", "sale", "quantity", *_of(_SHIPMENT_LINE, below))
    return _distinct(("number", "state", "company", "create_date", *_of(_SHIPMENT, wanted), *_under(moves, lines)))


def shipments_of_sale_paths(wanted: Wanted) -> Paths:
    """Of `sale.sale`: what was sent for it and what came back."""
    sent = _under("shipments", shipment_paths(wanted, "outgoing_moves"))
    returned = _under("shipment_returns", shipment_paths(wanted, "incoming_moves"))
    return _distinct((*sent, *returned))


def invoice_paths(wanted: Wanted) -> Paths:
    """Of `account.invoice`, invoices and credit notes alike."""
    memos = wanted.below("credit_memos")
    paths = ["number", "state", "company", "total_amount", "invoice_date", "create_date", *_MONEY]
    paths += [*_of(_INVOICE, wanted), *_of(_INVOICE, memos), "sales.lines", "lines.type", "lines.origin"]
    if wanted.any_of("lines", "credit_memos"):
        lines = wanted.below("lines") | memos.below("lines")
        paths += _under("lines", ("quantity", *_of(_INVOICE_LINE, lines)))
    if wanted.any_of("paid", "payments"):
        paths += ["amount_to_pay", *_under("payment_lines", (*_PAID_BY, "move.date", "move.create_date"))]
    if "payments" in wanted:
        paths += _under("payment_lines.move", payment_paths(wanted.below("payments").below("payment")))
    return _distinct(paths)


def credit_note_paths(wanted: Wanted) -> Paths:
    """Of `account.invoice`, for credit notes alone: with the invoices that they credit."""
    whole = Wanted((("credit_memos", wanted),))
    return _distinct((*invoice_paths(whole), "origin_invoices.sales.lines", "origin_invoices.lines.origin"))


def payment_paths(wanted: Wanted) -> Paths:
    """Of `account.move`, for a payment. Its lines are read only for its amount, its payer and what it was used for."""
    paths = ["number", "state", "company.currency.code", "date", "create_date", *_of(_PAYMENT, wanted)]
    if wanted.any_of("amount", "unapplied", "applications", "customer_key", "customer"):
        paths += _under("lines", _PAYMENT_LINES)
    return _distinct(paths)


def customer_paths(wanted: Wanted, settings: Settings) -> Paths:
    """Of `party.party`."""
    field = settings.customer_reference_field
    references = (field,) if field else ("identifiers.type", "identifiers.code")
    return _distinct(("code", "name", *references, *_of(_CUSTOMER, wanted)))


def account_paths(wanted: Wanted, settings: Settings) -> Paths:
    """Of `party.party`, in the books of the company that is asked as."""
    told = wanted if settings.credit else wanted.only(("payment_terms", "open_balance", "overdue_balance"))
    return _distinct(("code", *_MONEY, *_of(_ACCOUNT, told)))


def product_paths(wanted: Wanted) -> Paths:
    """Of `product.product`."""
    return _distinct(("code", *_of(_PRODUCT, wanted)))


def _of(names: _Map, wanted: Wanted) -> Iterator[str]:
    for name in wanted.names():
        yield from names.get(name, ())


def _under(field: str, paths: Iterable[str]) -> list[str]:
    return [f"{field}.{path}" for path in paths]


def _distinct(paths: Iterable[str]) -> Paths:
    """Each path once, and none that another one goes through: that would give an id where a record is expected."""
    held = dict.fromkeys(paths)
    return tuple(path for path in held if not any(other.startswith(f"{path}.") for other in held))
