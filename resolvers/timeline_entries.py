"""What happened, in sentences a salesperson would say: pure functions of one record each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from canonical.absence import Told, known
from canonical.contract import ContractRecord
from canonical.invoice import CreditMemo, Invoice, InvoiceStatus
from canonical.joined import Order
from canonical.money import Money
from canonical.order import Hold, OrderRecord, Stage
from canonical.payment import Payment, PaymentApplication
from canonical.quote import QuoteRecord
from canonical.refs import Ref, SystemReference
from canonical.shipment import Shipment, ShipmentLine, ShipmentStatus
from canonical.status import live_lines, overdue_days
from canonical.timeline import TimelineArea, TimelineEntry, TimelineKind

_HOLDS = {"CREDIT": "credit", "BILLING": "billing", "DELIVERY": "delivery", "PRICING": "pricing", "TAX": "tax"}


class _Subject:
    """The record that entries are about."""

    def __init__(
        self, concept: str, ref: Ref, reference: SystemReference, area: TimelineArea, entity: str | None = None
    ) -> None:
        self.concept, self.ref, self.reference, self.area, self.entity = concept, ref, reference, area, entity

    def tell(
        self,
        kind: TimelineKind,
        at: datetime | None,
        title: str,
        *,
        amount: Told[Money] = None,
        detail: str | None = None,
        part: str = "",
        area: TimelineArea | None = None,
    ) -> list[TimelineEntry]:
        """One entry; none where the time is not known."""
        if at is None:
            return []
        entry = TimelineEntry(
            key=":".join(filter(None, (kind.value, self.ref.system, self.ref.key, part))),
            at=at,
            area=area or self.area,
            kind=kind,
            title=title,
            detail=detail,
            amount=known(amount),
            system=self.ref.system,
            reference=self.reference,
            subject=(self.concept, self.ref),
            legal_entity=self.entity,
        )
        return [entry]


def of_quote(quote: QuoteRecord) -> list[TimelineEntry]:
    """Created, approved, accepted."""
    subject = _Subject("Quote", quote.ref, quote.reference, TimelineArea.QUOTE)
    name = f"Quote {known(quote.number) or quote.ref.key}"
    return [
        *subject.tell(TimelineKind.QUOTE_CREATED, known(quote.created_at), f"{name} was made", amount=quote.total),
        *subject.tell(TimelineKind.QUOTE_APPROVED, known(quote.approved_at), f"{name} was approved"),
        *subject.tell(TimelineKind.QUOTE_ACCEPTED, known(quote.accepted_at), f"{name} was accepted by the customer"),
    ]


def of_contract(order: Order, contract: ContractRecord) -> list[TimelineEntry]:
    """The last amendment: a CRM knows no earlier ones. It is about the order, since the graph has no contracts."""
    subject = _Subject("Order", order.ref, contract.reference, TimelineArea.CONTRACT)
    title = f"Contract {known(contract.number) or contract.ref.key} was amended"
    part = f"{contract.ref.system}/{contract.ref.key}"
    entries = subject.tell(TimelineKind.CONTRACT_AMENDED, known(contract.amended_at), title, part=part)
    return [replace_system(entry, contract.ref.system) for entry in entries]


def of_order(order: Order) -> list[TimelineEntry]:
    """Created and submitted by sales, booked, held, amended and cancelled by each ERP."""
    entries = _sold(order, order.crm) if order.crm else []
    for record in order.booked:
        entries += _booked(order, record)
    return entries


def _sold(order: Order, record: OrderRecord) -> list[TimelineEntry]:
    subject = _Subject("Order", order.ref, record.reference, TimelineArea.ORDER)
    name = f"Order {record.number or record.ref.key}"
    entries = subject.tell(
        TimelineKind.ORDER_CREATED, known(record.created_at), f"{name} was created", part=record.ref.key
    )
    entries += subject.tell(
        TimelineKind.ORDER_SUBMITTED,
        known(record.submitted_at),
        f"{name} was submitted by sales",
        amount=record.subtotal,
    )
    if record.stage is Stage.CANCELLED:
        title = f"{name} was cancelled by sales"
        entries += subject.tell(TimelineKind.ORDER_CANCELLED, known(record.cancelled_at), title, part="sales")
    return entries


def _booked(order: Order, record: OrderRecord) -> list[TimelineEntry]:
    subject = _Subject("Order", order.ref, record.reference, TimelineArea.ORDER, record.legal_entity_code)
    number = record.number or record.ref.key
    part = f"{record.ref.system}/{record.ref.key}"
    where = f" for {record.legal_entity_code}" if record.legal_entity_code else ""
    entries: list[TimelineEntry] = []
    if record.stage in (Stage.BOOKED, Stage.CANCELLED):
        at = known(record.booked_at) or record.ordered_at
        title = f"Order was booked{where} as {number}"
        entries += subject.tell(TimelineKind.ORDER_BOOKED, at, title, amount=record.subtotal, part=part)
    entries += subject.tell(
        TimelineKind.ORDER_AMENDED, known(record.amended_at), f"Booking {number} was amended", part=part
    )
    for hold in record.holds:
        entries += _held(subject, number, hold, known(record.booked_at) or record.ordered_at, part)
    if record.stage is Stage.CANCELLED:
        title = f"Booking {number} was cancelled"
        entries += subject.tell(TimelineKind.ORDER_CANCELLED, known(record.cancelled_at), title, part=part)
    return [replace_system(entry, record.ref.system) for entry in entries]


def replace_system(entry: TimelineEntry, system: str) -> TimelineEntry:
    """The same entry, told by this system."""
    return TimelineEntry(
        key=entry.key, at=entry.at, area=entry.area, kind=entry.kind, title=entry.title, system=system,
        detail=entry.detail, amount=entry.amount, reference=entry.reference, subject=entry.subject,
        legal_entity=entry.legal_entity,
    )  # fmt: skip


def _held(subject: _Subject, number: str, hold: Hold, booked_at: datetime, part: str) -> list[TimelineEntry]:
    """A hold that stands; ERPs that do not say since when show it where the order was booked."""
    word = _HOLDS.get(hold.kind.value)
    how = f"{word} hold" if word else "hold"
    title = f"Booking {number} was put on {how}" if hold.since else f"Booking {number} is on {how}"
    area = TimelineArea.CREDIT if word == "credit" else TimelineArea.ORDER
    part = f"{part}/{hold.kind.value}"
    return subject.tell(
        TimelineKind.HOLD_PLACED, hold.since or booked_at, title, detail=hold.reason, part=part, area=area
    )


def of_shipment(order: Order, shipment: Shipment) -> list[TimelineEntry]:
    """Planned while it has not gone, left, passed its milestones, arrived."""
    subject = _Subject(
        "Shipment", shipment.ref, shipment.reference, TimelineArea.FULFILLMENT, shipment.legal_entity_code
    )
    noun = "Return" if shipment.is_return else "Shipment"
    name = f"{noun} {known(shipment.number) or shipment.ref.key}"
    if shipment.status is ShipmentStatus.CANCELLED:
        return []
    entries: list[TimelineEntry] = []
    if not shipment.posted:
        planned = known(shipment.created_at) or _midnight(known(shipment.planned_on))
        entries += subject.tell(
            TimelineKind.SHIPMENT_PLANNED, planned, f"{name} is planned with {_units(order, shipment)}"
        )
    else:
        verb = "came back" if shipment.is_return else f"left{_from(shipment)}"
        title = f"{name} {verb} with {_units(order, shipment)}"
        at = known(shipment.shipped_at) or known(shipment.created_at)
        entries += subject.tell(TimelineKind.SHIPMENT_POSTED, at, title, detail=known(shipment.carrier))
    for number, milestone in enumerate(known(shipment.milestones) or ()):
        title = f"{name}: {milestone.message or milestone.status}"
        entries += subject.tell(TimelineKind.SHIPMENT_MILESTONE, milestone.at, title, part=str(number))
    return entries + subject.tell(
        TimelineKind.SHIPMENT_DELIVERED, known(shipment.delivered_at), f"{name} was delivered"
    )


def _from(shipment: Shipment) -> str:
    place = known(shipment.ship_from)
    return f" {place}" if place else ""


def _units(order: Order, shipment: Shipment) -> str:
    """'2 of 4 units' of the order lines it ships; '4 units' where it ships them all or their number is not known."""
    refs = {record.ref for record in order.booked}
    mine = [line for line in shipment.lines if line.order in refs]
    sent = sum((line.quantity or Decimal(0) for line in mine), Decimal(0))
    ordered = _ordered(order, mine)
    word = "unit" if (ordered or sent) == 1 else "units"
    return f"{_plain(sent)} {word}" if not ordered or ordered == sent else f"{_plain(sent)} of {_plain(ordered)} {word}"


def _ordered(order: Order, lines: Iterable[ShipmentLine]) -> Decimal:
    shipped = {(line.order, line.order_line_key) for line in lines}
    wanted = [line for line in live_lines(order.booked) if (line.order, line.key) in shipped]
    return sum((known(line.quantity) or Decimal(0) for line in wanted), Decimal(0))


def _plain(number: Decimal) -> str:
    return f"{number.normalize():f}"


def of_invoice(invoice: Invoice, today: date) -> list[TimelineEntry]:
    """Issued, overdue as of today, paid part by part, credited."""
    status = known(invoice.status)
    if status is InvoiceStatus.DRAFT:
        return []
    subject = _Subject("Invoice", invoice.ref, invoice.reference, TimelineArea.INVOICE, invoice.legal_entity_code)
    number = known(invoice.number) or invoice.ref.key
    issued = known(invoice.created_at) or _midnight(known(invoice.issued_on))
    cancelled = " and was cancelled later" if status is InvoiceStatus.CANCELLED else ""
    title = f"Invoice {number} went out{_words('over', invoice.total)}{cancelled}"
    entries = subject.tell(TimelineKind.INVOICE_GENERATED, issued, title, amount=invoice.total)
    if late := overdue_days(invoice, today):
        since = _midnight(today - timedelta(days=late - 1))
        title = f"Invoice {number} is overdue{_words('with', invoice.open)}"
        entries += subject.tell(TimelineKind.INVOICE_OVERDUE, since, title, amount=invoice.open)
    return entries + _settled(invoice, number)


def _settled(invoice: Invoice, number: str) -> list[TimelineEntry]:
    """Paid part by part, and credited."""
    entries: list[TimelineEntry] = []
    applications, used = known(invoice.payments) or (), Counter[Ref]()
    for application in applications:
        settles = application is applications[-1] and known(invoice.status) is InvoiceStatus.PAID
        payment = application.payment
        if payment is not None:
            # Counted for each payment: one that is told later with an earlier date must not become another's.
            entries += _paid(invoice, number, application, payment, used[payment.ref], settles=settles)
            used[payment.ref] += 1
    for memo in known(invoice.credit_memos) or ():
        entries += _credited(invoice, number, memo)
    return entries


def _paid(
    invoice: Invoice, number: str, application: PaymentApplication, payment: Payment, before: int, *, settles: bool
) -> list[TimelineEntry]:
    entity = payment.legal_entity_code or invoice.legal_entity_code
    subject = _Subject("Payment", payment.ref, payment.reference, TimelineArea.PAYMENT, entity)
    name = f"Payment {known(payment.number) or payment.ref.key}"
    verb = "settled" if settles else "was used for"
    title = f"{name} {verb} invoice {number}{_words('with', application.amount)}"
    part = f"{invoice.ref.key}/{before}"
    kind = TimelineKind.PAYMENT_APPLIED
    entries = subject.tell(kind, application.applied_at, title, amount=application.amount, part=part)
    received = known(payment.received_at)
    if received and application.applied_at and received.date() < application.applied_at.date():
        title = f"{name} came in{_words('over', payment.amount)}"
        entries += subject.tell(TimelineKind.PAYMENT_RECEIVED, received, title, amount=payment.amount)
    return entries


def _credited(invoice: Invoice, invoice_number: str, memo: CreditMemo) -> list[TimelineEntry]:
    entity = memo.legal_entity_code or invoice.legal_entity_code
    subject = _Subject("CreditMemo", memo.ref, memo.reference, TimelineArea.INVOICE, entity)
    at = known(memo.created_at) or _midnight(known(memo.issued_on))
    name = f"Credit memo {known(memo.number) or memo.ref.key}"
    title = f"{name} gave back{_words('', memo.total)} of invoice {invoice_number}"
    reason = known(memo.reason)
    return subject.tell(TimelineKind.CREDIT_MEMO_ISSUED, at, title, amount=memo.total, detail=reason)


def _words(before: str, amount: Told[Money]) -> str:
    held = known(amount)
    if held is None:
        return ""
    return f" {before} {held.amount:,} {held.currency_code}".replace("  ", " ")


def _midnight(day: date | None) -> datetime | None:
    return datetime.combine(day, time(), UTC) if day else None
