"""Tells the company's story as Tryton would keep it: one instance's customers, products, sales, goods and money."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Literal

from sources.kit.sandbox.story import Bill, Booking, Buyer, CreditNote, ErpAccount, Parcel, Person, Place, Sold, Story
from sources.kit.sandbox.sums import Booked, booked, still_open
from sources.tryton.sandbox.tale import (
    Address,
    Contact,
    Credit,
    Customer,
    Delivery,
    Invoice,
    Line,
    Money,
    Product,
    Sale,
    Tale,
)

_BLOCKS = {"billing": "Billing block", "delivery": "Delivery block"}


def tell(story: Story, instance: str) -> Tale:
    """What this instance keeps, in its own words; the same tale for the same story. LookupError for an unknown one."""
    entity = next((entity for entity in story.entities if entity.instance == instance), None)
    if entity is None:
        raise LookupError(f"Nobody in the story keeps books in {instance}.")
    orders = booked(story, instance)
    return Tale(
        company=entity.name,
        country=entity.country,
        currency=entity.currency,
        told_on=story.told_on,
        customers=tuple(_customers(story.buyers.values(), instance)),
        products=tuple(
            Product(article.sku, article.name, article.service, article.prices[entity.currency], article.active)
            for article in story.articles.values()
        ),
        sales=tuple(_sale(order, orders) for order in orders.values()),
    )


def _customers(buyers: Iterable[Buyer], instance: str) -> Iterable[Customer]:
    for buyer in buyers:
        for account in buyer.accounts:
            if account.instance == instance:
                yield _customer(buyer, account)


def _customer(buyer: Buyer, account: ErpAccount) -> Customer:
    return Customer(
        code=account.number,
        name=buyer.erp_names.get(account.instance, buyer.name),
        billing=_address(buyer.billing),
        shipping=_address(buyer.shipping),
        contacts=tuple(_contact(person) for person in buyer.people),
        payment_days=account.payment_days,
        credit_limit=account.credit_limit,
        created_at=buyer.created_at,
    )


def _contact(person: Person) -> Contact:
    return Contact(f"{person.first_name} {person.last_name}", person.email, person.phone)


def _address(place: Place) -> Address:
    return Address(place.street, place.city, place.postal_code, place.region, place.country)


def _sale(order: Booked, orders: dict[str, Booked]) -> Sale:
    booking = order.booking
    return Sale(
        number=booking.number,
        reference=booking.reference,
        customer=booking.customer_number,
        state=_state(booking),
        held="credit" in booking.holds,
        booked_at=booking.booked_at,
        changed_at=max(_moments(booking)),
        requested_on=booking.requested_on,
        note=_note(booking),
        lines=tuple(_line(order.lines[number], booking) for number in booking.lines),
        deliveries=tuple(_delivery(parcel) for parcel in booking.parcels),
        invoices=tuple(_invoice(bill, order, orders) for bill in booking.bills),
    )


def _state(booking: Booking) -> Literal["draft", "quotation", "confirmed", "cancelled"]:
    if booking.cancelled_at:
        return "cancelled"
    return "confirmed" if booking.confirmed and "credit" not in booking.holds else "quotation"


def _note(booking: Booking) -> str:
    """What Tryton has no field for, as a clerk would write it into the comment."""
    remarks = [f"{_BLOCKS[hold]} since {booking.held_since:%Y-%m-%d}" for hold in booking.holds if hold in _BLOCKS]
    if booking.purchase_order:
        remarks.insert(0, f"Purchase order {booking.purchase_order}")
    return "\n".join(remarks)


def _moments(booking: Booking) -> Iterable[datetime]:
    yield booking.booked_at
    for parcel in booking.parcels:
        yield parcel.posted_at or parcel.created_at
    for bill in booking.bills:
        yield bill.issued_at
        yield from (_noon(receipt.paid_on) for receipt in bill.receipts)
        yield from (_noon(credit.issued_on) for credit in bill.credits)
    if booking.cancelled_at:
        yield booking.cancelled_at


def _noon(day: date) -> datetime:
    return datetime.combine(day, time(12), UTC)


def _line(sold: Sold, booking: Booking) -> Line:
    return Line(
        number=sold.number,
        product=sold.sku,
        quantity=sold.quantity,
        unit_price=booking.price_overrides.get(sold.number, sold.unit_price),
        tax_rate=sold.tax_rate,
        description=f"{sold.starts_on} to {sold.ends_on}" if sold.starts_on and sold.ends_on else "",
    )


def _delivery(parcel: Parcel) -> Delivery:
    return Delivery(
        number=parcel.number,
        created_at=parcel.created_at,
        planned_on=parcel.planned_on,
        quantities={str(number): quantity for number, quantity in parcel.quantities.items()},
        picked=parcel.picked,
        posted_at=parcel.posted_at,
        is_return=parcel.is_return,
    )


def _invoice(bill: Bill, order: Booked, orders: dict[str, Booked]) -> Invoice:
    return Invoice(
        number=bill.number,
        issued_at=bill.issued_at,
        quantities={f"{number}/{line}": quantity for (number, line), quantity in bill.quantities.items()},
        posted=bill.posted,
        settled=not bill.cancelled and still_open(bill, order, orders) == Decimal(0),
        cancelled=bill.cancelled,
        payments=tuple(Money(each.number, each.amount, each.paid_on, each.method) for each in bill.receipts),
        credits=tuple(_credit(note, order.booking) for note in bill.credits),
    )


def _credit(note: CreditNote, booking: Booking) -> Credit:
    quantities = {f"{booking.number}/{line}": quantity for line, quantity in note.quantities.items()}
    return Credit(note.number, note.issued_on, quantities, note.reason, note.applied)
