"""One suite for every system that is written to, over real HTTP: intake.py's promises hold for all.

A system joins by a line in PLACES; what it is asked is taken from the company's own story.
"""

from __future__ import annotations

import asyncio
import itertools
import os
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TypeVar

import msgspec
import pytest
import pytest_asyncio

from canonical.absence import known
from canonical.customer import Address
from canonical.deadline import Deadline
from canonical.errors import Fault, Outcome, OutcomeUnknown, ProblemCategory, Refused
from canonical.intake import Amendment, CustomerRequest, LineChange, LineRequest, OrderAcknowledgment, OrderRequest
from canonical.money import total
from canonical.order import OrderLine, OrderRecord, Stage
from canonical.principal import Principal, View
from canonical.wanted import Wanted
from sandbox.opening import Tale
from sandbox.serve import Company, open_company
from sources.catalog import Sources
from sources.intake import CustomerIntake, OrderIntake
from sources.kit.call import Call
from sources.kit.sandbox import faults
from sources.kit.sandbox.contract import Sandbox
from sources.ports import CustomerSource, Lookup, OrderSource, Source

pytestmark = pytest.mark.asyncio(loop_scope="session")

P = TypeVar("P", bound=Source)
REAL = [pytest.mark.tryton, pytest.mark.xdist_group("tryton"), pytest.mark.timeout(600)]
PLACES = [
    pytest.param(("pretended", "sap-eu"), id="sap-eu"),
    pytest.param(("pretended", "erp-us"), id="erp-us"),
    pytest.param(("real", "erp-us"), id="a real erp", marks=REAL),
]
WHOLE = Wanted.of(
    "number", "version", "purchase_order_number", "requested_delivery_date", "subtotal", "currency_code",
    "lines.sku", "lines.quantity", "lines.partner_key", "lines.parent_key", "lines.starts_on", "lines.ends_on",
    "lines.segment", "lines.unit_price", "lines.amount",
)  # fmt: skip
LATER = datetime.now(UTC).date() + timedelta(days=60)
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Ground:
    """What one system is asked with: a legal entity of its own, a customer in good standing, things to sell."""

    system: str
    entity: str
    currency: str
    country: str
    customer: str
    goods: tuple[str, ...]
    service: str

    def order(self, *lines: LineRequest, **changes: object) -> OrderRequest:
        request = OrderRequest(
            reference=reference("ORD"),
            legal_entity_code=self.entity,
            customer_key=self.customer,
            currency_code=self.currency,
            requested_delivery_date=LATER,
            lines=lines or (LineRequest(sku=self.goods[0], quantity=Decimal(2)),),
        )
        return msgspec.structs.replace(request, **changes)


def reference(kind: str) -> str:
    """A reference that nothing else carries; the real ERP may remember earlier runs."""
    return f"RG-{kind}-{os.getpid()}-{next(_numbers)}-{datetime.now(UTC):%H%M%S%f}"


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def pretended() -> AsyncIterator[Company]:
    async with open_company() as opened:
        yield opened


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def real() -> AsyncIterator[Company]:
    """The company whose second ERP is a real one, that we did not write."""
    async with open_company(Tale("tryton")) as opened:
        yield opened


@pytest.fixture(params=PLACES)
def place(request: pytest.FixtureRequest) -> tuple[str, str]:
    found: tuple[str, str] = request.param
    return found


@pytest_asyncio.fixture(loop_scope="session")
async def ground(company: Company, sources: Sources, name: str) -> Ground:
    entity = next(one for one in company.story.entities if one.instance == name)
    accounts = (
        (account.credit_limit or Decimal(10**9), account.number)
        for buyer in company.story.buyers.values()
        for account in buyer.accounts
        if account.instance == name and not account.on_hold
    )
    _, number = max(accounts)
    customers = await port(sources, name, CustomerSource).fetch_customers(call(), Lookup(numbers=(number,)), Wanted())
    sold = [article for article in company.story.articles.values() if article.active]
    return Ground(
        system=name,
        entity=entity.code,
        currency=entity.currency,
        country=entity.country,
        customer=customers[0].ref.key,
        goods=tuple(article.sku for article in sold if not article.service)[:4],
        service=next(article.sku for article in sold if article.service),
    )


@pytest.fixture
def intake(sources: Sources, name: str) -> OrderIntake:
    return port(sources, name, OrderIntake)


def sandbox_of(company: Company, name: str) -> Sandbox:
    if name not in company.sandboxes:
        pytest.skip(f"{name} is a real system: it misbehaves at no one's word")
    return company.sandboxes[name]


def call(seconds: float = 30) -> Call:
    principal = Principal("ann", "brightwell", "tests", frozenset())
    return Call(principal, View(), Deadline.after(seconds), "conformance")


def port(sources: Sources, name: str, kept: type[P]) -> P:
    source = sources.get(name, kept)
    if source is None:
        pytest.skip(f"{name} does not keep {kept.__name__}")
    return source


async def read_back(sources: Sources, acknowledgment: OrderAcknowledgment) -> OrderRecord:
    source = port(sources, acknowledgment.order.system, OrderSource)
    (order,) = await source.fetch_orders(call(), Lookup(keys=(acknowledgment.order.key,)), WHOLE)
    return order


def by_key(order: OrderRecord) -> dict[str, OrderLine]:
    return {line.key: line for line in known(order.lines) or ()}


async def test_a_quotation_tells_prices_and_leaves_nothing(intake: OrderIntake, ground: Ground) -> None:
    request = ground.order(
        LineRequest(sku=ground.goods[0], quantity=Decimal(2)),
        LineRequest(sku=ground.goods[1], quantity=Decimal(3), unit_price=Decimal("12.50")),
    )

    quoted = await intake.quote_order(call(), request)

    assert quoted.refusals == ()
    assert [(line.sku, line.quantity, line.refusal) for line in quoted.lines] == [
        (ground.goods[0], Decimal(2), None),
        (ground.goods[1], Decimal(3), None),
    ]
    first, second = quoted.lines
    assert first.unit_price is not None
    assert first.unit_price.amount > 0
    assert second.amount is not None
    assert (second.amount.amount, second.amount.currency_code) == (Decimal("37.50"), ground.currency)
    assert quoted.subtotal == total(line.amount for line in quoted.lines if line.amount is not None)
    assert await intake.find_orders(call(), [request.reference]) == {}


async def test_what_would_be_refused_is_told_in_the_quotation(intake: OrderIntake, ground: Ground) -> None:
    unknown = LineRequest(sku="NO-SUCH-THING", quantity=Decimal(1))

    quoted = await intake.quote_order(call(), ground.order(unknown))

    assert [line.sku for line in quoted.lines] == ["NO-SUCH-THING"]
    assert quoted.refusals or quoted.lines[0].refusal


async def test_references_that_nothing_carries_are_absent(intake: OrderIntake, ground: Ground) -> None:
    booked = await intake.book_order(call(), request := ground.order())

    found = await intake.find_orders(call(), ["RG-NEVER", request.reference, "x" * 60, "O'Neil", ""])

    assert {carried: [one.order for one in orders] for carried, orders in found.items()} == {
        request.reference: [booked.order]
    }
    assert await intake.find_orders(call(), []) == {}


async def test_a_booked_order_is_found_again_as_it_was_acknowledged(intake: OrderIntake, ground: Ground) -> None:
    request = ground.order(*(LineRequest(sku=sku, quantity=Decimal(1)) for sku in ground.goods))

    booked = await intake.book_order(call(), request)
    found = await intake.find_orders(call(), [request.reference])

    assert booked.order.system == booked.reference.system == ground.system
    assert (booked.cancelled, len(booked.line_keys)) == (False, len(request.lines))
    (again,) = found[request.reference]
    assert (again.order, again.number, again.line_keys) == (booked.order, booked.number, booked.line_keys)


async def test_an_order_keeps_its_structure_to_the_last_field(
    intake: OrderIntake, sources: Sources, ground: Ground
) -> None:
    year = timedelta(days=365)
    ramp = [
        LineRequest(
            sku=ground.service,
            quantity=Decimal(place),
            source_key=f"8025g000000Ramp{place}AA",
            unit_price=Decimal(100 + place),
            segment=place,
            starts_on=LATER + year * (place - 1),
            ends_on=LATER + year * place - timedelta(days=1),
        )
        for place in (1, 2, 3)
    ]
    request = ground.order(
        LineRequest(sku=ground.goods[0], quantity=Decimal(1), source_key="8025g000000Head0AAA"),
        LineRequest(sku=ground.goods[1], quantity=Decimal(4), source_key="8025g000000Part1AAA", parent=0),
        LineRequest(sku=ground.goods[2], quantity=Decimal(6), source_key="8025g000000Part2AAA", parent=0),
        *ramp,
        purchase_order_number="PO 4711/A",
    )

    booked = await intake.book_order(call(), request)
    order = await read_back(sources, booked)

    lines = [by_key(order)[key] for key in booked.line_keys]
    assert [(line.sku, line.quantity) for line in lines] == [(line.sku, line.quantity) for line in request.lines]
    assert [line.partner_key for line in lines] == [line.source_key for line in request.lines]
    assert [line.parent_key for line in lines] == [None, lines[0].key, lines[0].key, None, None, None]
    assert [(line.segment, line.starts_on, line.ends_on) for line in lines[3:]] == [
        (line.segment, line.starts_on, line.ends_on) for line in ramp
    ]
    assert [price.amount for line in lines[3:] if (price := known(line.unit_price))] == [101, 102, 103]
    assert order.purchase_order_number == "PO 4711/A"
    assert order.requested_delivery_date == LATER
    assert (order.legal_entity_code, order.currency_code) == (ground.entity, ground.currency)


async def test_an_order_for_an_unknown_product_is_refused_and_not_there(intake: OrderIntake, ground: Ground) -> None:
    good = LineRequest(sku=ground.goods[0], quantity=Decimal(1))
    request = ground.order(good, LineRequest(sku="NO-SUCH-THING", quantity=Decimal(1)))

    with pytest.raises(Refused) as refused:
        await intake.book_order(call(), request)

    assert refused.value.category is ProblemCategory.PRODUCT
    assert await intake.find_orders(call(), [request.reference]) == {}


async def test_an_order_of_an_unknown_customer_is_refused_and_not_there(intake: OrderIntake, ground: Ground) -> None:
    request = ground.order(customer_key="98765432")

    with pytest.raises(Refused) as refused:
        await intake.book_order(call(), request)

    assert refused.value.category is ProblemCategory.CUSTOMER_MASTER
    assert await intake.find_orders(call(), [request.reference]) == {}


async def test_an_order_for_a_legal_entity_of_another_system_is_not_sent(intake: OrderIntake, ground: Ground) -> None:
    with pytest.raises(Refused) as refused:
        await intake.book_order(call(), ground.order(legal_entity_code="XX99"))

    assert refused.value.category is ProblemCategory.ROUTING


async def test_an_amendment_changes_what_it_says_and_nothing_else(
    intake: OrderIntake, sources: Sources, ground: Ground
) -> None:
    lines = (LineRequest(sku=sku, quantity=Decimal(2), unit_price=Decimal(50)) for sku in ground.goods[:3])
    booked = await intake.book_order(call(), ground.order(*lines))
    first, second, third = booked.line_keys

    amendment = Amendment(
        reference=reference("AMD"),
        order_key=booked.order.key,
        legal_entity_code=ground.entity,
        change=(LineChange(key=first, quantity=Decimal(5)),),
        remove=(second,),
        expected_version=booked.version,
    )

    amended = await intake.amend_order(call(), amendment)

    assert amended.order == booked.order
    assert amended.version != booked.version
    lines_now = {key: line for key, line in by_key(await read_back(sources, amended)).items() if not line.cancelled}
    assert (lines_now.get(second) is None) or lines_now[second].quantity == 0
    assert (lines_now[first].quantity, lines_now[third].quantity) == (Decimal(5), Decimal(2))


async def test_a_new_line_and_a_new_price_are_taken_whole_or_refused_whole(
    intake: OrderIntake, sources: Sources, ground: Ground
) -> None:
    booked = await intake.book_order(call(), ground.order())
    [first, *_] = booked.line_keys
    before = by_key(await read_back(sources, booked))
    amendment = Amendment(
        reference=reference("AMD"),
        order_key=booked.order.key,
        legal_entity_code=ground.entity,
        change=(LineChange(key=first, quantity=Decimal(5), unit_price=Decimal(40)),),
        add=(LineRequest(sku=ground.goods[3], quantity=Decimal(7), unit_price=Decimal(3)),),
        expected_version=booked.version,
    )

    try:
        amended = await intake.amend_order(call(), amendment)
    except Refused:
        assert by_key(await read_back(sources, booked)) == before
        return

    lines_now = {key: line for key, line in by_key(await read_back(sources, amended)).items() if not line.cancelled}
    (added,) = lines_now.keys() - before.keys()
    assert (lines_now[added].sku, lines_now[added].quantity) == (ground.goods[3], Decimal(7))
    amounts = {key: price.amount for key, line in lines_now.items() if (price := known(line.amount))}
    assert (amounts[first], amounts[added]) == (Decimal(200), Decimal(21))


async def test_an_amendment_of_an_order_that_was_changed_meanwhile_is_a_conflict(
    intake: OrderIntake, sources: Sources, ground: Ground
) -> None:
    booked = await intake.book_order(call(), ground.order())
    change = Amendment(
        reference=reference("AMD"),
        order_key=booked.order.key,
        legal_entity_code=ground.entity,
        change=(LineChange(key=booked.line_keys[0], quantity=Decimal(3)),),
        expected_version=booked.version,
    )
    await intake.amend_order(call(), change)
    late = msgspec.structs.replace(
        change,
        reference=reference("AMD"),
        change=(LineChange(key=booked.line_keys[0], quantity=Decimal(9)),),
    )

    with pytest.raises(Refused) as refused:
        await intake.amend_order(call(), late)

    assert refused.value.category is ProblemCategory.CONFLICT
    assert [line.quantity for line in by_key(await read_back(sources, booked)).values()] == [3]


async def test_an_amendment_of_which_a_part_is_refused_changes_nothing(
    intake: OrderIntake, sources: Sources, ground: Ground
) -> None:
    booked = await intake.book_order(call(), ground.order())

    with pytest.raises(Refused):
        await intake.amend_order(
            call(),
            Amendment(
                reference=reference("AMD"),
                order_key=booked.order.key,
                legal_entity_code=ground.entity,
                change=(LineChange(key=booked.line_keys[0], quantity=Decimal(8)),),
                add=(LineRequest(sku="NO-SUCH-THING", quantity=Decimal(1)),),
            ),
        )

    assert [line.quantity for line in by_key(await read_back(sources, booked)).values()] == [2]


async def test_a_cancelled_order_is_cancelled_once_and_still_found(
    intake: OrderIntake, sources: Sources, ground: Ground
) -> None:
    booked = await intake.book_order(call(), request := ground.order())

    cancelled = await intake.cancel_order(call(), booked.order.key, reference("CAN"), "The customer withdrew.")
    again = await intake.cancel_order(call(), booked.order.key, reference("CAN"), "The customer withdrew.")

    assert (cancelled.cancelled, cancelled.order) == (True, booked.order)
    assert (again.cancelled, again.version) == (True, cancelled.version)
    (found,) = (await intake.find_orders(call(), [request.reference]))[request.reference]
    assert found.cancelled
    assert (await read_back(sources, booked)).stage is Stage.CANCELLED


async def test_what_is_not_there_cannot_be_changed_or_cancelled(intake: OrderIntake, ground: Ground) -> None:
    nothing = Amendment(reference=reference("AMD"), order_key="999999", legal_entity_code=ground.entity, remove=("10",))

    for attempt in (intake.amend_order(call(), nothing), intake.cancel_order(call(), "999999", "RG-C", "why")):
        with pytest.raises(Refused):
            await attempt


@pytest.mark.parametrize("kind", ["reset_after", "status_after", "truncate"])
async def test_a_reply_that_was_lost_after_the_booking_is_found_by_its_reference(
    kind: faults.FaultKind, intake: OrderIntake, company: Company, ground: Ground
) -> None:
    await intake.quote_order(call(), request := ground.order())
    sandbox_of(company, ground.system).faults.add(faults.Fault(kind=kind, match="^POST", status=500, times=1))

    with pytest.raises(OutcomeUnknown) as lost:
        await intake.book_order(call(), request)

    assert (lost.value.outcome, lost.value.retryable) == (Outcome.UNCERTAIN, False)
    assert len((await intake.find_orders(call(), [request.reference]))[request.reference]) == 1


@pytest.mark.parametrize("kind", ["reset_before", "status"])
async def test_a_booking_that_was_never_made_is_as_unclear_until_it_is_looked_for(
    kind: faults.FaultKind, intake: OrderIntake, company: Company, ground: Ground
) -> None:
    await intake.quote_order(call(), request := ground.order())
    sandbox_of(company, ground.system).faults.add(faults.Fault(kind=kind, match="^POST", status=503, times=1))

    with pytest.raises(OutcomeUnknown):
        await intake.book_order(call(), request)

    assert await intake.find_orders(call(), [request.reference]) == {}


async def test_a_booking_that_nobody_waited_for_turns_up_once(
    intake: OrderIntake, company: Company, ground: Ground
) -> None:
    await intake.quote_order(call(), request := ground.order())
    sandbox_of(company, ground.system).faults.add(faults.Fault(kind="slow", match="^POST", seconds=0.6, times=1))

    with pytest.raises(OutcomeUnknown):
        await intake.book_order(call(seconds=0.15), request)

    assert len(await turning_up(intake, request.reference)) == 1


async def turning_up(intake: OrderIntake, carried: str) -> Sequence[OrderAcknowledgment]:
    async with asyncio.timeout(10):
        while True:
            if found := await intake.find_orders(call(), [carried]):
                return found[carried]


async def test_a_system_that_asks_for_fewer_calls_has_booked_nothing(
    intake: OrderIntake, company: Company, ground: Ground
) -> None:
    await intake.quote_order(call(), request := ground.order())
    sandbox_of(company, ground.system).faults.add(faults.Fault(kind="throttle", match="^POST", seconds=7, times=1))

    with pytest.raises(Fault) as throttled:
        await intake.book_order(call(), request)

    assert (throttled.value.retryable, throttled.value.retry_after) == (True, 7.0)
    assert throttled.value.outcome is Outcome.NOT_APPLIED
    assert await intake.find_orders(call(), [request.reference]) == {}


async def test_a_record_that_somebody_holds_is_worth_another_try(
    intake: OrderIntake, sources: Sources, company: Company, ground: Ground
) -> None:
    booked = await intake.book_order(call(), ground.order())
    sandbox_of(company, ground.system).faults.add(faults.Fault(kind="lock", match="^POST", times=1))
    change = Amendment(
        reference=reference("AMD"),
        order_key=booked.order.key,
        legal_entity_code=ground.entity,
        change=(LineChange(key=booked.line_keys[0], quantity=Decimal(4)),),
    )

    with pytest.raises(Fault) as held:
        await intake.amend_order(call(), change)

    assert (held.value.retryable, held.value.outcome) == (True, Outcome.NOT_APPLIED)
    assert held.value.category is ProblemCategory.CONFLICT
    await intake.amend_order(call(), change)
    assert [line.quantity for line in by_key(await read_back(sources, booked)).values()] == [4]


async def test_a_cancellation_whose_reply_was_lost_is_cancelled_again_without_harm(
    intake: OrderIntake, company: Company, ground: Ground
) -> None:
    booked = await intake.book_order(call(), ground.order())
    sandbox_of(company, ground.system).faults.add(faults.Fault(kind="reset_after", match="^POST", times=1))

    with pytest.raises(OutcomeUnknown):
        await intake.cancel_order(call(), booked.order.key, reference("CAN"), "The customer withdrew.")
    again = await intake.cancel_order(call(), booked.order.key, reference("CAN"), "The customer withdrew.")

    assert again.cancelled


async def test_a_created_customer_is_found_by_what_it_carries_and_can_order(
    intake: OrderIntake, sources: Sources, ground: Ground
) -> None:
    onboarding = port(sources, ground.system, CustomerIntake)
    request = newcomer(ground)

    created = await onboarding.create_customer(call(), request)
    found = await onboarding.find_created_customers(call(), [request.reference, request.crm_key or "", "RG-NEVER"])
    booked = await intake.book_order(call(), replace(ground, customer=created.customer.key).order())

    assert {carried: [one.customer for one in customers] for carried, customers in found.items()} == {
        request.reference: [created.customer],
        request.crm_key: [created.customer],
    }
    assert not booked.cancelled


async def test_a_created_customer_is_read_back_with_its_name_and_addresses(sources: Sources, ground: Ground) -> None:
    onboarding = port(sources, ground.system, CustomerIntake)
    request = newcomer(ground)

    created = await onboarding.create_customer(call(), request)
    wanted = Wanted.of("name", "billing_address", "shipping_address")
    source = port(sources, ground.system, CustomerSource)
    (customer,) = await source.fetch_customers(call(), Lookup(keys=(created.customer.key,)), wanted)

    assert customer.name == request.name
    assert customer.number == created.number
    assert request.crm_key in customer.partner_keys
    billing, shipping = known(customer.billing_address), known(customer.shipping_address)
    assert billing is not None
    assert shipping is not None
    assert (billing.city, shipping.city) == ("Ulm", "Kiel")


async def test_a_customer_whose_reply_was_lost_is_found_by_what_it_carries(
    sources: Sources, company: Company, ground: Ground
) -> None:
    onboarding = port(sources, ground.system, CustomerIntake)
    await onboarding.create_customer(call(), newcomer(ground))
    request = newcomer(ground)
    sandbox_of(company, ground.system).faults.add(faults.Fault(kind="reset_after", match="^POST", times=1))

    with pytest.raises(OutcomeUnknown):
        await onboarding.create_customer(call(), request)

    found = await onboarding.find_created_customers(call(), [request.crm_key or ""])
    assert len(found[request.crm_key or ""]) == 1


def newcomer(ground: Ground) -> CustomerRequest:
    return CustomerRequest(
        reference=reference("CUS"),
        legal_entity_code=ground.entity,
        name="Brunnenbau und Wassertechnik Oberer Neckar Gesellschaft mbH & Co. KG",
        currency_code=ground.currency,
        billing_address=Address("Uferweg 12", "Ulm", "89073", None, "DE"),
        shipping_address=Address("Hafen 3", "Kiel", "24103", None, "DE"),
        crm_key=f"0015g0{next(_numbers):04d}{datetime.now(UTC):%H%M%S}AA",
        email="einkauf@brunnenbau.example",
    )
