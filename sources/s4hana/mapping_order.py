"""Sales orders in our words: where they stand, what holds them, and their lines."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Final

from canonical.absence import UNSET, Told
from canonical.money import Money, money, total
from canonical.order import Hold, HoldKind, OrderLine, OrderRecord, Stage, SystemStatus
from canonical.wanted import Wanted
from sources.s4hana.mapping_partner import sold_to
from sources.s4hana.reading import ORDER, Asked, Reading
from sources.s4hana.values import amount, at_instant, decimal, midnight, number, on_day, told, unpadded
from sources.s4hana.wire import BillingPlanItem, SalesOrder, SalesOrderItem

REJECTED: Final = "C"
"""OverallSDDocumentRejectionSts: everything was rejected."""
PROCESS: Final = {"A": "Open", "B": "In process", "C": "Completed"}
CREDIT: Final = {
    "B": "The credit check did not let it pass.",
    "C": "The credit check released only a part of it.",
}
QUOTATION: Final = "B"
DELIVERIES: Final = frozenset("JT")
BILLS: Final = frozenset("MOP")
_LINES: Final = ("lines", "status", "fulfillment_status", "invoicing_status")


class SapOrder(OrderRecord, frozen=True, kw_only=True):
    """An order with what followed from it, as numbers and categories; None where that was not read."""

    followed: tuple[tuple[str, str], ...] | None = None

    @property
    def deliveries(self) -> tuple[str, ...] | None:
        """The numbers of its deliveries and returns."""
        return self._of(DELIVERIES)

    @property
    def bills(self) -> tuple[str, ...] | None:
        """The numbers of its invoices, debit memos and credit memos."""
        return self._of(BILLS)

    def _of(self, categories: frozenset[str]) -> tuple[str, ...] | None:
        if self.followed is None:
            return None
        return tuple(number for number, category in self.followed if category in categories)


def to_order(row: SalesOrder, reading: Reading, wanted: Wanted) -> SapOrder:
    """One sales order; ValueError where a value is not what the contract says."""
    key, asked = unpadded(row.SalesOrder), Asked(wanted)
    ordered_at = midnight(_day(row.CreationDate))
    cancelled = row.OverallSDDocumentRejectionSts == REJECTED
    net = amount(row.TotalNetAmount, row.TransactionCurrency)
    tax = _tax(row) if wanted.any_of("tax", "total") else None
    return SapOrder(
        ref=reading.ref(key),
        reference=reading.reference(ORDER, key),
        stamp=reading.stamp(ORDER, key),
        stage=Stage.CANCELLED if cancelled else Stage.BOOKED,
        status=SystemStatus(reading.system, "Cancelled" if cancelled else _process(row)),
        ordered_at=ordered_at,
        number=key,
        partner_keys=_partner_keys(row, reading),
        holds=() if cancelled else tuple(_holds(row, reading)),
        customer_key=asked(number(row.SoldToParty), "customer_key", "customer"),
        customer_name=asked(None, "customer_name"),
        customer=sold_to(row, reading, wanted.below("customer")) if "customer" in wanted else UNSET,
        ship_to=asked(None, "ship_to"),
        quote_key=asked(_quotation(row), "quote_key", "quote"),
        opportunity_key=asked(None, "opportunity_key"),
        legal_entity_code=reading.entities.of_organization(row.SalesOrganization),
        currency_code=asked(told(row.TransactionCurrency), "currency_code"),
        purchase_order_number=asked(told(_purchase_order(row, reading)), "purchase_order_number"),
        requested_delivery_date=asked(on_day(row.RequestedDeliveryDate), "requested_delivery_date"),
        subtotal=asked(net, "subtotal"),
        tax=asked(tax, "tax"),
        total=asked(net + tax if net is not None and tax is not None else None, "total"),
        lines=_lines(row, reading, wanted),
        created_at=ordered_at,
        booked_at=ordered_at,
        submitted_at=asked(None, "submitted_at"),
        # The last save of a rejected order is the nearest that is told of when it was rejected.
        cancelled_at=asked(at_instant(row.LastChangeDateTime) if cancelled else None, "cancelled_at"),
        amended_at=asked(None, "amended_at"),
        version=asked(row.metadata.etag or told(row.LastChangeDateTime), "version"),
        followed=_followed(row),
    )


def _day(value: str) -> date:
    found = on_day(value)
    if found is None:
        raise ValueError("an order without a creation date")
    return found


def _process(row: SalesOrder) -> str:
    return PROCESS.get(row.OverallSDProcessStatus or "", "Booked")


def _partner_keys(row: SalesOrder, reading: Reading) -> tuple[str, ...]:
    carried = (getattr(row, field) for field in reading.settings.partner_fields())
    return tuple(dict.fromkeys(reference for reference in carried if reference))


def _purchase_order(row: SalesOrder, reading: Reading) -> str | None:
    field: str | None = getattr(row, reading.settings.purchase_order_field)
    return field


def _quotation(row: SalesOrder) -> str | None:
    return number(row.ReferenceSDDocument) if row.ReferenceSDDocumentCategory == QUOTATION else None


def _followed(row: SalesOrder) -> tuple[tuple[str, str], ...] | None:
    if row.to_SubsequentProcFlowDoc is None:
        return None
    flow = row.to_SubsequentProcFlowDoc.results
    documents = ((unpadded(one.SubsequentDocument), one.SubsequentDocumentCategory) for one in flow)
    return tuple(dict.fromkeys(document for document in documents if document[0]))


def _holds(row: SalesOrder, reading: Reading) -> Iterable[Hold]:
    items = [item for item in row.to_Item.results if not item.SalesDocumentRjcnReason]
    if reason := CREDIT.get(row.TotalCreditCheckStatus or ""):
        yield Hold(kind=HoldKind.CREDIT, system=reading.system, reason=reason)
    if billing := row.HeaderBillingBlockReason or _shared(items):
        yield Hold(kind=HoldKind.BILLING, system=reading.system, reason=f"Billing block {billing}.")
    if delivery := row.DeliveryBlockReason or _schedule_block(items):
        yield Hold(kind=HoldKind.DELIVERY, system=reading.system, reason=f"Delivery block {delivery}.")
    if (row.SalesDocApprovalStatus or "") in reading.settings.approval_pending:
        yield Hold(kind=HoldKind.APPROVAL, system=reading.system, reason="It waits for an approval.")


def _shared(items: Sequence[SalesOrderItem]) -> str | None:
    """A billing block holds the order when every item that stands carries one."""
    blocks = [item.ItemBillingBlockReason for item in items]
    return blocks[0] if blocks and all(blocks) else None


def _schedule_block(items: Sequence[SalesOrderItem]) -> str | None:
    blocks = (line.DelivBlockReasonForSchedLine for item in items for line in item.to_ScheduleLine.results)
    return next((block for block in blocks if block), None)


def _tax(row: SalesOrder) -> Money | None:
    """The header has no tax: it is the items', rejected ones left out as the header's net amount leaves them out."""
    if not row.TransactionCurrency:
        return None
    items = row.to_Item.results
    standing = [item for item in items if not item.SalesDocumentRjcnReason]
    if not standing and decimal(row.TotalNetAmount):
        standing = items
    taxes = [item.TaxAmount for item in standing]
    if any(tax is None for tax in taxes):
        return None
    return total(money(decimal(tax) or Decimal(0), row.TransactionCurrency) for tax in taxes) or money(
        0, row.TransactionCurrency
    )


def _lines(row: SalesOrder, reading: Reading, wanted: Wanted) -> Told[tuple[OrderLine, ...]]:
    if not wanted.any_of(*_LINES):
        return UNSET
    asked = Asked(wanted.below("lines"))
    items = sorted(row.to_Item.results, key=lambda item: item.SalesOrderItem.zfill(6))
    ramps = _ramps(items)
    return tuple(_line(item, row, reading, asked, ramps.get(item.SalesOrderItem)) for item in items)


def _ramps(items: Sequence[SalesOrderItem]) -> dict[str, int]:
    """The place of each item in its ramp: one product in several items, each for a period of service of its own."""
    periods: dict[str, list[tuple[date, str]]] = {}
    for item in items:
        if item.Material and (begins := _first(_plan(item))):
            periods.setdefault(item.Material, []).append((begins, item.SalesOrderItem))
    ramps = [sorted(held) for held in periods.values() if len(held) > 1]
    return {item: place for ramp in ramps for place, (_, item) in enumerate(ramp, start=1)}


def _plan(item: SalesOrderItem) -> Sequence[BillingPlanItem]:
    return item.to_BillingPlan.to_BillingPlanItem.results if item.to_BillingPlan else []


def _line(item: SalesOrderItem, row: SalesOrder, reading: Reading, asked: Asked, segment: int | None) -> OrderLine:
    quantity = decimal(item.RequestedQuantity)
    net = amount(item.NetAmount, row.TransactionCurrency)
    plan, settings = _plan(item), reading.settings
    key = unpadded(item.SalesOrderItem)
    reference: str | None = getattr(item, settings.line_reference_field)
    return OrderLine(
        order=reading.ref(unpadded(row.SalesOrder)),
        key=key,
        number=key,
        partner_key=asked(told(reference), "partner_key"),
        sku=asked(unpadded(item.Material) or None, "sku"),
        description=asked(told(item.SalesOrderItemText), "description"),
        quantity=quantity,
        unit=asked(item.RequestedQuantityISOUnit or told(item.RequestedQuantityUnit), "unit"),
        unit_price=asked(_each(net, quantity), "unit_price"),
        amount=asked(net, "amount"),
        tax=asked(amount(item.TaxAmount, row.TransactionCurrency), "tax"),
        legal_entity_code=reading.entities.of_organization(row.SalesOrganization),
        starts_on=asked(_own_day(item, settings.line_start_field) or _first(plan), "starts_on"),
        ends_on=asked(_own_day(item, settings.line_end_field) or _last(plan), "ends_on"),
        segment=asked(_own_number(item, settings.line_segment_field) or segment, "segment"),
        parent_key=asked(number(item.HigherLevelItem), "parent_key", "parent_line_id"),
        # Delivery status '' is SAP's "not relevant for delivery".
        shippable=bool(item.DeliveryStatus),
        cancelled=bool(item.SalesDocumentRjcnReason),
    )


def _own_day(item: SalesOrderItem, field: str) -> date | None:
    """A day in a field that was chosen for it."""
    return on_day(getattr(item, field)) if field else None


def _own_number(item: SalesOrderItem, field: str) -> int | None:
    """A whole number in a field that was chosen for it; None for its initial value."""
    told = number(getattr(item, field)) if field else None
    return int(told) if told and told.isdecimal() else None


def _each(net: Money | None, quantity: Decimal | None) -> Money | None:
    return money(net.amount / quantity, net.currency_code) if net is not None and quantity else None


def _first(plan: Sequence[BillingPlanItem]) -> date | None:
    return min((day for item in plan if (day := on_day(item.BillingPlanServiceStartDate))), default=None)


def _last(plan: Sequence[BillingPlanItem]) -> date | None:
    return max((day for item in plan if (day := on_day(item.BillingPlanServiceEndDate))), default=None)
