"""Orders and their products, with the fields by which an ERP's records are found."""

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

ORDER_STATUSES: Final = {"Draft": "Draft", "Activated": "Activated", "Canceled": "Canceled", "Expired": "Expired"}


def order_objects() -> list[SObject]:
    """Orders and their products, with the fields by which an ERP's records are found."""
    return [_order(), _order_item()]


def _order() -> SObject:
    return SObject("Order", "801", [*_standard_fields(), *_own_fields()])


def _standard_fields() -> list[Field]:
    return [
        reference("AccountId", "Account", "Orders", required=True),
        numbered("OrderNumber", "{:08d}"),
        text("Name", 80),
        day("EffectiveDate", required=True),
        day("EndDate"),
        choice("Status", *ORDER_STATUSES, required=True),
        computed(text("StatusCode", 40)),
        text("Type", 40),
        reference("ContractId", "Contract", "Orders"),
        reference("QuoteId", "Quote", "Orders"),
        reference("OpportunityId", "Opportunity", "Orders"),
        reference("Pricebook2Id", "Pricebook2"),
        text("PoNumber", 80),
        day("PoDate"),
        text("OrderReferenceNumber", 80),
        text("Description", 32000),
        reference("BillToContactId", "Contact"),
        reference("ShipToContactId", "Contact"),
        *address("Billing"),
        *address("Shipping"),
        computed(money("TotalAmount")),
        computed(moment("ActivatedDate")),
        computed(reference("ActivatedById", "User")),
        computed(flag("IsReductionOrder")),
        reference("OriginalOrderId", "Order", "RelatedOrders"),
        reference("OwnerId", "User"),
    ]


def _own_fields() -> list[Field]:
    return [
        key("ERP_Id__c"),
        key("ERP_Order_Number__c", unique=False),
        key("Gateway_Key__c", case_sensitive=True),
        text("ERP_Status__c"),
        text("ERP_Failure__c"),
        text("Legal_Entity__c", 40),
        day("Requested_Date__c"),
        moment("Cancelled_At__c"),
        reference("SBQQ__Quote__c", "SBQQ__Quote__c", "SBQQ__Orders__r"),
        flag("SBQQ__Contracted__c"),
        money("SBQQ__TaxAmount__c"),
    ]


def _order_item() -> SObject:
    return SObject(
        "OrderItem",
        "802",
        [
            reference("OrderId", "Order", "OrderItems", required=True, owned=True, fixed=True),
            numbered("OrderItemNumber", "{:010d}"),
            reference("PricebookEntryId", "PricebookEntry", required=True, fixed=True),
            computed(reference("Product2Id", "Product2", "OrderItems")),
            number("Quantity", required=True),
            money("UnitPrice", required=True),
            computed(money("ListPrice")),
            computed(money("TotalPrice")),
            computed(number("AvailableQuantity")),
            day("ServiceDate"),
            day("EndDate"),
            text("Description"),
            reference("QuoteLineItemId", "QuoteLineItem"),
            reference("OriginalOrderItemId", "OrderItem"),
            key("ERP_Id__c"),
            text("ERP_Line_Number__c", 80),
            key("Gateway_Key__c", case_sensitive=True),
            number("Line_Number__c", scale=0),
            number("Segment__c", scale=0),
            reference("Parent_Item__c", "OrderItem", "Component_Items__r"),
            text("Legal_Entity__c", 40),
            number("Tax_Rate__c", scale=4),
            reference("SBQQ__QuoteLine__c", "SBQQ__QuoteLine__c"),
            flag("SBQQ__Activated__c"),
        ],
    )
