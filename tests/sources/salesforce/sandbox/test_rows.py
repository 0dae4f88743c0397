"""Rows over HTTP: what is answered, refused, stamped and rolled up."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.sources.salesforce.sandbox.conftest import BASE, ENTRY, PRICEBOOK, Caller


async def draft(caller: Caller, **more: object) -> str:
    account = (await caller("POST", "/sobjects/Account", {"Name": "Acme"})).json()["id"]
    body = {"AccountId": account, "EffectiveDate": "2026-11-23", "Status": "Draft", "Pricebook2Id": PRICEBOOK}
    return str((await caller("POST", "/sobjects/Order", body | more)).json()["id"])


async def add_item(caller: Caller, order: str, quantity: float = 2) -> httpx.Response:
    body = {"OrderId": order, "PricebookEntryId": ENTRY, "Quantity": quantity, "UnitPrice": 12.5}
    return await caller("POST", "/sobjects/OrderItem", body)


async def test_a_row_is_made_read_changed_and_deleted(caller: Caller) -> None:
    made = await caller("POST", "/sobjects/Account/", {"Name": "Acme", "ERP_Id__c": "C-1"})
    identity = made.json()["id"]

    read = await caller("GET", f"/sobjects/Account/{identity[:15]}?fields=Name,ERP_Id__c")
    changed = await caller("PATCH", f"/sobjects/Account/{identity}", {"Name": "Acme Ltd"})
    deleted = await caller("DELETE", f"/sobjects/Account/{identity}")
    gone = await caller("GET", f"/sobjects/Account/{identity}")

    assert (made.status_code, made.json()) == (201, {"id": identity, "success": True, "errors": []})
    assert made.headers["location"] == f"{BASE}/sobjects/Account/{identity}"
    assert made.headers["content-type"] == "application/json;charset=UTF-8"
    assert read.json() == {
        "attributes": {"type": "Account", "url": f"{BASE}/sobjects/Account/{identity}"},
        "Name": "Acme",
        "ERP_Id__c": "C-1",
        "Id": identity,
    }
    assert [(one.status_code, one.content) for one in (changed, deleted)] == [(204, b""), (204, b"")]
    assert (gone.status_code, gone.json()[0]["errorCode"]) == (404, "ENTITY_IS_DELETED")


async def test_an_upsert_makes_once_and_then_changes(caller: Caller) -> None:
    first = await caller("PATCH", "/sobjects/Account/Gateway_Key__c/key%2F1%20a", {"Name": "Acme"})
    second = await caller("PATCH", "/sobjects/Account/Gateway_Key__c/key%2F1%20a", {"Name": "Acme Ltd"})
    other_case = await caller("PATCH", "/sobjects/Account/Gateway_Key__c/KEY%2F1%20a", {"Name": "Other"})
    read = await caller("GET", "/sobjects/Account/Gateway_Key__c/key%2F1%20a")

    identity = first.json()["id"]
    assert (first.status_code, first.json()) == (201, {"id": identity, "success": True, "errors": [], "created": True})
    assert (second.status_code, second.json()["created"]) == (200, False)
    assert (other_case.status_code, read.json()["Name"]) == (201, "Acme Ltd")
    assert read.json()["Gateway_Key__c"] == "key/1 a"


async def test_an_upsert_that_may_only_change_makes_nothing(caller: Caller) -> None:
    answer = await caller("PATCH", "/sobjects/Account/ERP_Id__c/C-9?updateOnly=true", {"Name": "Acme"})

    assert (answer.status_code, answer.json()[0]["errorCode"]) == (404, "NOT_FOUND")


async def test_an_ambiguous_upsert_lists_the_candidates(caller: Caller) -> None:
    ids = [
        (await caller("POST", "/sobjects/Account", {"Name": name, "ERP_Customer_Number__c": "7"})).json()["id"]
        for name in "ab"
    ]

    answer = await caller("PATCH", "/sobjects/Account/ERP_Customer_Number__c/7", {"Name": "x"})

    assert (answer.status_code, answer.json()) == (300, [f"{BASE}/sobjects/Account/{identity}" for identity in ids])


@pytest.mark.parametrize(
    "body, status, code, fields",
    [
        ({}, 400, "REQUIRED_FIELD_MISSING", ["Name"]),
        ({"Name": "A", "Nope": 1}, 400, "INVALID_FIELD", None),
        ({"Name": "A", "Id": "001A00000000001"}, 400, "INVALID_FIELD", ["Id"]),
        ({"Name": "A", "SystemModstamp": "2026-01-01T00:00:00Z"}, 400, "INVALID_FIELD_FOR_INSERT_UPDATE", None),
        ({"Name": "A" * 256}, 400, "STRING_TOO_LONG", ["Name"]),
        ({"Name": "A", "AnnualRevenue": "much"}, 400, "JSON_PARSER_ERROR", None),
        ({"Name": "A", "ParentId": "nonsense"}, 400, "MALFORMED_ID", ["ParentId"]),
        ({"Name": "A", "ParentId": "003000000000001"}, 400, "MALFORMED_ID", ["ParentId"]),
        ({"Name": "A", "ParentId": "001000000000001"}, 400, "INVALID_CROSS_REFERENCE_KEY", ["ParentId"]),
        ({"Name": "A", "ERP_Id__c": "TAKEN"}, 400, "DUPLICATE_VALUE", []),
        ({"Name": "A", "Parent": {"ERP_Id__c": "none"}}, 400, "INVALID_FIELD", []),
    ],
)
async def test_a_bad_row_is_refused(
    caller: Caller, body: dict[str, object], status: int, code: str, fields: list[str] | None
) -> None:
    await caller("POST", "/sobjects/Account", {"Name": "B", "ERP_Id__c": "taken"})

    answer = await caller("POST", "/sobjects/Account", body)

    [error] = answer.json()
    assert (answer.status_code, error["errorCode"]) == (status, code)
    if fields is not None:
        assert error["fields"] == fields


async def test_a_picklist_takes_only_its_values(caller: Caller) -> None:
    order = await draft(caller)

    answer = await caller("PATCH", f"/sobjects/Order/{order}", {"Status": "Shipped"})

    assert answer.json() == [
        {
            "message": "Status: bad value for restricted picklist field: Shipped",
            "errorCode": "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
            "fields": ["Status"],
        }
    ]


async def test_parents_can_be_named_by_external_id(caller: Caller) -> None:
    await caller("POST", "/sobjects/Account", {"Name": "Acme", "ERP_Id__c": "C-100"})
    body = {"Account": {"ERP_Id__c": "c-100"}, "EffectiveDate": "2026-11-23", "Status": "Draft"}

    made = await caller("POST", "/sobjects/Order", body)

    [row] = (await caller.query("SELECT Account.Name, StatusCode, OrderNumber FROM Order"))["records"]
    assert (made.status_code, row["Account"]["Name"], row["StatusCode"]) == (201, "Acme", "Draft")
    assert row["OrderNumber"] == "00000001"


async def test_an_orders_amount_is_the_sum_of_its_products(caller: Caller) -> None:
    order = await draft(caller)
    item = (await add_item(caller, order, 2)).json()["id"]
    await add_item(caller, order, 3)

    before = (await caller("GET", f"/sobjects/Order/{order}?fields=TotalAmount")).json()["TotalAmount"]
    await caller("PATCH", f"/sobjects/OrderItem/{item}", {"Quantity": 4})
    after = (await caller("GET", f"/sobjects/Order/{order}?fields=TotalAmount")).json()["TotalAmount"]
    await caller("DELETE", f"/sobjects/OrderItem/{item}")
    left = (await caller("GET", f"/sobjects/Order/{order}?fields=TotalAmount")).json()["TotalAmount"]

    assert (before, after, left) == (62.5, 87.5, 37.5)


async def test_an_order_lives_by_its_rules(caller: Caller) -> None:
    order = await draft(caller)

    async def refusal(method: str, path: str, body: object = None) -> Any:
        answer = await caller(method, path, body)
        return (answer.json()[0]["errorCode"], answer.json()[0]["message"]) if answer.content else answer.status_code

    locked = "Unable to modify activated or superseded Order:  cannot delete Order, or add or remove Order Products"
    empty = await refusal("PATCH", f"/sobjects/Order/{order}", {"Status": "Activated"})
    await add_item(caller, order)
    activated = await refusal("PATCH", f"/sobjects/Order/{order}", {"Status": "Activated"})
    row = (await caller("GET", f"/sobjects/Order/{order}")).json()
    more = (await add_item(caller, order)).json()[0]
    deleted = await refusal("DELETE", f"/sobjects/Order/{order}")
    moved = await refusal("PATCH", f"/sobjects/Order/{order}", {"AccountId": await another_account(caller)})
    back = await refusal("PATCH", f"/sobjects/Order/{order}", {"Status": "Draft"})
    gone = await refusal("DELETE", f"/sobjects/Order/{order}")

    assert empty == ("FAILED_ACTIVATION", "An order must have at least one product.")
    assert (activated, back, gone) == (204, 204, 204)
    assert (row["StatusCode"], row["ActivatedById"]) == ("Activated", "005Rg0000000001IAA")
    assert row["ActivatedDate"] is not None
    assert (more["errorCode"], more["message"]) == ("ENTITY_IS_LOCKED", locked)
    assert deleted == ("ENTITY_IS_LOCKED", locked)
    assert moved[0] == "FIELD_INTEGRITY_EXCEPTION"
    assert (await caller.query("SELECT COUNT() FROM OrderItem"))["totalSize"] == 0


async def another_account(caller: Caller) -> str:
    return str((await caller("POST", "/sobjects/Account", {"Name": "Other"})).json()["id"])


async def test_an_order_is_born_a_draft(caller: Caller) -> None:
    body = {"AccountId": await another_account(caller), "EffectiveDate": "2026-11-23", "Status": "Activated"}

    answer = await caller("POST", "/sobjects/Order", body)

    assert answer.json()[0]["errorCode"] == "FIELD_INTEGRITY_EXCEPTION"


async def test_a_quote_adds_up(caller: Caller) -> None:
    deal = {"Name": "D", "StageName": "Prospecting", "CloseDate": "2026-12-31"}
    opportunity = (await caller("POST", "/sobjects/Opportunity", deal)).json()["id"]
    quote = {"Name": "Q", "OpportunityId": opportunity, "Pricebook2Id": PRICEBOOK, "Tax": 5}
    identity = (await caller("POST", "/sobjects/Quote", quote)).json()["id"]
    line = {"QuoteId": identity, "PricebookEntryId": ENTRY, "Quantity": 10, "UnitPrice": 12.5, "Discount": 10}
    await caller("POST", "/sobjects/QuoteLineItem", line)

    [row] = (await caller.query("SELECT Subtotal, Discount, TotalPrice, GrandTotal, Status FROM Quote"))["records"]

    assert {name: row[name] for name in ("Subtotal", "Discount", "TotalPrice", "GrandTotal", "Status")} == {
        "Subtotal": 125.0,
        "Discount": 10.0,
        "TotalPrice": 112.5,
        "GrandTotal": 117.5,
        "Status": "Draft",
    }


async def test_a_fresh_copy_is_not_sent_again(caller: Caller) -> None:
    identity = (await caller("POST", "/sobjects/Account", {"Name": "Acme"})).json()["id"]
    read = await caller("GET", f"/sobjects/Account/{identity}")

    by_date = await caller("GET", f"/sobjects/Account/{identity}", if_modified_since=read.headers["last-modified"])
    by_tag = await caller("GET", f"/sobjects/Account/{identity}", if_none_match=read.headers["etag"])

    assert [(one.status_code, one.content) for one in (by_date, by_tag)] == [(304, b""), (304, b"")]


async def test_a_row_that_changed_since_is_not_overwritten(caller: Caller) -> None:
    identity = (await caller("POST", "/sobjects/Account", {"Name": "Acme"})).json()["id"]
    old = "Mon, 01 Jan 2024 00:00:00 GMT"

    refused = await caller("PATCH", f"/sobjects/Account/{identity}", {"Name": "x"}, if_unmodified_since=old)
    wrong = await caller("PATCH", f"/sobjects/Account/{identity}", {"Name": "x"}, if_unmodified_since="yesterday")
    tagged = await caller("PATCH", f"/sobjects/Account/{identity}", {"Name": "x"}, if_match='"other"')

    assert (refused.status_code, refused.json()[0]["errorCode"]) == (412, "PRECONDITION_FAILED")
    assert (wrong.status_code, tagged.status_code) == (400, 412)


@pytest.mark.parametrize(
    "method, path, status, code",
    [
        ("GET", "/sobjects/Nope/001000000000001", 404, "NOT_FOUND"),
        ("GET", "/sobjects/Account/001000000000001", 404, "NOT_FOUND"),
        ("GET", "/sobjects/Account/Name/Acme", 404, "NOT_FOUND"),
        ("GET", "/nowhere", 404, "NOT_FOUND"),
        ("DELETE", "/query", 405, "METHOD_NOT_ALLOWED"),
        ("GET", "/query/0r8000000000001AAA-2000", 400, "INVALID_QUERY_LOCATOR"),
        ("GET", "/query", 400, "MALFORMED_QUERY"),
    ],
)
async def test_what_is_not_there_is_said(caller: Caller, method: str, path: str, status: int, code: str) -> None:
    answer = await caller(method, path)

    assert (answer.status_code, answer.json()[0]["errorCode"]) == (status, code)


async def test_a_version_lists_its_resources(caller: Caller) -> None:
    assert (await caller("GET", "")).json()["query"] == f"{BASE}/query"
