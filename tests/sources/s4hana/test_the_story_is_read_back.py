"""What the story says of every order is what the adapter reads over HTTP, whatever shapes lie between."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from decimal import Decimal

import pytest
import pytest_asyncio

from canonical.absence import known
from canonical.invoice import Invoice, InvoiceStatus
from canonical.order import OrderRecord, Stage
from canonical.shipment import Shipment
from canonical.wanted import Wanted
from sources.kit.call import chunks
from sources.kit.sandbox.story import Bill
from sources.kit.sandbox.sums import Booked, billed, credited, still_open
from sources.ports import Lookup
from tests.sources.s4hana.opened import call
from tests.sources.s4hana.pretend import Opened, pretend

ORDER = Wanted.of(
    "customer_key", "purchase_order_number", "subtotal", "total", "holds", "lines.sku", "lines.quantity",
    "lines.unit_price", "lines.starts_on", "lines.ends_on", "lines.segment", "lines.parent_key",
)  # fmt: skip
INVOICE = Wanted.of(
    "status", "disputed", "due_on", "paid", "open", "payments.payment.amount", "payments.payment.method",
    "credit_memos.open",
)  # fmt: skip
ZERO = Decimal("0.00")


class Read:
    """Everything that the adapter told."""

    def __init__(self, opened: Opened) -> None:
        self.opened = opened
        self.orders: dict[str, OrderRecord] = {}
        self.shipments: dict[str, Sequence[Shipment]] = {}
        self.invoices: dict[str, Sequence[Invoice]] = {}

    async def all(self) -> Read:
        source = self.opened.source
        for keys in chunks(list(self.opened.told), 90):
            records = await source.fetch_orders(call(), Lookup(keys=tuple(keys)), ORDER)
            self.orders.update({record.ref.key: record for record in records})
            self.shipments.update(await source.fetch_shipments_of_orders(call(), records, Wanted.of("shipped_at")))
            self.invoices.update(await source.fetch_invoices_of_orders(call(), records, INVOICE))
        return self

    def bills(self) -> list[tuple[Booked, Bill, Invoice]]:
        """Each bill of the story with the invoice that was read."""
        return [
            (order, bill, self.invoice(key, bill.number))
            for key, order in self.opened.told.items()
            for bill in order.booking.bills
        ]

    def invoice(self, order: str, number: str) -> Invoice:
        (found,) = [invoice for invoice in self.invoices[order] if invoice.ref.key == number]
        return found


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def read() -> AsyncIterator[Read]:
    async with pretend(deals=600) as opened:
        yield await Read(opened).all()


pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_every_order_is_there_with_its_amounts(read: Read) -> None:
    expected = {key: _priced(order) for key, order in read.opened.told.items()}
    found = {key: (_amount(order.subtotal), _amount(order.total)) for key, order in read.orders.items()}

    assert found == expected


async def test_every_order_carries_its_references_days_and_holds(read: Read) -> None:
    for key, order in read.opened.told.items():
        record, booking = read.orders[key], order.booking
        assert record.partner_keys == ((booking.reference,) if booking.reference else ())
        assert record.purchase_order_number == (booking.purchase_order or None)
        assert record.ordered_at.date() == booking.booked_at.date()
        assert record.customer_key == booking.customer_number
        assert record.stage is (Stage.CANCELLED if booking.cancelled_at else Stage.BOOKED)
        held = [] if booking.cancelled_at else sorted(booking.holds)
        assert sorted(hold.kind.value.lower() for hold in record.holds) == held


async def test_every_line_has_its_quantity_price_period_and_parent(read: Read) -> None:
    for key, order in read.opened.told.items():
        for line in known(read.orders[key].lines) or ():
            sold = order.lines[int(line.key)]
            price = known(line.unit_price)
            assert (line.sku, line.quantity) == (sold.sku, sold.quantity)
            assert price is not None
            assert price.amount == order.booking.price_overrides.get(sold.number, sold.unit_price)
            assert (line.starts_on, line.ends_on, line.segment) == (sold.starts_on, sold.ends_on, sold.segment)
            assert line.parent_key == (str(sold.parent) if sold.parent else None)
            assert line.shippable is not read.opened.story.articles[sold.sku].service


async def test_every_delivery_is_there_and_posted_only_when_goods_left(read: Read) -> None:
    for key, order in read.opened.told.items():
        found = {
            s.ref.key: (s.posted, s.is_return, known(s.shipped_at), _moved(s)) for s in read.shipments.get(key, ())
        }
        assert found == {
            parcel.number: (
                parcel.posted_at is not None,
                parcel.is_return,
                parcel.posted_at.replace(microsecond=0) if parcel.posted_at else None,
                {(key, str(line)): quantity for line, quantity in parcel.quantities.items()},
            )
            for parcel in order.booking.parcels
        }


async def test_every_bill_is_there_with_what_is_open_paid_and_due(read: Read) -> None:
    orders = read.opened.told
    for order, bill, invoice in read.bills():
        received = ZERO if bill.cancelled else sum((receipt.amount for receipt in bill.receipts), ZERO)
        assert _amount(invoice.total) == billed(bill, orders).gross
        assert _amount(invoice.open) == (still_open(bill, order, orders) if bill.posted else ZERO)
        assert _amount(invoice.paid) == received
        assert invoice.due_on == (bill.due_on if bill.posted and not bill.cancelled else None)
        assert invoice.disputed is bill.disputed
        assert sorted(ref.key for ref in invoice.order_refs) == sorted({order for order, _ in bill.quantities})


async def test_every_bill_has_the_status_that_its_story_comes_to(read: Read) -> None:
    assert {invoice.status for _, _, invoice in read.bills()} >= {
        InvoiceStatus.PAID,
        InvoiceStatus.PARTIALLY_PAID,
        InvoiceStatus.POSTED,
        InvoiceStatus.CANCELLED,
    }
    for _, bill, invoice in read.bills():
        assert invoice.status is _status(bill, _amount(invoice.open), _amount(invoice.total))


async def test_every_payment_is_applied_as_it_was_and_told_in_full(read: Read) -> None:
    for _, bill, invoice in read.bills():
        found = sorted(
            (
                applied.payment.number,
                applied.amount.amount if applied.amount else None,
                applied.applied_at.date() if applied.applied_at else None,
                _amount(applied.payment.amount),
                applied.payment.method,
            )
            for applied in known(invoice.payments) or ()
            if applied.payment is not None
        )
        assert found == sorted(
            (receipt.number, receipt.amount, receipt.paid_on, receipt.payment_total, receipt.method)
            for receipt in (() if bill.cancelled else bill.receipts)
        )


async def test_every_credit_memo_stands_under_its_bill(read: Read) -> None:
    for order, bill, invoice in read.bills():
        found = {memo.ref.key: _amount(memo.total) for memo in known(invoice.credit_memos) or ()}
        assert found == {note.number: credited(note, order).gross for note in bill.credits}


async def test_a_collective_invoice_stands_under_each_of_its_orders(read: Read) -> None:
    shared = [(key, number) for key, order in read.opened.told.items() for number in order.booking.shared_bills]

    assert shared
    for key, number in shared:
        assert len(read.invoice(key, number).order_refs) > 1


async def test_payments_by_key_say_all_that_they_were_used_for(read: Read) -> None:
    payments = {
        applied.payment.ref.key: applied.payment.number
        for _, _, invoice in read.bills()
        for applied in known(invoice.payments) or ()
        if applied.payment is not None
    }
    keys = list(payments)[:80]
    found = await read.opened.source.fetch_payments(call(), keys, Wanted.of("amount", "unapplied", "applications"))

    uses = _uses(read)
    for key in keys:
        payment, (total, used) = found[key], uses[str(payments[key])]
        assert _amount(payment.amount) == total
        assert _amount(payment.unapplied) == total - sum(used.values())
        assert {
            applied.invoice_ref.key: applied.amount.amount
            for applied in known(payment.applications) or ()
            if applied.amount is not None
        } == used


def _uses(read: Read) -> dict[str, tuple[Decimal, dict[str, Decimal]]]:
    uses: dict[str, tuple[Decimal, dict[str, Decimal]]] = {}
    for _, bill, _ in read.bills():
        for receipt in bill.receipts:
            uses.setdefault(receipt.number, (receipt.payment_total, {}))[1][bill.number] = receipt.amount
    return uses


def _priced(order: Booked) -> tuple[Decimal, Decimal]:
    quantities: Mapping[int, Decimal] = {number: order.lines[number].quantity for number in order.booking.lines}
    total = order.sum(quantities)
    return total.net, total.gross


def _amount(value: object) -> Decimal:
    amount = getattr(value, "amount", None)
    assert isinstance(amount, Decimal), value
    return amount


def _moved(shipment: Shipment) -> dict[tuple[str | None, str | None], Decimal | None]:
    return {(line.order.key if line.order else None, line.order_line_key): line.quantity for line in shipment.lines}


def _status(bill: Bill, left: Decimal, total: Decimal) -> InvoiceStatus:
    if bill.cancelled:
        return InvoiceStatus.CANCELLED
    if not bill.posted:
        return InvoiceStatus.DRAFT
    if left == ZERO:
        return InvoiceStatus.PAID
    return InvoiceStatus.PARTIALLY_PAID if left < total else InvoiceStatus.POSTED
