"""As few calls as the org's limits allow, and every page of the answer."""

from __future__ import annotations

from datetime import UTC, datetime

import httpx
import orjson
import pytest

from canonical.errors import ContractBroken, Mistake, Refused, Throttled
from canonical.principal import View
from canonical.system import SystemHealth
from canonical.wanted import Wanted
from sources.ports import CustomerQuery, Lookup, OrderQuery, Position, ProductQuery
from sources.salesforce.ids import long_id
from tests.sources.salesforce.asking import ScriptedOrg, adapter_on, asked

NEXT = "/services/data/v68.0/query/01gRO0000016PIAYA2-2"


def row(key: str, **more: object) -> dict[str, object]:
    return {"Id": key, "CreatedDate": "2026-11-23T19:00:00.000+0000", "StatusCode": "Draft", **more}


def rows(*records: object, next_at: str | None = None) -> dict[str, object]:
    page: dict[str, object] = {"totalSize": len(records), "done": next_at is None, "records": list(records)}
    return page if next_at is None else {**page, "nextRecordsUrl": next_at}


async def test_a_cut_off_answer_is_read_to_its_end() -> None:
    org = ScriptedOrg(
        {
            "Order": rows(row("801RO000000000AYAQ"), row("801RO000000000BYAQ"), next_at=NEXT),
            NEXT: rows(row("801RO000000000CYAQ")),
        }
    )
    call = asked()

    found = await adapter_on(org.answer).fetch_orders(
        call, Lookup(keys=("801RO000000000AYAQ", "801RO000000000BYAQ", "801RO000000000CYAQ")), Wanted()
    )

    assert [one.ref.key for one in found] == ["801RO000000000AYAQ", "801RO000000000BYAQ", "801RO000000000CYAQ"]
    assert [request.url.path for request in org.requests] == ["/services/data/v68.0/query", NEXT]
    assert [(one.operation, one.rows) for one in call.record.calls] == [
        ("query Order", 2),
        ("query Order, next page", 1),
    ]


async def test_lines_that_were_cut_off_are_read_to_their_end() -> None:
    lines = rows({"Id": "802A", "Quantity": 1.0}, next_at=NEXT)
    org = ScriptedOrg(
        {
            "Order": rows(row("801RO000000000AYAQ", OrderItems=lines), row("801RO000000000BYAQ", OrderItems=None)),
            NEXT: rows({"Id": "802B", "Quantity": 2.0}),
        }
    )

    found = await adapter_on(org.answer).fetch_orders(
        asked(), Lookup(keys=("801RO000000000AYAQ", "801RO000000000BYAQ")), Wanted.of("lines.quantity")
    )

    told = [[line.key for line in one.lines] if isinstance(one.lines, tuple) else None for one in found]
    assert told == [["802A", "802B"], []]
    assert len(org.requests) == 2


async def test_an_answer_without_end_is_given_up() -> None:
    org = ScriptedOrg(
        {"Order": rows(row("801RO000000000AYAQ"), next_at=NEXT), NEXT: rows(row("801RO000000000BYAQ"), next_at=NEXT)}
    )

    with pytest.raises(ContractBroken, match="more records"):
        await adapter_on(org.answer, {"most_pages": 3}).fetch_orders(
            asked(), Lookup(keys=("801RO000000000AYAQ",)), Wanted()
        )

    assert len(org.requests) == 4


async def test_keys_numbers_and_erp_numbers_are_one_call() -> None:
    org = ScriptedOrg({"Order": rows(row("801RO000000000AYAQ", ERP_Order_Number__c="4711;0815"))})
    lookup = Lookup(keys=("801RO000000000AYAQ",), partner_keys=("0815",), numbers=("00000417",))

    found = await adapter_on(org.answer).fetch_orders(asked(), lookup, Wanted())

    assert [one.ref.key for one in found] == ["801RO000000000AYAQ"]
    assert [request.url.path for request in org.requests] == ["/services/data/v68.0/composite"]
    number = "ERP_Order_Number__c"
    assert [query.partition("WHERE ")[2] for query in org.queries[::-1]] == [
        "Id IN ('801RO000000000AYAQ')",
        "OrderNumber IN ('00000417')",
        (
            f"({number} IN ('0815') OR {number} LIKE '0815;%' OR {number} LIKE '%;0815%' OR {number} LIKE '%; 0815%'"
            f" OR {number} LIKE '0815,%' OR {number} LIKE '%,0815%' OR {number} LIKE '%, 0815%')"
        ),
    ]


async def test_a_pattern_s_other_finds_are_not_the_ones_that_were_meant() -> None:
    org = ScriptedOrg({"Order": rows(row("801RO000000000AYAQ", ERP_Order_Number__c="4711;08150"))})

    assert await adapter_on(org.answer).fetch_orders(asked(), Lookup(partner_keys=("0815",)), Wanted()) == []


async def test_a_page_and_what_is_looked_up_beside_it_are_one_call() -> None:
    org = ScriptedOrg({"Order": rows(row("801RO000000000CYAQ"), row("801RO000000000BYAQ"), row("801RO000000000AYAQ"))})

    page = await adapter_on(org.answer).list_orders(
        asked(), OrderQuery(first=2), Wanted(), also=Lookup(keys=("801RO000000000AYAQ", "801RO000000000BYAQ"))
    )

    assert [one.ref.key for one in page.items] == ["801RO000000000CYAQ", "801RO000000000BYAQ"]
    assert {"801RO000000000BYAQ", "801RO000000000AYAQ"} == {one.ref.key for one in page.also}
    assert page.more
    assert len(org.requests) == 1


async def test_a_long_query_goes_in_a_body() -> None:
    org = ScriptedOrg({"Order": rows()})
    lookup = Lookup(keys=tuple(long_id(f"801RO0000{number:06d}") for number in range(299)))

    await adapter_on(org.answer).fetch_orders(asked(), lookup, Wanted())

    assert [(one.method, one.url.path) for one in org.requests] == [("POST", "/services/data/v68.0/composite")]


async def test_more_than_five_queries_are_more_than_one_composite() -> None:
    org = ScriptedOrg({"Account": rows()})
    lookup = Lookup(keys=tuple(long_id(f"001RO0000{number:06d}") for number in range(1600)))

    await adapter_on(org.answer).fetch_customers(asked(), lookup, Wanted())

    sizes = [len(orjson.loads(one.content)["compositeRequest"]) for one in org.requests]
    assert sorted(sizes) == [1, 5]


async def test_nothing_to_look_up_is_not_asked() -> None:
    org = ScriptedOrg({})

    assert await adapter_on(org.answer).fetch_orders(asked(), Lookup(), Wanted()) == []
    assert org.requests == []


async def test_the_view_narrows_every_query() -> None:
    org = ScriptedOrg({})
    adapter = adapter_on(org.answer, {"legal_entity_field": "Legal_Entity__c"})
    call = asked(accounts=frozenset({"001RO000000000BYAQ", "001RO000000000AYAQ"}), entities=frozenset({"US01"}))

    await adapter.fetch_orders(call, Lookup(keys=("801RO000000000AYAQ",)), Wanted())
    await adapter.list_orders(call, OrderQuery(first=1), Wanted())
    await adapter.fetch_customers(call, Lookup(keys=("001RO000000000CYAQ",)), Wanted())
    await adapter.list_customers(call, CustomerQuery(first=1), Wanted())
    await adapter.fetch_quotes(call, Lookup(keys=("0Q0RO000000000A0AQ",)), Wanted())
    await adapter.fetch_opportunities(call, Lookup(keys=("006RO000000000AYAQ",)), Wanted())
    await adapter.fetch_contracts(call, Lookup(numbers=("00000100",)), Wanted())

    accounts = "IN ('001RO000000000AYAQ', '001RO000000000BYAQ')"
    seen = f"AccountId {accounts} AND (Legal_Entity__c IN ('US01') OR Legal_Entity__c = null)"
    assert [query.partition("WHERE ")[2] for query in org.queries] == [
        f"{seen} AND Id IN ('801RO000000000AYAQ')",
        f"{seen} ORDER BY CreatedDate DESC, Id DESC LIMIT 2",
        "Id IN ('001RO000000000AYAQ', '001RO000000000BYAQ') AND Id IN ('001RO000000000CYAQ')",
        "Id IN ('001RO000000000AYAQ', '001RO000000000BYAQ') ORDER BY Id LIMIT 2",
        "AccountId IN ('001RO000000000AYAQ', '001RO000000000BYAQ') AND Id IN ('0Q0RO000000000A0AQ')",
        f"AccountId {accounts} AND Id IN ('006RO000000000AYAQ')",
        f"AccountId {accounts} AND ContractNumber IN ('00000100')",
    ]


@pytest.mark.parametrize("view", [View(accounts=frozenset()), View(legal_entities=frozenset())])
async def test_who_may_see_nothing_asks_nothing(view: View) -> None:
    org = ScriptedOrg({})
    adapter = adapter_on(org.answer)
    call = asked(accounts=view.accounts, entities=view.legal_entities)

    assert await adapter.fetch_orders(call, Lookup(keys=("801RO000000000AYAQ",)), Wanted()) == []
    assert (await adapter.list_customers(call, CustomerQuery(first=1), Wanted())).items == ()
    assert await adapter.fetch_opportunities(call, Lookup(keys=("006RO000000000AYAQ",)), Wanted()) == ()
    assert await adapter.fetch_contracts(call, Lookup(numbers=("00000100",)), Wanted()) == ()
    assert org.requests == []


async def test_a_cursor_that_nobody_gave_is_a_mistake_and_asks_nothing() -> None:
    org = ScriptedOrg({})
    adapter = adapter_on(org.answer)
    position = Position(datetime(2026, 11, 23, tzinfo=UTC), "' OR Id != '")

    with pytest.raises(Mistake, match="not a position"):
        await adapter.list_orders(asked(), OrderQuery(first=1, after=position), Wanted())
    with pytest.raises(Mistake, match="not a position"):
        await adapter.list_customers(asked(), CustomerQuery(first=1, after_key="x"), Wanted())

    assert org.requests == []


async def test_a_part_that_is_missing_is_a_broken_contract() -> None:
    async def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/token"):
            return httpx.Response(200, json={"access_token": "t"})
        return httpx.Response(200, json={"compositeResponse": []})

    with pytest.raises(ContractBroken, match="left out"):
        await adapter_on(answer).fetch_orders(asked(), Lookup(keys=("801RO000000000AYAQ",), numbers=("1",)), Wanted())


async def test_an_answer_of_another_shape_is_a_broken_contract() -> None:
    org = ScriptedOrg({"Order": {"records": [{"CreatedDate": "yesterday"}], "done": True}})

    with pytest.raises(ContractBroken, match="cannot be read"):
        await adapter_on(org.answer).fetch_orders(asked(), Lookup(keys=("801RO000000000AYAQ",)), Wanted())


async def test_the_calls_that_are_left_are_told() -> None:
    org = ScriptedOrg({"Account": rows()}, "api-usage=14500/15000; per-app-api-usage=17/250(appName=x)")

    found = await adapter_on(org.answer).check(asked())

    assert (found.status, found.calls_remaining) == (SystemHealth.DEGRADED, 500)
    assert found.message == "Only 500 of 15000 calls a day are left: raise the allowance or ask less often."


async def test_a_check_never_raises() -> None:
    async def refuse(request: httpx.Request) -> httpx.Response:
        return httpx.Response(400, json={"error": "invalid_grant", "error_description": "authentication failure"})

    found = await adapter_on(refuse).check(asked(), thorough=True)

    assert (found.status, found.latency_ms, found.calls_remaining) == (SystemHealth.DOWN, None, None)
    assert [(one.name, one.well) for one in found.findings] == [("signs in and answers", False)]
    assert "invalid_grant: authentication failure" in (found.findings[0].advice or "")


async def test_products_of_one_sku_are_the_active_one() -> None:
    old = {"Id": "01tA", "StockKeepingUnit": "A", "IsActive": False, "Name": "old"}
    new = {"Id": "01tB", "StockKeepingUnit": "A", "IsActive": True, "Name": "new"}
    org = ScriptedOrg({"Product2": rows(old, new, {"Id": "01tC", "StockKeepingUnit": "a", "IsActive": True})})

    found = await adapter_on(org.answer).fetch_products(asked(), ["A"], Wanted.of("name"))

    assert {sku: one.name for sku, one in found.items()} == {"A": "new"}


async def test_products_are_listed_behind_a_sku() -> None:
    org = ScriptedOrg({"Product2": rows()})

    await adapter_on(org.answer).list_products(asked(), ProductQuery(first=2, after_sku="A'1"), Wanted())

    (query,) = org.queries
    assert query.endswith(r"WHERE StockKeepingUnit > 'A\'1' ORDER BY StockKeepingUnit, Id LIMIT 3")


@pytest.mark.parametrize(
    "status, code, fault", [(403, "REQUEST_LIMIT_EXCEEDED", Throttled), (400, "INVALID_FIELD", Refused)]
)
async def test_error_bodies_reach_the_caller_as_faults(status: int, code: str, fault: type[Exception]) -> None:
    async def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/token"):
            return httpx.Response(200, json={"access_token": "t"})
        return httpx.Response(status, json=[{"message": "TotalRequests Limit exceeded.", "errorCode": code}])

    with pytest.raises(fault):
        await adapter_on(answer).fetch_orders(asked(), Lookup(keys=("801RO000000000AYAQ",)), Wanted())
