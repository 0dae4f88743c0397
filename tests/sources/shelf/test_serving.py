from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest
from msgspec import UNSET, Struct, structs

from canonical.customer import BillingAccount, Contact, CustomerRecord
from canonical.errors import Unavailable
from canonical.invoice import CreditMemo
from canonical.order import OrderRecord
from canonical.product import ProductRecord
from canonical.quote import QuoteRecord
from canonical.refs import Ref, SystemReference
from canonical.wanted import Wanted
from sources.kit.call import Call, SourceCall
from sources.landscape import CACHEABLE, CachePolicy
from sources.ports import (
    CustomerSource,
    InvoiceSource,
    Lookup,
    OrderSource,
    PaymentSource,
    ProductSource,
    QuoteSource,
    ReceivablesSource,
    ShipmentSource,
)
from sources.shelf.questions import QUESTIONS
from tests.fakes.company import NOW, Company
from tests.fakes.kept import Gate, Kept, call, keeping
from tests.fakes.real_redis import RealRedis

NAME = Wanted.of("name")
EVERYTHING = Wanted.of("number", "status", "lines.quantity", "payments.payment.number", "total", "shipped_at", "amount")


def a_company() -> Company:
    """One of everything, in the CRM and in the European ERP."""
    company = Company()
    stamp = company.customer("acc1", contacts=(Contact(Ref("crm", "c1"), "Jo"),)).stamp
    order = company.booked("erp-eu", "4711", "sale1")
    company.shipped(order, "80", 4)
    invoice = company.billed(order, "90", 4, paid="100")
    reference = SystemReference("erp-eu", "Memo", "m1")
    company.eu.books.memos.append(CreditMemo(ref=Ref("erp-eu", "m1"), reference=reference, stamp=stamp, number="m1"))
    assert isinstance(invoice.payments, tuple)
    payment = invoice.payments[0].payment
    assert payment is not None
    company.eu.books.payments.append(payment)
    account = SystemReference("erp-eu", "Account", "c1")
    company.eu.books.accounts.append(
        BillingAccount(customer=Ref("erp-eu", "c1"), legal_entity_code="DE01", reference=account)
    )
    company.crm.books.quotes.append(
        QuoteRecord(ref=Ref("crm", "q1"), reference=SystemReference("crm", "Quote", "q1"), stamp=stamp, number="Q-1")
    )
    company.crm.books.products.append(
        ProductRecord(ref=Ref("crm", "p1"), reference=SystemReference("crm", "Product", "p1"), stamp=stamp, sku="P-1")
    )
    return company


Question = Callable[[Kept, OrderRecord], Awaitable[Any]]
QUESTIONS_OF_PORTS: dict[str, Question] = {
    "customer": lambda k, _: k.port("crm", CustomerSource).fetch_customers(call(), Lookup(keys=("acc1",)), NAME),
    "customer.billing_accounts": lambda k, _: k.port("erp-eu", ReceivablesSource).fetch_billing_accounts(
        call(), ["c1"], EVERYTHING
    ),
    "quote": lambda k, _: k.port("crm", QuoteSource).fetch_quotes(call(), Lookup(numbers=("Q-1",)), EVERYTHING),
    "product": lambda k, _: k.port("crm", ProductSource).fetch_products(call(), ["P-1"], NAME),
    "order": lambda k, _: k.port("erp-eu", OrderSource).fetch_orders(
        call(), Lookup(partner_keys=("sale1",)), EVERYTHING
    ),
    "order.shipments": lambda k, order: k.port("erp-eu", ShipmentSource).fetch_shipments_of_orders(
        call(), [order], EVERYTHING
    ),
    "order.invoices": lambda k, order: k.port("erp-eu", InvoiceSource).fetch_invoices_of_orders(
        call(), [order], EVERYTHING
    ),
    "shipment": lambda k, _: k.port("erp-eu", ShipmentSource).fetch_shipments(call(), ["80"], EVERYTHING),
    "invoice": lambda k, _: k.port("erp-eu", InvoiceSource).fetch_invoices(call(), Lookup(keys=("90",)), EVERYTHING),
    "credit_memo": lambda k, _: k.port("erp-eu", InvoiceSource).fetch_credit_memos(call(), ["m1"], EVERYTHING),
    "payment": lambda k, _: k.port("erp-eu", PaymentSource).fetch_payments(call(), ["pay-90"], EVERYTHING),
}


def told(answer: Any) -> Any:
    """An answer, whichever kind of sequence it is told in."""
    if isinstance(answer, dict):
        return {key: told(held) for key, held in answer.items()}
    return answer if isinstance(answer, Struct) else list(answer)


@pytest.mark.parametrize("name", QUESTIONS_OF_PORTS)
async def test_what_was_read_is_served_again_without_a_call(redis: RealRedis, name: str) -> None:
    company = a_company()
    async with keeping(redis, name, company=company) as kept:
        [order] = company.eu.books.orders
        live = await QUESTIONS_OF_PORTS[name](kept, order)

        again = await QUESTIONS_OF_PORTS[name](kept, order)

        assert live
        assert told(again) == told(live)
        assert len(company.crm.asked + company.eu.asked) == 1


@pytest.mark.parametrize("name", QUESTIONS_OF_PORTS)
async def test_what_has_no_policy_is_always_live_and_leaves_nothing_in_redis(redis: RealRedis, name: str) -> None:
    company = a_company()
    async with keeping(redis, *(other for other in QUESTIONS_OF_PORTS if other != name), company=company) as kept:
        [order] = company.eu.books.orders

        for _ in range(2):
            await QUESTIONS_OF_PORTS[name](kept, order)

        assert len(company.crm.asked + company.eu.asked) == 2
        assert await kept.addresses() == []


def test_the_landscape_offers_what_the_shelf_can_keep_and_nothing_else() -> None:
    assert set(CACHEABLE) == set(QUESTIONS)


async def test_of_a_page_only_what_is_not_held_is_asked_for(redis: RealRedis) -> None:
    async with keeping(redis, "customer") as kept:
        keys = tuple(f"acc{number}" for number in range(50))
        for key in keys:
            kept.company.customer(key)
        customers = kept.port("crm", CustomerSource)
        await customers.fetch_customers(call(), Lookup(keys=keys[:49]), NAME)
        asker = call()

        told = await customers.fetch_customers(asker, Lookup(keys=keys), NAME)

        assert {record.ref.key for record in told} == set(keys)
        assert [(c.system, c.operation, c.outcome, c.rows) for c in asker.record.calls] == [
            ("crm", "customer", "kept", 49)
        ]
        assert kept.company.crm.asked[-1].about == Lookup(keys=keys[49:])


async def test_a_record_is_told_once_whatever_names_it_is_asked_by(redis: RealRedis) -> None:
    async with keeping(redis, "customer") as kept:
        kept.company.customer("acc1", numbers=("100", "200"), number="N1")
        customers = kept.port("crm", CustomerSource)
        lookup = Lookup(keys=("acc1",), partner_keys=("100", "200"), numbers=("N1",))
        await customers.fetch_customers(call(), lookup, NAME)

        told = [
            await customers.fetch_customers(call(), part, NAME)
            for part in (lookup, Lookup(partner_keys=("200",)), Lookup(numbers=("N1",)), Lookup(keys=("acc1",)))
        ]

        assert [[record.ref.key for record in records] for records in told] == [["acc1"]] * 4
        assert kept.company.crm.questions() == ["fetch_customers"]


async def test_a_field_that_is_not_held_is_asked_for_together_with_those_that_are(redis: RealRedis) -> None:
    async with keeping(redis, "customer") as kept:
        kept.company.customer("acc1", parent_key="acc0")
        customers, one = kept.port("crm", CustomerSource), Lookup(keys=("acc1",))

        for wanted in (NAME, Wanted.of("parent_key"), NAME, Wanted.of("parent_key"), Wanted.of("name", "parent_key")):
            [record] = await customers.fetch_customers(call(), one, wanted)
            assert {name for name in ("name", "parent_key") if getattr(record, name) is not UNSET} == set(
                wanted.names()
            )

        assert [asked.wanted for asked in kept.company.crm.asked] == [NAME, Wanted.of("name", "parent_key")]


async def test_a_child_that_came_along_for_another_question_is_not_told(redis: RealRedis) -> None:
    async with keeping(redis, "order") as kept:
        customer = kept.company.customer("acc1")
        kept.company.sold("sale1", customer=customer)
        orders, one = kept.port("crm", OrderSource), Lookup(keys=("sale1",))
        await orders.fetch_orders(call(), one, Wanted.of("customer.name", "subtotal"))

        [record] = await orders.fetch_orders(call(), one, Wanted.of("subtotal"))

        assert record.customer is UNSET
        assert record.subtotal is not UNSET
        assert kept.company.crm.questions() == ["fetch_orders"]


async def test_that_there_is_none_is_kept_for_half_a_minute(redis: RealRedis) -> None:
    async with keeping(redis, "customer", "product") as kept:
        customers, products = kept.port("crm", CustomerSource), kept.port("crm", ProductSource)
        for _ in range(2):
            assert await customers.fetch_customers(call(), Lookup(keys=("acc9",)), NAME) == []
            assert await products.fetch_products(call(), ["none"], NAME) == {}

        assert kept.company.crm.questions() == ["fetch_customers", "fetch_products"]
        assert [29_000 < await kept.redis.pttl(key) <= 30_000 for key in await kept.addresses()] == [True, True]


async def test_a_system_may_be_said_to_stay_fresh_for_less_than_its_concepts_policy(redis: RealRedis) -> None:
    async with keeping(redis, "customer", policy=CachePolicy(100), company=a_company(), freshness=10) as kept:
        source = kept.systems.get("crm", CustomerSource)
        assert source is not None

        await source.fetch_customers(call(), Lookup(keys=("acc1",)), NAME)
        kept.now = NOW + timedelta(seconds=9)
        await source.fetch_customers(call(), Lookup(keys=("acc1",)), NAME)
        assert len(kept.company.crm.asked) == 1

        kept.now = NOW + timedelta(seconds=11)
        await source.fetch_customers(call(), Lookup(keys=("acc1",)), NAME)
        assert len(kept.company.crm.asked) == 2


async def test_redis_forgets_by_itself_what_is_too_old_to_serve(redis: RealRedis) -> None:
    async with keeping(redis, "customer", policy=CachePolicy(100, 50)) as kept:
        kept.company.customer("acc1")
        await kept.port("crm", CustomerSource).fetch_customers(call(), Lookup(keys=("acc1",)), NAME)

        [address] = await kept.addresses()
        assert 149_000 < await kept.redis.pttl(address) <= 150_000


async def test_beyond_its_age_an_answer_is_told_stale_while_it_is_read_anew_once(redis: RealRedis) -> None:
    async with keeping(redis, "customer") as kept:
        kept.company.customer("acc1", name="Old")
        customers, one = kept.port("crm", CustomerSource), Lookup(keys=("acc1",))
        await customers.fetch_customers(call(), one, NAME)
        kept.company.crm.books.customers[0] = structs.replace(kept.company.crm.books.customers[0], name="New")
        kept.later(301)
        gate, askers = Gate(kept.company.crm), [call() for _ in range(5)]

        stale = await asyncio.gather(*(customers.fetch_customers(asker, one, NAME) for asker in askers))
        gate.go.set()
        await kept.refreshing.settled()
        [fresh] = await customers.fetch_customers(call(), one, NAME)

        assert {(r.name, r.stamp.stale, r.stamp.fetched_at) for [r] in stale} == {("Old", True, NOW)}
        assert [[c.outcome for c in asker.record.calls] for asker in askers] == [["stale"]] * 5
        assert (fresh.name, fresh.stamp.stale) == ("New", False)
        assert kept.company.crm.questions() == ["fetch_customers"] * 2


async def test_reading_anew_has_its_own_time_and_record_and_the_rights_of_whoever_asked(redis: RealRedis) -> None:
    async with keeping(redis, "customer") as kept:
        kept.company.customer("acc1")
        customers, one, rights = kept.port("crm", CustomerSource), Lookup(keys=("acc1",)), frozenset({"acc1"})
        await customers.fetch_customers(call(accounts=rights), one, NAME)
        kept.later(301)
        asker = call(accounts=rights)

        await customers.fetch_customers(asker, one, NAME)
        await kept.refreshing.settled()

        behind = kept.company.crm.asked[-1].call
        assert behind.view == asker.view
        assert (behind.urgency, behind.correlation_id) == ("bulk", "corr-1-refresh")
        assert behind.record is not asker.record
        assert behind.deadline.at != asker.deadline.at


async def test_two_processes_read_anew_once(redis: RealRedis) -> None:
    async with (
        keeping(redis, "customer", tenant="both") as one,
        keeping(redis, "customer", company=one.company, tenant="both") as other,
    ):
        one.company.customer("acc1")
        lookup = Lookup(keys=("acc1",))
        await one.port("crm", CustomerSource).fetch_customers(call(), lookup, NAME)
        one.later(301)
        other.later(301)

        for kept in (one, other):
            await kept.port("crm", CustomerSource).fetch_customers(call(), lookup, NAME)
        await asyncio.gather(one.refreshing.settled(), other.refreshing.settled())

        assert one.company.crm.questions() == ["fetch_customers"] * 2


async def test_when_it_is_too_old_even_for_that_the_system_is_asked(redis: RealRedis) -> None:
    async with keeping(redis, "customer", policy=CachePolicy(300, 100)) as kept:
        kept.company.customer("acc1")
        customers, one = kept.port("crm", CustomerSource), Lookup(keys=("acc1",))
        await customers.fetch_customers(call(), one, NAME)
        kept.later(401)

        [record] = await customers.fetch_customers(call(), one, NAME)

        assert not record.stamp.stale
        assert kept.company.crm.questions() == ["fetch_customers"] * 2


async def test_a_system_that_fails_to_be_read_anew_leaves_what_is_stale_and_is_not_troubled_again(
    redis: RealRedis,
) -> None:
    async with keeping(redis, "customer") as kept:
        kept.company.customer("acc1")
        customers, one = kept.port("crm", CustomerSource), Lookup(keys=("acc1",))
        await customers.fetch_customers(call(), one, NAME)
        kept.later(301)
        kept.company.crm.faults["*"] = Unavailable("crm", "It is down.")

        for _ in range(3):
            [record] = await customers.fetch_customers(call(), one, NAME)
            await kept.refreshing.settled()
            assert record.stamp.stale

        assert kept.company.crm.questions() == ["fetch_customers"] * 2


async def test_the_fault_of_a_system_that_had_to_be_asked_is_the_askers_and_is_not_kept(redis: RealRedis) -> None:
    async with keeping(redis, "customer") as kept:
        kept.company.customer("acc1")
        customers, one = kept.port("crm", CustomerSource), Lookup(keys=("acc1",))
        kept.company.crm.faults["*"] = Unavailable("crm", "It is down.")
        with pytest.raises(Unavailable, match="It is down"):
            await customers.fetch_customers(call(), one, NAME)
        kept.company.crm.faults.clear()

        assert len(await customers.fetch_customers(call(), one, NAME)) == 1


async def test_an_answer_to_a_question_that_another_asked_earlier_is_not_kept(redis: RealRedis) -> None:
    async with keeping(redis, "customer") as kept:
        kept.company.customer("acc1")
        live = kept.company.crm.fetch_customers

        async def shared(call: Call, lookup: Lookup, wanted: Wanted) -> Sequence[CustomerRecord]:
            call.record.add(SourceCall("crm", "query Account", 1.0, 1, "shared"))
            return await live(call, lookup, wanted)

        kept.company.crm.fetch_customers = shared  # type: ignore[method-assign]

        for _ in range(2):
            await kept.port("crm", CustomerSource).fetch_customers(call(), Lookup(keys=("acc1",)), NAME)

        assert kept.company.crm.questions() == ["fetch_customers"] * 2


async def test_what_may_not_be_all_that_a_name_stands_for_is_asked_again(redis: RealRedis) -> None:
    async with keeping(redis, "customer") as kept:
        record = kept.company.customer("acc17", number="17")

        async def unpadding(call: Call, lookup: Lookup, wanted: Wanted) -> Sequence[CustomerRecord]:
            kept.company.crm.note("fetch_customers", call, wanted, lookup)
            return [record] if "0017" in lookup.numbers else []

        kept.company.crm.fetch_customers = unpadding  # type: ignore[method-assign]

        for _ in range(2):
            found = await kept.port("crm", CustomerSource).fetch_customers(call(), Lookup(numbers=("0017",)), NAME)
            assert [one.ref.key for one in found] == ["acc17"]
        assert kept.company.crm.questions() == ["fetch_customers"] * 2


async def test_lists_are_live_and_names_are_the_systems_own(redis: RealRedis) -> None:
    async with keeping(redis, *QUESTIONS_OF_PORTS) as kept:
        customers, orders = kept.port("crm", CustomerSource), kept.port("crm", OrderSource)

        assert (customers.name, customers.kind) == ("crm", "fake")
        assert orders.named_order("sale1") == "sale1"
        assert customers.named_customer("else") is None
        assert customers.origin("Customer", "name") == "Customer.name"
        assert (await customers.check(call())).latency_ms == 3
        await customers.close()
        assert kept.systems.by_name == kept.company.systems.by_name
        assert kept.systems.get("crm", ShipmentSource) is None
