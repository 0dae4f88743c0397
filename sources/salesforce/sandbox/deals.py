"""Opportunities with their products, and contracts."""

from __future__ import annotations

from typing import Final

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

STAGES: Final = (
    "Prospecting",
    "Qualification",
    "Needs Analysis",
    "Value Proposition",
    "Id. Decision Makers",
    "Perception Analysis",
    "Proposal/Price Quote",
    "Negotiation/Review",
    "Closed Won",
    "Closed Lost",
)


def deal_objects() -> list[SObject]:
    """Opportunities with their products, and contracts."""
    return [_opportunity(), _opportunity_line(), _contract()]


def _opportunity() -> SObject:
    return SObject(
        "Opportunity",
        "006",
        [
            text("Name", 120, required=True),
            reference("AccountId", "Account", "Opportunities"),
            choice("StageName", *STAGES, required=True),
            money("Amount"),
            number("Probability", percent=True),
            day("CloseDate", required=True),
            text("Type", 40),
            computed(flag("IsClosed")),
            computed(flag("IsWon")),
            text("ForecastCategory", 40),
            reference("Pricebook2Id", "Pricebook2"),
            reference("SyncedQuoteId", "Quote"),
            reference("ContractId", "Contract"),
            reference("OwnerId", "User"),
            key("ERP_Id__c"),
        ],
    )


def _opportunity_line() -> SObject:
    return SObject(
        "OpportunityLineItem",
        "00k",
        [
            reference("OpportunityId", "Opportunity", "OpportunityLineItems", required=True, owned=True, fixed=True),
            reference("PricebookEntryId", "PricebookEntry", fixed=True),
            computed(reference("Product2Id", "Product2")),
            computed(text("Name")),
            number("Quantity", required=True),
            money("UnitPrice"),
            computed(money("ListPrice")),
            number("Discount", percent=True),
            computed(money("TotalPrice")),
            day("ServiceDate"),
        ],
    )


def _contract() -> SObject:
    return SObject(
        "Contract",
        "800",
        [
            reference("AccountId", "Account", "Contracts", required=True),
            numbered("ContractNumber", "{:08d}"),
            choice("Status", "Draft", "In Approval Process", "Activated", default="Draft"),
            computed(text("StatusCode", 40)),
            day("StartDate"),
            Field("ContractTerm", "int", 0),
            computed(day("EndDate")),
            computed(moment("ActivatedDate")),
            reference("OwnerId", "User"),
            key("ERP_Id__c"),
            moment("Amended_At__c"),
        ],
    )
