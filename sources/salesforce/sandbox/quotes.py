"""The standard quote and its lines."""

from __future__ import annotations

from typing import Final

from sources.salesforce.sandbox.model import (
    Field,
    SObject,
    address,
    choice,
    computed,
    day,
    flag,
    key,
    moment,
    money,
    number,
    numbered,
    reference,
    text,
)

QUOTE_STATUSES: Final = (
    "Draft",
    "Needs Review",
    "In Review",
    "Approved",
    "Rejected",
    "Presented",
    "Accepted",
    "Denied",
)


def quote_objects() -> list[SObject]:
    """The standard quote and its lines."""
    return [_quote(), _quote_line()]


def _quote() -> SObject:
    return SObject(
        "Quote",
        "0Q0",
        [
            text("Name", required=True),
            numbered("QuoteNumber", "{:08d}"),
            reference("OpportunityId", "Opportunity", "Quotes", required=True, owned=True, fixed=True),
            computed(reference("AccountId", "Account", "Quotes")),
            reference("ContactId", "Contact", "Quotes"),
            reference("Pricebook2Id", "Pricebook2"),
            choice("Status", *QUOTE_STATUSES, default="Draft"),
            day("ExpirationDate"),
            computed(flag("IsSyncing")),
            computed(money("Subtotal")),
            computed(number("Discount", percent=True)),
            computed(money("TotalPrice")),
            money("Tax"),
            money("ShippingHandling"),
            computed(money("GrandTotal")),
            *address("Billing"),
            *address("Shipping"),
            reference("OwnerId", "User"),
            key("ERP_Id__c"),
            moment("Approved_At__c"),
            moment("Accepted_At__c"),
        ],
    )


def _quote_line() -> SObject:
    return SObject(
        "QuoteLineItem",
        "0QL",
        [
            reference("QuoteId", "Quote", "QuoteLineItems", required=True, owned=True, fixed=True),
            numbered("LineNumber", "{:08d}"),
            reference("PricebookEntryId", "PricebookEntry", required=True, fixed=True),
            computed(reference("Product2Id", "Product2")),
            number("Quantity", required=True),
            money("UnitPrice", required=True),
            computed(money("ListPrice")),
            number("Discount", percent=True),
            computed(money("Subtotal")),
            computed(money("TotalPrice")),
            day("ServiceDate"),
            Field("SortOrder", "int", 0),
            text("Description"),
        ],
    )
