"""How each kind of effect is looked up and done, by the ports of its system."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from msgspec import Struct

from canonical.absence import known
from canonical.intake import (
    Amendment,
    CrmOrderRequest,
    CustomerAcknowledgment,
    CustomerRequest,
    LineChange,
    OrderAcknowledgment,
    OrderRequest,
    WriteBack,
)
from canonical.order import OrderLine, OrderRecord, Stage
from canonical.refs import Ref
from canonical.wanted import Wanted
from sources.intake import CustomerIntake, OrderIntake, OrderWriteBack
from sources.kit.call import Call
from sources.ports import Lookup, OrderSource
from workflows.effects import Effect, EffectKind
from workflows.performing import FoundTwiceError, Writing
from workflows.telling_numbers import Repeatable, Told, telling_account
from workflows.workshop import Workshop

_COMPARED = Wanted.of(
    "lines.sku", "lines.quantity", "lines.unit_price", "lines.starts_on", "lines.ends_on", "purchase_order_number",
    "requested_delivery_date",
)  # fmt: skip


class Cancellation(Struct, frozen=True):
    """A booked order that is to be cancelled, by its key in the ERP; `reference` is the submission's."""

    order_key: str
    reference: str
    reason: str


def writing_of(shop: Workshop, effect: Effect) -> Writing:
    """How this effect is done; a Mistake where its system is not set up for it."""
    settle = shop.landscape.instances[effect.system].settle_seconds
    match effect.kind:
        case EffectKind.BOOK_ORDER:
            return Booking(
                shop.system(effect.system, OrderIntake, "book orders"), effect.read_request(OrderRequest), settle
            )
        case EffectKind.CANCEL_ORDER:
            return Cancelling(
                shop.system(effect.system, OrderIntake, "cancel orders"), effect.read_request(Cancellation)
            )
        case EffectKind.AMEND_ORDER | EffectKind.UNDO_AMENDMENT:
            erp = shop.system(effect.system, OrderIntake, "change orders")
            records = shop.systems.get(effect.system, OrderSource)
            return Amending(erp, records, effect.read_request(Amendment), settle)
        case EffectKind.CREATE_CUSTOMER:
            books = shop.system(effect.system, CustomerIntake, "create customers")
            return CreatingCustomer(books, effect.read_request(CustomerRequest), settle)
        case EffectKind.REGISTER_ORDER:
            crm = shop.system(effect.system, OrderWriteBack, "take orders born elsewhere")
            return Registering(crm, effect.read_request(CrmOrderRequest))
        case EffectKind.WRITE_BACK:
            return TellingCrm(
                shop.system(effect.system, OrderWriteBack, "be told of bookings"), effect.read_request(WriteBack)
            )
        case EffectKind.WRITE_BACK_CUSTOMER:
            return telling_account(shop, effect)


@dataclass(frozen=True, slots=True)
class Booking(Writing):
    """An order goes into an ERP's books."""

    erp: OrderIntake
    request: OrderRequest
    settle_seconds: float

    async def look(self, call: Call) -> OrderAcknowledgment | None:
        """The order that carries our reference, a cancelled one only where no other does."""
        reference = self.request.reference
        found = (await self.erp.find_orders(call, [reference])).get(reference, ())
        return one_of(self.erp.name, reference, found)

    async def act(self, call: Call) -> OrderAcknowledgment:
        """Book it."""
        return await self.erp.book_order(call, self.request)


def one_of(system: str, reference: str, found: Sequence[OrderAcknowledgment]) -> OrderAcknowledgment | None:
    """The one that stands, else the one that was cancelled; FoundTwiceError when several stand."""
    live = [order for order in found if not order.cancelled]
    if len(live) > 1:
        numbers = " and ".join(order.number or order.order.key for order in live)
        raise FoundTwiceError(system, f"{system} holds {numbers} for the one order {reference}. Keep one of them.")
    return next(iter([*live, *found]), None)


@dataclass(frozen=True, slots=True)
class Cancelling(Repeatable):
    """A booked order is cancelled; the port itself may be asked again."""

    erp: OrderIntake
    cancellation: Cancellation

    async def act(self, call: Call) -> OrderAcknowledgment:
        """Cancel it, or hear that it is cancelled."""
        asked = self.cancellation
        return await self.erp.cancel_order(call, asked.order_key, asked.reference, asked.reason)


@dataclass(frozen=True, slots=True)
class Amending(Writing):
    """A booked order is changed. Found again by the change's own reference, or by the order showing it.

    A cancelled order is not the change that took effect, whatever it carries or shows: nothing of it stands.
    """

    erp: OrderIntake
    records: OrderSource | None
    amendment: Amendment
    settle_seconds: float

    async def look(self, call: Call) -> OrderAcknowledgment | None:
        """The order that stands, once it carries the change's reference or every value of it."""
        reference = self.amendment.reference
        found = (await self.erp.find_orders(call, [reference])).get(reference)
        if found:
            carrying = one_of(self.erp.name, reference, found)
            return None if carrying is None or carrying.cancelled else carrying
        if self.records is None:
            return None
        asked = Lookup(keys=(self.amendment.order_key,))
        shown = await self.records.fetch_orders(call, asked, _COMPARED)
        return next((_acknowledged(record) for record in shown if shows(record, self.amendment)), None)

    async def act(self, call: Call) -> OrderAcknowledgment:
        """Change it."""
        return await self.erp.amend_order(call, self.amendment)


def shows(record: OrderRecord, amendment: Amendment) -> bool:
    """Whether the order stands, and looks as it would after the change."""
    lines = {line.key: line for line in known(record.lines) or () if not line.cancelled}
    added = {(line.sku, line.quantity, line.starts_on) for line in amendment.add}
    held = {(known(line.sku), known(line.quantity), known(line.starts_on)) for line in lines.values()}
    dates = (None, known(record.requested_delivery_date))
    numbers = (None, known(record.purchase_order_number))
    return (
        record.stage is not Stage.CANCELLED
        and all(change.key in lines and _has(lines[change.key], change) for change in amendment.change)
        and not lines.keys() & set(amendment.remove)
        and added <= held
        and amendment.requested_delivery_date in dates
        and amendment.purchase_order_number in numbers
    )


def _has(line: OrderLine, change: LineChange) -> bool:
    price = known(line.unit_price)
    return (
        change.quantity in (None, known(line.quantity))
        and change.unit_price in (None, price.amount if price else None)
        and change.starts_on in (None, known(line.starts_on))
        and change.ends_on in (None, known(line.ends_on))
    )


def _acknowledged(record: OrderRecord) -> OrderAcknowledgment:
    return OrderAcknowledgment(
        order=record.ref,
        reference=record.reference,
        number=record.number,
        state=record.status.status,
        version=known(record.version),
    )


@dataclass(frozen=True, slots=True)
class CreatingCustomer(Writing):
    """A customer is created in an ERP's books: one for a record of the CRM, whoever asks and how often."""

    erp: CustomerIntake
    request: CustomerRequest
    settle_seconds: float

    async def look(self, call: Call) -> CustomerAcknowledgment | None:
        """The customer that carries our reference or the CRM's key."""
        names = [self.request.reference, *([self.request.crm_key] if self.request.crm_key else [])]
        found = await self.erp.find_created_customers(call, names)
        held = {told.customer: told for name in names for told in found.get(name, ())}
        if len(held) > 1:
            keys = " and ".join(sorted(ref.key for ref in held))
            raise FoundTwiceError(self.erp.name, f"{self.erp.name} holds customers {keys} for {self.request.name}.")
        return next(iter(held.values()), None)

    async def act(self, call: Call) -> CustomerAcknowledgment:
        """Create it."""
        return await self.erp.create_customer(call, self.request)


@dataclass(frozen=True, slots=True)
class Registering(Repeatable):
    """An order that was born elsewhere is put into the CRM; the port itself may be asked again."""

    crm: OrderWriteBack
    request: CrmOrderRequest

    async def act(self, call: Call) -> Ref:
        """Put it there, or hear where it is."""
        return await self.crm.register_order(call, self.request)


@dataclass(frozen=True, slots=True)
class TellingCrm(Repeatable):
    """The CRM is told what became of its order; the same words again change nothing there."""

    crm: OrderWriteBack
    told: WriteBack

    async def act(self, call: Call) -> Told:
        """Tell it."""
        await self.crm.write_back(call, self.told)
        return Told()
