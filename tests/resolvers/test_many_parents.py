"""Lists below many customers or quotes are one question a system, and each parent's page is its own."""

from __future__ import annotations

from canonical.errors import Unavailable
from canonical.lineage import Stamp
from canonical.quote import QuoteRecord
from canonical.refs import Ref, SystemReference
from canonical.wanted import Wanted
from resolvers import customers, quotes
from resolvers.customer_loading import load_customers
from tests.fakes.company import NOW, Company

ALL = Wanted()


def company_of(buyers: int, orders: int) -> Company:
    company = Company()
    for buyer in range(buyers):
        company.customer(f"acc{buyer}", numbers=(f"c{buyer}",))
        for number in range(orders):
            sale, booking = f"sale{buyer}{number}", f"{buyer}{number}"
            days = buyer + number * buyers + 1
            company.sold(sale, days_ago=days, customer_key=f"acc{buyer}", partner_keys=(f"N-{booking}",))
            order = company.booked("erp-eu", booking, sale, days_ago=days, customer_key=f"c{buyer}")
            company.billed(order, f"I{booking}", 10)
    return company


async def test_orders_of_many_customers_are_one_list_a_system() -> None:
    company = company_of(buyers=8, orders=4)
    context = company.context()
    parents = [p for p in await load_customers(context, [Ref("crm", f"acc{n}") for n in range(8)]) if p]

    pages = await customers.orders_of(context, parents, ALL, 2, None, None)  # type: ignore[arg-type]

    assert [[o.ref.key for o in page.nodes] for page in pages] == [[f"sale{n}0", f"sale{n}1"] for n in range(8)]  # type: ignore[union-attr]
    assert all(page.page_info.has_next_page for page in pages)  # type: ignore[union-attr]
    assert company.eu.questions().count("list_orders") <= 2


async def test_a_customers_cursor_from_a_shared_scan_goes_on_where_its_own_page_ended() -> None:
    company = company_of(buyers=3, orders=5)
    context = company.context()
    parents = [p for p in await load_customers(context, [Ref("crm", f"acc{n}") for n in range(3)]) if p]
    first = await customers.orders_of(context, parents, ALL, 2, None, None)  # type: ignore[arg-type]

    for number, page in enumerate(first):
        cursor = page.page_info.end_cursor  # type: ignore[union-attr]
        [rest] = await customers.orders_of(company.context(), [parents[number]], ALL, 9, cursor, None)  # type: ignore[list-item]
        assert [o.ref.key for o in rest.nodes] == [f"sale{number}{n}" for n in (2, 3, 4)]  # type: ignore[union-attr]


async def test_invoices_of_many_customers_are_one_list_an_erp() -> None:
    company = company_of(buyers=6, orders=3)
    context = company.context()
    parents = [p for p in await load_customers(context, [Ref("crm", f"acc{n}") for n in range(6)]) if p]

    pages = await customers.invoices_of(context, parents, ALL, 3, None, None)  # type: ignore[arg-type]

    told = [sorted(invoice.ref.key for invoice in page.nodes) for page in pages]  # type: ignore[union-attr]
    assert told == [[f"I{n}0", f"I{n}1", f"I{n}2"] for n in range(6)]
    assert company.eu.questions().count("list_invoices") == 1


def quote(key: str) -> QuoteRecord:
    reference = SystemReference("crm", "Quote", key)
    return QuoteRecord(ref=Ref("crm", key), reference=reference, stamp=Stamp("crm", "Quote", key, NOW))


async def test_orders_of_many_quotes_are_one_list_and_a_silent_crm_is_a_fault_not_an_empty_list() -> None:
    company = Company()
    for number in range(5):
        company.sold(f"sale{number}", quote_key=f"q{number % 2}", days_ago=number + 1)
        company.booked("erp-eu", f"{number}", f"sale{number}")
    parents = [quote("q0"), quote("q1"), quote("q2")]

    told = await quotes.orders_of(company.context(), parents, ALL)
    asked = company.crm.questions()
    company.crm.faults["*"] = Unavailable("crm", "crm does not answer.")
    silent = await quotes.orders_of(company.context(), parents, ALL)

    assert [[order.ref.key for order in held] for held in told if isinstance(held, tuple)] == [
        ["sale0", "sale2", "sale4"],
        ["sale1", "sale3"],
        [],
    ]
    assert asked == ["list_orders"]
    assert all(isinstance(fault, Unavailable) for fault in silent)
