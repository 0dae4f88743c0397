"""Books an order in Tryton: enters a draft, gets it a quotation, confirms it; three steps, each of them committed.

What makes it safe to repeat: the draft carries our reference from its first moment, and only a confirmed sale has a
date. So three things can be there when a booking is asked for once more.

1. Nothing with our reference: nothing was done. It is entered.
2. A draft or quotation without a date: an earlier booking stopped there. It is gone on with as long as it still says
   what is asked for; one that says something else, or a second one, is deleted first. None of these is an order.
3. Anything else: it is booked, whatever people have made of it since. It is acknowledged, and nothing is done.

Tryton does not keep references unique: two bookings of one reference at the same time would both find nothing. Whoever
calls holds the reference's lease, and waits until an earlier attempt has certainly ended before looking is trusted.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from itertools import count
from typing import Final, NamedTuple

from canonical.errors import Fault, Refused
from canonical.intake import OrderAcknowledgment, OrderRequest
from sources.kit.call import Call
from sources.tryton import wire_intake
from sources.tryton.addresses import place_for
from sources.tryton.clerk import Clerk, Office, shape
from sources.tryton.finding import Finding
from sources.tryton.line_notes import structure_of, to_note
from sources.tryton.mapping_intake import is_unfinished, lines_of, to_acknowledgment, to_sale
from sources.tryton.prepared import Line, Objection, Prepared, refuse
from sources.tryton.preparing import Preparing
from sources.tryton.reading import SALE
from sources.tryton.settings import Settings
from sources.tryton.values import on_day
from sources.tryton.wire_intake import Configuration, Order

_CONFIGURATION: Final = shape("sale.configuration", ("sale_process_after",), Configuration)


class Places(NamedTuple):
    """Where the invoice and where the goods go."""

    invoice: int
    delivery: int


class Booking:
    """Books orders; see this module for what may be repeated."""

    def __init__(self, settings: Settings, office: Office, finding: Finding, preparing: Preparing) -> None:
        """Nothing is asked yet."""
        self._settings, self._office = settings, office
        self._finding, self._preparing = finding, preparing

    async def book(self, call: Call, request: OrderRequest) -> OrderAcknowledgment:
        """The order that stands when this is done; Refused leaves none, and no draft where it could be deleted."""
        clerk = self._office.clerk(call, request.legal_entity_code)
        held = await self._finding.sales(clerk, [request.reference], whole=True)
        standing = [row for row in held if not is_unfinished(row)]
        if standing:
            return to_acknowledgment(standing[0], clerk.reading)
        prepared = await self._prepared(clerk, request)
        places = await self._places(clerk, request, prepared)
        draft = await self._resumed(clerk, held, request, prepared, places)
        if draft is None:
            values = to_sale(request, prepared, self._settings, places.invoice, places.delivery)
            draft = await clerk.enter(self._finding.standing, values)
        sale, warnings = await self._processed(clerk, await self._confirmed(clerk, draft))
        return to_acknowledgment(sale, clerk.reading, (*_warnings(request), *warnings))

    async def _prepared(self, clerk: Clerk, request: OrderRequest) -> Prepared:
        prepared = await self._preparing.order(clerk, request)
        if isinstance(prepared, Objection):
            raise Refused(clerk.system, prepared.sentence, category=prepared.category)
        refuse(clerk.system, prepared.against())
        return prepared

    async def _places(self, clerk: Clerk, request: OrderRequest, prepared: Prepared) -> Places:
        """Where the invoice and the goods go: the customer's own addresses, else those that are asked for."""
        buyer, ship_to = prepared.buyer, request.ship_to
        invoice = await place_for(clerk, buyer, request.bill_to, "invoice")
        if ship_to is not None and ship_to == request.bill_to:
            return Places(invoice, invoice)
        return Places(invoice, await place_for(clerk, buyer, ship_to, "delivery"))

    async def _resumed(
        self, clerk: Clerk, held: Sequence[Order], request: OrderRequest, prepared: Prepared, places: Places
    ) -> Order | None:
        """What an earlier booking left, if it still says what is asked for; everything else of it is deleted."""
        kept: Order | None = None
        for row in held:
            if kept is None and _says(row, request, prepared, places):
                kept = row
            else:
                await self._withdraw(clerk, row)
        return kept

    async def _confirmed(self, clerk: Clerk, sale: Order) -> Order:
        """The sale as it stands after Tryton took it."""
        try:
            if sale.state == "draft":
                await clerk.press(self._finding.standing, sale.id, "quote")
            await clerk.press(self._finding.standing, sale.id, "confirm")
        except Refused as no:
            return await self._refused(clerk, sale.id, no)
        return await self._finding.look(clerk, sale.id)

    async def _refused(self, clerk: Clerk, row: int, no: Refused) -> Order:
        """Nothing is left of it, unless somebody else has confirmed it meanwhile: then it stands."""
        sale = await self._finding.look(clerk, row)
        if not is_unfinished(sale):
            return sale
        with suppress(Fault):
            # What stays is a draft with our reference; the next booking finds it.
            await self._withdraw(clerk, sale)
        raise no

    async def _withdraw(self, clerk: Clerk, sale: Order) -> None:
        if sale.state != "draft":
            await clerk.press(self._finding.standing, sale.id, "draft")
        await clerk.discard(SALE, sale.id)

    async def _processed(self, clerk: Clerk, sale: Order) -> tuple[Order, tuple[str, ...]]:
        """Tryton processes a sale just behind its confirmation and tells nobody if that fails: so it is asked again.

        Where it gives people time to change their mind (sale_process_after), the sale is left as it is.
        """
        if sale.state != "confirmed":
            return sale, ()
        try:
            if (await clerk.only(_CONFIGURATION)).sale_process_after is not None:
                return sale, ()
            await clerk.press(self._finding.standing, sale.id, "process")
            return await self._finding.look(clerk, sale.id), ()
        except Fault as fault:
            return sale, (f"It is confirmed and could not be processed yet: {fault.sentence}",)


def _says(row: Order, request: OrderRequest, prepared: Prepared, places: Places) -> bool:
    """Whether a draft says what would be entered now."""
    terms, day = prepared.terms, request.requested_delivery_date
    same = (
        row.party is not None and row.party.id == terms.customer,
        row.currency is not None and row.currency.id == terms.currency,
        (row.invoice_address, row.shipment_address) == tuple(places),
        on_day(row.shipping_date) == day,
    )
    lines = lines_of(row)
    return all(same) and len(lines) == len(prepared.lines) and all(map(_says_line, lines, prepared.lines, count(1)))


def _says_line(row: wire_intake.Line, line: Line, number: int) -> bool:
    price = row.unit_price.decimal if row.unit_price else None
    goods = line.goods.id if line.goods else None
    note = to_note(structure_of(line.asked))
    held = (row.product.id if row.product else None, row.quantity, price, row.sequence, row.note or None)
    return held == (goods, line.asked.quantity, line.unit_price, number, note)


def _warnings(request: OrderRequest) -> tuple[str, ...]:
    days = {line.requested_delivery_date for line in request.lines} - {None, request.requested_delivery_date}
    return ("An order has one delivery date here: those of its lines stand in their notes.",) if days else ()
