"""What we read of orders that we write, under SAP's names, and of simulated ones."""

from __future__ import annotations

from msgspec import Struct, field

from sources.kit.odata.payload import Expanded
from sources.s4hana.wire import Head


class PriceCondition(Struct, frozen=True):
    """One condition of an item's pricing, by its key in it."""

    PricingProcedureStep: str = ""
    PricingProcedureCounter: str = ""
    ConditionType: str = ""


class Schedule(Struct, frozen=True):
    """One part of an item's quantity, with its day."""

    ScheduleLine: str = ""
    ConfirmedDeliveryDate: str | None = None
    ConfdOrderQtyByMatlAvailCheck: str | None = None


class WrittenItem(Struct, frozen=True, kw_only=True):
    """An item as far as a change of it must know it."""

    SalesOrderItem: str
    UnderlyingPurchaseOrderItem: str | None = None
    NetAmount: str | None = None
    SalesDocumentRjcnReason: str | None = None
    DeliveryStatus: str | None = None
    OrderRelatedBillingStatus: str | None = None
    to_PricingElement: Expanded[PriceCondition] = field(default_factory=Expanded)
    to_ScheduleLine: Expanded[Schedule] = field(default_factory=Expanded)


class WrittenOrder(Struct, frozen=True, kw_only=True):
    """An order as far as its acknowledgment tells of it, and a change of it must know it."""

    SalesOrder: str
    metadata: Head = field(default_factory=Head, name="__metadata")
    SalesOrganization: str | None = None
    TransactionCurrency: str | None = None
    PurchaseOrderByCustomer: str | None = None
    LastChangeDateTime: str | None = None
    OverallSDProcessStatus: str | None = None
    OverallSDDocumentRejectionSts: str | None = None
    TotalCreditCheckStatus: str | None = None
    to_Item: Expanded[WrittenItem] = field(default_factory=Expanded)


class SimulatedItem(Struct, frozen=True, kw_only=True):
    """An item that was not saved."""

    SalesOrderItem: str
    RequestedQuantityISOUnit: str | None = None
    RequestedQuantityUnit: str | None = None
    NetAmount: str | None = None
    TaxAmount: str | None = None
    to_ScheduleLine: Expanded[Schedule] = field(default_factory=Expanded)


class SimulatedPricing(Struct, frozen=True):
    """What an order would come to, net."""

    TotalNetAmount: str | None = None
    TransactionCurrency: str | None = None


class SimulatedCredit(Struct, frozen=True):
    """What the credit check would say."""

    TotalCreditCheckStatus: str | None = None


class SimulatedOrder(Struct, frozen=True, kw_only=True):
    """An order that was not saved."""

    TransactionCurrency: str | None = None
    to_Pricing: SimulatedPricing | None = None
    to_Credit: SimulatedCredit | None = None
    to_Item: Expanded[SimulatedItem] = field(default_factory=Expanded)
