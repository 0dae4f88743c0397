"""What we read of SAP's records, under SAP's names: strict on these fields, silent on every other.

Fields are None where they were not selected; SAP itself writes "" (and null for dates alone) where there is nothing.
"""

from __future__ import annotations

from msgspec import Struct, field

from sources.kit.odata.payload import Expanded


class Head(Struct, frozen=True):
    """What the gateway tells of a record itself."""

    etag: str | None = None


class BillingPlanItem(Struct, frozen=True):
    """One date of a billing plan."""

    BillingPlanItem: str = ""
    BillingPlanServiceStartDate: str | None = None
    BillingPlanServiceEndDate: str | None = None


class BillingPlan(Struct, frozen=True):
    """The billing plan of an item."""

    to_BillingPlanItem: Expanded[BillingPlanItem] = field(default_factory=Expanded)


class ScheduleLine(Struct, frozen=True):
    """A part of an item's quantity with its own date."""

    DelivBlockReasonForSchedLine: str | None = None


class SalesOrderItem(Struct, frozen=True, kw_only=True):
    """A line of a sales order."""

    SalesOrderItem: str
    HigherLevelItem: str | None = None
    SalesOrderItemText: str | None = None
    Material: str | None = None
    RequestedQuantity: str | None = None
    RequestedQuantityISOUnit: str | None = None
    RequestedQuantityUnit: str | None = None
    NetAmount: str | None = None
    TaxAmount: str | None = None
    UnderlyingPurchaseOrderItem: str | None = None
    PurchaseOrderByCustomer: str | None = None
    PurchaseOrderByShipToParty: str | None = None
    SalesDocumentRjcnReason: str | None = None
    ItemBillingBlockReason: str | None = None
    DeliveryStatus: str | None = None
    to_BillingPlan: BillingPlan | None = None
    to_ScheduleLine: Expanded[ScheduleLine] = field(default_factory=Expanded)


class FlowDocument(Struct, frozen=True):
    """A document that followed from an order."""

    SubsequentDocument: str = ""
    SubsequentDocumentCategory: str = ""


class PostalAddress(Struct, frozen=True, kw_only=True):
    """A postal address, of an order's partner or of a business partner."""

    StreetName: str | None = None
    HouseNumber: str | None = None
    CityName: str | None = None
    PostalCode: str | None = None
    Region: str | None = None
    Country: str | None = None


class OrderAddress(PostalAddress, frozen=True, kw_only=True):
    """An address as it stands on an order, in one of its scripts."""

    AddressRepresentationCode: str | None = None
    AddresseeFullName: str | None = None
    OrganizationName1: str | None = None
    OrganizationName2: str | None = None


class OrderPartner(Struct, frozen=True, kw_only=True):
    """Who takes part in an order, and as what."""

    PartnerFunctionInternalCode: str | None = None
    to_Address: Expanded[OrderAddress] = field(default_factory=Expanded)


class SalesOrder(Struct, frozen=True, kw_only=True):
    """The head of a sales order."""

    SalesOrder: str
    CreationDate: str
    SalesOrganization: str
    metadata: Head = field(default_factory=Head, name="__metadata")
    SoldToParty: str | None = None
    LastChangeDateTime: str | None = None
    PurchaseOrderByCustomer: str | None = None
    PurchaseOrderByShipToParty: str | None = None
    AssignmentReference: str | None = None
    TotalNetAmount: str | None = None
    TransactionCurrency: str | None = None
    RequestedDeliveryDate: str | None = None
    ReferenceSDDocument: str | None = None
    ReferenceSDDocumentCategory: str | None = None
    OverallSDProcessStatus: str | None = None
    OverallSDDocumentRejectionSts: str | None = None
    TotalCreditCheckStatus: str | None = None
    HeaderBillingBlockReason: str | None = None
    DeliveryBlockReason: str | None = None
    SalesDocApprovalStatus: str | None = None
    to_Item: Expanded[SalesOrderItem] = field(default_factory=Expanded)
    to_Partner: Expanded[OrderPartner] = field(default_factory=Expanded)
    to_SubsequentProcFlowDoc: Expanded[FlowDocument] | None = None


class DeliveryItem(Struct, frozen=True, kw_only=True):
    """A line of a delivery; batch splits are lines of their own with the same reference."""

    DeliveryDocument: str
    DeliveryDocumentItem: str
    ReferenceSDDocument: str | None = None
    ReferenceSDDocumentItem: str | None = None
    Material: str | None = None
    ActualDeliveryQuantity: str | None = None
    DeliveryQuantityUnit: str | None = None


class Delivery(Struct, frozen=True, kw_only=True):
    """The head of a delivery."""

    DeliveryDocument: str
    SDDocumentCategory: str | None = None
    SalesOrganization: str | None = None
    ShippingPoint: str | None = None
    Shippinglocationtimezone: str | None = None
    CreationDate: str | None = None
    CreationTime: str | None = None
    PlannedGoodsIssueDate: str | None = None
    DeliveryDate: str | None = None
    ActualGoodsMovementDate: str | None = None
    ActualGoodsMovementTime: str | None = None
    ProofOfDeliveryDate: str | None = None
    BillOfLading: str | None = None
    MeansOfTransport: str | None = None
    DeliveryBlockReason: str | None = None
    TotalCreditCheckStatus: str | None = None
    OverallGoodsMovementStatus: str | None = None
    OverallPickingStatus: str | None = None
    OverallPackingStatus: str | None = None
    OverallProofOfDeliveryStatus: str | None = None
    to_DeliveryDocumentItem: Expanded[DeliveryItem] = field(default_factory=Expanded)


class BillingItem(Struct, frozen=True, kw_only=True):
    """A line of a billing document."""

    BillingDocument: str
    BillingDocumentItem: str
    SalesDocument: str | None = None
    SalesDocumentItem: str | None = None
    ReferenceSDDocument: str | None = None
    ReferenceSDDocumentCategory: str | None = None
    Material: str | None = None
    BillingDocumentItemText: str | None = None
    SDDocumentReason: str | None = None
    BillingQuantity: str | None = None
    NetAmount: str | None = None
    TaxAmount: str | None = None


class BillingDocument(Struct, frozen=True, kw_only=True):
    """The head of an invoice, a credit memo or what else billing makes."""

    BillingDocument: str
    SDDocumentCategory: str | None = None
    CompanyCode: str
    FiscalYear: str | None = None
    AccountingDocument: str | None = None
    AccountingTransferStatus: str | None = None
    BillingDocumentIsCancelled: bool | None = None
    CancelledBillingDocument: str | None = None
    BillingDocumentDate: str | None = None
    CreationDate: str | None = None
    CreationTime: str | None = None
    PayerParty: str | None = None
    TransactionCurrency: str | None = None
    TotalNetAmount: str | None = None
    TaxAmount: str | None = None
    TotalGrossAmount: str | None = None
    DunningBlockingReason: str | None = None
    to_Item: Expanded[BillingItem] = field(default_factory=Expanded)


class BilledItem(Struct, frozen=True, kw_only=True):
    """An item's way to its document: its number, and the whole of it where it was expanded."""

    number: str = field(name="BillingDocument")
    document: BillingDocument | None = field(default=None, name="to_BillingDocument")


class LedgerLine(Struct, frozen=True, kw_only=True):
    """One line of a journal entry on a customer's account."""

    CompanyCode: str
    FiscalYear: str
    AccountingDocument: str
    AccountingDocumentItem: str
    AccountingDocumentType: str | None = None
    Customer: str | None = None
    BillingDocument: str | None = None
    DebitCreditCode: str | None = None
    AmountInTransactionCurrency: str | None = None
    TransactionCurrency: str | None = None
    AmountInCompanyCodeCurrency: str | None = None
    CompanyCodeCurrency: str | None = None
    CashDiscountAmount: str | None = None
    NetDueDate: str | None = None
    PostingDate: str | None = None
    IsCleared: bool | None = None
    ClearingDate: str | None = None
    ClearingAccountingDocument: str | None = None
    ClearingDocFiscalYear: str | None = None
    InvoiceReference: str | None = None
    InvoiceReferenceFiscalYear: str | None = None
    PaymentMethod: str | None = None
    PaymentBlockingReason: str | None = None
    DunningBlockingReason: str | None = None
    IsReversed: bool | None = None
    IsReversal: bool | None = None
