"""What is changed in the real ERP is found by looking: whatever is changed, and by whomever."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio

from canonical.changes import Change, Concept
from canonical.wanted import Wanted
from sources.ports import InvoiceQuery, Lookup
from sources.tryton.adapter import Tryton, open_source
from sources.tryton.sandbox.serve import Reached
from tests.sources.tryton.reading import call, instance
from tests.sources.tryton.sandbox.asking import ask
from tests.sources.tryton.writing import enter, order, sales, ship, tell

pytestmark = [pytest.mark.tryton, pytest.mark.xdist_group("tryton"), pytest.mark.timeout(300)]

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


class Listener:
    """Looks, and keeps the position."""

    def __init__(self, source: Tryton, at: datetime) -> None:
        self.source, self.position = source, source.position_at(at)

    async def hear(self) -> list[Change]:
        found, more = list[Change](), True
        while more:
            step = await self.source.poll_changes(call(), self.position)
            found, self.position, more = [*found, *step.changes], step.position or "", step.more
        return found

    async def keys(self) -> set[tuple[Concept, str]]:
        return {(change.concept, change.key) for change in await self.hear()}


@pytest_asyncio.fixture
async def tryton(erp: Reached) -> AsyncIterator[Tryton]:
    opened = open_source(instance(erp.base_url, erp.application_key))
    assert isinstance(opened, Tryton)
    yield opened
    await opened.close()


@pytest_asyncio.fixture
async def listener(tryton: Tryton) -> Listener:
    listener = Listener(tryton, datetime.now(UTC))
    await listener.hear()
    return listener


async def test_all_that_there_is_is_told_from_long_ago(erp: Reached, tryton: Tryton) -> None:
    heard = await Listener(tryton, LONG_AGO).hear()

    listed = {str(row["id"]) for row in ask(erp, "sale.sale", ("number",))}
    shipped = {str(row["id"]) for row in ask(erp, "stock.shipment.out", ("number",))}
    returned = {f"return-{row['id']}" for row in ask(erp, "stock.shipment.out.return", ("number",))}
    invoices = await tryton.list_invoices(call(), InvoiceQuery(first=400), Wanted.of("payments.payment.number"))
    paid = {a.payment.ref.key for invoice in invoices.items for a in invoice.payments or () if a.payment}
    told = {concept: {one.key for one in heard if one.concept is concept} for concept in Concept}
    assert told[Concept.ORDER] == listed
    assert told[Concept.SHIPMENT] == shipped | returned
    assert told[Concept.INVOICE] >= {invoice.ref.key for invoice in invoices.items}
    assert told[Concept.PAYMENT] == paid
    assert told[Concept.CUSTOMER] >= {row["code"] for row in ask(erp, "party.party", ("code",)) if row["code"]}
    assert max(len(one.event_id) for one in heard) <= 200


async def test_an_order_is_told_at_each_step_from_its_draft_to_its_invoice(
    erp: Reached, tryton: Tryton, listener: Listener
) -> None:
    request = order()
    booked = await tryton.book_order(call(), request)
    sale = booked.order.key
    heard = await listener.keys()
    [held] = sales(erp, request.reference)
    shipment = str(held["shipments"][0]["id"])
    assert heard >= {(Concept.ORDER, sale), (Concept.SHIPMENT, shipment)}
    assert await listener.keys() == set()

    ship(erp, request.reference, 1)
    changes = await listener.hear()
    assert {(one.concept, one.key) for one in changes} >= {(Concept.ORDER, sale), (Concept.SHIPMENT, shipment)}
    assert {one.order_keys for one in changes if one.concept is Concept.SHIPMENT} == {(sale,)}

    [invoice, *_] = ask(erp, "account.invoice", ("state",), [["sales", "=", int(sale)]])
    tell(erp, "PUT", f"account.invoice/{invoice['id']}", {"invoice_date": _today()})
    tell(erp, "POST", f"account.invoice/{invoice['id']}/post", {})
    posted = [one for one in await listener.hear() if one.concept is Concept.INVOICE]
    assert {one.key for one in posted} == {str(invoice["id"])}
    assert (sale,) in {one.order_keys for one in posted}


async def test_a_line_that_is_changed_by_itself_tells_of_its_order(erp: Reached, listener: Listener) -> None:
    sale = enter(erp, order())
    await listener.hear()
    [line, *_] = ask(erp, "sale.line", ("sale",), [["sale", "=", sale]])
    tell(erp, "PUT", f"sale.line/{line['id']}", {"quantity": 7.0})

    assert await listener.keys() == {(Concept.ORDER, str(sale))}


async def test_a_party_and_goods_that_move_are_told(erp: Reached, listener: Listener) -> None:
    [party] = ask(erp, "party.party", ("code",), [["code", "=", "17100074"]])
    [move, *_] = ask(
        erp, "stock.move", ("shipment",), [["shipment", "like", "stock.shipment.out,%"], ["state", "=", "draft"]]
    )
    tell(erp, "PUT", f"party.party/{party['id']}", {"name": "Beaurivage Brasseries"})
    tell(erp, "PUT", f"stock.move/{move['id']}", {"quantity": 1.0})

    assert await listener.keys() >= {
        (Concept.CUSTOMER, "17100074"),
        (Concept.SHIPMENT, move["shipment"].rpartition(",")[2]),
    }


async def test_the_same_change_has_the_same_name_from_the_same_position(
    erp: Reached, tryton: Tryton, listener: Listener
) -> None:
    position = listener.position
    sale = enter(erp, order())
    first = await tryton.poll_changes(call(), position)
    again = await tryton.poll_changes(call(), position)
    earlier = await tryton.poll_changes(call(), tryton.position_at(datetime.now(UTC) - timedelta(minutes=1)))

    assert {one.key for one in first.changes} == {str(sale)}
    assert first.changes == again.changes
    assert {one.event_id for one in first.changes} <= {one.event_id for one in earlier.changes}


async def test_pages_that_are_small_bring_all_in_the_end(erp: Reached) -> None:
    opened = open_source(instance(erp.base_url, erp.application_key, page_size=40))
    assert isinstance(opened, Tryton)
    try:
        step = await opened.poll_changes(call(), opened.position_at(LONG_AGO))
        heard = await Listener(opened, LONG_AGO).hear()
    finally:
        await opened.close()

    assert step.more
    assert len(step.changes) <= 8 * 40
    assert {one.key for one in heard if one.concept is Concept.ORDER} == {
        str(row["id"]) for row in ask(erp, "sale.sale", ("number",))
    }


async def test_rights_narrow_what_is_looked_through(tryton: Tryton) -> None:
    seen = await tryton.poll_changes(call(frozenset({"DE01"})), tryton.position_at(LONG_AGO))

    assert {one.concept for one in seen.changes} <= {Concept.CUSTOMER}


async def test_what_is_told_is_what_the_adapter_fetches(erp: Reached, tryton: Tryton, listener: Listener) -> None:
    sale = enter(erp, order())
    keys = tuple({change.key for change in await listener.hear()})
    (record,) = await tryton.fetch_orders(call(), Lookup(keys=keys), Wanted.of("number"))

    assert record.ref.key == str(sale)


def _today() -> dict[str, object]:
    now = time.gmtime()
    return {"__class__": "date", "year": now.tm_year, "month": now.tm_mon, "day": now.tm_mday}
