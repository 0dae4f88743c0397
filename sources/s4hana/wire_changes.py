"""What is read of SAP's records to see that they were changed, under SAP's names."""

from __future__ import annotations

from msgspec import Struct, field

from sources.kit.odata.payload import Expanded
from sources.s4hana.wire import Head


class ChangedOrder(Struct, frozen=True, kw_only=True):
    """A sales order's stamp."""

    SalesOrder: str
    LastChangeDateTime: str | None = None
    metadata: Head = field(default_factory=Head, name="__metadata")


class BilledFor(Struct, frozen=True, kw_only=True):
    """What an item of a billing document was made from."""

    SalesDocument: str | None = None
    ReferenceSDDocument: str | None = None
    ReferenceSDDocumentCategory: str | None = None


class ChangedBill(Struct, frozen=True, kw_only=True):
    """A billing document's stamp, and whose it is."""

    BillingDocument: str
    SDDocumentCategory: str | None = None
    CancelledBillingDocument: str | None = None
    LastChangeDateTime: str | None = None
    metadata: Head = field(default_factory=Head, name="__metadata")
    to_Item: Expanded[BilledFor] = field(default_factory=Expanded)


class DeliveredFor(Struct, frozen=True, kw_only=True):
    """What an item of a delivery was made from, and how much of it."""

    ReferenceSDDocument: str | None = None
    ActualDeliveryQuantity: str | None = None


class ChangedDelivery(Struct, frozen=True, kw_only=True):
    """A delivery, whose changes have a day and no time: hence also whatever shows that it is another."""

    DeliveryDocument: str
    CreationDate: str | None = None
    CreationTime: str | None = None
    LastChangeDate: str | None = None
    ActualGoodsMovementDate: str | None = None
    ActualGoodsMovementTime: str | None = None
    PlannedGoodsIssueDate: str | None = None
    ProofOfDeliveryDate: str | None = None
    DeliveryBlockReason: str | None = None
    TotalCreditCheckStatus: str | None = None
    OverallGoodsMovementStatus: str | None = None
    OverallPickingStatus: str | None = None
    OverallPackingStatus: str | None = None
    OverallProofOfDeliveryStatus: str | None = None
    OverallDelivReltdBillgStatus: str | None = None
    BillOfLading: str | None = None
    metadata: Head = field(default_factory=Head, name="__metadata")
    to_DeliveryDocumentItem: Expanded[DeliveredFor] = field(default_factory=Expanded)


class ChangedLine(Struct, frozen=True, kw_only=True):
    """A line on a customer's account, whose changes have a day and no time."""

    CompanyCode: str
    FiscalYear: str
    AccountingDocument: str
    AccountingDocumentItem: str
    AccountingDocumentType: str | None = None
    BillingDocument: str | None = None
    SalesDocument: str | None = None
    AccountingDocumentCreationDate: str | None = None
    CreationTime: str | None = None
    LastChangeDate: str | None = None
    ClearingCreationDate: str | None = None
    ClearingAccountingDocument: str | None = None
    ClearingDocFiscalYear: str | None = None
    IsCleared: bool | None = None
    InvoiceReference: str | None = None
    AmountInTransactionCurrency: str | None = None
    NetDueDate: str | None = None
    PaymentBlockingReason: str | None = None
    DunningBlockingReason: str | None = None
    IsReversed: bool | None = None


class ChangedPartner(Struct, frozen=True, kw_only=True):
    """A business partner that is a customer, with its stamp in two fields."""

    BusinessPartner: str
    Customer: str | None = None
    CreationDate: str | None = None
    CreationTime: str | None = None
    LastChangeDate: str | None = None
    LastChangeTime: str | None = None
    ETag: str | None = None
