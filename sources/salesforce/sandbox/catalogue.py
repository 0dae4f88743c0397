"""Products and their prices."""

from __future__ import annotations

from sources.salesforce.sandbox.model import Field, SObject, computed, flag, key, money, reference, text


def catalogue_objects() -> list[SObject]:
    """Products and their prices."""
    return [_product(), _pricebook(), _pricebook_entry()]


def _product() -> SObject:
    return SObject(
        "Product2",
        "01t",
        [
            text("Name", required=True),
            text("ProductCode"),
            text("StockKeepingUnit", 180),
            Field("Description", "textarea", 4000),
            text("Family", 40),
            flag("IsActive"),
            text("QuantityUnitOfMeasure", 40),
            key("ERP_Id__c"),
        ],
    )


def _pricebook() -> SObject:
    return SObject(
        "Pricebook2",
        "01s",
        [text("Name", required=True), flag("IsActive"), computed(flag("IsStandard")), text("Description")],
    )


def _pricebook_entry() -> SObject:
    return SObject(
        "PricebookEntry",
        "01u",
        [
            computed(text("Name")),
            reference("Pricebook2Id", "Pricebook2", "PricebookEntries", required=True, fixed=True),
            reference("Product2Id", "Product2", "PricebookEntries", required=True, fixed=True),
            money("UnitPrice", required=True),
            flag("IsActive"),
            flag("UseStandardPrice"),
            computed(text("ProductCode")),
        ],
    )
