"""Which fields to select for what is wanted: the same tables say where each canonical field comes from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from msgspec import Struct

from canonical.wanted import Wanted
from sources.salesforce.shapes import Shapes, api_name
from sources.salesforce.soql import Select, is_true

_MONEY: Final = "currency_iso_code"
_SHIP_TO: Final = tuple(f"shipping_{part}" for part in ("street", "city", "state", "postal_code", "country"))
_BILL_TO: Final = tuple(f"billing_{part}" for part in ("street", "city", "state", "postal_code", "country"))

# Canonical field -> attributes of the wire's shape, the one it is read from first.
ORDER: Final[Mapping[str, tuple[str, ...]]] = {
    "number": ("order_number",),
    "partner_keys": ("erp_numbers",),
    "status": ("status",),
    "stage": ("status_code",),
    "ordered_at": ("created_date",),
    "legal_entity_code": ("legal_entity",),
    "customer_key": ("account_id",),
    "customer_name": ("account.name",),
    "ship_to": _SHIP_TO,
    "quote_key": ("quote_key",),
    "opportunity_key": ("opportunity_id",),
    "contract_key": ("contract_id",),
    "currency_code": (_MONEY,),
    "purchase_order_number": ("po_number",),
    "requested_delivery_date": ("requested_date",),
    "subtotal": ("total_amount", _MONEY),
    "tax": ("tax", _MONEY),
    "created_at": ("created_date",),
    "submitted_at": ("activated_date",),
    "cancelled_at": ("cancelled_at",),
    "version": ("system_modstamp",),
}
_ORDER_ALWAYS: Final = (
    "id",
    "order_number",
    "status",
    "status_code",
    "created_date",
    "activated_date",
    "account_id",
    "erp_numbers",
    "legal_entity",
)
ORDER_LINE: Final[Mapping[str, tuple[str, ...]]] = {
    "number": ("number",),
    "partner_key": ("quote_line_item_id",),
    "sku": ("product2.sku",),
    "description": ("description", "product2.name"),
    "quantity": ("quantity",),
    "unit": ("product2.unit",),
    "unit_price": ("unit_price",),
    "amount": ("total_price",),
    "tax": ("tax",),
    "legal_entity_code": ("legal_entity",),
    "starts_on": ("service_date",),
    "ends_on": ("end_date",),
    "segment": ("segment",),
    "parent_key": ("parent",),
}
CUSTOMER: Final[Mapping[str, tuple[str, ...]]] = {
    "number": ("account_number",),
    "partner_keys": ("erp_numbers",),
    "name": ("name",),
    "parent_key": ("parent_id",),
    "billing_address": _BILL_TO,
    "shipping_address": _SHIP_TO,
    "updated_at": ("system_modstamp",),
}
_CUSTOMER_ALWAYS: Final = ("id", "erp_numbers")
QUOTE: Final[Mapping[str, tuple[str, ...]]] = {
    "number": ("number",),
    "status": ("status", "ordered"),
    "customer_key": ("account_id",),
    "opportunity_key": ("opportunity_id",),
    "total": ("total", _MONEY),
    "expires_on": ("expires_on",),
    "created_at": ("created_date",),
    "approved_at": ("approved_at",),
    "accepted_at": ("accepted_at",),
}
_QUOTE_ALWAYS: Final = ("id", "account_id")
QUOTE_LINE: Final[Mapping[str, tuple[str, ...]]] = {
    "sku": ("product.sku",),
    "description": ("description", "product.name"),
    "quantity": ("quantity",),
    "unit_price": ("unit_price",),
    "amount": ("amount",),
    "starts_on": ("starts_on",),
    "ends_on": ("ends_on",),
    "segment": ("segment",),
    "parent_key": ("parent",),
}
OPPORTUNITY: Final[Mapping[str, tuple[str, ...]]] = {
    "name": ("name",),
    "stage": ("stage_name",),
    "amount": ("amount", _MONEY),
    "closes_on": ("close_date",),
    "customer_key": ("account_id",),
    "closed": ("is_closed",),
    "won": ("is_won", "is_closed"),
    "created_at": ("created_date",),
}
CONTRACT: Final[Mapping[str, tuple[str, ...]]] = {
    "number": ("contract_number",),
    "status": ("status_code",),
    "system_status": ("status",),
    "customer_key": ("account_id",),
    "starts_on": ("start_date",),
    "ends_on": ("end_date",),
    "term_months": ("contract_term",),
    "created_at": ("created_date",),
    "activated_at": ("activated_date",),
    "amended_at": ("amended_at",),
    "updated_at": ("last_modified_date",),
}
_CONTRACT_ALWAYS: Final = ("id", "contract_number", "account_id")
PRODUCT: Final[Mapping[str, tuple[str, ...]]] = {
    "sku": ("sku",),
    "name": ("name",),
    "unit": ("unit",),
    "active": ("is_active",),
}
_CONTACT_FIELDS: Final = ("Id", "Name", "Email", "Phone", "Title")


def select_orders(shapes: Shapes, wanted: Wanted) -> Select:
    """Orders with the wanted fields; lines as a child subquery, the customer as a parent."""
    attributes = [*_ORDER_ALWAYS, *_needed(ORDER, wanted)]
    if "total" in wanted and api_name(shapes.order, "tax"):
        attributes += ["total_amount", "tax", _MONEY]
    if "customer" in wanted:
        below = [*_CUSTOMER_ALWAYS, *_needed(CUSTOMER, wanted.below("customer"))]
        attributes += [f"account.{name}" for name in below]
    children: tuple[Select, ...] = ()
    if "lines" in wanted:
        attributes.append(_MONEY)
        children = (_lines_of_orders(shapes, wanted.below("lines")),)
    return Select(_names(shapes.order, attributes), "Order", children)


def select_customers(shapes: Shapes, wanted: Wanted) -> Select:
    """Accounts with the wanted fields; contacts as a child subquery, by name."""
    attributes = [*_CUSTOMER_ALWAYS, *_needed(CUSTOMER, wanted)]
    contacts = Select(_CONTACT_FIELDS, "Contacts", order_by=("Name", "Id"))
    return Select(_names(shapes.account, attributes), "Account", (contacts,) if "contacts" in wanted else ())


def select_quotes(shapes: Shapes, wanted: Wanted) -> Select:
    """Quotes of the org's model with the wanted fields; lines as a child subquery."""
    attributes = [*_QUOTE_ALWAYS, *_needed(QUOTE, wanted)]
    children: tuple[Select, ...] = ()
    if "lines" in wanted:
        attributes.append(_MONEY)
        children = (_lines_of_quotes(shapes, wanted.below("lines")),)
    return Select(_names(shapes.quote, attributes), shapes.quote_object, children)


def select_opportunities(shapes: Shapes, wanted: Wanted) -> Select:
    """Opportunities with the wanted fields."""
    attributes = ["id", "account_id", *_needed(OPPORTUNITY, wanted)]
    return Select(_names(shapes.opportunity, attributes), "Opportunity")


def select_contracts(shapes: Shapes, wanted: Wanted) -> Select:
    """Contracts with the wanted fields."""
    return Select(_names(shapes.contract, [*_CONTRACT_ALWAYS, *_needed(CONTRACT, wanted)]), "Contract")


def select_products(shapes: Shapes, wanted: Wanted) -> Select:
    """Products with the wanted fields; active standard prices as a child subquery."""
    prices = Select(
        _names(shapes.price, ("unit_price", _MONEY)),
        "PricebookEntries",
        where=(is_true("Pricebook2.IsStandard"), is_true("IsActive")),
        order_by=("Id",),
    )
    attributes = ["id", "sku", *_needed(PRODUCT, wanted)]
    return Select(_names(shapes.product, attributes), "Product2", (prices,) if "prices" in wanted else ())


def origin_of(shapes: Shapes, concept: str, field: str) -> str | None:
    """The API name of the field that a canonical field is read from, as 'Object.Field'; None where there is none."""
    tables: dict[str, tuple[str, type[Struct], Mapping[str, tuple[str, ...]]]] = {
        "Order": ("Order", shapes.order, ORDER),
        "OrderLine": ("OrderItem", shapes.item, ORDER_LINE),
        "Customer": ("Account", shapes.account, CUSTOMER),
        "Quote": (shapes.quote_object, shapes.quote, QUOTE),
        "QuoteLine": (shapes.quote_line_object, shapes.quote_line, QUOTE_LINE),
        "Opportunity": ("Opportunity", shapes.opportunity, OPPORTUNITY),
        "Contract": ("Contract", shapes.contract, CONTRACT),
        "Product": ("Product2", shapes.product, PRODUCT),
    }
    if concept not in tables:
        return None
    _, shape, table = tables[concept]
    return _COMPUTED.get((concept, field)) or (api_name(shape, table[field][0]) if field in table else None)


_COMPUTED: Final = {
    ("Order", "lines"): "OrderItems",
    ("Customer", "contacts"): "Contacts",
    ("Product", "prices"): "PricebookEntries.UnitPrice",
}


def _lines_of_orders(shapes: Shapes, wanted: Wanted) -> Select:
    attributes = ["id", "legal_entity", "product2.family", *_needed(ORDER_LINE, wanted)]
    return Select(_names(shapes.item, attributes), "OrderItems", order_by=("OrderItemNumber", "Id"))


def _lines_of_quotes(shapes: Shapes, wanted: Wanted) -> Select:
    attributes = ["id", *_needed(QUOTE_LINE, wanted)]
    ordered = ("LineNumber", "Id") if shapes.quote_object == "Quote" else ("SBQQ__Number__c", "Id")
    return Select(_names(shapes.quote_line, attributes), api_name(shapes.quote, "lines") or "", order_by=ordered)


def _needed(table: Mapping[str, tuple[str, ...]], wanted: Wanted) -> Iterable[str]:
    return (attribute for name in wanted.names() for attribute in table.get(name, ()))


def _names(shape: type[Struct], attributes: Iterable[str]) -> tuple[str, ...]:
    named = (api_name(shape, attribute) for attribute in dict.fromkeys(attributes))
    return tuple(name for name in named if name)
