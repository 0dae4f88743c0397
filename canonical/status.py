"""Where an order stands: three axes and one lifecycle, computed from the owners' facts.

Pure functions. Every one of them answers None only through its caller, when an owner could not be asked.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal

from canonical.absence import known
from canonical.invoice import Invoice, InvoiceStatus
from canonical.order import (
    FulfillmentStatus,
    InvoicingStatus,
    OrderLine,
    OrderPaymentStatus,
    OrderRecord,
    OrderStatus,
    Stage,
)
from canonical.refs import Ref
from canonical.shipment import Shipment, ShipmentStatus

_ZERO = Decimal(0)
_STANDING = (InvoiceStatus.POSTED, InvoiceStatus.PARTIALLY_PAID)
_NO_BILL = (InvoiceStatus.CANCELLED, InvoiceStatus.DRAFT)
LineKey = tuple[Ref | None, str | None]


def live_lines(records: Iterable[OrderRecord]) -> list[OrderLine]:
    """The lines that still stand, of the records that still stand."""
    return [
        line
        for record in records
        if record.stage is not Stage.CANCELLED
        for line in known(record.lines) or ()
        if not line.cancelled
    ]


def shipped_quantities(shipments: Iterable[Shipment]) -> dict[LineKey, Decimal]:
    """Units that left by order line, less those that came back."""
    return _moved(s for s in shipments if s.posted and s.status is not ShipmentStatus.CANCELLED)


def _moved(shipments: Iterable[Shipment]) -> dict[LineKey, Decimal]:
    quantities: dict[LineKey, Decimal] = {}
    for shipment in shipments:
        for line in shipment.lines:
            units = line.quantity or _ZERO
            _add(quantities, (line.order, line.order_line_key), -units if shipment.is_return else units)
    return quantities


def _add(quantities: dict[LineKey, Decimal], key: LineKey, units: Decimal) -> None:
    held = quantities.get(key)
    quantities[key] = units if held is None else held + units


def invoiced_quantities(invoices: Iterable[Invoice]) -> dict[LineKey, Decimal]:
    """Units billed by order line on invoices that stand; a credit memo takes none of them off."""
    quantities: dict[LineKey, Decimal] = {}
    for invoice in invoices:
        if known(invoice.status) in _NO_BILL:
            continue
        for line in known(invoice.lines) or ():
            _add(quantities, (line.order, line.order_line_key), line.quantity or _ZERO)
    return quantities


def fulfillment_status(records: Sequence[OrderRecord], shipments: Sequence[Shipment]) -> FulfillmentStatus:
    """How much of what can be shipped has gone; NOT_APPLICABLE where nothing can (services, or all cancelled)."""
    lines = [line for line in live_lines(records) if line.shippable and line.quantity != _ZERO]
    if not lines:
        return FulfillmentStatus.NOT_APPLICABLE
    live = [s for s in shipments if s.posted and s.status is not ShipmentStatus.CANCELLED]
    if not live:
        return FulfillmentStatus.NOT_STARTED
    refs = {record.ref for record in records}
    returned = [shipment for shipment in live if shipment.is_return]
    gone = _moved([s for s in live if not s.is_return] if returned else live)
    left = _of(refs, gone)
    if left == _ZERO:
        return FulfillmentStatus.NOT_STARTED
    if _any_short(lines, gone):
        return FulfillmentStatus.PARTIALLY_SHIPPED
    back = -_of(refs, _moved(returned))
    if back > _ZERO:
        return FulfillmentStatus.RETURNED if back >= left else FulfillmentStatus.PARTIALLY_RETURNED
    delivered = all(s.status is ShipmentStatus.DELIVERED for s in live)
    return FulfillmentStatus.DELIVERED if delivered else FulfillmentStatus.SHIPPED


def _of(orders: Container[Ref | None], quantities: Mapping[LineKey, Decimal]) -> Decimal:
    return sum((units for (order, _), units in quantities.items() if order in orders), _ZERO)


def _any_short(lines: Iterable[OrderLine], done: Mapping[LineKey, Decimal]) -> bool:
    """Whether less is done of a line than was ordered."""
    return any(done.get((line.order, line.key), _ZERO) < (known(line.quantity) or _ZERO) for line in lines)


def invoicing_status(records: Sequence[OrderRecord], invoices: Sequence[Invoice]) -> InvoicingStatus:
    """How much has been billed, by quantity; CREDITED when credit memos cover everything that was."""
    live = [invoice for invoice in invoices if known(invoice.status) not in _NO_BILL]
    if not live:
        return InvoicingStatus.NOT_INVOICED
    if _all_credited(live):
        return InvoicingStatus.CREDITED
    missing = _any_short(live_lines(records), invoiced_quantities(live))
    return InvoicingStatus.PARTIALLY_INVOICED if missing else InvoicingStatus.INVOICED


def _all_credited(invoices: Iterable[Invoice]) -> bool:
    """Whether credit memos cover everything that was billed; invoices over nothing neither bill nor are credited."""
    charged = [i for i in invoices if (billed := known(i.total)) is None or billed.amount > _ZERO]
    for invoice in charged:
        billed, memos = known(invoice.total), known(invoice.credit_memos)
        if not memos:
            return False
        credited = sum((total.amount for memo in memos if (total := known(memo.total))), _ZERO)
        if billed is None or credited < billed.amount:
            return False
    return bool(charged)


def payment_status(invoices: Sequence[Invoice], today: date) -> OrderPaymentStatus:
    """How much of what was billed is paid; `today` is the day (UTC) that overdue is told by."""
    live = [i for i in invoices if known(i.status) not in _NO_BILL]
    if not live:
        return OrderPaymentStatus.NOT_DUE
    if _all_credited(live):
        return OrderPaymentStatus.REFUNDED
    if any(overdue_days(invoice, today) for invoice in live):
        return OrderPaymentStatus.OVERDUE
    if all(_settled(invoice) for invoice in live):
        return OrderPaymentStatus.PAID
    begun = (InvoiceStatus.PAID, InvoiceStatus.PARTIALLY_PAID)
    paid = any(known(i.status) in begun or ((p := known(i.paid)) and p.amount > _ZERO) for i in live)
    return OrderPaymentStatus.PARTIALLY_PAID if paid else OrderPaymentStatus.OPEN


def _settled(invoice: Invoice) -> bool:
    left = known(invoice.open)
    closed = known(invoice.status) in (InvoiceStatus.PAID, InvoiceStatus.WRITTEN_OFF)
    return closed or (left is not None and left.amount <= _ZERO)


def overdue_days(invoice: Invoice, today: date) -> int:
    """Days since an invoice with something open was due; zero when it is not overdue."""
    left, told = known(invoice.open), known(invoice.status)
    if left is None or left.amount <= _ZERO or (told is not None and told not in _STANDING):
        return 0
    due = known(invoice.due_on)
    return 0 if due is None else max(0, (today - due).days)


def order_status(
    crm: OrderRecord | None,
    booked: Sequence[OrderRecord],
    fulfillment: FulfillmentStatus,
    invoicing: InvoicingStatus,
    payment: OrderPaymentStatus,
) -> OrderStatus:
    """One lifecycle; the first that holds wins."""
    standing = [record for record in booked if record.stage is not Stage.CANCELLED]
    if _cancelled(crm, booked):
        return OrderStatus.CANCELLED
    if any(record.holds for record in [*standing, *([crm] if crm else [])]):
        return OrderStatus.ON_HOLD
    if not any(record.stage is Stage.BOOKED for record in standing):
        return _unbooked(crm, standing)
    gone = fulfillment in (FulfillmentStatus.SHIPPED, FulfillmentStatus.DELIVERED, FulfillmentStatus.NOT_APPLICABLE)
    if gone and invoicing is InvoicingStatus.INVOICED and payment is OrderPaymentStatus.PAID:
        return OrderStatus.COMPLETED
    if gone:
        return OrderStatus.FULFILLED
    if fulfillment is FulfillmentStatus.NOT_STARTED:
        return OrderStatus.BOOKED
    # Returned goods had left before: the order was fulfilled as far as it went.
    returned = fulfillment in (FulfillmentStatus.RETURNED, FulfillmentStatus.PARTIALLY_RETURNED)
    return OrderStatus.FULFILLED if returned else OrderStatus.IN_FULFILLMENT


def _cancelled(crm: OrderRecord | None, booked: Sequence[OrderRecord]) -> bool:
    if booked:
        return all(record.stage is Stage.CANCELLED for record in booked)
    return crm is not None and crm.stage is Stage.CANCELLED


def _unbooked(crm: OrderRecord | None, drafts: Sequence[OrderRecord]) -> OrderStatus:
    stages = {record.stage for record in [*drafts, *([crm] if crm else [])]}
    return OrderStatus.SUBMITTED if Stage.SUBMITTED in stages else OrderStatus.DRAFT
