"""The adapter and the sandbox over real HTTP: what the ports promise, and how many calls it takes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
import pytest_asyncio

from canonical.contract import ContractStatus
from canonical.errors import Refused, Unavailable
from canonical.money import Money
from canonical.order import Stage
from canonical.quote import QuoteStatus
from canonical.system import SystemHealth
from canonical.wanted import Wanted
from sources.kit.sandbox.faults import Fault
from sources.kit.sandbox.serving import serve
from sources.landscape import Instance, Limits, Secret
from sources.ports import (
    ContractSource,
    CustomerQuery,
    CustomerSource,
    Lookup,
    OpportunitySource,
    OrderQuery,
    OrderSource,
    Position,
    ProductQuery,
    ProductSource,
    QuoteSource,
)
from sources.salesforce.adapter import Salesforce, open_source
from sources.salesforce.ids import long_id
from sources.salesforce.sandbox.box import SalesforceSandbox
from sources.salesforce.sandbox.model import Field
from tests.sources.salesforce.asking import Settings, asked, instance_of

A, B = long_id("001000000000AAA"), long_id("001000000000AAB")
ORDERS = [long_id(f"801000000000A0{number}") for number in range(10)]
QUOTE, PRODUCT, ENTRY = long_id("0Q0000000000AAA"), long_id("01t000000000AAA"), long_id("01u000000000AAA")
OPPORTUNITY, BOOK = long_id("006000000000AAA"), long_id("01s000000000AAA")
CONTRACT, OTHER_CONTRACT = long_id("800000000000AAA"), long_id("800000000000AAB")
SETTINGS: Settings = {
    "multi_currency": True,
    "requested_date_field": "Requested_Date__c",
    "line_segment_field": "Segment__c",
    "quote_approved_at_field": "Approved_At__c",
}
FULL = Wanted.of(
    "subtotal", "quote_key", "purchase_order_number", "requested_delivery_date", "submitted_at", "customer.name",
    "lines.sku", "lines.quantity", "lines.unit_price", "lines.amount", "lines.segment",
)  # fmt: skip


def order_row(number: int, **more: object) -> dict[str, object]:
    return {
        "Id": ORDERS[number],
        "OrderNumber": f"{number:08d}",
        "AccountId": A if number % 2 else B,
        "EffectiveDate": "2026-11-01",
        "Status": "Draft",
        "StatusCode": "Draft",
        "Pricebook2Id": BOOK,
        "CurrencyIsoCode": "EUR",
        "CreatedDate": datetime(2026, 11, 1 + number // 3, 12, tzinfo=UTC),
        **more,
    }


ROWS: dict[str, list[dict[str, object]]] = {
    "Account": [
        {"Id": A, "Name": "O'Brien & Söhne", "AccountNumber": "C-1", "ERP_Customer_Number__c": "100;200"},
        {"Id": B, "Name": "Acme", "AccountNumber": "C-2", "ParentId": A},
    ],
    "Contact": [{"AccountId": A, "LastName": "Miller", "FirstName": "Ann", "Name": "Ann Miller", "Title": "Buyer"}],
    "Opportunity": [
        {"Id": OPPORTUNITY, "Name": "Deal", "AccountId": A, "StageName": "Closed Won", "CloseDate": "2026-11-01"}
        | {"Amount": Decimal("21.00"), "CurrencyIsoCode": "EUR", "IsClosed": True, "IsWon": True}
    ],
    "Contract": [
        {"Id": CONTRACT, "ContractNumber": "00000100", "AccountId": A, "Status": "Activated", "ContractTerm": 12}
        | {"StartDate": "2026-12-01", "ActivatedDate": datetime(2026, 11, 2, tzinfo=UTC)},
        {"Id": OTHER_CONTRACT, "ContractNumber": "00000101", "AccountId": B, "Status": "Draft"},
    ],
    "Pricebook2": [{"Id": BOOK, "Name": "Ours", "IsActive": True}],
    "Product2": [{"Id": PRODUCT, "Name": "Valve", "StockKeepingUnit": "VM-8", "IsActive": True}],
    "PricebookEntry": [
        {"Id": ENTRY, "Pricebook2Id": BOOK, "Product2Id": PRODUCT, "UnitPrice": Decimal("10.5")}
        | {"CurrencyIsoCode": "EUR"}
    ],
    "Quote": [
        {"Id": QUOTE, "Name": "Q", "QuoteNumber": "00000077", "OpportunityId": OPPORTUNITY, "AccountId": A}
        | {"GrandTotal": Decimal("12.34"), "CurrencyIsoCode": "EUR", "Status": "Accepted"}
        | {"Approved_At__c": datetime(2026, 10, 2, tzinfo=UTC)}
    ],
    "Order": [
        order_row(1, Status="Activated", StatusCode="Activated", ActivatedDate=datetime(2026, 11, 2, tzinfo=UTC))
        | {"ERP_Order_Number__c": "4711;0815", "QuoteId": QUOTE, "PoNumber": "PO'7", "TotalAmount": Decimal("21.00")}
        | {"Requested_Date__c": date(2026, 12, 24), "ContractId": CONTRACT},
        *(order_row(number) for number in range(2, 10)),
    ],
    "OrderItem": [
        {"OrderId": ORDERS[1], "PricebookEntryId": ENTRY, "Product2Id": PRODUCT, "Quantity": 2}
        | {"CurrencyIsoCode": "EUR", "UnitPrice": Decimal("10.5"), "TotalPrice": Decimal("21.00"), "Segment__c": 1}
    ],
}  # fmt: skip


@dataclass
class Org:
    box: SalesforceSandbox
    url: str
    open: Callable[[Settings], Salesforce]


@pytest_asyncio.fixture
async def org() -> AsyncIterator[Org]:
    box = SalesforceSandbox("crm", None)
    box.load(ROWS)
    told = box.settings()
    opened: list[Salesforce] = []
    async with serve(box.app) as served:

        def open_one(settings: Settings) -> Salesforce:
            secrets = {
                "client_id": Secret(told["client_id"]),
                "client_secret": Secret(told["client_secret"]),
                "username": Secret(told["username"]),
                "private_key": Secret(box.private_key.decode()),
            }
            limits = Limits(attempts=1)
            instance = Instance(
                "crm", "salesforce", "crm", served.url, settings=settings, credentials=secrets, limits=limits
            )
            opened.append(open_source(instance))
            return opened[-1]

        yield Org(box, served.url, open_one)
        for one in opened:
            await one.close()
    box.close()


@pytest_asyncio.fixture
async def crm(org: Org) -> Salesforce:
    adapter = org.open(SETTINGS)
    await adapter.check(asked())
    org.box.log.clear()
    return adapter


def test_the_adapter_keeps_the_ports_it_claims(org: Org) -> None:
    adapter = org.open({})

    assert isinstance(adapter, OrderSource)
    assert isinstance(adapter, CustomerSource)
    assert isinstance(adapter, QuoteSource)
    assert isinstance(adapter, OpportunitySource)
    assert isinstance(adapter, ContractSource)
    assert isinstance(adapter, ProductSource)


async def test_an_order_with_everything_is_one_call(org: Org, crm: Salesforce) -> None:
    call = asked()

    (order,) = await crm.fetch_orders(call, Lookup(keys=(ORDERS[1],)), FULL)

    assert (order.stage, order.number, order.partner_keys) == (Stage.SUBMITTED, "00000001", ("4711", "0815"))
    assert (order.customer_key, order.quote_key, order.purchase_order_number) == (A, QUOTE, "PO'7")
    assert order.ordered_at == datetime(2026, 11, 1, 12, tzinfo=UTC)
    assert order.submitted_at == datetime(2026, 11, 2, tzinfo=UTC)
    assert order.requested_delivery_date == date(2026, 12, 24)
    assert order.subtotal == Money(Decimal("21.00"), "EUR")
    assert order.customer is not None
    assert getattr(order.customer, "name", None) == "O'Brien & Söhne"
    assert isinstance(order.lines, tuple)
    (line,) = order.lines
    assert (line.sku, line.quantity, line.segment) == ("VM-8", Decimal(2), 1)
    assert (line.unit_price, line.amount) == (Money(Decimal("10.50"), "EUR"), Money(Decimal("21.00"), "EUR"))
    assert [one.path for one in org.box.log.asked()] == ["/services/data/v68.0/query"]
    assert [(one.operation, one.rows, one.outcome) for one in call.record.calls] == [("query Order", 1, "ok")]


async def test_orders_are_found_by_any_reference_in_one_call(org: Org, crm: Salesforce) -> None:
    lookup = Lookup(keys=(ORDERS[2], ORDERS[3][:15], "nonsense'"), partner_keys=("0815", "815"), numbers=("00000004",))

    found = await crm.fetch_orders(asked(), lookup, Wanted())

    assert {one.number for one in found} == {"00000001", "00000002", "00000003", "00000004"}
    assert [one.path for one in org.box.log.asked()] == ["/services/data/v68.0/composite"]


async def test_what_is_not_there_is_absent(crm: Salesforce) -> None:
    assert await crm.fetch_orders(asked(), Lookup(keys=(ORDERS[0],), numbers=("x",)), Wanted()) == []
    assert await crm.fetch_quotes(asked(), Lookup(keys=(ORDERS[0],)), Wanted()) == ()
    assert await crm.fetch_products(asked(), ["none"], Wanted()) == {}


async def test_the_stream_is_newest_first_without_gap_or_repetition(org: Org, crm: Salesforce) -> None:
    seen: list[str] = []
    after: Position | None = None
    more = True
    while more:
        page = await crm.list_orders(asked(), OrderQuery(first=2, after=after), Wanted())
        seen += [one.number or "" for one in page.items]
        after, more = Position(page.items[-1].ordered_at, page.items[-1].ref.key), page.more

    assert seen == [f"{number:08d}" for number in range(9, 0, -1)]
    assert org.box.log.total == 5


async def test_a_page_and_a_lookup_are_one_call(org: Org, crm: Salesforce) -> None:
    page = await crm.list_orders(
        asked(), OrderQuery(first=3), FULL, also=Lookup(keys=(ORDERS[9], ORDERS[1]), partner_keys=("4711",))
    )

    assert [one.number for one in page.items] == ["00000009", "00000008", "00000007"]
    assert sorted(one.number or "" for one in page.also) == ["00000001", "00000009"]
    assert page.more
    assert [one.path for one in org.box.log.asked()] == ["/services/data/v68.0/composite"]


@pytest.mark.parametrize(
    "query, numbers",
    [
        (OrderQuery(first=20, stages=frozenset({Stage.SUBMITTED})), [1]),
        (OrderQuery(first=20, stages=frozenset({Stage.BOOKED, Stage.CANCELLED})), [1]),
        (OrderQuery(first=20, customer_keys=(A,)), [9, 7, 5, 3, 1]),
        (OrderQuery(first=20, customer_keys=()), []),
        (OrderQuery(first=20, quote_keys=(QUOTE,)), [1]),
        (OrderQuery(first=20, contract_keys=(CONTRACT, "nobody")), [1]),
        (OrderQuery(first=20, ordered_from=date(2026, 11, 3)), [9, 8, 7, 6]),
        (OrderQuery(first=20, ordered_to=date(2026, 11, 2)), [5, 4, 3, 2, 1]),
        (OrderQuery(first=20, unlinked_only=True, ordered_to=date(2026, 11, 1)), [2]),
        (OrderQuery(first=20, search="po'7"), [1]),
        (OrderQuery(first=20, search="acme"), [8, 6, 4, 2]),
        (OrderQuery(first=20, search="%"), []),
    ],
)
async def test_filters_are_pushed_down(query: OrderQuery, numbers: list[int], crm: Salesforce) -> None:
    page = await crm.list_orders(asked(), query, Wanted())

    assert [int(one.number or 0) for one in page.items] == numbers
    assert not page.more


async def test_rows_out_of_the_asker_s_accounts_never_come(crm: Salesforce) -> None:
    mine = asked(accounts=frozenset({B}))

    assert await crm.fetch_orders(mine, Lookup(keys=(ORDERS[1],), partner_keys=("4711",)), Wanted()) == []
    assert {one.customer_key for one in (await crm.list_orders(mine, OrderQuery(first=20), Wanted())).items} == {B}
    assert await crm.fetch_quotes(mine, Lookup(keys=(QUOTE,)), Wanted()) == ()
    assert await crm.fetch_opportunities(mine, Lookup(keys=(OPPORTUNITY,)), Wanted()) == ()
    both = Lookup(keys=(CONTRACT, OTHER_CONTRACT))
    assert [one.ref.key for one in await crm.fetch_contracts(mine, both, Wanted())] == [OTHER_CONTRACT]
    assert [one.ref.key for one in (await crm.list_customers(mine, CustomerQuery(first=9), Wanted())).items] == [B]


async def test_customers_are_found_by_any_reference(org: Org, crm: Salesforce) -> None:
    wanted = Wanted.of("name", "contacts", "parent_key")

    found = await crm.fetch_customers(asked(), Lookup(partner_keys=("200",), numbers=("C-2",)), wanted)

    by_key = {one.ref.key: one for one in found}
    assert (by_key[A].name, by_key[A].partner_keys, by_key[B].parent_key) == ("O'Brien & Söhne", ("100", "200"), A)
    contacts = by_key[A].contacts
    assert isinstance(contacts, tuple)
    assert [(one.name, one.role) for one in contacts] == [("Ann Miller", "Buyer")]
    assert by_key[B].contacts == ()
    assert org.box.log.total == 1


async def test_customers_are_listed_by_key_and_searched(crm: Salesforce) -> None:
    first = await crm.list_customers(asked(), CustomerQuery(first=1), Wanted())
    second = await crm.list_customers(asked(), CustomerQuery(first=1, after_key=first.items[0].ref.key), Wanted())
    found = await crm.list_customers(asked(), CustomerQuery(first=5, search="o'br"), Wanted())
    children = await crm.list_customers(asked(), CustomerQuery(first=5, parent_key=A), Wanted())

    assert [one.items[0].ref.key for one in (first, second, found, children)] == [A, B, A, B]
    assert [one.more for one in (first, second, found, children)] == [True, False, False, False]


async def test_a_quote_tells_its_story(crm: Salesforce) -> None:
    wanted = Wanted.of("number", "status", "total", "approved_at", "accepted_at", "opportunity_key", "lines.sku")

    (quote,) = await crm.fetch_quotes(asked(), Lookup(numbers=("00000077",)), wanted)

    assert (quote.ref.key, quote.status, quote.customer_key) == (QUOTE, QuoteStatus.ACCEPTED, A)
    assert (quote.total, quote.opportunity_key) == (Money(Decimal("12.34"), "EUR"), OPPORTUNITY)
    assert (quote.approved_at, quote.accepted_at) == (datetime(2026, 10, 2, tzinfo=UTC), None)
    assert quote.lines == ()


async def test_an_opportunity_tells_what_came_of_it(crm: Salesforce) -> None:
    wanted = Wanted.of("name", "stage", "amount", "closes_on", "closed", "won")

    (deal,) = await crm.fetch_opportunities(asked(), Lookup(keys=(OPPORTUNITY[:15], "x'"), numbers=("Deal",)), wanted)

    assert (deal.ref.key, deal.name, deal.stage, deal.customer_key) == (OPPORTUNITY, "Deal", "Closed Won", A)
    assert (deal.amount, deal.closes_on) == (Money(Decimal("21.00"), "EUR"), date(2026, 11, 1))
    assert (deal.closed, deal.won) == (True, True)


async def test_contracts_are_found_by_key_and_number_in_one_call_and_an_order_names_its_own(
    org: Org, crm: Salesforce
) -> None:
    lookup = Lookup(keys=(CONTRACT, CONTRACT), numbers=("00000101", "00000999"))
    wanted = Wanted.of("status", "starts_on", "ends_on", "term_months", "activated_at", "amended_at")

    found = {one.ref.key: one for one in await crm.fetch_contracts(asked(), lookup, wanted)}

    assert org.box.log.total == 1
    assert sorted(found) == [CONTRACT, OTHER_CONTRACT]
    one = found[CONTRACT]
    assert (one.number, one.status, one.term_months) == ("00000100", ContractStatus.ACTIVE, 12)
    assert (one.starts_on, one.ends_on, one.amended_at) == (date(2026, 12, 1), date(2027, 11, 30), None)
    assert one.activated_at == datetime(2026, 11, 2, tzinfo=UTC)
    (order,) = await crm.fetch_orders(asked(), Lookup(keys=(ORDERS[1],)), Wanted.of("contract_key"))
    assert order.contract_key == CONTRACT


async def test_products_are_found_and_listed_by_sku(crm: Salesforce) -> None:
    found = await crm.fetch_products(asked(), ["VM-8"], Wanted.of("name", "active"))
    page = await crm.list_products(asked(), ProductQuery(first=5, search="valv"), Wanted())

    assert (found["VM-8"].name, found["VM-8"].active, found["VM-8"].ref.key) == ("Valve", True, PRODUCT)
    assert [one.sku for one in page.items] == ["VM-8"]


async def test_both_ways_to_sign_in_work(org: Org) -> None:
    for auth in ("jwt", "client_credentials"):
        org.box.log.clear()
        checkup = await org.open({"auth": auth}).check(asked())

        assert checkup.status is SystemHealth.UP
        assert [one.path for one in org.box.log.asked()] == ["/services/oauth2/token", "/services/data/v68.0/query"]


async def test_a_forgotten_token_costs_one_more_sign_in_and_one_replay(org: Org, crm: Salesforce) -> None:
    org.box.faults.add(Fault(kind="expire_token", match="query", times=1))

    found = await crm.fetch_orders(asked(), Lookup(keys=(ORDERS[1],)), Wanted())

    assert [one.number for one in found] == ["00000001"]
    assert [one.path.rpartition("/")[2] for one in org.box.log.asked()] == ["query", "token", "query"]


async def test_a_thorough_check_finds_every_field(org: Org, crm: Salesforce) -> None:
    checkup = await crm.check(asked(), thorough=True)

    assert checkup.status is SystemHealth.UP
    assert [(one.name, one.well) for one in checkup.findings] == [
        ("signs in and answers", True),
        ("daily calls", True),
        ("Account is readable", True),
        ("Account is writable", True),
        ("Contact is readable", True),
        ("Order is readable", True),
        ("Order is writable", True),
        ("OrderItem is readable", True),
        ("OrderItem is writable", True),
        ("Quote is readable", True),
        ("QuoteLineItem is readable", True),
        ("Opportunity is readable", True),
        ("Contract is readable", True),
        ("Product2 is readable", True),
        ("PricebookEntry is readable", True),
    ]
    assert checkup.calls_remaining is not None


async def test_a_wrong_setting_is_told_in_words(org: Org) -> None:
    adapter = org.open({"erp_order_number_field": "SAP_No__c"})

    checkup = await adapter.check(asked(), thorough=True)

    assert checkup.status is SystemHealth.DEGRADED
    assert checkup.message == (
        "Order does not show SAP_No__c (setting erp_order_number_field): "
        "give the integration user read access, or correct the settings."
    )
    with pytest.raises(Refused, match="does not show us a field"):
        await adapter.fetch_orders(asked(), Lookup(keys=(ORDERS[1],)), Wanted())


@pytest.mark.parametrize(
    "question",
    [
        lambda crm: crm.fetch_orders(asked(), Lookup(keys=(ORDERS[1],)), Wanted()),
        lambda crm: crm.list_customers(asked(), CustomerQuery(first=5), Wanted()),
    ],
)
@pytest.mark.parametrize("fault", ["status", "reset_after", "truncate"])
async def test_an_org_out_of_order_is_unavailable(
    question: Callable[[Salesforce], Awaitable[object]], fault: str, org: Org, crm: Salesforce
) -> None:
    org.box.faults.add(Fault.model_validate({"kind": fault}))

    with pytest.raises(Unavailable):
        await question(crm)


@pytest.mark.parametrize("fault", ["shuffle_rows", "duplicate_rows"])
async def test_rows_are_matched_by_key_whatever_their_order(fault: str, org: Org, crm: Salesforce) -> None:
    org.box.faults.add(Fault.model_validate({"kind": fault}))

    found = await crm.fetch_orders(asked(), Lookup(keys=tuple(ORDERS)), Wanted())

    assert sorted(one.number or "" for one in found) == [f"{number:08d}" for number in range(1, 10)]


def test_what_names_an_order_or_a_customer(org: Org) -> None:
    adapter = org.open({})

    assert adapter.named_order(ORDERS[1].upper()) == ORDERS[1]
    assert adapter.named_order("00000001") is None
    assert adapter.named_customer(A[:15]) == A
    assert adapter.named_customer(ORDERS[1]) is None


def test_a_landscape_without_what_the_sign_in_needs_is_refused_in_words() -> None:
    with pytest.raises(ValueError, match="crm needs the credential 'client_secret'"):
        open_source(Instance("crm", "salesforce", "crm", "https://x", credentials={"client_id": Secret("k")}))


@pytest.mark.parametrize(
    "settings, words",
    [
        ({"quote_model": "magic"}, "quote_model"),
        ({"erp_order_number_field": "PoNumber"}, "the field PoNumber would mean two things"),
        ({"erp_failure_field": "ERP_Status__c"}, "the field ERP_Status__c would mean two things"),
        ({"pricebook": "01sStandard"}, "the id of a price book has 15 or 18 characters"),
    ],
)
def test_settings_that_cannot_be_are_refused_in_words(settings: Settings, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        open_source(instance_of("https://x", settings))


async def test_rights_that_writing_needs_are_told_with_their_settings(org: Org) -> None:
    lookup = Field("Looked_Up__c", "string", writable="never")
    box = SalesforceSandbox("crm", None, extras={"Order": [lookup]})
    crm = org.open(
        {"erp_status_field": "Looked_Up__c", "order_reference_field": "PoNumber", "line_erp_key_field": "No__c"}
    )
    org.box.org.model, org.box.org.store.model = box.org.model, box.org.model

    checkup = await crm.check(asked(), thorough=True)
    silent = await org.open({"order_reference_field": "Nope__c", "read_only": True}).check(asked(), thorough=True)

    advice = {one.name: one.advice for one in checkup.findings if not one.well}
    rights = (
        "Give the integration user the rights, correct the settings, or set read_only where nothing shall be written."
    )
    assert advice == {
        "Order is writable": (
            "Order: PoNumber (setting order_reference_field) is no unique external id; "
            f"Looked_Up__c (setting erp_status_field) may not be written. {rights}"
        ),
        "OrderItem is writable": f"OrderItem: No__c (setting line_erp_key_field) is not there or not shown. {rights}",
    }
    assert [one.name for one in silent.findings if "writable" in one.name] == []
    assert silent.status is SystemHealth.UP
    box.close()


async def test_the_package_s_quotes_are_read_with_their_lines_and_orders_name_them(org: Org) -> None:
    offer, line, ordered = long_id("a0q000000000AAA"), long_id("a0l000000000AAA"), long_id("801000000000A99")
    quoted = {"Id": offer, "Name": "Q-00007", "SBQQ__Account__c": A, "SBQQ__Status__c": "Approved"}
    sold = {"SBQQ__Product__c": PRODUCT, "SBQQ__Quantity__c": 4, "SBQQ__NetPrice__c": Decimal("2.5")}
    org.box.load(
        {
            "SBQQ__Quote__c": [{**quoted, "CurrencyIsoCode": "EUR"}],
            "SBQQ__QuoteLine__c": [{"Id": line, "SBQQ__Quote__c": offer, "SBQQ__SegmentIndex__c": 2, **sold}],
            "Order": [{**order_row(9), "Id": ordered, "OrderNumber": "00000099", "SBQQ__Quote__c": offer}],
        }
    )
    crm = org.open({"quote_model": "sbqq", "multi_currency": True})
    wanted = Wanted.of("number", "status", "lines.sku", "lines.quantity", "lines.unit_price", "lines.segment")

    (quote,) = await crm.fetch_quotes(asked(), Lookup(numbers=("Q-00007",)), wanted)
    page = await crm.list_orders(asked(), OrderQuery(first=5, quote_keys=(offer,)), Wanted.of("quote_key"))

    assert (quote.ref.key, quote.number, quote.status) == (offer, "Q-00007", QuoteStatus.APPROVED)
    assert isinstance(quote.lines, tuple)
    (read,) = quote.lines
    assert (read.sku, read.quantity, read.segment) == ("VM-8", Decimal(4), 2)
    assert read.unit_price == Money(Decimal("2.50"), "EUR")
    assert [(one.ref.key, one.quote_key) for one in page.items] == [(ordered, offer)]


async def test_hundreds_of_references_are_a_few_calls(org: Org, crm: Salesforce) -> None:
    lookup = Lookup(
        keys=(*tuple(long_id(f"8010000000{number:05d}") for number in range(700)), ORDERS[4]),
        partner_keys=(*(f"45{number:08d}" for number in range(200)), "0815"),
    )

    found = await crm.fetch_orders(asked(), lookup, FULL)

    assert {one.number for one in found} == {"00000001", "00000004"}
    assert [one.path for one in org.box.log.asked()] == ["/services/data/v68.0/composite"] * 2


async def test_an_org_with_one_currency_has_no_currency_field(org: Org) -> None:
    (order,) = await org.open({"currency": "CHF"}).fetch_orders(asked(), Lookup(keys=(ORDERS[1],)), FULL)

    assert (order.currency_code, order.subtotal) == ("CHF", Money(Decimal("21.00"), "CHF"))
    assert org.box.log.asked("CurrencyIsoCode") == []
