"""What the platform fills in itself: copies from parents, prices times quantities, roll-ups."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import orjson

from sources.salesforce.sandbox.model import SObject
from sources.salesforce.sandbox.orders import ORDER_STATUSES
from sources.salesforce.sandbox.store import Store
from sources.salesforce.sandbox.values import stamp_text


def _of(parent: str, column: str, key: str) -> str:
    return f'(SELECT p."{column}" FROM "{parent}" p WHERE p."Id" = t."{key}")'


def _sum(child: str, key: str, expression: str) -> str:
    total = f"ROUND(COALESCE(SUM({expression}), 0), 2)"
    return f'(SELECT {total} FROM "{child}" c WHERE c."{key}" = t."Id" AND c."IsDeleted" = 0)'


_CODES: Final = " ".join(f"WHEN '{label}' THEN '{code}'" for label, code in ORDER_STATUSES.items())
_STATUS_CODE: Final = f"CASE t.Status {_CODES} END"
_FULL_NAME: Final = "TRIM(COALESCE(t.FirstName || ' ', '') || COALESCE(t.LastName, ''))"
_LINE_PRICE: Final = "ROUND(t.Quantity * t.UnitPrice * (1 - COALESCE(t.Discount, 0) / 100.0), 2)"
_MARKDOWN: Final = "CASE WHEN t.Subtotal > 0 THEN ROUND(100.0 * (1 - t.TotalPrice / t.Subtotal), 2) END"
_TERM_END: Final = (
    "CASE WHEN t.ContractTerm > 0 THEN date(t.StartDate, '+' || t.ContractTerm || ' months', '-1 day') END"
)
_ENTRY: Final = [
    ("Product2Id", _of("PricebookEntry", "Product2Id", "PricebookEntryId")),
    ("ListPrice", _of("PricebookEntry", "UnitPrice", "PricebookEntryId")),
]

# In order: an expression may read the columns above it.
DERIVED: Final[dict[str, list[tuple[str, str]]]] = {
    "User": [("Name", _FULL_NAME)],
    "Contact": [("Name", _FULL_NAME)],
    "PricebookEntry": [
        ("Name", _of("Product2", "Name", "Product2Id")),
        ("ProductCode", _of("Product2", "ProductCode", "Product2Id")),
    ],
    "OpportunityLineItem": [
        *_ENTRY,
        ("Name", _of("Product2", "Name", "Product2Id")),
        ("TotalPrice", _LINE_PRICE),
    ],
    "Opportunity": [
        ("IsClosed", "t.StageName IN ('Closed Won', 'Closed Lost')"),
        ("IsWon", "t.StageName = 'Closed Won'"),
    ],
    "Contract": [("StatusCode", "REPLACE(REPLACE(t.Status, ' Process', ''), ' ', '')"), ("EndDate", _TERM_END)],
    "QuoteLineItem": [*_ENTRY, ("Subtotal", "ROUND(t.Quantity * t.UnitPrice, 2)"), ("TotalPrice", _LINE_PRICE)],
    "Quote": [
        ("AccountId", _of("Opportunity", "AccountId", "OpportunityId")),
        ("Subtotal", _sum("QuoteLineItem", "QuoteId", "c.Subtotal")),
        ("TotalPrice", _sum("QuoteLineItem", "QuoteId", "c.TotalPrice")),
        ("Discount", _MARKDOWN),
        ("GrandTotal", "ROUND(t.TotalPrice + COALESCE(t.Tax, 0) + COALESCE(t.ShippingHandling, 0), 2)"),
    ],
    "OrderItem": [*_ENTRY, ("TotalPrice", "ROUND(t.Quantity * t.UnitPrice, 2)"), ("AvailableQuantity", "t.Quantity")],
    "Order": [("StatusCode", _STATUS_CODE), ("TotalAmount", _sum("OrderItem", "OrderId", "c.TotalPrice"))],
    "SBQQ__QuoteLine__c": [("SBQQ__NetTotal__c", "ROUND(t.SBQQ__Quantity__c * t.SBQQ__NetPrice__c, 2)")],
    "SBQQ__Quote__c": [
        ("SBQQ__NetAmount__c", _sum("SBQQ__QuoteLine__c", "SBQQ__Quote__c", "c.SBQQ__NetTotal__c")),
        ("SBQQ__CustomerAmount__c", "t.SBQQ__NetAmount__c"),
        (
            "SBQQ__ListAmount__c",
            _sum("SBQQ__QuoteLine__c", "SBQQ__Quote__c", "c.SBQQ__Quantity__c * c.SBQQ__ListPrice__c"),
        ),
    ],
}

ROLLS_UP_TO: Final = {
    "OrderItem": "OrderId",
    "QuoteLineItem": "QuoteId",
    "SBQQ__QuoteLine__c": "SBQQ__Quote__c",
}


def derive(store: Store, one: SObject, identity: str) -> None:
    """Fill what follows from a row's other columns, after a write."""
    for column, expression in DERIVED.get(one.name, []):
        store.run(f'UPDATE "{one.name}" AS t SET "{column}" = {expression} WHERE t."Id" = ?', [identity])


def roll_up(store: Store, one: SObject, parents: Iterable[str]) -> None:
    """Bring the parents of changed rows up to date and stamp them as changed."""
    key = one.fields.get(ROLLS_UP_TO.get(one.name, ""))
    if key is None or key.refers_to is None:
        return
    parent = store.model.objects[key.refers_to]
    now = stamp_text(store.clock())
    for identity in parents:
        derive(store, parent, identity)
        store.update(parent, identity, {"LastModifiedDate": now, "SystemModstamp": now})


def derive_all(store: Store, one: SObject, identities: Iterable[str]) -> None:
    """Fill what was left null in the rows just loaded; what was given stays."""
    chosen = orjson.dumps(list(identities)).decode()
    for column, expression in DERIVED.get(one.name, []):
        where = f't."{column}" IS NULL AND t."Id" IN (SELECT value FROM json_each(?))'
        store.run(f'UPDATE "{one.name}" AS t SET "{column}" = {expression} WHERE {where}', [chosen])
