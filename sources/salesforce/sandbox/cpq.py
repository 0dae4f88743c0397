"""The quoting package's objects (namespace SBQQ), for orgs that quote with it instead of the standard Quote."""

from __future__ import annotations

from sources.salesforce.sandbox.model import (
    Field,
    SObject,
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

QUOTE = "SBQQ__Quote__c"
LINE = "SBQQ__QuoteLine__c"


def package_objects() -> list[SObject]:
    """The package's quote and quote line."""
    return [_quote(), _line()]


def _quote() -> SObject:
    return SObject(
        QUOTE,
        "a0q",
        [
            numbered("Name", "Q-{:05d}"),
            reference("SBQQ__Account__c", "Account", "SBQQ__Quotes__r"),
            reference("SBQQ__Opportunity2__c", "Opportunity", "SBQQ__Quotes2__r"),
            reference("SBQQ__PrimaryContact__c", "Contact"),
            flag("SBQQ__Primary__c"),
            choice("SBQQ__Status__c", "Draft", "In Review", "Approved", "Denied", "Presented", "Accepted", "Rejected"),
            choice("SBQQ__Type__c", "Quote", "Amendment", "Renewal", "Re-Quote", default="Quote"),
            day("SBQQ__StartDate__c"),
            day("SBQQ__EndDate__c"),
            day("SBQQ__ExpirationDate__c"),
            number("SBQQ__SubscriptionTerm__c", scale=0),
            text("SBQQ__PaymentTerms__c"),
            computed(money("SBQQ__NetAmount__c")),
            computed(money("SBQQ__CustomerAmount__c")),
            computed(money("SBQQ__ListAmount__c")),
            flag("SBQQ__Ordered__c"),
            key("ERP_Id__c"),
            moment("Approved_At__c"),
            moment("Accepted_At__c"),
            reference("OwnerId", "User"),
        ],
        "Quote",
    )


def _line() -> SObject:
    return SObject(
        LINE,
        "a0l",
        [
            numbered("Name", "QL-{:07d}"),
            reference("SBQQ__Quote__c", QUOTE, "SBQQ__LineItems__r", required=True, owned=True, fixed=True),
            reference("SBQQ__Product__c", "Product2", "SBQQ__QuoteLines__r"),
            Field("SBQQ__Number__c", "double", 0, scale=0),
            number("SBQQ__Quantity__c", required=True),
            money("SBQQ__ListPrice__c"),
            money("SBQQ__NetPrice__c"),
            computed(money("SBQQ__NetTotal__c")),
            number("SBQQ__Discount__c", percent=True),
            reference("SBQQ__RequiredBy__c", LINE, "SBQQ__Components__r"),
            day("SBQQ__StartDate__c"),
            day("SBQQ__EndDate__c"),
            number("SBQQ__SegmentIndex__c", scale=0),
        ],
        "Quote Line",
    )
