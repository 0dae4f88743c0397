"""What an ERP's order tells of a customer that the CRM lacks is served without asking that ERP again."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from canonical.customer import CustomerRecord
from canonical.errors import Unavailable
from canonical.joined import Customer, Order
from canonical.lineage import Stamp
from canonical.refs import Ref, SystemReference
from canonical.wanted import Wanted
from resolvers.context import Context
from resolvers.customer_loading import load_customers
from resolvers.order_listing import list_orders
from resolvers.order_narrowing import OrderFilterBy
from resolvers.order_reading import load_orders
from resolvers.orders import customers_of
from tests.fakes.company import NOW, Company

NAME = ("ref", "name")


def account(key: str = "c9", **facts: Any) -> CustomerRecord:
    """A customer as the ERP's own record tells it."""
    record = CustomerRecord(
        ref=Ref("erp-eu", key),
        reference=SystemReference("erp-eu", "Party", key),
        stamp=Stamp("erp-eu", "Party", key, NOW),
        number=key,
        name="Stranger of the books",
    )
    return replace(record, **facts)


def stranger() -> Company:
    """A company with one ERP order, of a customer that only that ERP knows: one name on the order, one in the books."""
    company = Company()
    order_says = account(name="Stranger", parent_key=None)
    company.booked("erp-eu", "1", "PO 4711", customer_key="c9", customer=order_says)
    company.eu.books.customers.append(account(parent_key=None))
    return company


def reading(company: Company, *fields: str, **rights: Any) -> Context:
    context = company.context(**rights)
    context.also_wants("Order", Wanted.of("customer", "customer_key"))
    context.also_wants("Customer", Wanted.of(*fields))
    return context


async def buyers(context: Context) -> list[Customer]:
    page = await list_orders(context, 10, None, OrderFilterBy())
    found = await customers_of(context, page.nodes, Wanted())
    assert all(isinstance(customer, Customer) for customer in found), found
    return [customer for customer in found if isinstance(customer, Customer)]


async def test_a_customer_that_the_crm_lacks_is_told_by_its_order() -> None:
    company = stranger()

    [buyer] = await buyers(reading(company, *NAME, "parent_key"))

    assert (buyer.name, buyer.ref, buyer.crm_id, buyer.parent_ref) == ("Stranger", Ref("erp-eu", "c9"), None, None)
    assert company.eu.questions() == ["list_orders"]
    assert company.crm.questions().count("fetch_customers") == 1


async def test_an_order_asked_for_alone_tells_its_customer_too() -> None:
    company = stranger()
    context = reading(company, *NAME)

    [order] = await load_orders(context, [Ref("erp-eu", "1")])
    assert isinstance(order, Order)
    [buyer] = await customers_of(context, [order], Wanted())

    assert isinstance(buyer, Customer)
    assert buyer.name == "Stranger"
    assert company.eu.questions() == ["fetch_orders"]


@pytest.mark.parametrize("more", ["references", "every_record", "crm_id", "contacts", "updated_at", "billing_address"])
async def test_its_own_record_is_asked_where_more_is_read_than_the_order_holds(more: str) -> None:
    company = stranger()

    [buyer] = await buyers(reading(company, *NAME, more))

    assert buyer.name == "Stranger of the books"
    assert company.eu.questions() == ["list_orders", "fetch_customers"]


async def test_the_crm_tells_a_customer_whose_number_it_has() -> None:
    company = stranger()
    company.customer("acc1", numbers=("c9",), name="Known to sales")

    [buyer] = await buyers(reading(company, *NAME))

    assert (buyer.name, buyer.ref) == ("Known to sales", Ref("crm", "acc1"))
    assert company.eu.questions() == ["list_orders"]


async def test_no_order_speaks_for_a_silent_crm_as_it_may_have_the_customer() -> None:
    company = stranger()
    company.crm.faults["fetch_customers"] = Unavailable("crm", "crm does not answer.")

    [buyer] = await buyers(reading(company, *NAME))

    assert buyer.name == "Stranger of the books"
    assert company.eu.questions() == ["list_orders", "fetch_customers"]


async def test_orders_that_name_one_customer_differently_leave_it_to_its_own_record() -> None:
    company = stranger()
    for key, name in (("2", "Passer-by"), ("3", "Stranger")):
        company.booked("erp-eu", key, "PO 4712", customer_key="c9", customer=account(name=name, parent_key=None))

    names = {buyer.name for buyer in await buyers(reading(company, *NAME))}

    assert names == {"Stranger of the books"}
    assert company.eu.questions() == ["list_orders", "fetch_customers"]


async def test_orders_that_say_the_same_at_different_times_agree() -> None:
    company = stranger()
    later = Stamp("erp-eu", "Party", "c9", NOW.replace(hour=13))
    company.booked(
        "erp-eu", "2", "PO 4712", customer_key="c9", customer=account(name="Stranger", parent_key=None, stamp=later)
    )

    names = [buyer.name for buyer in await buyers(reading(company, *NAME))]

    assert names == ["Stranger", "Stranger"]
    assert company.eu.questions() == ["list_orders"]


async def test_whose_account_a_customer_is_only_its_own_record_says() -> None:
    company = Company()
    company.sold("sale1", customer_key="acc1", partner_keys=("N-1",))
    company.booked("erp-eu", "1", "sale1", customer_key="c9", customer=account(name="Stranger"))
    company.eu.books.customers.append(account(partner_keys=("acc1",)))
    context = reading(company, *NAME, accounts=frozenset({"acc1"}))
    assert len((await list_orders(context, 10, None, OrderFilterBy())).nodes) == 1

    [buyer] = await load_customers(context, [Ref("erp-eu", "c9")])

    assert isinstance(buyer, Customer)
    assert buyer.crm_id == "acc1"
