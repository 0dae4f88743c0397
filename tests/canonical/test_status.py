"""Where an order stands follows from its owners' facts."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from msgspec.structs import replace

from canonical.invoice import CreditMemo, Invoice, InvoiceStatus
from canonical.lineage import Stamp
from canonical.money import money
from canonical.order import (
    FulfillmentStatus,
    Hold,
    HoldKind,
    InvoicingStatus,
    OrderPaymentStatus,
    OrderRecord,
    OrderStatus,
    Stage,
)
from canonical.refs import Ref, SystemReference
from canonical.shipment import Shipment, ShipmentStatus
from canonical.status import (
    fulfillment_status,
    invoicing_status,
    order_status,
    overdue_days,
    payment_status,
    shipped_quantities,
)
from tests.fakes.company import NOW, Company

TODAY = NOW.date()


@pytest.fixture
def company() -> Company:
    return Company()


@pytest.fixture
def order(company: Company) -> OrderRecord:
    return company.booked("erp-eu", "77", "sale1")


def stands(
    order: OrderRecord, shipments: list[Shipment] | None = None, invoices: list[Invoice] | None = None
) -> OrderStatus:
    sent, billed = shipments or [], invoices or []
    return order_status(
        None,
        [order],
        fulfillment_status([order], sent),
        invoicing_status([order], billed),
        payment_status(billed, TODAY),
    )


def test_a_delivery_that_was_made_but_has_not_left_ships_nothing(company: Company, order: OrderRecord) -> None:
    planned = company.shipped(order, "S1", 10, posted=False)

    assert fulfillment_status([order], [planned]) is FulfillmentStatus.NOT_STARTED
    assert stands(order, [planned]) is OrderStatus.BOOKED


def test_some_of_the_units_are_a_partial_shipment(company: Company, order: OrderRecord) -> None:
    sent = company.shipped(order, "S1", 4)

    assert fulfillment_status([order], [sent]) is FulfillmentStatus.PARTIALLY_SHIPPED
    assert stands(order, [sent]) is OrderStatus.IN_FULFILLMENT


def test_all_units_in_two_shipments_are_shipped_and_delivered_only_when_both_are(
    company: Company, order: OrderRecord
) -> None:
    first, second = company.shipped(order, "S1", 4), company.shipped(order, "S2", 6)
    arrived = [replace(shipment, status=ShipmentStatus.DELIVERED) for shipment in (first, second)]

    assert fulfillment_status([order], [first, second]) is FulfillmentStatus.SHIPPED
    assert fulfillment_status([order], [arrived[0], second]) is FulfillmentStatus.SHIPPED
    assert fulfillment_status([order], arrived) is FulfillmentStatus.DELIVERED
    assert stands(order, [first, second]) is OrderStatus.FULFILLED


def test_services_are_never_shipped(order: OrderRecord) -> None:
    assert isinstance(order.lines, tuple)
    service = replace(order, lines=tuple(replace(line, shippable=False) for line in order.lines))

    assert fulfillment_status([service], []) is FulfillmentStatus.NOT_APPLICABLE
    assert stands(service) is OrderStatus.FULFILLED


def test_what_came_back_is_returned(company: Company, order: OrderRecord) -> None:
    sent = company.shipped(order, "S1", 10)
    some = company.shipped(order, "R1", 4, is_return=True)
    rest = company.shipped(order, "R2", 6, is_return=True)

    assert fulfillment_status([order], [sent, some]) is FulfillmentStatus.PARTIALLY_RETURNED
    assert fulfillment_status([order], [sent, some, rest]) is FulfillmentStatus.RETURNED
    assert shipped_quantities([sent, some])[(order.ref, "10")] == Decimal(6)


def test_billing_is_counted_in_units_of_live_invoices(company: Company, order: OrderRecord) -> None:
    part, rest = company.billed(order, "I1", 4), company.billed(order, "I2", 6)
    draft = replace(rest, status=InvoiceStatus.DRAFT)
    cancelled = replace(rest, status=InvoiceStatus.CANCELLED)

    assert invoicing_status([order], []) is InvoicingStatus.NOT_INVOICED
    assert invoicing_status([order], [draft]) is InvoicingStatus.NOT_INVOICED
    assert invoicing_status([order], [part, cancelled]) is InvoicingStatus.PARTIALLY_INVOICED
    assert invoicing_status([order], [part, rest]) is InvoicingStatus.INVOICED


def test_an_invoice_credited_in_full_is_credited_and_refunded(company: Company, order: OrderRecord) -> None:
    memo = CreditMemo(
        ref=Ref("erp-eu", "C1"),
        reference=SystemReference("erp-eu", "CreditMemo", "C1"),
        stamp=Stamp("erp-eu", "CreditMemo", "C1", NOW),
        total=money(1200, "EUR"),
    )
    credited = company.billed(order, "I1", 10, credit_memos=(memo,))
    partly = replace(credited, credit_memos=(replace(memo, total=money(100, "EUR")),))

    assert invoicing_status([order], [credited]) is InvoicingStatus.CREDITED
    assert payment_status([credited], TODAY) is OrderPaymentStatus.REFUNDED
    assert invoicing_status([order], [partly]) is InvoicingStatus.INVOICED


def test_payment_goes_from_open_over_partly_to_paid_and_late_is_overdue(company: Company, order: OrderRecord) -> None:
    unpaid = company.billed(order, "I1", 10)
    partly = company.billed(order, "I2", 10, paid="200")
    paid = company.billed(order, "I3", 10, paid="1200")
    late = replace(partly, due_on=TODAY - timedelta(days=3))

    assert payment_status([], TODAY) is OrderPaymentStatus.NOT_DUE
    assert payment_status([unpaid], TODAY) is OrderPaymentStatus.OPEN
    assert payment_status([partly], TODAY) is OrderPaymentStatus.PARTIALLY_PAID
    assert payment_status([unpaid, paid], TODAY) is OrderPaymentStatus.PARTIALLY_PAID
    assert payment_status([paid], TODAY) is OrderPaymentStatus.PAID
    assert payment_status([late, paid], TODAY) is OrderPaymentStatus.OVERDUE
    assert overdue_days(late, TODAY) == 3
    assert overdue_days(replace(paid, due_on=late.due_on), TODAY) == 0


def test_shipped_billed_and_paid_is_completed(company: Company, order: OrderRecord) -> None:
    sent, paid = company.shipped(order, "S1", 10), company.billed(order, "I1", 10, paid="1200")

    assert stands(order, [sent], [paid]) is OrderStatus.COMPLETED


def test_any_hold_blocks_and_every_booking_cancelled_cancels(company: Company, order: OrderRecord) -> None:
    held = replace(order, holds=(Hold(kind=HoldKind.CREDIT, system="erp-eu"),))
    gone = replace(held, stage=Stage.CANCELLED)
    other = company.booked("erp-us", "88", "sale1")
    axes = (FulfillmentStatus.NOT_STARTED, InvoicingStatus.NOT_INVOICED, OrderPaymentStatus.NOT_DUE)

    assert stands(held) is OrderStatus.ON_HOLD
    assert stands(gone) is OrderStatus.CANCELLED
    assert order_status(None, [gone, other], *axes) is OrderStatus.BOOKED


def test_before_any_booking_the_crm_tells(company: Company) -> None:
    axes = (FulfillmentStatus.NOT_STARTED, InvoicingStatus.NOT_INVOICED, OrderPaymentStatus.NOT_DUE)
    sold = company.sold("sale1")
    draft_in_erp = company.booked("erp-eu", "77", "sale1", stage=Stage.DRAFT)

    assert order_status(sold, [], *axes) is OrderStatus.SUBMITTED
    assert order_status(replace(sold, stage=Stage.DRAFT), [], *axes) is OrderStatus.DRAFT
    assert order_status(sold, [draft_in_erp], *axes) is OrderStatus.SUBMITTED
    assert order_status(replace(sold, stage=Stage.CANCELLED), [], *axes) is OrderStatus.CANCELLED
