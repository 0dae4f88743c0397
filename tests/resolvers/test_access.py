"""Nobody comes to a foreign row, whichever way they ask."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from canonical.errors import Mistake, Unavailable
from canonical.identity import global_id
from canonical.order import OrderStatus
from canonical.principal import Principal
from canonical.refs import Ref
from canonical.wanted import Wanted
from resolvers import invoices, nodes, order_lines
from resolvers.access import SCOPES, require
from resolvers.naming import DocumentNamed, InvoiceNamed, OrderFilterAsked
from resolvers.order_filter import narrow
from resolvers.order_listing import list_orders
from resolvers.order_narrowing import OrderFilterBy
from tests.fakes.company import Company

MINE = {"accounts": frozenset({"acc1"})}


def two_buyers() -> Company:
    company = Company()
    for number in (1, 2):
        crm = company.customer(f"acc{number}", numbers=(f"c{number}",))
        account = replace(crm, ref=Ref("erp-eu", f"c{number}"), number=f"c{number}", partner_keys=(f"acc{number}",))
        company.eu.books.customers.append(account)
        company.sold(f"sale{number}", customer_key=f"acc{number}", partner_keys=(f"N-{number}",))
        order = company.booked("erp-eu", f"{number}", f"sale{number}", customer_key=f"c{number}")
        company.shipped(order, f"S{number}", 4)
        bill = company.billed(order, f"I{number}", 4, paid="480")
        assert isinstance(bill.payments, tuple)
        payment = bill.payments[0].payment
        assert payment
        company.eu.books.payments.append(replace(payment, customer_key=f"c{number}", legal_entity_code="DE01"))
    return company


@pytest.mark.parametrize("scope", sorted(SCOPES))
def test_without_a_scope_nothing_of_it_opens(scope: str) -> None:
    holder = Principal("ann", "acme", "tests", frozenset({scope}))

    require(holder, scope)
    with pytest.raises(Mistake, match=f"scope {scope}"):
        require(replace(holder, scopes=frozenset(SCOPES) - {scope}), scope)


@pytest.mark.parametrize(
    "concept, key", [("Order", "1"), ("Shipment", "S1"), ("Invoice", "I1"), ("Payment", "pay-I1"), ("Customer", "c1")]
)
async def test_a_partners_reader_sees_its_own_by_id_and_nothing_foreign(concept: str, key: str) -> None:
    company = two_buyers()
    ids = [global_id(concept, Ref("erp-eu", held)) for held in (key, key.replace("1", "2"))]

    own, foreign = await nodes.load_nodes(company.context(**MINE), ids)
    nobodys = await nodes.load_nodes(company.context(accounts=frozenset()), ids)

    assert own is not None
    assert foreign is None
    assert nobodys == [None, None]


@pytest.mark.parametrize("concept, key", [("Order", "1"), ("Shipment", "S1"), ("Invoice", "I1"), ("Payment", "pay-I1")])
async def test_another_legal_entitys_reader_sees_none_of_its_rows(concept: str, key: str) -> None:
    company = two_buyers()

    told = await nodes.load_nodes(
        company.context(legal_entities=frozenset({"US01"})), [global_id(concept, Ref("erp-eu", key))]
    )

    assert told == [None]


async def test_a_partners_reader_lists_and_finds_its_own_invoices_only() -> None:
    company = two_buyers()

    [page] = await invoices.invoices(company.context(**MINE), [None], Wanted(), 20, None, None)
    foreign = InvoiceNamed(document=DocumentNamed(value="I2"))
    [by_number] = await invoices.invoice(company.context(**MINE), [None], Wanted(), foreign)

    assert [invoice.ref.key for invoice in page.nodes] == ["I1"]  # type: ignore[union-attr]
    assert by_number is None


async def test_while_the_crm_is_silent_a_partners_reader_is_told_nothing_and_loses_nothing() -> None:
    company = two_buyers()
    company.crm.faults["*"] = Unavailable("crm", "crm does not answer.")

    silent = await list_orders(company.context(**MINE), 5, None, OrderFilterBy())
    company.crm.faults.clear()
    again = await list_orders(company.context(**MINE), 5, silent.page_info.end_cursor, OrderFilterBy())

    assert (silent.nodes, silent.page_info.has_next_page) == ((), True)
    assert [order.ref.key for order in again.nodes] == ["sale1"]


async def test_an_invoices_order_line_needs_the_right_to_orders() -> None:
    company = two_buyers()
    line: Any = company.eu.books.invoices[0].lines

    with pytest.raises(Mistake, match="scope orders:read"):
        await order_lines.of_parents(company.context(scopes=frozenset({"invoices:read"})), list(line), Wanted())


async def test_a_status_filter_reads_what_a_status_is_computed_from_though_nobody_selected_it() -> None:
    company = two_buyers()
    by = await narrow(company.context(), OrderFilterAsked(status=(OrderStatus.IN_FULFILLMENT,)))

    page = await list_orders(company.context(), 5, None, by)

    assert sorted(order.ref.key for order in page.nodes) == ["sale1", "sale2"]


async def test_an_order_whose_status_cannot_be_told_waits_for_its_system() -> None:
    company = two_buyers()
    by = OrderFilterBy(statuses=frozenset({OrderStatus.IN_FULFILLMENT}))
    company.eu.faults["fetch_invoices_of_orders"] = Unavailable("erp-eu", "erp-eu does not answer.")

    silent = await list_orders(company.context(), 5, None, by)
    company.eu.faults.clear()
    again = await list_orders(company.context(), 5, silent.page_info.end_cursor, by)

    assert ([gap.system for gap in silent.gaps], silent.page_info.has_next_page) == (["erp-eu"], True)
    assert sorted(order.ref.key for order in again.nodes) == ["sale1", "sale2"]


async def test_a_forged_cursor_is_a_mistake_in_words() -> None:
    for cursor in ("nonsense", "WyJvcmRlcnMiLHsiY3JtIjpbIjIwMjYtMDEtMDEiLCJ4Il19LHt9LHt9LFtdXQ"):
        with pytest.raises(Mistake, match="cursor was not given"):
            await list_orders(two_buyers().context(), 5, cursor, OrderFilterBy())


async def test_a_deal_over_two_entities_is_listed_for_either_though_the_other_was_booked_later() -> None:
    company = Company()
    company.sold("sale1", entity=None, partner_keys=("N-77", "N-88"))
    company.booked("erp-eu", "77", "sale1", days_ago=5)
    company.booked("erp-us", "88", "sale1", days_ago=1)

    for code in ("DE01", "US01"):
        page = await list_orders(company.context(), 5, None, OrderFilterBy(legal_entity_code=code))
        assert [order.ref.key for order in page.nodes] == ["sale1"]


async def test_a_search_finds_a_booked_order_once_by_what_only_the_crm_knows() -> None:
    company = two_buyers()
    company.sold("sale9", customer_name="Globex", partner_keys=("N-9",))
    company.booked("erp-eu", "9", "sale9")

    page = await list_orders(company.context(), 5, None, OrderFilterBy(search="globex"))

    assert [(order.ref.key, len(order.booked)) for order in page.nodes] == [("sale9", 1)]
