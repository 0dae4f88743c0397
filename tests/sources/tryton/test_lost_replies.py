"""Each step of writing to the real ERP, with its request or its answer lost: nothing is made twice or forgotten.

The caller does as the port asks: after an answer that was lost it waits until the system is through with what was sent,
looks, and only then asks again.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import TypeVar

import pytest
import pytest_asyncio

from canonical.errors import OutcomeUnknown, Unavailable
from canonical.intake import Amendment, CustomerAcknowledgment, CustomerRequest, OrderAcknowledgment, OrderRequest
from sources.kit.call import Call
from sources.tryton.adapter import Tryton, open_source
from sources.tryton.sandbox.serve import Reached
from tests.sources.tryton.proxy import Loss, Proxy, proxied
from tests.sources.tryton.reading import call, instance
from tests.sources.tryton.sandbox.asking import ask
from tests.sources.tryton.writing import amendment, change, newcomer, order, quantities, reference, sales

pytestmark = [pytest.mark.tryton, pytest.mark.xdist_group("tryton-writes"), pytest.mark.timeout(300)]

T = TypeVar("T")
Find = Callable[[Call, Sequence[str]], Awaitable[Mapping[str, Sequence[T]]]]

LOSSES: tuple[Loss, ...] = ("before", "after", "late")
SHORT = ["after", *(pytest.param(loss, marks=pytest.mark.proof) for loss in ("before", "late"))]
CREATE, QUOTE, CONFIRM = "POST sale.sale", r"POST sale.sale/\d+/quote", r"POST sale.sale/\d+/confirm"
PROPOSE, VALIDATE = "POST sale.amendment", r"POST sale.amendment/\d+/validate_amendment"
DRAFT, CANCEL, WRITE = r"POST sale.sale/\d+/draft", r"POST sale.sale/\d+/cancel", r"PUT sale.sale/\d+"


@pytest_asyncio.fixture
async def proxy(erp: Reached) -> AsyncIterator[Proxy]:
    async with proxied(erp) as standing_between:
        yield standing_between


@pytest_asyncio.fixture
async def tryton(proxy: Proxy, erp: Reached) -> AsyncIterator[Tryton]:
    opened = open_source(instance(proxy.base_url, erp.application_key, amendments=True))
    assert isinstance(opened, Tryton)
    yield opened
    await opened.close()


async def written(find: Find[T], write: Callable[[], Awaitable[T]], proxy: Proxy, reference: str) -> T:
    while True:
        found = await find(call(), [reference])
        if found:
            return found[reference][0]
        try:
            return await write()
        except OutcomeUnknown:
            await proxy.settle()


async def booked(tryton: Tryton, proxy: Proxy, request: OrderRequest) -> OrderAcknowledgment:
    return await written(tryton.find_orders, lambda: tryton.book_order(call(), request), proxy, request.reference)


async def amended(tryton: Tryton, proxy: Proxy, asked: Amendment) -> OrderAcknowledgment:
    return await written(tryton.find_orders, lambda: tryton.amend_order(call(), asked), proxy, asked.reference)


async def created(tryton: Tryton, proxy: Proxy, request: CustomerRequest) -> CustomerAcknowledgment:
    find = tryton.find_created_customers
    return await written(find, lambda: tryton.create_customer(call(), request), proxy, request.reference)


async def cancelled(tryton: Tryton, proxy: Proxy, key: str, carried: str) -> OrderAcknowledgment:
    while True:
        try:
            return await tryton.cancel_order(call(), key, carried, "The customer withdrew.")
        except OutcomeUnknown:
            await proxy.settle()


@pytest.mark.parametrize("loss", SHORT)
@pytest.mark.parametrize("step", [CREATE, QUOTE, CONFIRM])
async def test_a_booking_that_loses_a_step_becomes_one_order(
    step: str, loss: Loss, tryton: Tryton, proxy: Proxy, erp: Reached
) -> None:
    request = order()
    proxy.lose(loss, step)

    with pytest.raises(OutcomeUnknown):
        await tryton.book_order(call(), request)
    await proxy.settle()
    standing = await booked(tryton, proxy, request)

    [sale] = sales(erp, request.reference)
    assert (sale["state"], quantities(sale), str(sale["id"])) == ("processing", [4.0, 1.0], standing.order.key)
    assert len(sale["shipments"]) == 1
    assert standing.number == sale["number"]


@pytest.mark.proof
async def test_a_booking_that_loses_every_step_in_every_way_becomes_one_order(
    tryton: Tryton, proxy: Proxy, erp: Reached
) -> None:
    request = order()
    for loss in LOSSES:
        for step in (CREATE, QUOTE, CONFIRM):
            proxy.lose(loss, step)

    standing = await booked(tryton, proxy, request)

    [sale] = sales(erp, request.reference)
    assert (sale["state"], str(sale["id"])) == ("processing", standing.order.key)
    assert len(sale["shipments"]) == 1


async def test_an_answer_lost_after_the_confirmation_is_found_by_the_reference(
    tryton: Tryton, proxy: Proxy, erp: Reached
) -> None:
    request = order()
    proxy.lose("after", CONFIRM)

    with pytest.raises(OutcomeUnknown):
        await tryton.book_order(call(), request)
    found = await tryton.find_orders(call(), [request.reference])

    [sale] = sales(erp, request.reference)
    [standing] = found[request.reference]
    assert (standing.order.key, standing.number, len(standing.line_keys)) == (str(sale["id"]), sale["number"], 2)


async def test_a_booking_that_stopped_halfway_is_no_order_and_nothing_else_is_made_beside_it(
    tryton: Tryton, proxy: Proxy, erp: Reached
) -> None:
    request = order()
    proxy.lose("before", CONFIRM)

    with pytest.raises(OutcomeUnknown):
        await tryton.book_order(call(), request)
    halfway = sales(erp, request.reference)
    found = await tryton.find_orders(call(), [request.reference])
    standing = await tryton.book_order(call(), request)

    assert [sale["state"] for sale in halfway] == ["quotation"]
    assert found == {}
    assert standing.order.key == str(halfway[0]["id"])


async def test_what_a_booking_left_halfway_and_says_something_else_now_gives_way(
    tryton: Tryton, proxy: Proxy, erp: Reached
) -> None:
    request = order()
    proxy.lose("before", CONFIRM)
    with pytest.raises(OutcomeUnknown):
        await tryton.book_order(call(), request)

    corrected = order(reference=request.reference, lines=request.lines[:1])
    await tryton.book_order(call(), corrected)

    assert [(sale["state"], quantities(sale)) for sale in sales(erp, request.reference)] == [("processing", [4.0])]


async def test_without_the_wait_tryton_takes_a_reference_twice(tryton: Tryton, proxy: Proxy, erp: Reached) -> None:
    request = order()
    proxy.lose("late", CREATE)

    with pytest.raises(OutcomeUnknown):
        await tryton.book_order(call(), request)
    await tryton.book_order(call(), request)
    await proxy.settle()

    assert sorted(sale["state"] for sale in sales(erp, request.reference)) == ["draft", "processing"]
    assert len((await tryton.find_orders(call(), [request.reference]))[request.reference]) == 1


async def test_a_system_that_is_gone_before_the_first_step_has_booked_nothing(erp: Reached, proxy: Proxy) -> None:
    request = order()
    gone = open_source(instance("http://127.0.0.1:9", erp.application_key))
    assert isinstance(gone, Tryton)

    with pytest.raises(Unavailable):
        await gone.book_order(call(), request)
    await gone.close()

    assert sales(erp, request.reference) == []


@pytest.mark.parametrize("loss", SHORT)
@pytest.mark.parametrize("step", [PROPOSE, VALIDATE])
async def test_an_amendment_that_loses_a_step_is_made_once(
    step: str, loss: Loss, tryton: Tryton, proxy: Proxy, erp: Reached
) -> None:
    standing = await tryton.book_order(call(), request := order())
    asked = amendment(standing, change=(change(standing.line_keys[0], 7),), expected_version=standing.version)
    proxy.lose(loss, step)

    with pytest.raises(OutcomeUnknown):
        await tryton.amend_order(call(), asked)
    await proxy.settle()
    now = await amended(tryton, proxy, asked)

    [sale] = sales(erp, request.reference)
    assert quantities(sale) == [7.0, 1.0]
    assert [each["outgoing_moves"][0]["quantity"] for each in sale["shipments"]] == [7.0]
    assert now.version != standing.version
    named = [["description", "=", asked.reference], ["state", "=", "validated"]]
    assert len(ask(erp, "sale.amendment", ("state",), named)) == 1


@pytest.mark.parametrize("loss", SHORT)
@pytest.mark.parametrize("step", [WRITE, DRAFT, QUOTE])
async def test_a_quotation_whose_change_loses_a_step_is_changed_once_and_a_quotation_again(
    step: str, loss: Loss, tryton: Tryton, proxy: Proxy, erp: Reached
) -> None:
    request = order()
    proxy.lose("before", CONFIRM)
    with pytest.raises(OutcomeUnknown):
        await tryton.book_order(call(), request)
    [quotation] = sales(erp, request.reference)
    asked = Amendment(
        reference=reference("AMD"),
        order_key=str(quotation["id"]),
        legal_entity_code="US01",
        add=(request.lines[1],),
        change=(change(str(quotation["lines"][0]["id"]), 9),),
    )
    proxy.lose(loss, step)

    with pytest.raises(OutcomeUnknown):
        await tryton.amend_order(call(), asked)
    await proxy.settle()
    await amended(tryton, proxy, asked)

    [sale] = sales(erp, request.reference)
    assert (sale["state"], quantities(sale)) == ("quotation", [9.0, 1.0, 1.0])


@pytest.mark.parametrize("loss", SHORT)
@pytest.mark.parametrize("step", [PROPOSE, VALIDATE])
async def test_a_cancellation_that_loses_a_step_is_asked_for_again_without_harm(
    step: str, loss: Loss, tryton: Tryton, proxy: Proxy, erp: Reached
) -> None:
    standing = await tryton.book_order(call(), request := order())
    proxy.lose(loss, step)

    with pytest.raises(OutcomeUnknown):
        await tryton.cancel_order(call(), standing.order.key, "RG-CAN", "The customer withdrew.")
    await proxy.settle()
    now = await cancelled(tryton, proxy, standing.order.key, "RG-CAN")

    [sale] = sales(erp, request.reference)
    assert now.cancelled
    assert (sale["state"], sale["shipments"], sale["invoices"]) == ("done", [], [])


@pytest.mark.parametrize("loss", LOSSES)
async def test_a_customer_whose_creation_loses_its_answer_is_created_once(
    loss: Loss, tryton: Tryton, proxy: Proxy, erp: Reached
) -> None:
    request = newcomer()
    proxy.lose(loss, "POST party.party")

    with pytest.raises(OutcomeUnknown):
        await tryton.create_customer(call(), request)
    await proxy.settle()
    standing = await created(tryton, proxy, request)

    named = [["identifiers.code", "=", request.crm_key]]
    assert [party["code"] for party in ask(erp, "party.party", ("code",), named)] == [standing.customer.key]


async def test_even_without_the_wait_a_customer_is_created_once(tryton: Tryton, proxy: Proxy, erp: Reached) -> None:
    request = newcomer()
    proxy.lose("late", "POST party.party")

    with pytest.raises(OutcomeUnknown):
        await tryton.create_customer(call(), request)
    await tryton.create_customer(call(), request)
    await proxy.settle()

    assert len(ask(erp, "party.party", ("code",), [["identifiers.code", "=", request.crm_key]])) == 1
