"""Sales orders with items, schedule lines, partners, prices and billing plans; each status computed from the facts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from sources.kit.sandbox.story import Booking, Sold
from sources.kit.sandbox.sums import Booked
from sources.s4hana.sandbox.telling.addresses import halves, postal
from sources.s4hana.sandbox.telling.part import (
    CHANNEL,
    DIVISION,
    EFFORT,
    PIECE,
    Part,
    Row,
    latest,
    letter,
    worst,
)

_REJECTED_BY_CUSTOMER = "50"
_BLOCK = "01"
_PARTNERS = (("SP", "AG"), ("SH", "WE"), ("BP", "RE"), ("PY", "RG"))
_NAME_LENGTH = 40


def tell_orders(part: Part) -> None:
    """The rows of every order of the instance."""
    shared = _shared_quantities(part)
    for order in part.confirmed:
        _OrderTeller(part, order, shared[order.booking.number]).tell()


def _shared_quantities(part: Part) -> defaultdict[str, dict[int, Decimal]]:
    """Billed units by order and line, over all bills that stand; a joint bill counts for each of its orders."""
    units: defaultdict[str, dict[int, Decimal]] = defaultdict(dict)
    for order in part.orders.values():
        for bill in order.booking.bills:
            for (number, line), quantity in () if bill.cancelled else bill.quantities.items():
                units[number][line] = units[number].get(line, Decimal(0)) + quantity
    return units


class _OrderTeller:
    def __init__(self, part: Part, order: Booked, billed: Mapping[int, Decimal]) -> None:
        self.part = part
        self.order = order
        self.booking: Booking = order.booking
        self.lines = [order.lines[number] for number in order.booking.lines]
        self.billed = billed
        self.sent = _sent(order.booking)
        self.key = {"SalesOrder": self.booking.number}
        self.rejected = self.booking.cancelled_at is not None

    def tell(self) -> None:
        items = [self._item(line) for line in self.lines]
        rows = self.part.rows
        rows["A_SalesOrder"].append(self._header(items))
        rows["A_SalesOrderItem"] += items
        rows["A_SalesOrderScheduleLine"] += [self._schedule(line) for line in self.lines if not self._service(line)]
        self._partners()
        for line in self.lines:
            rows["A_SalesOrderItemPrElement"] += self._prices(line)
            if line.starts_on:
                self._billing_plan(line, line.starts_on)

    def _partners(self) -> None:
        """The customer in each of its functions, every time with its standard address."""
        rows, buyer = self.part.rows, self.part.buyer(self.order)
        first, second = halves(self.part.name_of(buyer))
        address = {"OrganizationName1": first, "OrganizationName2": second, **postal(buyer.billing)}
        for shown, inside in _PARTNERS:
            partner = {**self.key, "PartnerFunction": shown}
            who = {"PartnerFunctionInternalCode": inside, "Customer": self.booking.customer_number}
            rows["A_SalesOrderHeaderPartner"].append({**partner, **who})
            rows["A_SalesOrderPartnerAddress"].append(
                {**partner, "AddressRepresentationCode": "", "CorrespondenceLanguage": "EN", **address}
            )

    def _header(self, items: list[Row]) -> Row:
        booking, deal = self.booking, self.order.deal
        created = booking.booked_at.date()
        codes = self.part.entity(booking).codes
        changed = latest(booking.booked_at, booking.held_since, booking.cancelled_at)
        net = sum((self._net(line) for line in self.lines), Decimal("0.00"))
        return {
            **self.key,
            "SalesOrderType": "OR",
            "SalesOrderTypeInternalCode": "TA",
            "SalesOrganization": codes["sales_organization"],
            "DistributionChannel": CHANNEL,
            "OrganizationDivision": DIVISION,
            "SoldToParty": booking.customer_number,
            "CreationDate": created,
            "CreatedByUser": "CC0000000002",
            "LastChangeDate": changed.date(),
            "LastChangeDateTime": changed,
            "PurchaseOrderByCustomer": booking.reference[:35],
            "PurchaseOrderByShipToParty": booking.purchase_order or "",
            "CustomerPurchaseOrderDate": deal.created_at.date(),
            "SalesOrderDate": created,
            "PricingDate": created,
            "TotalNetAmount": net,
            "TransactionCurrency": deal.currency,
            "RequestedDeliveryDate": booking.requested_on,
            "ShippingCondition": "01",
            "CustomerPaymentTerms": self.part.terms(self.order),
            **self._statuses(items),
        }

    def _statuses(self, items: list[Row]) -> Row:
        holds = self.booking.holds
        delivery = worst([str(item["DeliveryStatus"]) for item in items])
        return {
            "OverallSDProcessStatus": worst([str(item["SDProcessStatus"]) for item in items]),
            "OverallSDDocumentRejectionSts": "C" if self.rejected else "A",
            "OverallDeliveryStatus": delivery,
            "OverallTotalDeliveryStatus": delivery,
            "OverallOrdReltdBillgStatus": worst([str(item["OrderRelatedBillingStatus"]) for item in items]),
            "TotalCreditCheckStatus": self._credit_check(),
            "HeaderBillingBlockReason": _BLOCK if "billing" in holds else "",
            "DeliveryBlockReason": _BLOCK if "delivery" in holds else "",
            "TotalBlockStatus": "C" if holds else "",
        }

    def _credit_check(self) -> str:
        if "credit" in self.booking.holds:
            return "B"
        return "D" if self.booking.held_since and not self.booking.holds else "A"

    def _item(self, line: Sold) -> Row:
        service = self._service(line)
        unit = EFFORT if service else PIECE
        sent, billed = self.sent.get(line.number, Decimal(0)), self.billed.get(line.number, Decimal(0))
        delivery = "" if service else letter(sent, line.quantity)
        billing = letter(billed, line.quantity) if service else ""
        if self.rejected:
            delivery, billing = "C" if delivery else "", "C" if billing else ""
        priced = self.order.sum({line.number: line.quantity})
        return {
            **self.key,
            "SalesOrderItem": str(line.number),
            "HigherLevelItem": str(line.parent or 0),
            "SalesOrderItemCategory": self._category(line),
            "SalesOrderItemText": self.part.story.articles[line.sku].name[:_NAME_LENGTH],
            "PurchaseOrderByCustomer": self.booking.reference[:35],
            "PurchaseOrderByShipToParty": line.crm_key,
            "UnderlyingPurchaseOrderItem": str(line.number) if line.crm_key else "",
            "Material": line.sku,
            "RequestedQuantity": line.quantity,
            "RequestedQuantityUnit": unit.shown,
            "RequestedQuantitySAPUnit": unit.inside,
            "RequestedQuantityISOUnit": unit.iso,
            "OrderQuantityUnit": unit.shown,
            "OrderQuantitySAPUnit": unit.inside,
            "OrderQuantityISOUnit": unit.iso,
            "ConfdDelivQtyInOrderQtyUnit": Decimal(0) if self.rejected or service else line.quantity,
            "TransactionCurrency": self.order.deal.currency,
            "NetAmount": priced.net,
            "TaxAmount": priced.tax,
            "ProductionPlant": self.part.entity(self.booking).codes["company_code"],
            "BillingPlan": self._plan_number(line) if line.starts_on else "",
            "SalesDocumentRjcnReason": _REJECTED_BY_CUSTOMER if self.rejected else "",
            "SDProcessStatus": "C" if self.rejected else delivery or billing,
            "DeliveryStatus": delivery,
            "OrderRelatedBillingStatus": billing,
        }

    def _category(self, line: Sold) -> str:
        if self._service(line):
            return "TAD"
        if line.parent:
            return "TAE"
        return "TAQ" if any(other.parent == line.number for other in self.lines) else "TAN"

    def _schedule(self, line: Sold) -> Row:
        sent = self.sent.get(line.number, Decimal(0))
        confirmed = Decimal(0) if self.rejected else line.quantity
        planned = [parcel.planned_on for parcel in self.booking.parcels if line.number in parcel.quantities]
        return {
            **self.key,
            "SalesOrderItem": str(line.number),
            "ScheduleLine": "1",
            "RequestedDeliveryDate": self.booking.requested_on,
            "ConfirmedDeliveryDate": max(planned, default=self.booking.requested_on),
            "OrderQuantityUnit": PIECE.shown,
            "OrderQuantitySAPUnit": PIECE.inside,
            "OrderQuantityISOUnit": PIECE.iso,
            "ScheduleLineOrderQuantity": line.quantity,
            "ConfdOrderQtyByMatlAvailCheck": confirmed,
            "DeliveredQtyInOrderQtyUnit": sent,
            "OpenConfdDelivQtyInOrdQtyUnit": max(confirmed - sent, Decimal(0)),
        }

    def _prices(self, line: Sold) -> list[Row]:
        priced = self.order.sum({line.number: line.quantity})
        price = self.booking.price_overrides.get(line.number, line.unit_price)
        currency = self.order.deal.currency
        key = {**self.key, "SalesOrderItem": str(line.number), "TransactionCurrency": currency}
        unit = EFFORT if self._service(line) else PIECE
        return [
            key
            | {"PricingProcedureStep": "10", "PricingProcedureCounter": "1", "ConditionType": "PPR0"}
            | {"ConditionRateValue": price, "ConditionCurrency": currency, "ConditionQuantity": Decimal(1)}
            | {"ConditionQuantityUnit": unit.shown, "ConditionQuantityISOUnit": unit.iso, "ConditionClass": "B"}
            | {"ConditionBaseValue": line.quantity, "ConditionAmount": priced.net, "ConditionCategory": "H"}
            | {"ConditionIsManuallyChanged": line.number in self.booking.price_overrides},
            key
            | {"PricingProcedureStep": "890", "PricingProcedureCounter": "1", "ConditionType": "TTX1"}
            | {"ConditionRateValue": line.tax_rate * 100, "ConditionClass": "D", "ConditionCategory": "D"}
            | {"ConditionBaseValue": priced.net, "ConditionAmount": priced.tax, "ConditionCalculationType": "A"},
        ]

    def _billing_plan(self, line: Sold, starts_on: date) -> None:
        key = {**self.key, "SalesOrderItem": str(line.number), "BillingPlan": self._plan_number(line)}
        span = {"BillingPlanStartDate": starts_on, "BillingPlanEndDate": line.ends_on}
        self.part.rows["A_SalesOrderItemBillingPlan"].append({**key, **span, "BillingPlanCategory": "2"})
        self.part.rows["A_SlsOrderItemBillingPlanItem"].append(
            key
            | {"BillingPlanItem": "1", "BillingPlanBillingDate": starts_on, "BillingPlanAmount": self._net(line)}
            | {"TransactionCurrency": self.order.deal.currency, "BillingPlanAmountPercent": Decimal(100)}
            | {"BillingPlanServiceStartDate": starts_on, "BillingPlanServiceEndDate": line.ends_on}
            | {"BillingPlanRelatedBillgStatus": letter(self.billed.get(line.number, Decimal(0)), line.quantity)}
        )

    def _plan_number(self, line: Sold) -> str:
        return f"{self.booking.number}{line.number:04d}"

    def _net(self, line: Sold) -> Decimal:
        return self.order.sum({line.number: line.quantity}).net

    def _service(self, line: Sold) -> bool:
        return self.part.is_service(line.sku)


def _sent(booking: Booking) -> dict[int, Decimal]:
    """Units in delivery documents by line, whether or not they have left: that is what delivery status counts."""
    units: dict[int, Decimal] = {}
    for parcel in booking.parcels:
        for line, quantity in () if parcel.is_return else parcel.quantities.items():
            units[line] = units.get(line, Decimal(0)) + quantity
    return units
