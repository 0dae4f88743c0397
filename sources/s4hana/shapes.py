"""From the canonical fields that a question reads to the fields we select at SAP."""

from __future__ import annotations

from typing import Final

from canonical.wanted import Wanted
from sources.kit.odata.query import Shape
from sources.s4hana.settings import Settings

FLOW_FACTS: Final = ("shipments", "invoices", "payments")
"""What is not of an order itself, and for which the numbers of what followed from it are read with it."""
LINE_FACTS: Final = ("lines", "tax", "total", "holds", "status", "fulfillment_status", "invoicing_status")
"""Fields of an order for which its items are read."""

SOLD_TO: Final = frozenset({"ref", "name", "parent_key", "billing_address"})
"""Fields of a customer that its order tells. Where more is read, the customer's own record is asked anyway."""

_ADDRESS: Final = ("StreetName", "HouseNumber", "CityName", "PostalCode", "Region", "Country")
_SOLD_TO_NAME: Final = ("AddressRepresentationCode", "AddresseeFullName", "OrganizationName1", "OrganizationName2")
_ORDER_ALWAYS: Final = (
    "SalesOrder",
    "CreationDate",
    "SalesOrganization",
    "LastChangeDateTime",
    "OverallSDProcessStatus",
    "OverallSDDocumentRejectionSts",
    "TotalCreditCheckStatus",
    "HeaderBillingBlockReason",
    "DeliveryBlockReason",
    "SalesDocApprovalStatus",
)
_ORDER: Final[dict[str, tuple[str, ...]]] = {
    "customer": ("SoldToParty",),
    "customer_key": ("SoldToParty",),
    "quote": ("ReferenceSDDocument", "ReferenceSDDocumentCategory"),
    "quote_key": ("ReferenceSDDocument", "ReferenceSDDocumentCategory"),
    "requested_delivery_date": ("RequestedDeliveryDate",),
    "currency_code": ("TransactionCurrency",),
    "subtotal": ("TotalNetAmount", "TransactionCurrency"),
    "tax": ("TransactionCurrency", "to_Item/TaxAmount"),
    "total": ("TotalNetAmount", "TransactionCurrency", "to_Item/TaxAmount"),
    "lines": ("TransactionCurrency",),
}
_ITEM_ALWAYS: Final = (
    "SalesOrderItem",
    "RequestedQuantity",
    "DeliveryStatus",
    "SalesDocumentRjcnReason",
    "ItemBillingBlockReason",
)
_ITEM: Final[dict[str, tuple[str, ...]]] = {
    "sku": ("Material",),
    "description": ("SalesOrderItemText",),
    "unit": ("RequestedQuantityISOUnit", "RequestedQuantityUnit"),
    "unit_price": ("NetAmount",),
    "amount": ("NetAmount",),
    "tax": ("TaxAmount",),
    "parent_key": ("HigherLevelItem",),
    "parent_line_id": ("HigherLevelItem",),
}
_PLAN: Final = ("BillingPlanItem", "BillingPlanServiceStartDate", "BillingPlanServiceEndDate")


def order_shape(wanted: Wanted, settings: Settings) -> Shape:
    """What is read of a sales order; its follow-on documents come along where shipments or invoices will be asked."""
    paths = [*_ORDER_ALWAYS, *settings.partner_fields()]
    paths += [path for name in wanted.names() for path in _ORDER.get(name, ())]
    if "purchase_order_number" in wanted:
        paths.append(settings.purchase_order_field)
    if wanted.any_of(*LINE_FACTS):
        paths += [f"to_Item/{path}" for path in _item_paths(wanted.below("lines"), settings)]
    if settings.customers_from_orders and "customer" in wanted and SOLD_TO.issuperset(wanted.below("customer").names()):
        paths += _sold_to_paths(wanted.below("customer"))
    if wanted.any_of(*FLOW_FACTS):
        paths += [
            "to_SubsequentProcFlowDoc/SubsequentDocument",
            "to_SubsequentProcFlowDoc/SubsequentDocumentCategory",
        ]
    return Shape.of(*paths)


def _sold_to_paths(customer: Wanted) -> list[str]:
    """The sold-to party's name comes with every partner of the order: SAP cannot be asked for one of them alone."""
    fields = [*_SOLD_TO_NAME, *(_ADDRESS if "billing_address" in customer else ())]
    return ["to_Partner/PartnerFunctionInternalCode", *(f"to_Partner/to_Address/{name}" for name in fields)]


def _item_paths(lines: Wanted, settings: Settings) -> list[str]:
    paths = [*_ITEM_ALWAYS, *(path for name in lines.names() for path in _ITEM.get(name, ()))]
    if lines.fields:
        paths.append(settings.line_reference_field)
    if settings.schedule_line_blocks:
        paths.append("to_ScheduleLine/DelivBlockReasonForSchedLine")
    if lines.any_of("starts_on", "ends_on", "segment"):
        paths += filter(None, (settings.line_start_field, settings.line_end_field, settings.line_segment_field))
        paths += [f"to_BillingPlan/to_BillingPlanItem/{name}" for name in _PLAN]
    return paths


def delivery_shape(settings: Settings) -> Shape:
    """What is read of a delivery: little enough to be read whole."""
    head = [
        "DeliveryDocument",
        "SDDocumentCategory",
        "SalesOrganization",
        "ShippingPoint",
        "Shippinglocationtimezone",
        "CreationDate",
        "CreationTime",
        "PlannedGoodsIssueDate",
        "DeliveryDate",
        "ActualGoodsMovementDate",
        "ActualGoodsMovementTime",
        "ProofOfDeliveryDate",
        "DeliveryBlockReason",
        "TotalCreditCheckStatus",
        "OverallGoodsMovementStatus",
        "OverallPickingStatus",
        "OverallPackingStatus",
        "OverallProofOfDeliveryStatus",
    ]
    items = (f"to_DeliveryDocumentItem/{name}" for name in DELIVERY_ITEM)
    return Shape.of(*head, settings.tracking_field, *items)


DELIVERY_ITEM: Final = (
    "DeliveryDocument",
    "DeliveryDocumentItem",
    "ReferenceSDDocument",
    "ReferenceSDDocumentItem",
    "Material",
    "ActualDeliveryQuantity",
    "DeliveryQuantityUnit",
)

BILLING: Final = Shape.of(
    *[
        "BillingDocument",
        "SDDocumentCategory",
        "CompanyCode",
        "FiscalYear",
        "AccountingDocument",
        "AccountingTransferStatus",
        "BillingDocumentIsCancelled",
        "CancelledBillingDocument",
        "BillingDocumentDate",
        "CreationDate",
        "CreationTime",
        "PayerParty",
        "TransactionCurrency",
        "TotalNetAmount",
        "TaxAmount",
        "TotalGrossAmount",
        "DunningBlockingReason",
    ],
    *(
        f"to_Item/{name}"
        for name in [
            "BillingDocument",
            "BillingDocumentItem",
            "SalesDocument",
            "SalesDocumentItem",
            "ReferenceSDDocument",
            "ReferenceSDDocumentCategory",
            "Material",
            "BillingDocumentItemText",
            "SDDocumentReason",
            "BillingQuantity",
            "NetAmount",
            "TaxAmount",
        ]
    ),
)
"""What is read of a billing document: its lines too, since they name the orders and what was credited."""

BILLED_ITEM: Final = Shape(("BillingDocument",), (("to_BillingDocument", BILLING),))
"""The way from an order's number to whole billing documents in one read."""

LEDGER: Final = Shape.of(
    *[
        "CompanyCode",
        "FiscalYear",
        "AccountingDocument",
        "AccountingDocumentItem",
        "AccountingDocumentType",
        "Customer",
        "BillingDocument",
        "DebitCreditCode",
        "AmountInTransactionCurrency",
        "TransactionCurrency",
        "CashDiscountAmount",
        "NetDueDate",
        "PostingDate",
        "IsCleared",
        "ClearingDate",
        "ClearingAccountingDocument",
        "ClearingDocFiscalYear",
        "InvoiceReference",
        "InvoiceReferenceFiscalYear",
        "PaymentMethod",
        "PaymentBlockingReason",
        "DunningBlockingReason",
        "IsReversed",
        "IsReversal",
    ]
)
BALANCES: Final = Shape.of(
    *[
        "CompanyCode",
        "FiscalYear",
        "AccountingDocument",
        "AccountingDocumentItem",
        "Customer",
        "DebitCreditCode",
        "AmountInCompanyCodeCurrency",
        "CompanyCodeCurrency",
        "NetDueDate",
    ]
)


def customer_shape(wanted: Wanted, settings: Settings, *, companies: bool) -> Shape:
    """What is read of a business partner; `companies`: also which company codes keep its account."""
    paths = ["BusinessPartner", "Customer", "BusinessPartnerFullName", "OrganizationBPName1"]
    paths += [settings.customer_reference_field, "LastChangeDate", "LastChangeTime"]
    if wanted.any_of("billing_address", "shipping_address"):
        paths += [f"to_BusinessPartnerAddress/{name}" for name in (*_ADDRESS, "to_AddressUsage/AddressUsage")]
    if companies:
        paths += ["to_Customer/Customer", "to_Customer/to_CustomerCompany/CompanyCode"]
    return Shape.of(*paths)


ACCOUNT: Final = Shape.of(
    "Customer",
    "to_CustomerCompany/CompanyCode",
    "to_CustomerCompany/PaymentTerms",
    "to_CustomerSalesArea/SalesOrganization",
    "to_CustomerSalesArea/Currency",
    "to_CustomerSalesArea/CustomerPaymentTerms",
)
CREDIT: Final = Shape.of(
    "BusinessPartner",
    "CreditSegment",
    "CreditLimitAmount",
    "CreditSegmentCurrency",
    "CreditAccountIsBlocked",
    "CreditLimitIsZero",
)
PRODUCT: Final = Shape.of(
    "Product",
    "BaseUnit",
    "CrossPlantStatus",
    "IsMarkedForDeletion",
    "to_Description/Language",
    "to_Description/ProductDescription",
)
