"""A real ERP whose owners set it up otherwise: sales wait for a worker, and its database keeps our reference unique."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import pytest_asyncio

from canonical.errors import OutcomeUnknown, ProblemCategory, Refused
from canonical.intake import LineChange, OrderAcknowledgment
from sources.tryton.adapter import Tryton, open_source
from sources.tryton.sandbox.install import install
from sources.tryton.sandbox.serve import Reached, Server, restore
from tests.sources.tryton.proxy import Proxy, proxied
from tests.sources.tryton.reading import call, instance
from tests.sources.tryton.sandbox.asking import ask
from tests.sources.tryton.writing import ACTUATORS, CUSTOMER, amendment, change, line, order, quantities, sales, tell

pytestmark = [pytest.mark.tryton, pytest.mark.xdist_group("tryton-writes"), pytest.mark.timeout(300)]

UNIQUE = "create unique index sale_sale_ours on sale_sale (company, description) where description is not null"
LATER = datetime.now(UTC).date() + timedelta(days=60)


@pytest.fixture(scope="module")
def erp(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reached]:
    state = tmp_path_factory.mktemp("tryton-otherwise")
    with sqlite3.connect(restore(state)) as database:
        database.execute(UNIQUE)
        # Only Tryton's own form can make this record, which every database has one of.
        database.execute("insert into sale_configuration (id) values (1)")
    database.close()
    with pytest.MonkeyPatch.context() as patched:
        # No worker runs: what Tryton queues stays where it is.
        patched.setenv("TRYTOND_QUEUE__WORKER", "True")
        server = Server(state, install())
        try:
            yield server.start()
        finally:
            server.stop()


@pytest.fixture
def grace(erp: Reached) -> Iterator[None]:
    """A confirmed sale may be taken back for a day."""
    tell(erp, "PUT", "sale.configuration/1", {"sale_process_after": {"__class__": "timedelta", "seconds": 86400.0}})
    yield
    tell(erp, "PUT", "sale.configuration/1", {"sale_process_after": None})


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


async def test_a_sale_that_nobody_processed_is_processed(tryton: Tryton, erp: Reached) -> None:
    booked = await tryton.book_order(call(), request := order())

    assert (booked.state, booked.warnings) == ("Processing", ())
    assert [sale["state"] for sale in sales(erp, request.reference)] == ["processing"]


async def test_an_order_that_cannot_be_processed_is_booked_and_says_why(tryton: Tryton, erp: Reached) -> None:
    [party] = ask(erp, "party.party", ("customer_location",), [["code", "=", CUSTOMER]])
    tell(erp, "PUT", f"party.party/{party['id']}", {"customer_location": None})
    try:
        booked = await tryton.book_order(call(), order())
    finally:
        tell(erp, "PUT", f"party.party/{party['id']}", {"customer_location": party["customer_location"]})

    assert booked.state == "Confirmed"
    [warning] = booked.warnings
    assert warning.startswith("It is confirmed and could not be processed yet: ")
    assert "customer location" in warning


@pytest.mark.usefixtures("grace")
async def test_a_confirmed_order_is_left_its_time_and_changed_in_every_way(tryton: Tryton, erp: Reached) -> None:
    booked = await tryton.book_order(call(), request := order())
    first, second = booked.line_keys
    asked = amendment(
        booked,
        change=(change(first, 6),),
        remove=(second,),
        add=(line(ACTUATORS, 2, unit_price=Decimal(5)),),
        requested_delivery_date=LATER,
        expected_version=booked.version,
    )

    now = await tryton.amend_order(call(), asked)
    again = await tryton.amend_order(call(), asked)

    assert (booked.state, now.state) == ("Confirmed", "Confirmed")
    [sale] = sales(erp, request.reference)
    assert (sale["state"], quantities(sale)) == ("confirmed", [6.0, 2.0])
    assert again == now
    [found] = (await tryton.find_orders(call(), [asked.reference]))[asked.reference]
    assert found.order == booked.order


@pytest.mark.usefixtures("grace")
@pytest.mark.parametrize(
    "step", [r"PUT sale.sale/\d+", *(rf"POST sale.sale/\d+/{name}" for name in ("quote", "draft"))]
)
async def test_a_change_of_a_confirmed_order_that_loses_an_answer_ends_confirmed(
    step: str, tryton: Tryton, proxy: Proxy, erp: Reached
) -> None:
    booked = await tryton.book_order(call(), request := order())
    asked = amendment(booked, add=(line(ACTUATORS, 2, unit_price=Decimal(5)),), expected_version=booked.version)
    proxy.lose("after", step)

    with pytest.raises(OutcomeUnknown):
        await tryton.amend_order(call(), asked)
    halfway = await tryton.find_orders(call(), [request.reference, asked.reference])
    await tryton.amend_order(call(), asked)

    [sale] = sales(erp, request.reference)
    assert (sale["state"], quantities(sale)) == ("confirmed", [4.0, 1.0, 2.0])
    assert set(halfway) == {request.reference}


@pytest.mark.usefixtures("grace")
async def test_a_change_beyond_the_credit_limit_is_refused_before_the_order_is_taken_back(
    tryton: Tryton, erp: Reached
) -> None:
    booked = await tryton.book_order(call(), request := order())

    with pytest.raises(Refused) as refused:
        await tryton.amend_order(call(), amendment(booked, change=(change(booked.line_keys[0], 90_000),)))

    assert refused.value.category is ProblemCategory.CREDIT
    assert [(sale["state"], sale["comment"]) for sale in sales(erp, request.reference)] == [("confirmed", None)]


@pytest.mark.usefixtures("grace")
async def test_a_change_that_tryton_refuses_leaves_a_confirmed_order_as_it_was(tryton: Tryton, erp: Reached) -> None:
    booked = await tryton.book_order(call(), request := order())
    halves = LineChange(key=booked.line_keys[0], quantity=Decimal("1.5"))

    with pytest.raises(Refused) as refused:
        await tryton.amend_order(call(), amendment(booked, change=(halves,)))

    assert refused.value.category is ProblemCategory.INVALID_INPUT
    [sale] = sales(erp, request.reference)
    assert (sale["state"], quantities(sale)) == ("confirmed", [4.0, 1.0])


@pytest.mark.usefixtures("grace")
@pytest.mark.parametrize("lost", [None, r"POST sale.sale/\d+/draft", r"POST sale.sale/\d+/cancel"])
async def test_a_confirmed_order_is_taken_back_and_cancelled(
    lost: str | None, tryton: Tryton, proxy: Proxy, erp: Reached
) -> None:
    booked = await tryton.book_order(call(), request := order())
    if lost:
        proxy.lose("after", lost)
        with pytest.raises(OutcomeUnknown):
            await tryton.cancel_order(call(), booked.order.key, "RG-CAN", "The customer\0 withdrew.\n")

    cancelled = await tryton.cancel_order(call(), booked.order.key, "RG-CAN", "The customer withdrew.")

    assert (cancelled.cancelled, cancelled.state) == (True, "Cancelled")
    [sale] = sales(erp, request.reference)
    assert (sale["state"], sale["comment"]) == ("cancelled", "Cancelled (RG-CAN): The customer withdrew.")


async def test_where_the_reference_is_unique_two_bookings_at_once_are_one_order(tryton: Tryton, erp: Reached) -> None:
    request = order()

    made = await asyncio.gather(*(tryton.book_order(call(), request) for _ in range(4)), return_exceptions=True)
    found = await tryton.find_orders(call(), [request.reference])

    assert len(sales(erp, request.reference)) == 1
    booked = [each for each in made if isinstance(each, OrderAcknowledgment)]
    unclear = [each for each in made if isinstance(each, OutcomeUnknown)]
    assert {each.order for each in booked} == {each.order for each in found[request.reference]}
    assert booked
    assert unclear
