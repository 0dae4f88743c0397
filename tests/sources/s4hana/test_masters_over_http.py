"""Customers, products and billing accounts over real HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from canonical.absence import known
from canonical.wanted import Wanted
from sources.kit.sandbox.faults import Fault as Trouble
from sources.ports import CustomerQuery, Lookup, ProductQuery
from tests.sources.s4hana.opened import call
from tests.sources.s4hana.pretend import NAME, Opened, pretend

FEW = Wanted.of("number")


@pytest.fixture
async def opened() -> AsyncIterator[Opened]:
    async with pretend() as held:
        yield held


async def test_customers_are_found_by_number_and_by_their_crm_key(opened: Opened) -> None:
    buyer = next(b for b in opened.story.buyers.values() if b.crm_key and any(a.instance == NAME for a in b.accounts))
    number = next(account.number for account in buyer.accounts if account.instance == NAME)
    wanted = Wanted.of("name", "billing_address")
    by_number = await opened.source.fetch_customers(call(), Lookup(keys=(number,)), wanted)
    by_key = await opened.source.fetch_customers(call(), Lookup(partner_keys=(str(buyer.crm_key),)), wanted)

    assert by_number[0].ref == by_key[0].ref
    assert by_number[0].name == buyer.erp_names.get(NAME, buyer.name)
    address = known(by_number[0].billing_address)
    assert address is not None
    assert (address.city, address.postal_code) == (buyer.billing.city, buyer.billing.postal_code)


async def test_customers_stream_by_number_and_have_no_children_here(opened: Opened) -> None:
    first = await opened.source.list_customers(call(), CustomerQuery(first=10), FEW)
    second = await opened.source.list_customers(call(), CustomerQuery(first=10, after_key=first.items[-1].ref.key), FEW)
    keys = [customer.ref.key for customer in (*first.items, *second.items)]

    assert keys == sorted(set(keys))
    assert (len(keys), first.more) == (20, True)
    assert (await opened.source.list_customers(call(), CustomerQuery(first=5, parent_key="1"), FEW)).items == ()
    named = str(first.items[3].name)
    found = await opened.source.list_customers(call(), CustomerQuery(first=50, search=named[2:9]), FEW)
    assert first.items[3].ref in [customer.ref for customer in found.items]


async def test_billing_accounts_say_what_is_owed_and_the_limit(opened: Opened) -> None:
    buyer, account = next(
        (b, a) for b in opened.story.buyers.values() for a in b.accounts if a.instance == NAME and a.credit_limit
    )
    wanted = Wanted.of("currency_code", "payment_terms", "credit", "open_balance", "overdue_balance")
    (told,) = (await opened.source.fetch_billing_accounts(call(), [account.number], wanted))[account.number]
    credit, owed = known(told.credit), known(told.open_balance)

    assert buyer.name
    assert (told.legal_entity_code, told.currency_code) == ("DE01", "EUR")
    assert credit is not None
    assert credit.credit_limit is not None
    assert (credit.credit_limit.amount, credit.exposure, credit.on_hold) == (
        account.credit_limit,
        None,
        account.on_hold,
    )
    assert owed is not None
    assert len(opened.lines()) == 3


async def test_without_the_credit_service_accounts_are_told_without_credit(opened: Opened) -> None:
    opened.sandbox.faults.add(Trouble(kind="status", status=404, match="CRDTMBUSINESSPARTNER"))
    number = next(a.number for b in opened.story.buyers.values() for a in b.accounts if a.instance == NAME)
    (told,) = (await opened.source.fetch_billing_accounts(call(), [number], Wanted.of("credit")))[number]

    assert told.credit is None


async def test_products_are_found_by_sku_by_name_and_as_a_stream(opened: Opened) -> None:
    article = next(iter(opened.story.articles.values()))
    fetched = await opened.source.fetch_products(call(), [article.sku, "NO-SUCH"], Wanted.of("name"))
    searched = await opened.source.list_products(
        call(), ProductQuery(first=50, search=article.name[:12]), Wanted.of("name")
    )
    first = await opened.source.list_products(call(), ProductQuery(first=4), FEW)
    second = await opened.source.list_products(call(), ProductQuery(first=4, after_sku=first.items[-1].sku), FEW)

    assert {sku: product.name for sku, product in fetched.items()} == {article.sku: article.name[:40]}
    assert article.sku in [product.sku for product in searched.items]
    skus = [product.sku for product in (*first.items, *second.items)]
    assert skus == sorted(set(skus))
