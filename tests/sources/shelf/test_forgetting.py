from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from canonical.absence import known
from canonical.wanted import Wanted
from sources.ports import (
    CustomerSource,
    InvoiceSource,
    Lookup,
    OrderSource,
    PaymentSource,
    ProductSource,
    ReceivablesSource,
    ShipmentSource,
)
from sources.shelf.store import CHANGES_KEPT
from tests.fakes.company import Company
from tests.fakes.kept import Gate, Kept, call, keeping
from tests.fakes.real_redis import RealRedis

NAME = Wanted.of("name")


def rename(company: Company, key: str, name: str) -> None:
    books = company.crm.books
    books.customers = [structs.replace(c, name=name) if c.ref.key == key else c for c in books.customers]


async def names(kept: Kept, *keys: str, **view: frozenset[str]) -> dict[str, str | None]:
    found = await kept.port("crm", CustomerSource).fetch_customers(call(**view), Lookup(keys=keys), NAME)
    return {record.ref.key: known(record.name) for record in found}


async def test_what_changed_is_read_live_at_once_by_readers_of_all_rights_and_the_rest_is_still_held(
    redis: RealRedis,
) -> None:
    async with keeping(redis, "customer") as kept:
        rights: list[dict[str, frozenset[str]]] = [{}, {"accounts": frozenset({"acc1", "acc2"})}]
        for key in ("acc1", "acc2"):
            kept.company.customer(key)
        for view in rights:
            await names(kept, "acc1", "acc2", **view)
        rename(kept.company, "acc1", "New")

        await kept.forget("crm", "customer", "acc1")

        for view in rights:
            assert await names(kept, "acc1", "acc2", **view) == {"acc1": "New", "acc2": "Acme"}
        assert [asked.about for asked in kept.company.crm.asked[2:]] == [Lookup(keys=("acc1",))] * 2


async def test_another_process_hears_of_it_too(redis: RealRedis) -> None:
    async with (
        keeping(redis, "customer", tenant="heard") as one,
        keeping(redis, "customer", company=one.company, tenant="heard") as other,
    ):
        one.company.customer("acc1")
        assert await names(other, "acc1") == {"acc1": "Acme"}
        rename(one.company, "acc1", "New")

        await one.forget("crm", "customer", "acc1")

        assert await names(other, "acc1") == {"acc1": "New"}


async def test_a_change_that_names_no_record_is_to_every_one_of_its_concept_in_its_system(redis: RealRedis) -> None:
    async with keeping(redis, "customer", "product") as kept:
        kept.company.customer("acc1")
        products = kept.port("crm", ProductSource)
        await names(kept, "acc1")
        await products.fetch_products(call(), ["P-1"], NAME)
        await kept.port("erp-eu", CustomerSource).fetch_customers(call(), Lookup(keys=("c1",)), NAME)

        await kept.forget("crm", "customer")

        await names(kept, "acc1")
        await products.fetch_products(call(), ["P-1"], NAME)
        await kept.port("erp-eu", CustomerSource).fetch_customers(call(), Lookup(keys=("c1",)), NAME)
        assert kept.company.crm.questions() == ["fetch_customers", "fetch_products", "fetch_customers"]
        assert kept.company.eu.questions() == ["fetch_customers"]


async def test_an_answer_that_was_on_its_way_when_the_change_was_announced_is_not_served_afterwards(
    redis: RealRedis,
) -> None:
    async with keeping(redis, "customer") as kept:
        kept.company.customer("acc1", name="Old")
        gate = Gate(kept.company.crm)
        reader = asyncio.create_task(names(kept, "acc1"))
        await gate.read.wait()
        rename(kept.company, "acc1", "New")

        await kept.forget("crm", "customer", "acc1")
        gate.go.set()

        assert await reader == {"acc1": "Old"}  # it had asked before the change
        assert await names(kept, "acc1") == {"acc1": "New"}
        assert await names(kept, "acc1") == {"acc1": "New"}
        assert kept.company.crm.questions() == ["fetch_customers"] * 2


async def test_neither_is_one_that_was_being_read_anew(redis: RealRedis) -> None:
    async with keeping(redis, "customer") as kept:
        kept.company.customer("acc1", name="Old")
        await names(kept, "acc1")
        kept.later(301)
        gate = Gate(kept.company.crm)
        assert await names(kept, "acc1") == {"acc1": "Old"}
        await gate.read.wait()
        rename(kept.company, "acc1", "New")

        await kept.forget("crm", "customer", "acc1")
        gate.go.set()
        await kept.refreshing.settled()

        assert await names(kept, "acc1") == {"acc1": "New"}


async def test_what_was_looked_for_in_vain_is_found_once_something_of_its_kind_is_announced(redis: RealRedis) -> None:
    async with keeping(redis, "customer") as kept:
        assert await names(kept, "acc1") == {}
        kept.company.customer("acc1")

        await kept.forget("crm", "customer", "acc1")

        assert await names(kept, "acc1") == {"acc1": "Acme"}


async def test_a_new_record_that_names_the_same_partner_is_found_although_others_were_held(redis: RealRedis) -> None:
    async with keeping(redis, "order") as kept:
        kept.company.booked("erp-eu", "1", "sale1")
        orders, partner = kept.port("erp-eu", OrderSource), Lookup(partner_keys=("sale1",))
        assert len(await orders.fetch_orders(call(), partner, Wanted())) == 1
        kept.company.booked("erp-eu", "2", "sale1")

        await kept.forget("erp-eu", "order", "2")

        assert {record.ref.key for record in await orders.fetch_orders(call(), partner, Wanted())} == {"1", "2"}


async def an_order(kept: Kept) -> object:
    return await kept.port("erp-eu", OrderSource).fetch_orders(
        call(), Lookup(keys=("4711",)), Wanted.of("customer_key")
    )


async def shipments_of_order(kept: Kept) -> object:
    source = kept.port("erp-eu", ShipmentSource)
    return await source.fetch_shipments_of_orders(call(), kept.company.eu.books.orders, Wanted())


async def invoices_of_order(kept: Kept) -> object:
    source = kept.port("erp-eu", InvoiceSource)
    return await source.fetch_invoices_of_orders(call(), kept.company.eu.books.orders, Wanted())


async def an_invoice(kept: Kept) -> object:
    return await kept.port("erp-eu", InvoiceSource).fetch_invoices(call(), Lookup(keys=("90",)), Wanted())


async def a_payment(kept: Kept) -> object:
    return await kept.port("erp-eu", PaymentSource).fetch_payments(call(), ["pay-90"], Wanted())


async def accounts(kept: Kept) -> object:
    return await kept.port("erp-eu", ReceivablesSource).fetch_billing_accounts(call(), ["c1"], Wanted())


@pytest.mark.parametrize(
    "name,question,concept,key",
    [
        ("order", an_order, "order", "4711"),
        ("order", an_order, "customer", "erp-eu-c1"),
        ("order", an_order, "shipment", "new"),
        ("order", an_order, "invoice", "new"),
        ("order", an_order, "payment", "new"),
        ("order.shipments", shipments_of_order, "shipment", "new"),
        ("order.shipments", shipments_of_order, "order", "4711"),
        ("order.invoices", invoices_of_order, "invoice", "new"),
        ("order.invoices", invoices_of_order, "order", "4711"),
        ("order.invoices", invoices_of_order, "payment", "new"),
        ("order.invoices", invoices_of_order, "credit_memo", "new"),
        ("invoice", an_invoice, "payment", "new"),
        ("payment", a_payment, "invoice", "new"),
        ("customer.billing_accounts", accounts, "invoice", "new"),
        ("customer.billing_accounts", accounts, "payment", "new"),
        ("customer.billing_accounts", accounts, "customer", "c1"),
    ],
)
async def test_what_moves_an_answer_makes_it_live_again(
    redis: RealRedis, name: str, question: Callable[[Kept], Awaitable[object]], concept: str, key: str
) -> None:
    async with keeping(redis, name) as kept:
        order = kept.company.booked("erp-eu", "4711", "sale1")
        kept.company.shipped(order, "80", 4)
        kept.company.billed(order, "90", 4, paid="100")
        for _ in range(2):
            await question(kept)
        assert len(kept.company.eu.asked) == 1

        await kept.forget("erp-us", concept, key)
        await question(kept)
        assert len(kept.company.eu.asked) == 1

        await kept.forget("erp-eu", concept, key)
        await question(kept)
        assert len(kept.company.eu.asked) == 2


async def test_changes_are_remembered_for_longer_than_anything_is_kept(redis: RealRedis) -> None:
    async with keeping(redis, "customer") as kept:
        await kept.forget("crm", "customer", "acc1")
        await kept.forget("crm", "customer")

        lives = {key: await kept.redis.ttl(key) for key in await kept.addresses() if not key.endswith(b":changes")}
        assert len(lives) == 3
        assert all(2 * 86_400 < life <= CHANGES_KEPT for life in lives.values())


async def test_a_redis_that_lost_the_count_of_changes_serves_nothing_from_before(redis: RealRedis) -> None:
    async with keeping(redis, "customer") as kept:
        kept.company.customer("acc1", name="Old")
        await kept.forget("crm", "product")
        await names(kept, "acc1")
        await kept.redis.delete(f"revgraph:{kept.tenant}:changes")
        rename(kept.company, "acc1", "New")
        assert await names(kept, "acc1") == {"acc1": "New"}
        await kept.redis.delete(f"revgraph:{kept.tenant}:changes")
        rename(kept.company, "acc1", "Newer")

        await kept.forget("crm", "customer", "acc1")

        assert await names(kept, "acc1") == {"acc1": "Newer"}


async def test_what_changed_after_the_count_was_lost_stays_changed_however_far_it_counts_again(
    redis: RealRedis,
) -> None:
    async with keeping(redis, "customer") as kept:
        kept.company.customer("acc1", name="Old")
        for _ in range(3):
            await kept.forget("crm", "product")
        await names(kept, "acc1")
        await kept.redis.delete(f"revgraph:{kept.tenant}:changes")
        rename(kept.company, "acc1", "New")
        kept.later(1)

        await kept.forget("crm", "customer", "acc1")
        for _ in range(5):
            await kept.forget("crm", "product")

        assert await names(kept, "acc1") == {"acc1": "New"}


async def test_many_changes_at_once_are_all_heard(redis: RealRedis) -> None:
    async with keeping(redis, "customer") as kept:
        keys = [f"acc{number}" for number in range(1200)]
        for key in keys:
            kept.company.customer(key)
        await names(kept, *keys[:300])
        await names(kept, *keys[900:])

        await kept.forget("crm", "customer", *keys)

        await names(kept, *keys[:300])
        await names(kept, *keys[900:])
        assert kept.company.crm.questions() == ["fetch_customers"] * 4


async def test_an_unknown_concept_is_a_mistake_of_whoever_announces_it(redis: RealRedis) -> None:
    async with keeping(redis, "customer") as kept:
        with pytest.raises(ValueError, match="'invoices' is none of customer, quote"):
            await kept.forget("crm", "invoices", "1")


@given(
    turns=st.lists(
        st.tuples(
            st.sampled_from(["read", "change", "change and say so", "wait"]),
            st.sampled_from(["acc1", "acc2"]),
            st.sampled_from([None, frozenset({"acc1", "acc2"})]),
        ),
        max_size=20,
    )
)
async def test_an_announced_change_is_seen_by_every_later_reader_whatever_went_before(
    redis: RealRedis, turns: list[tuple[str, str, frozenset[str] | None]]
) -> None:
    async with keeping(redis, "customer") as kept:
        said: dict[str, int] = {}
        for key in ("acc1", "acc2"):
            kept.company.customer(key, name="0")
            said[key] = 0
        for turn, (what, key, accounts) in enumerate(turns, 1):
            if what == "wait":
                kept.later(200)
            elif what == "read":
                told = await names(kept, key, **{"accounts": accounts} if accounts else {})
                await kept.refreshing.settled()
                assert int(told[key] or "") >= said[key]
            else:
                rename(kept.company, key, str(turn))
                if what == "change and say so":
                    await kept.forget("crm", "customer", key)
                    said[key] = turn
