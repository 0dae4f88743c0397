"""What is changed in the pretend system is found by looking, and told by its events, over real HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime

import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from canonical.changes import Change, Changes, Concept
from canonical.errors import Fault as SourceFault
from canonical.wanted import Wanted
from sources.feeds import Delivery, DeliveryRefusedError, Webhook
from sources.kit.sandbox.faults import Fault, FaultKind
from sources.kit.sandbox.serving import serve
from sources.ports import Lookup
from sources.s4hana.sandbox import SystemSettings
from tests.sources.s4hana.opened import call
from tests.sources.s4hana.pretend import Opened, pretend
from tests.sources.s4hana.test_intake_over_http import order as an_order

WITHIN = 15.0
FEW = Wanted.of("number")
LINE = {
    "CompanyCode": "1010",
    "FiscalYear": "2026",
    "AccountingDocumentItem": "1",
    "FinancialAccountType": "D",
    "Customer": "17100001",
}


class Mailbox:
    """Stands where the gateway's door will stand: reads each delivery with the adapter; out for so many of them."""

    def __init__(self, source: Webhook) -> None:
        self.source, self.out = source, 0
        self.told: list[Change] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = Request(scope, receive)
        headers = {name.lower(): value for name, value in asked.headers.items()}
        body = await asked.body()
        sent = Delivery(method=asked.method, headers=headers, query={}, body=body, received_at=datetime.now(UTC))
        self.out -= 1
        await Response(status_code=503 if self.out >= 0 else self._read(sent))(scope, receive, send)

    def _read(self, sent: Delivery) -> int:
        try:
            receipt = self.source.read_delivery(sent)
        except DeliveryRefusedError as why:
            return why.status
        self.told += receipt.changes.changes
        return receipt.status

    def keys(self) -> list[str]:
        return [change.key for change in self.told]


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(WITHIN):
        while not holds():  # noqa: ASYNC110 - a sandbox rings no bell
            await asyncio.sleep(0.01)


@pytest.fixture
async def opened() -> AsyncIterator[Opened]:
    async with pretend(60) as held:
        yield held


@pytest.fixture
async def mailbox(opened: Opened) -> AsyncIterator[Mailbox]:
    box = Mailbox(opened.source)
    async with serve(box) as at:
        opened.sandbox.send_to(f"{at.url}/webhooks/sap-eu")
        yield box
        opened.sandbox.send_to(None)


async def looked(opened: Opened, position: str) -> Changes:
    """All that is told from there on, to the end of the sweep."""
    found: tuple[Change, ...] = ()
    while True:
        step = await opened.source.poll_changes(call(), position)
        found, position = (*found, *step.changes), step.position or ""
        if not step.more:
            return Changes(changes=found, position=position)


def told(changes: Changes) -> set[tuple[Concept, str]]:
    return {(change.concept, change.key) for change in changes.changes}


def now() -> datetime:
    return datetime.now(UTC)


async def test_every_kind_of_document_that_is_saved_is_found_by_looking(opened: Opened) -> None:
    order = next(iter(opened.told))
    customer = opened.told[order].booking.customer_number
    position = (await looked(opened, opened.source.position_at(now()))).position or ""
    opened.sandbox.happen(
        {
            "A_SalesOrder": [{"SalesOrder": order, "DeliveryBlockReason": "01"}],
            "A_OutbDeliveryHeader": [{"DeliveryDocument": "80099999", "SDDocumentCategory": "J"}],
            "A_OutbDeliveryItem": [
                {"DeliveryDocument": "80099999", "DeliveryDocumentItem": "10", "ReferenceSDDocument": order}
            ],
            "A_BillingDocument": [{"BillingDocument": "90099999", "SDDocumentCategory": "M", "CompanyCode": "1010"}],
            "A_BillingDocumentItem": [
                {"BillingDocument": "90099999", "BillingDocumentItem": "10", "SalesDocument": order}
            ],
            "A_OperationalAcctgDocItemCube": [
                {**LINE, "AccountingDocument": "1400009999", "AccountingDocumentType": "DZ"}
            ],
            "A_BusinessPartner": [{"BusinessPartner": customer, "SearchTerm1": "NEW"}],
        }
    )

    found = await looked(opened, position)

    assert told(found) == {
        (Concept.ORDER, order),
        (Concept.SHIPMENT, "80099999"),
        (Concept.INVOICE, "90099999"),
        (Concept.PAYMENT, "1010-2026-1400009999"),
        (Concept.CUSTOMER, customer),
    }
    assert {one.order_keys for one in found.changes if one.key in ("80099999", "90099999")} == {(order,)}
    assert all(abs((one.changed_at - now()).total_seconds()) < 86_400 for one in found.changes)
    assert (await looked(opened, found.position or "")).changes == ()


async def test_what_is_told_is_what_the_adapter_fetches(opened: Opened) -> None:
    order = next(iter(opened.told))
    position = (await looked(opened, opened.source.position_at(now()))).position or ""
    opened.sandbox.happen({"A_SalesOrder": [{"SalesOrder": order, "DeliveryBlockReason": "01"}]})

    (change,) = (await looked(opened, position)).changes
    (record,) = await opened.source.fetch_orders(call(), Lookup(keys=(change.key,)), FEW)

    assert record.ref.key == order


async def test_the_same_change_has_the_same_name_from_the_same_position(opened: Opened) -> None:
    position = opened.source.position_at(now())
    order, delivery = next(iter(opened.told)), _delivery(opened)
    opened.sandbox.happen({"A_SalesOrder": [{"SalesOrder": order, "DeliveryBlockReason": "01"}]})
    opened.sandbox.happen({"A_OutbDeliveryHeader": [{"DeliveryDocument": delivery, "DeliveryBlockReason": "01"}]})

    first, again = await looked(opened, position), await looked(opened, position)

    assert {(Concept.ORDER, order), (Concept.SHIPMENT, delivery)} <= told(first)
    assert first.changes == again.changes
    assert max(len(change.event_id) for change in first.changes) <= 200


async def test_a_delivery_is_told_at_each_step_of_one_day(opened: Opened) -> None:
    delivery, names = _delivery(opened), set[str]()
    position = (await looked(opened, opened.source.position_at(now()))).position or ""
    for status in ("B", "A", "B", "A", "C"):
        opened.sandbox.happen({"A_OutbDeliveryHeader": [_row(delivery, OverallPickingStatus=status)]})
        found = await looked(opened, position)
        names |= {one.event_id for one in found.changes if one.key == delivery}
        position = found.position or ""

    assert len(names) == 5


async def test_a_clearing_tells_of_the_invoice_though_its_line_keeps_its_day_of_change(opened: Opened) -> None:
    made = {**LINE, "AccountingDocument": "9400009999", "AccountingDocumentType": "RV", "BillingDocument": "90099999"}
    opened.sandbox.load({"A_OperationalAcctgDocItemCube": [{**made, "LastChangeDate": "2026-01-05"}]})
    position = (await looked(opened, opened.source.position_at(now()))).position or ""
    cleared = {"IsCleared": True, "ClearingAccountingDocument": "1400009999"}
    opened.sandbox.happen({"A_OperationalAcctgDocItemCube": [{**LINE, "AccountingDocument": "9400009999", **cleared}]})

    assert told(await looked(opened, position)) == {(Concept.INVOICE, "90099999")}


@pytest.mark.parametrize(
    "category,reference,invoice",
    [("O", ("M", "90000001"), "90000001"), ("O", ("K", "60000001"), "90099999"), ("N", ("M", "1"), "90000002")],
)
async def test_what_changes_an_invoice_tells_of_the_invoice(
    opened: Opened, category: str, reference: tuple[str, str], invoice: str
) -> None:
    position = (await looked(opened, opened.source.position_at(now()))).position or ""
    head = {"BillingDocument": "90099999", "SDDocumentCategory": category, "CompanyCode": "1010"}
    item = {"BillingDocument": "90099999", "BillingDocumentItem": "10"}
    named = {"ReferenceSDDocumentCategory": reference[0], "ReferenceSDDocument": reference[1]}
    opened.sandbox.happen(
        {
            "A_BillingDocument": [{**head, "CancelledBillingDocument": "90000002" if category == "N" else ""}],
            "A_BillingDocumentItem": [{**item, **named}],
        }
    )

    assert told(await looked(opened, position)) == {(Concept.INVOICE, invoice)}


async def test_a_step_is_one_call_a_set_and_small_pages_bring_all(opened: Opened) -> None:
    async with pretend(60, settings={"page_size": 7}) as small:
        position = small.source.position_at(datetime(2026, 1, 1, tzinfo=UTC))
        await small.source.poll_changes(call(), position)
        small.lines()
        step = await small.source.poll_changes(call(), position)
        lines = small.lines()
        keys = {key for concept, key in told(await looked(small, position)) if concept is Concept.ORDER}

    assert step.more
    assert len(step.changes) <= 5 * 7
    assert sorted(line.rpartition("/")[2] for line in lines) == [
        "A_BillingDocument",
        "A_BusinessPartner",
        "A_OperationalAcctgDocItemCube",
        "A_OutbDeliveryHeader",
        "A_SalesOrder",
    ]
    assert keys >= {key for key, order in opened.told.items() if order.booking.booked_at.year >= 2026}


async def test_sets_that_are_left_out_are_not_asked_for(opened: Opened) -> None:
    async with pretend(60, settings={"polled": ["orders"]}) as narrow:
        await narrow.source.poll_changes(call(), narrow.source.position_at(now()))

        assert narrow.lines() == ["GET API_SALES_ORDER_SRV/A_SalesOrder"]


async def test_rights_narrow_what_is_looked_through(opened: Opened) -> None:
    position = opened.source.position_at(datetime(2026, 1, 1, tzinfo=UTC))
    step = await opened.source.poll_changes(call(entities=frozenset({"US01"})), position)

    assert {concept for concept, _ in told(step)} <= {Concept.CUSTOMER}


async def test_a_fault_leaves_the_position_good_and_other_sets_go_on(opened: Opened) -> None:
    position = (await looked(opened, opened.source.position_at(now()))).position or ""
    order, delivery = next(iter(opened.told)), _delivery(opened)
    opened.sandbox.happen({"A_SalesOrder": [{"SalesOrder": order, "DeliveryBlockReason": "01"}]})
    opened.sandbox.happen({"A_OutbDeliveryHeader": [_row(delivery, DeliveryBlockReason="01")]})
    opened.sandbox.faults.add(Fault(kind="status", match="A_OutbDeliveryHeader"))

    first = await opened.source.poll_changes(call(), position)
    with pytest.raises(SourceFault):
        await opened.source.poll_changes(call(), first.position or "")
    opened.sandbox.faults.clear()
    second = await opened.source.poll_changes(call(), first.position or "")

    assert told(first) == {(Concept.ORDER, order)}
    assert told(second) == {(Concept.SHIPMENT, delivery)}


async def test_an_order_that_is_booked_from_here_is_told_by_its_event(opened: Opened, mailbox: Mailbox) -> None:
    booked = await opened.source.book_order(call(), an_order(opened))
    await until(lambda: bool(mailbox.told))

    assert {(one.concept, one.key) for one in mailbox.told} == {(Concept.ORDER, booked.order.key)}


async def test_each_document_that_is_saved_posts_its_event(opened: Opened, mailbox: Mailbox) -> None:
    delivery = _delivery(opened)
    opened.sandbox.happen({"A_OutbDeliveryHeader": [_row(delivery, OverallGoodsMovementStatus="B")]})
    opened.sandbox.happen({"A_BillingDocument": [{"BillingDocument": "90099999", "SDDocumentCategory": "M"}]})
    opened.sandbox.happen({"A_BusinessPartner": [{"BusinessPartner": "17100001", "SearchTerm1": "NEW"}]})
    await until(lambda: len(mailbox.told) == 4)

    assert [(one.concept, one.key) for one in mailbox.told] == [
        (Concept.SHIPMENT, delivery),
        (Concept.SHIPMENT, delivery),  # changed, and its goods issue
        (Concept.INVOICE, "90099999"),
        (Concept.CUSTOMER, "17100001"),
    ]
    assert len({one.event_id for one in mailbox.told}) == 4


async def test_nothing_is_posted_of_what_was_undone_or_stayed_as_it_was(opened: Opened, mailbox: Mailbox) -> None:
    order = next(iter(opened.told))
    with pytest.raises(ValueError, match="no property"):
        opened.sandbox.happen({"A_SalesOrder": [{"SalesOrder": order, "DeliveryBlockReason": "01"}, {"Nothing": "1"}]})
    opened.sandbox.load({"A_SalesOrder": []})
    opened.sandbox.happen({"A_SalesOrder": [{"SalesOrder": order, "DeliveryBlockReason": "02"}]})
    await until(lambda: bool(mailbox.told))

    assert mailbox.keys() == [order]


async def test_an_event_is_posted_until_it_is_taken(opened: Opened, mailbox: Mailbox) -> None:
    mailbox.out = 3
    order = next(iter(opened.told))
    opened.sandbox.happen({"A_SalesOrder": [{"SalesOrder": order, "DeliveryBlockReason": "01"}]})
    await until(lambda: opened.sandbox.emitter.counts["sent"] == 1)

    assert mailbox.keys() == [order]


async def test_a_wrong_token_is_turned_away(opened: Opened, mailbox: Mailbox) -> None:
    assert opened.sandbox.emitter.address is not None
    opened.sandbox.send_to(opened.sandbox.emitter.address.url, "a-token-that-is-wrong")
    order = next(iter(opened.told))
    opened.sandbox.happen({"A_SalesOrder": [{"SalesOrder": order, "DeliveryBlockReason": "01"}]})
    await until(lambda: opened.sandbox.emitter.counts["lost"] == 1)

    assert mailbox.told == []


@pytest.mark.parametrize(
    "kind,keys", [("lose_events", [1, 2]), ("duplicate_events", [0, 0, 1, 2]), ("shuffle_events", [1, 0, 2])]
)
async def test_events_get_lost_doubled_and_overtaken_on_demand_and_looking_finds_all(
    opened: Opened, mailbox: Mailbox, kind: FaultKind, keys: list[int]
) -> None:
    orders = sorted(opened.told)[:3]
    position = (await looked(opened, opened.source.position_at(now()))).position or ""
    opened.sandbox.faults.add(Fault(kind=kind, match="EVENT .*SalesOrder.Changed", times=1))
    for order in orders:
        opened.sandbox.happen({"A_SalesOrder": [{"SalesOrder": order, "DeliveryBlockReason": "01"}]})
    await until(lambda: len(mailbox.told) == len(keys))

    assert mailbox.keys() == [orders[place] for place in keys]
    assert told(await looked(opened, position)) == {(Concept.ORDER, order) for order in orders}
    assert len({one.event_id for one in mailbox.told}) == len(set(keys))


def _delivery(opened: Opened) -> str:
    order = next(order for order in opened.told.values() if order.booking.parcels)
    return order.booking.parcels[0].number


def _row(delivery: str, **fields: str) -> dict[str, object]:
    return {"DeliveryDocument": delivery, **fields}


async def test_an_older_release_is_looked_through_as_well() -> None:
    async with pretend(60, SystemSettings(release="2020")) as older:
        changes = await looked(older, older.source.position_at(datetime(2026, 1, 1, tzinfo=UTC)))

        assert {key for concept, key in told(changes) if concept is Concept.ORDER} <= set(older.told)
        assert {concept for concept, _ in told(changes)} >= {Concept.ORDER, Concept.SHIPMENT, Concept.INVOICE}


async def test_a_fault_of_events_hits_no_request_and_a_fault_of_requests_no_event(
    opened: Opened, mailbox: Mailbox
) -> None:
    opened.sandbox.faults.add(Fault(kind="lose_events"))
    opened.sandbox.faults.add(Fault(kind="status", match="EVENT"))

    found = await looked(opened, opened.source.position_at(now()))
    opened.sandbox.happen({"A_SalesOrder": [{"SalesOrder": next(iter(opened.told)), "DeliveryBlockReason": "01"}]})

    assert found.position is not None
    assert opened.sandbox.posting.lost == 1
    assert opened.sandbox.faults.hits == {"lose_events": 1}
