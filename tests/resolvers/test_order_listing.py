"""The list of orders, against a model: whatever is linked to whatever, and whoever is silent in between."""

from __future__ import annotations

from datetime import datetime

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct

from canonical.errors import Unavailable
from canonical.joined import Order
from canonical.joining import join_orders
from canonical.refs import Ref
from resolvers.connections import Connection
from resolvers.order_listing import list_orders
from resolvers.order_narrowing import OrderFilterBy
from tests.fakes.company import Company

SYSTEMS = ("crm", "erp-eu", "erp-us")


class Booked(Struct, frozen=True):
    erp: str
    day: int
    referenced: bool
    written_back: bool


class Deal(Struct, frozen=True):
    in_crm: bool
    entity: str | None
    day: int
    booked: tuple[Booked, ...]


bookings = st.builds(Booked, st.sampled_from(SYSTEMS[1:]), st.integers(1, 6), st.booleans(), st.booleans())
deals = st.builds(
    Deal,
    st.sampled_from([True, True, True, False]),
    st.sampled_from(["DE01", "US01", None]),
    st.integers(1, 6),
    st.lists(bookings, max_size=3).map(tuple),
)
# Who has only free text names nothing: while the CRM is silent, nobody can know that two such bookings are one deal.
named_deals = deals.filter(lambda deal: len(deal.booked) < 2 or all(booked.referenced for booked in deal.booked))
silences = st.lists(st.sets(st.sampled_from(SYSTEMS), max_size=2), max_size=8)


def company_of(told: list[Deal]) -> Company:
    company = Company()
    for number, deal in enumerate(told):
        keys = [f"{number}{part}" for part in range(len(deal.booked))]
        if deal.in_crm:
            written = tuple(f"N-{key}" for key, booked in zip(keys, deal.booked, strict=True) if booked.written_back)
            company.sold(f"sale{number}", days_ago=deal.day, entity=deal.entity, partner_keys=written)
        for key, booked in zip(keys, deal.booked, strict=True):
            reference = f"sale{number}" if booked.referenced else "PO 4711"
            company.booked(booked.erp, key, reference, days_ago=booked.day)
    return company


def anchors_of(company: Company) -> dict[Ref, Ref]:
    booked = [*company.eu.books.orders, *company.us.books.orders]
    groups = join_orders("crm", company.crm.books.orders, booked, company.crm.named_order)
    # A CRM order that carries a number which no ERP has is in no stream: asking for it by its id still finds it.
    groups = [group for group in groups if group.booked or (group.crm and not group.crm.partner_keys)]
    records = {r.ref: group.anchor for group in groups for r in group.booked}
    return records | {group.crm.ref: group.anchor for group in groups if group.crm}


def silence(company: Company, names: set[str]) -> None:
    for fake in (company.crm, company.eu, company.us):
        fake.faults = {"*": Unavailable(fake.name, f"{fake.name} does not answer.")} if fake.name in names else {}


def questions(company: Company) -> dict[str, list[str]]:
    return {fake.name: fake.questions() for fake in (company.crm, company.eu, company.us)}


def forget(company: Company) -> None:
    for fake in (company.crm, company.eu, company.us):
        fake.asked.clear()


async def walk(company: Company, size: int, silent: list[set[str]]) -> list[Connection[Order]]:
    pages: list[Connection[Order]] = []
    cursor = None
    for number in range(120):
        silence(company, silent[number] if number < len(silent) else set())
        forget(company)
        page = await list_orders(company.context(), size, cursor, OrderFilterBy())
        cursor = page.page_info.end_cursor
        pages.append(page)
        asked = questions(company)
        rounds = max(1, *(names.count("list_orders") for names in asked.values()))
        assert all(len(names) <= 3 * rounds for names in asked.values()), asked
        if not page.page_info.has_next_page:
            assert number >= len(silent) or not silent[number]
            return pages
    raise AssertionError("The list has no end.")


def place(order: Order) -> datetime:
    return max(record.ordered_at for record in order.booked or order.records())


@settings(max_examples=100)
@given(st.lists(deals, max_size=7), st.integers(1, 4))
async def test_every_order_is_listed_once_newest_first(told: list[Deal], size: int) -> None:
    company = company_of(told)

    pages = await walk(company, size, [])

    anchors = anchors_of(company)
    shown = [order for page in pages for order in page.nodes]
    assert sorted(order.ref for order in shown) == sorted(set(anchors.values()))
    assert [place(order) for order in shown] == sorted((place(order) for order in shown), reverse=True)
    assert all(len(page.nodes) <= size for page in pages)
    assert all(set(order.records()) == {r for r in order.records() if anchors[r.ref] == order.ref} for order in shown)


@settings(max_examples=100)
@given(st.lists(named_deals, max_size=6), st.integers(1, 4), silences)
async def test_systems_that_fall_silent_between_pages_lose_and_repeat_nothing(
    told: list[Deal], size: int, silent: list[set[str]]
) -> None:
    company = company_of(told)

    pages = await walk(company, size, silent)

    anchors = anchors_of(company)
    shown = [anchors[order.records()[0].ref] for page in pages for order in page.nodes]
    assert sorted(shown) == sorted(set(anchors.values()))
    assert all(len(page.nodes) <= size for page in pages)
    for page, names in zip(pages, silent, strict=False):
        assert {gap.system for gap in page.gaps} <= names


async def test_an_order_booked_twice_is_told_whole_without_a_second_look() -> None:
    company = Company()
    company.sold("sale1", partner_keys=("N-1",))
    for key in ("1", "2"):
        company.booked("erp-eu", key, "sale1")

    page = await list_orders(company.context(), 10, None, OrderFilterBy())

    assert [[record.ref.key for record in order.booked] for order in page.nodes] == [["1", "2"]]
    assert (company.eu.questions(), company.us.questions()) == (["list_orders"], ["list_orders"])


async def test_a_booking_that_the_crm_knows_of_and_no_stream_has_brought_is_looked_up() -> None:
    company = Company()
    company.sold("sale1", days_ago=9, partner_keys=("N-1", "N-2"))
    company.booked("erp-eu", "1", "sale1", days_ago=1)
    company.booked("erp-us", "2", "sale1", days_ago=4)
    for key in ("7", "8"):
        company.booked("erp-us", key, "", days_ago=2)

    page = await list_orders(company.context(), 1, None, OrderFilterBy())

    assert [[record.ref.key for record in order.booked] for order in page.nodes] == [["1", "2"]]
    assert company.us.questions() == ["list_orders", "fetch_orders"]


async def test_a_booking_whose_order_stood_on_the_page_before_is_passed_by_without_a_look_at_the_others() -> None:
    company = Company()
    company.sold("sale1", days_ago=9, partner_keys=("N-1", "N-2"))
    company.booked("erp-eu", "1", "sale1", days_ago=1)
    company.booked("erp-us", "2", "sale1", days_ago=2)
    for key in ("7", "8"):
        company.booked("erp-us", key, "", days_ago=3)
    first = await list_orders(company.context(), 1, None, OrderFilterBy())
    forget(company)

    second = await list_orders(company.context(), 1, first.page_info.end_cursor, OrderFilterBy())

    assert [order.ref for order in (*first.nodes, *second.nodes)] == [Ref("crm", "sale1"), Ref("erp-us", "8")]
    assert "fetch_orders" not in company.eu.questions() + company.us.questions()


async def test_a_sale_that_was_passed_before_its_booking_costs_no_look_at_the_other_books() -> None:
    company = Company()
    company.sold("sale1", days_ago=1)
    for day in (2, 3, 4):
        company.booked("erp-eu", f"filler{day}", "PO 4711", days_ago=day)
    company.booked("erp-eu", "b1", "sale1", days_ago=5)
    company.booked("erp-us", "b2", "sale1", days_ago=6)

    pages, cursor = [], None
    for _ in range(3):
        forget(company)
        page = await list_orders(company.context(), 2, cursor, OrderFilterBy())
        cursor = page.page_info.end_cursor
        pages.append([sorted(record.ref.key for record in order.records()) for order in page.nodes])
        assert [questions(company)[erp] for erp in ("erp-eu", "erp-us")] == [["list_orders"], ["list_orders"]]

    assert pages == [[["filler2"], ["filler3"]], [["filler4"], ["b1", "b2", "sale1"]], []]
