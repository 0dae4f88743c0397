"""What the pretend org refuses: its rules, on demand also in the middle of a composite, and what is fixed or locked."""

from __future__ import annotations

from typing import Any

import pytest

from sources.salesforce.sandbox import SalesforceSandbox
from sources.salesforce.sandbox.refusing import row_lock, validation_rule
from tests.sources.salesforce.sandbox.conftest import BASE, ENTRY, PRICEBOOK, Caller


async def sale(caller: Caller, **more: object) -> str:
    account = (await caller("POST", "/sobjects/Account", {"Name": "Acme"})).json()["id"]
    body = {"AccountId": account, "EffectiveDate": "2026-11-23", "Status": "Draft", "Pricebook2Id": PRICEBOOK}
    order = str((await caller("POST", "/sobjects/Order", body | more)).json()["id"])
    item = {"OrderId": order, "PricebookEntryId": ENTRY, "Quantity": 2, "UnitPrice": 12.5}
    await caller("POST", "/sobjects/OrderItem", item)
    return order


async def activated(caller: Caller) -> tuple[str, str]:
    order = await sale(caller)
    assert (await caller("PATCH", f"/sobjects/Order/{order}", {"Status": "Activated"})).status_code == 204
    return order, (await caller.query("SELECT Id FROM OrderItem"))["records"][0]["Id"]


async def refusal(caller: Caller, method: str, path: str, body: object) -> Any:
    answer = await caller(method, path, body)
    return (answer.json()[0]["errorCode"], answer.json()[0]["message"]) if answer.content else answer.status_code


def node(name: str, sobject: str, key: str, body: object) -> dict[str, object]:
    url = f"{BASE}/sobjects/{sobject}/Gateway_Key__c/{key}"
    return {"method": "PATCH", "url": url, "referenceId": name, "body": body}


async def test_a_validation_rule_refuses_the_rows_that_it_finds_wrong(
    sandbox: SalesforceSandbox, caller: Caller
) -> None:
    rule = validation_rule("Account", "No more Mondays.", lambda row: row["Name"] == "Monday", "Name")
    sandbox.refusals.add(rule)

    good = (await caller("POST", "/sobjects/Account", {"Name": "Tuesday"})).json()["id"]
    refused = await caller("PATCH", f"/sobjects/Account/{good}", {"Name": "Monday"})
    again = await caller("POST", "/sobjects/Account", {"Name": "Monday"})
    sandbox.refusals.clear()
    forgiven = await caller("POST", "/sobjects/Account", {"Name": "Monday"})

    told = {"message": "No more Mondays.", "errorCode": "FIELD_CUSTOM_VALIDATION_EXCEPTION", "fields": ["Name"]}
    assert (refused.status_code, refused.json()) == (400, [told])
    assert (again.json(), forgiven.status_code) == ([told], 201)


async def test_a_locked_row_is_free_after_so_many_tries(sandbox: SalesforceSandbox, caller: Caller) -> None:
    key = (await caller("POST", "/sobjects/Account", {"Name": "Acme"})).json()["id"]
    sandbox.refusals.add(row_lock("Account", times=2))

    answers = [await refusal(caller, "PATCH", f"/sobjects/Account/{key}", {"Name": "B"}) for _ in range(3)]

    locked = ("UNABLE_TO_LOCK_ROW", f"unable to obtain exclusive access to this record or 1 records: {key}")
    assert answers == [locked, locked, 204]


async def test_half_a_graph_that_is_refused_undoes_the_other_half(sandbox: SalesforceSandbox, caller: Caller) -> None:
    sandbox.refusals.add(row_lock("Contact"))
    nodes = [
        node("a", "Account", "K", {"Name": "Acme"}),
        {"method": "POST", "url": f"{BASE}/sobjects/Contact", "referenceId": "c", "body": {"LastName": "L"}},
    ]

    answer = (
        await caller("POST", "/composite/graph", {"graphs": [{"graphId": "1", "compositeRequest": nodes}]})
    ).json()

    (graph,) = answer["graphs"]
    codes = [part["body"][0]["errorCode"] for part in graph["graphResponse"]["compositeResponse"]]
    assert (graph["isSuccessful"], codes) == (False, ["PROCESSING_HALTED", "UNABLE_TO_LOCK_ROW"])
    assert (await caller.query("SELECT COUNT() FROM Account"))["totalSize"] == 0


async def test_an_upsert_that_finds_several_undoes_its_graph(sandbox: SalesforceSandbox, caller: Caller) -> None:
    sandbox.load({"Account": [{"Name": name, "ERP_Customer_Number__c": "7"} for name in "ab"]})
    url = f"{BASE}/sobjects/Account/ERP_Customer_Number__c/7"
    nodes = [
        node("a", "Account", "K", {"Name": "Acme"}),
        {"method": "PATCH", "url": url, "referenceId": "b", "body": {"Name": "x"}},
    ]

    answer = (
        await caller("POST", "/composite/graph", {"graphs": [{"graphId": "1", "compositeRequest": nodes}]})
    ).json()

    assert answer["graphs"][0]["isSuccessful"] is False
    assert (await caller.query("SELECT COUNT() FROM Account"))["totalSize"] == 2


async def test_an_active_order_keeps_what_is_fixed_and_takes_the_rest(caller: Caller) -> None:
    order, item = await activated(caller)
    other = (await caller("POST", "/sobjects/Account", {"Name": "Other"})).json()["id"]

    fixed = [
        await refusal(caller, "PATCH", f"/sobjects/Order/{order}", change)
        for change in ({"AccountId": other}, {"Pricebook2Id": None}, {"CurrencyIsoCode": "EUR"})
    ]
    free = [
        await refusal(caller, "PATCH", f"/sobjects/Order/{order}", {"ERP_Status__c": "Booked"}),
        await refusal(caller, "PATCH", f"/sobjects/OrderItem/{item}", {"ERP_Line_Number__c": "10"}),
    ]

    assert [code for code, _ in fixed] == ["FIELD_INTEGRITY_EXCEPTION"] * 3
    assert free == [204, 204]


async def test_a_draft_with_products_keeps_its_price_book_and_currency(caller: Caller) -> None:
    order = await sale(caller)

    told = [
        await refusal(caller, "PATCH", f"/sobjects/Order/{order}", change)
        for change in ({"Pricebook2Id": None}, {"CurrencyIsoCode": "EUR"})
    ]

    assert [code for code, _ in told] == ["FIELD_INTEGRITY_EXCEPTION"] * 2


async def test_who_may_not_edit_active_orders_may_not_edit_their_products_either(
    sandbox: SalesforceSandbox, caller: Caller
) -> None:
    order, item = await activated(caller)
    draft = await sale(caller)
    sandbox.org.permissions.clear()

    told = [
        await refusal(caller, "PATCH", f"/sobjects/Order/{order}", {"ERP_Status__c": "Booked"}),
        await refusal(caller, "PATCH", f"/sobjects/OrderItem/{item}", {"ERP_Line_Number__c": "10"}),
        await refusal(caller, "PATCH", f"/sobjects/Order/{draft}", {"Status": "Activated"}),
    ]

    assert told == [("INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights on object id")] * 3
    assert await refusal(caller, "PATCH", f"/sobjects/Order/{draft}", {"ERP_Status__c": "Booked"}) == 204


@pytest.mark.parametrize("field", ["OrderId", "PricebookEntryId"])
async def test_what_a_product_was_made_with_is_never_set_again_even_to_the_same(field: str, caller: Caller) -> None:
    order = await sale(caller)
    item = (await caller.query("SELECT Id FROM OrderItem"))["records"][0]["Id"]
    same = {"OrderId": order, "PricebookEntryId": ENTRY}[field]

    code, message = await refusal(caller, "PATCH", f"/sobjects/OrderItem/{item}", {field: same})

    assert code == "INVALID_FIELD_FOR_INSERT_UPDATE"
    assert message.startswith(f"Unable to create/update fields: {field}.")


async def test_a_product_is_sold_only_while_its_price_is_active(sandbox: SalesforceSandbox, caller: Caller) -> None:
    order = await sale(caller)
    sandbox.org.store.run("UPDATE PricebookEntry SET IsActive = 0")
    item = {"OrderId": order, "PricebookEntryId": ENTRY, "Quantity": 1, "UnitPrice": 1}

    code, message = await refusal(caller, "POST", "/sobjects/OrderItem", item)

    assert (code, "inactive" in message) == ("FIELD_INTEGRITY_EXCEPTION", True)


async def test_a_quote_s_line_stands_only_in_that_quote_s_order(caller: Caller) -> None:
    deal = {"Name": "D", "StageName": "Prospecting", "CloseDate": "2026-12-31"}
    opportunity = (await caller("POST", "/sobjects/Opportunity", deal)).json()["id"]
    offer = {"Name": "Q", "OpportunityId": opportunity, "Pricebook2Id": PRICEBOOK}
    quote = (await caller("POST", "/sobjects/Quote", offer)).json()["id"]
    line = {"QuoteId": quote, "PricebookEntryId": ENTRY, "Quantity": 1, "UnitPrice": 1}
    quoted = (await caller("POST", "/sobjects/QuoteLineItem", line)).json()["id"]
    stranger, its_own = await sale(caller), await sale(caller, QuoteId=quote)
    item = {"PricebookEntryId": ENTRY, "Quantity": 1, "UnitPrice": 1, "QuoteLineItemId": quoted}

    refused = await refusal(caller, "POST", "/sobjects/OrderItem", {**item, "OrderId": stranger})
    taken = await caller("POST", "/sobjects/OrderItem", {**item, "OrderId": its_own})

    assert (refused[0], taken.status_code) == ("FIELD_INTEGRITY_EXCEPTION", 201)


def account(name: str, body: object = None, version: str = "v68.0", kind: str = "Account") -> dict[str, object]:
    url = f"/services/data/{version}/sobjects/{kind}"
    return {"method": "POST", "url": url, "referenceId": name, "body": body or {"Name": name}}


DEEP = [account("a0"), *(account(f"a{n}", {"Name": "A", "ParentId": f"@{{a{n - 1}.id}}"}) for n in range(1, 16))]


@pytest.mark.parametrize(
    "graphs, code",
    [
        ([[account(f"a{number}") for number in range(501)]], "LIMIT_EXCEEDED"),
        ([[account(f"a{number}")] for number in range(76)], "LIMIT_EXCEEDED"),
        ([[account(f"a{number}", kind=f"Kind{number}") for number in range(16)]], "LIMIT_EXCEEDED"),
        ([DEEP], "LIMIT_EXCEEDED"),
        ([[{"method": "GET", "url": f"{BASE}/query?q=SELECT+Id+FROM+Account", "referenceId": "q"}]], "INVALID_INPUT"),
    ],
)
async def test_a_graph_holds_so_much_and_no_more(graphs: list[list[object]], code: str, caller: Caller) -> None:
    body = {"graphs": [{"graphId": str(n), "compositeRequest": nodes} for n, nodes in enumerate(graphs)]}

    answer = await caller("POST", "/composite/graph", body)

    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, code)
    assert (await caller.query("SELECT COUNT() FROM Account"))["totalSize"] == 0


async def test_a_graph_of_fifteen_levels_is_taken(caller: Caller) -> None:
    answer = await caller("POST", "/composite/graph", {"graphs": [{"graphId": "1", "compositeRequest": DEEP[:15]}]})

    assert answer.json()["graphs"][0]["isSuccessful"] is True


async def test_a_collection_changes_kind_at_most_nine_times(caller: Caller) -> None:
    records = [
        {"attributes": {"type": kind}, "Name": "A", "LastName": "A"}
        for _ in range(6)
        for kind in ("Account", "Contact")
    ]

    answer = await caller("POST", "/composite/sobjects", {"allOrNone": False, "records": records})

    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "LIMIT_EXCEEDED")
