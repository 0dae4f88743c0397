"""The business rules of orders, their products and price books (object reference; wording partly from public logs)."""

from __future__ import annotations

from typing import Final

from sources.salesforce.sandbox.errors import ApiError
from sources.salesforce.sandbox.model import SObject
from sources.salesforce.sandbox.orders import ORDER_STATUSES
from sources.salesforce.sandbox.org import USER_ID, Org
from sources.salesforce.sandbox.store import Row
from sources.salesforce.sandbox.values import stamp_text

LOCKED: Final = "Unable to modify activated or superseded Order:  cannot delete Order, or add or remove Order Products"
MAY_NOT: Final = "insufficient access rights on object id"
FIXED: Final = ("AccountId", "ContractId", "Pricebook2Id", "CurrencyIsoCode")
"""What an order may change as a draft only, and of these what its products hold fast."""
HELD_BY_PRODUCTS: Final = frozenset({"Pricebook2Id", "CurrencyIsoCode"})
LINE_PARENTS: Final = {
    "OrderItem": ("Order", "OrderId"),
    "QuoteLineItem": ("Quote", "QuoteId"),
    "OpportunityLineItem": ("Opportunity", "OpportunityId"),
    "SBQQ__QuoteLine__c": ("SBQQ__Quote__c", "SBQQ__Quote__c"),
}


def before_insert(org: Org, one: SObject, columns: Row) -> None:
    """Refuse a new row that breaks a rule; give lines the currency of what they stand in."""
    if one.name in LINE_PARENTS:
        columns["CurrencyIsoCode"] = _parent(org, one, columns)["CurrencyIsoCode"]
    if one.name == "Order" and _code(columns) != "Draft":
        message = "Choose a valid order status and save your changes. Ask your admin for details."
        raise ApiError(400, "FIELD_INTEGRITY_EXCEPTION", message, ["Status"])
    if one.name == "OrderItem":
        order = _unlocked(_parent(org, one, columns))
        _fits_order(org, columns, order)
        _fits_quote(org, columns, order)
    if one.name == "PricebookEntry":
        _has_standard_price(org, columns)


def before_update(org: Org, one: SObject, old: Row, columns: Row) -> Row:
    """Refuse a change that breaks a rule; the columns that follow from it.

    A user who may edit activated orders may change their fields and their products', but for those that are fixed.
    """
    if one.name == "OrderItem":
        order = _parent(org, one, old)
        _may_edit(org, order)
        _fits_quote(org, columns, order)
    return _order_change(org, old, columns) if one.name == "Order" else {}


def before_delete(org: Org, one: SObject, old: Row) -> None:
    """Refuse to delete what is locked."""
    if one.name == "Order":
        _unlocked(old)
    if one.name == "OrderItem":
        _unlocked(_parent(org, one, old))


def _code(order: Row) -> str | None:
    return ORDER_STATUSES.get(str(order.get("Status")))


def _parent(org: Org, line: SObject, columns: Row) -> Row:
    name, key = LINE_PARENTS[line.name]
    row = org.store.row(org.model.objects[name], str(columns[key]))
    if row is None:
        raise ApiError(400, "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", [key])
    return row


def _unlocked(order: Row) -> Row:
    if _code(order) != "Draft":
        raise ApiError(400, "ENTITY_IS_LOCKED", LOCKED, [])
    return order


def _may_edit(org: Org, order: Row) -> None:
    if _code(order) != "Draft" and "EditActivatedOrders" not in org.permissions:
        raise ApiError(400, "INSUFFICIENT_ACCESS_OR_READONLY", MAY_NOT, [])


def _fits_order(org: Org, columns: Row, order: Row) -> None:
    entry = org.store.row(org.model.objects["PricebookEntry"], str(columns["PricebookEntryId"]))
    if entry is None or order["Pricebook2Id"] is None or entry["Pricebook2Id"] != order["Pricebook2Id"]:
        why = "pricebook entry is in a different pricebook than the one assigned to the order"
        raise _mismatch("PricebookEntryId", why)
    if not entry["IsActive"]:
        raise _mismatch("PricebookEntryId", "pricebook entry is inactive")
    if entry["CurrencyIsoCode"] != order["CurrencyIsoCode"]:
        raise _mismatch("PricebookEntryId", "pricebook entry currency code does not match order currency code")


def _fits_quote(org: Org, columns: Row, order: Row) -> None:
    line = columns.get("QuoteLineItemId")
    quoted = org.store.row(org.model.objects["QuoteLineItem"], str(line)) if line else None
    if quoted is not None and quoted["QuoteId"] != order["QuoteId"]:
        raise _mismatch("QuoteLineItemId", "the quote line item is not of the quote of the order")


def _order_change(org: Org, old: Row, columns: Row) -> Row:
    _may_edit(org, old)
    before, after = _code(old), _code({**old, **columns})
    items = org.store.select('SELECT 1 FROM "OrderItem" WHERE "OrderId" = ? AND "IsDeleted" = 0 LIMIT 1', [old["Id"]])
    for name in FIXED:
        changed = name in columns and columns[name] != old[name]
        if changed and (before != "Draft" or (name in HELD_BY_PRODUCTS and items)):
            raise _mismatch(name, f"{name} can only be changed on a draft order without products")
    if after == before:
        return {}
    if after == "Activated":
        if "ActivateOrders" not in org.permissions:
            raise ApiError(400, "INSUFFICIENT_ACCESS_OR_READONLY", MAY_NOT, [])
        if not items:
            raise ApiError(400, "FAILED_ACTIVATION", "An order must have at least one product.", [])
        return {"ActivatedDate": stamp_text(org.store.clock()), "ActivatedById": USER_ID}
    return {"ActivatedDate": None, "ActivatedById": None} if after == "Draft" else {}


def _has_standard_price(org: Org, columns: Row) -> None:
    sql = 'SELECT "Id" FROM "Pricebook2" WHERE "IsStandard" = 1 AND "Id" = ?'
    if org.store.select(sql, [columns["Pricebook2Id"]]):
        return
    standard = (
        'SELECT 1 FROM "PricebookEntry" e JOIN "Pricebook2" b ON b."Id" = e."Pricebook2Id" AND b."IsStandard" = 1 '
        'WHERE e."Product2Id" = ?'
    )
    if not org.store.select(standard, [columns["Product2Id"]]):
        raise ApiError(400, "STANDARD_PRICE_NOT_DEFINED", "No standard price defined for this product", [])


def _mismatch(field: str, why: str) -> ApiError:
    return ApiError(400, "FIELD_INTEGRITY_EXCEPTION", f"field integrity exception: {field} ({why})", [field])
