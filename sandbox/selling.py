"""Steps of a sale: offered, accepted, activated, booked, told to the CRM, amended, cancelled; and what is around it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random

from sandbox.deals import Start, sale
from sandbox.keys import Numbers
from sandbox.plans import Plan
from sandbox.scene import NOTHING, NoSenseError, Scene, Told, each, going_on, parcelled
from sources.kit.sandbox.moves import ADOPTED
from sources.kit.sandbox.story import Booking, Deal, Entity, Sold, Story

_BORN = Plan("born", ("booked",), (0, 0), 0.0, gap="draft")
_FEWER = 0.4
_VALID, _WANTED = timedelta(days=60), timedelta(days=21)


def new_sale(story: Story, entities: Sequence[Entity], at: datetime, chance: Random) -> Deal:
    """A deal that begins: a quote presented and a draft order, of a customer that both the CRM and an ERP know.

    Its keys are nobody's until the CRM has given others. NoSenseError where there is no such customer.
    """
    places = [
        (buyer, entity)
        for buyer in story.buyers.values()
        for entity in entities
        if buyer.crm_key and any(a.instance == entity.instance and not a.on_hold for a in buyer.accounts)
    ]
    if not places:
        raise NoSenseError("There is no customer to whom something new could be offered.")
    buyer, entity = chance.choice(places)
    start = Start(_BORN, "booked", buyer, (entity,), entity.currency, 0, chance)
    deal, offer = sale(start, Numbers(()), story.articles, story.told_on), None
    if deal.offer is not None:
        offer = replace(deal.offer, status="Presented", created_at=at, approved_at=at, accepted_at=None)
        offer = replace(offer, expires_on=(at + _VALID).date())
    wanted = (at + _WANTED).date()
    return replace(
        deal, created_at=at, requested_on=wanted, offer=offer, written_back=False, traits=frozenset({"born"})
    )


def accept(scene: Scene) -> Told:
    """The customer says yes to the quote."""
    offer = scene.deal.offer
    if offer is None or offer.status != "Presented":
        raise scene.refuse("has no quote that waits for an answer.")
    accepted = replace(offer, status="Accepted", accepted_at=scene.at)
    return Told(replace(scene.deal, offer=accepted), f"{scene.name}: {scene.buyer.name} accepted quote {offer.number}")


def activate(scene: Scene) -> Told:
    """The draft becomes an order; with it an open quote is accepted."""
    if scene.deal.crm_key is None or scene.deal.crm_status != "Draft":
        raise scene.refuse("is not a draft in the CRM.")
    deal, offer = scene.deal, scene.deal.offer
    if offer is not None and offer.status == "Presented":
        deal = replace(deal, offer=replace(offer, status="Accepted", accepted_at=scene.at))
    deal = replace(deal, crm_status="Activated", activated_at=scene.at)
    return Told(deal, f"{scene.name} of {scene.buyer.name} was activated in the CRM")


def book(scene: Scene) -> Told:
    """The order is entered in the ERP of each legal entity that sells a part of it, with the CRM's key."""
    deal = scene.deal
    if deal.bookings:
        raise scene.refuse("is booked already.")
    if deal.crm_key is None or deal.crm_status != "Activated":
        raise scene.refuse("is not active in the CRM.")
    sellers = {line.entity for line in deal.lines}
    bookings = tuple(_booking(scene, entity) for entity in scene.story.entities if entity.code in sellers)
    said = ", ".join(f"{booking.instance} order {booking.number}" for booking in bookings)
    return Told(replace(deal, bookings=bookings), f"{scene.name} of {scene.buyer.name} was booked ({said})")


def _booking(scene: Scene, entity: Entity) -> Booking:
    deal, instance = scene.deal, entity.instance
    if instance not in scene.movable:
        raise scene.refuse(f"belongs into {instance}, a real system, which the story does not move.")
    account = next((account for account in scene.buyer.accounts if account.instance == instance), None)
    if account is None:
        raise scene.refuse(f"cannot be booked: {instance} does not know {scene.buyer.name}.")
    return Booking(
        entity=entity.code,
        instance=instance,
        number=scene.number(instance, "order"),
        reference=deal.crm_key or "",
        customer_number=account.number,
        booked_at=scene.at,
        lines=tuple(line.number for line in deal.lines if line.entity == entity.code),
        requested_on=deal.requested_on,
        purchase_order=deal.purchase_order,
    )


def write_back(scene: Scene) -> Told:
    """The CRM is told the ERP's numbers."""
    deal = scene.deal
    if deal.crm_key is None or not deal.bookings:
        raise scene.refuse("has no number to tell the CRM.")
    if deal.written_back and all(booking.known_to_crm for booking in deal.bookings):
        raise scene.refuse("is known to the CRM by its ERP numbers.")
    bookings = tuple(replace(booking, known_to_crm=True) for booking in deal.bookings)
    told = replace(deal, bookings=bookings, written_back=True)
    return Told(told, f"{scene.name}: the CRM was told {', '.join(b.number for b in bookings)}")


def amend(scene: Scene) -> Told:
    """A line gets more or fewer units, in the ERP and in the CRM."""
    lines = [found for booking in going_on(scene) for found in _amendable(scene, booking)]
    if not lines or ADOPTED in scene.deal.traits:
        raise scene.refuse("has no line whose quantity could still change.")
    line, taken = scene.chance.choice(lines)
    fewer = line.quantity - 1 > taken and scene.chance.random() < _FEWER
    after = line.quantity - 1 if fewer else line.quantity + scene.chance.randint(1, 3)
    changed = tuple(replace(one, quantity=after) if one is line else one for one in scene.deal.lines)
    said = f"{scene.name}: {after:f} instead of {line.quantity:f} {scene.story.articles[line.sku].name}"
    return Told(replace(scene.deal, lines=changed), said)


def _amendable(scene: Scene, booking: Booking) -> Iterator[tuple[Sold, Decimal]]:
    """Plain lines that one booking alone has, not all sent, nothing billed; with the units that are taken already."""
    sent, billed = parcelled(booking, gone=False), scene.billed(booking)
    parents = {line.parent for line in scene.deal.lines}
    others = {n for one in scene.deal.bookings if one is not booking for n in one.lines}
    for line in scene.deal.lines:
        taken = sent.get(line.number, NOTHING)
        tied = line.parent or line.number in parents or line.starts_on or line.number in others
        if line.number in booking.lines and not tied and line.number not in billed and taken < line.quantity:
            yield line, taken


def amend_contract(scene: Scene) -> Told:
    """The contract of a ramp is agreed for another year, in the CRM alone."""
    deal = scene.deal
    if deal.crm_key is None or not any(line.segment for line in deal.lines):
        raise scene.refuse("has no contract in the CRM.")
    if deal.crm_status != "Activated":
        raise scene.refuse("has no contract that is in force.")
    told = replace(deal, contract_amended=(*deal.contract_amended, scene.at))
    return Told(told, f"{scene.name}: the contract with {scene.buyer.name} was amended by another year")


def cancel(scene: Scene) -> Told:
    """The order is given up, before anything was sent or billed; in the CRM once it is in every ERP."""
    deal = scene.deal
    if not deal.bookings:
        return _given_up(scene)
    told = each(scene, _cancelled)
    if deal.crm_key and all(booking.cancelled_at for booking in told.deal.bookings):
        return told._replace(deal=replace(told.deal, crm_status="Canceled", cancelled_at=scene.at))
    return told


def _given_up(scene: Scene) -> Told:
    if scene.deal.crm_status == "Canceled":
        raise scene.refuse("was cancelled.")
    after = replace(scene.deal, crm_status="Canceled", cancelled_at=scene.at)
    return Told(after, f"{scene.name} was given up before it was booked")


def _cancelled(scene: Scene, booking: Booking) -> tuple[Booking, str]:
    if booking.parcels or booking.bills or booking.shared_bills:
        raise scene.refuse("has deliveries or invoices: it cannot be cancelled any more.")
    return replace(booking, cancelled_at=scene.at, holds=()), f"cancelled by the customer ({booking.instance})"


def move_customer(scene: Scene) -> Told:
    """The customer has another telephone number."""
    buyer = scene.buyer
    if buyer.crm_key is None or not buyer.people:
        raise scene.refuse("is of a customer that the CRM does not know.")
    first, *others = buyer.people
    area, _ = first.phone.rsplit(" ", 1)
    called = replace(first, phone=f"{area} {scene.chance.randint(1000, 9999)}")
    said = f"{buyer.name} has another telephone number: {called.phone}"
    return Told(scene.deal, said, replace(buyer, people=(called, *others)))
