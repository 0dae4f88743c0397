"""The field paths that are read in order to write."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from sources.tryton.settings import Settings

Paths = tuple[str, ...]
_ADDRESS: Final = (
    *("street", "city", "postal_code", "subdivision.code", "country.code", "invoice", "delivery", "sequence"),
)
_TAX: Final = ("type", "rate", "amount", "group")
_RULE: Final = ("sequence", "start_date", "end_date", "group", "origin_tax", "keep_origin")
_CREDIT: Final = ("credit_limit_amount", "credit_amount", "currency.code")
_TAXES_USED: Final = "template.account_category.customer_taxes_used"
STOCK: Final = ("forecast_quantity", "lead_time")
KNOWN: Final = ("code", "identifiers.type", "identifiers.code")


def buyer_paths(settings: Settings) -> Paths:
    """Of `party.party`: what a sale takes from its customer. Credit is read for quotations only."""
    paths = ["code", "name", "customer_payment_term", "customer_currency", "sale_invoice_method"]
    paths += ["sale_shipment_method", *_under("addresses", _ADDRESS), *_under("customer_tax_rule.lines", _RULE)]
    paths += _under("customer_tax_rule.lines.tax", _TAX)
    return (*paths, *(("sale_price_list",) if settings.price_lists else ()))


def quoted_buyer_paths(settings: Settings) -> Paths:
    """The same, and the customer's credit, which takes Tryton long to add up."""
    return (*buyer_paths(settings), *(_CREDIT if settings.credit else ()))


def goods_paths() -> Paths:
    """Of `product.product`: what a line takes from its product."""
    paths = ("code", "type", "active", "salable", "sale_price_uom", "default_uom.symbol")
    return (*paths, *_under("sale_uom", ("symbol", "digits")), *_under(_TAXES_USED, _TAX))


def standing_paths(settings: Settings) -> Paths:
    """Of `sale.sale`: where it stands, and its lines' ids."""
    paths = ("state", "number", "create_date", "write_date", "sale_date", "company", "shipment_state", "invoice_state")
    return (*paths, settings.order_reference_field, "lines.type", "lines.sequence")


def whole_paths(settings: Settings) -> Paths:
    """Of `sale.sale`: everything that a change of it depends on."""
    lines = ("product.code", "description", "note", "quantity", "unit", "unit_price", "moves.state", "moves.quantity")
    heads = ("currency.code", "invoice_address", "shipment_address", "shipping_date", "untaxed_amount", "comment")
    others = {settings.reference_field, settings.purchase_order_field} - {None}
    parties = ["party.code", *(["price_list"] if settings.price_lists else [])]
    parties += [*_under("party", _CREDIT), *_under("invoice_party", _CREDIT)] if settings.credit else []
    paths = [*standing_paths(settings), *heads, *sorted(filter(None, others)), *parties, *_under("lines", lines)]
    paths += [*_under("shipments", ("number", "state")), *_under("invoices", ("number", "state"))]
    return tuple(dict.fromkeys(paths))


def known_paths(settings: Settings) -> Paths:
    """Of `party.party`: how a customer is found again."""
    field = settings.customer_reference_field
    return (*KNOWN, field) if field else KNOWN


def _under(field: str, paths: Iterable[str]) -> list[str]:
    return [f"{field}.{path}" for path in paths]
