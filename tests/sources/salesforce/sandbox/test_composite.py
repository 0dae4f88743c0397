"""Several rows and calls in one."""

from __future__ import annotations

from tests.sources.salesforce.sandbox.conftest import BASE, ENTRY, PRICEBOOK, Caller

HALTED = "The transaction was rolled back since another operation in the same transaction failed."


def sub(name: str, method: str, path: str, body: object = None) -> dict[str, object]:
    call: dict[str, object] = {"method": method, "url": BASE + path, "referenceId": name}
    return call if body is None else {**call, "body": body}


async def composite(caller: Caller, *subs: dict[str, object], all_or_none: bool = False) -> list[dict[str, object]]:
    body = {"allOrNone": all_or_none, "compositeRequest": list(subs)}
    return list((await caller("POST", "/composite", body)).json()["compositeResponse"])


async def test_a_later_call_names_what_an_earlier_one_made(caller: Caller) -> None:
    answers = await composite(
        caller,
        sub("acc", "POST", "/sobjects/Account", {"Name": "Acme"}),
        sub("found", "GET", "/query?q=SELECT+Id+FROM+Account+WHERE+Id='@{acc.id}'"),
        sub("con", "POST", "/sobjects/Contact", {"LastName": "L", "AccountId": "@{found.records[0].Id}"}),
        sub("many", "POST", "/composite/sobjects", {"records": [{"attributes": {"type": "Account"}, "Name": "B"}]}),
        sub("read", "GET", "/sobjects/Account/@{many[0].id}?fields=Name"),
    )

    assert [answer["httpStatusCode"] for answer in answers] == [201, 200, 201, 200, 200]
    assert list(answers[0]) == ["body", "httpHeaders", "httpStatusCode", "referenceId"]
    assert answers[0]["httpHeaders"] == {"Location": f"{BASE}/sobjects/Account/{answers[0]['body']['id']}"}  # type: ignore[index]
    assert answers[4]["body"]["Name"] == "B"  # type: ignore[index]


async def test_without_all_or_none_only_dependants_fail(caller: Caller) -> None:
    answers = await composite(
        caller,
        sub("bad", "POST", "/sobjects/Account", {}),
        sub("dependant", "POST", "/sobjects/Contact", {"LastName": "L", "AccountId": "@{bad.id}"}),
        sub("good", "POST", "/sobjects/Account", {"Name": "Good"}),
    )

    assert [answer["httpStatusCode"] for answer in answers] == [400, 400, 201]
    assert answers[1]["body"] == [
        {
            "message": "Invalid reference specified. No value for bad.id found in bad",
            "errorCode": "PROCESSING_HALTED",
        }
    ]


async def test_with_all_or_none_a_failure_undoes_everything(caller: Caller) -> None:
    answers = await composite(
        caller,
        sub("first", "POST", "/sobjects/Account", {"Name": "First"}),
        sub("bad", "POST", "/sobjects/Account", {}),
        sub("last", "POST", "/sobjects/Account", {"Name": "Last"}),
        all_or_none=True,
    )

    halted = [{"message": HALTED, "errorCode": "PROCESSING_HALTED"}]
    assert [answer["httpStatusCode"] for answer in answers] == [400, 400, 400]
    assert (answers[0]["body"], answers[2]["body"]) == (halted, halted)
    assert answers[1]["body"][0]["errorCode"] == "REQUIRED_FIELD_MISSING"  # type: ignore[index]
    assert (await caller.query("SELECT COUNT() FROM Account"))["totalSize"] == 0


async def test_a_composite_holds_twenty_five_calls_and_five_queries(caller: Caller) -> None:
    many = [sub(f"r{number}", "GET", "/limits") for number in range(26)]
    queries = [sub(f"q{number}", "GET", "/query?q=SELECT+Id+FROM+Account") for number in range(6)]

    for subs in (many, queries):
        answer = await caller("POST", "/composite", {"compositeRequest": subs})
        assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "LIMIT_EXCEEDED")


async def test_each_graph_happens_whole_or_not_at_all(caller: Caller) -> None:
    account = (await caller("POST", "/sobjects/Account", {"Name": "Acme"})).json()["id"]
    order = {"AccountId": account, "EffectiveDate": "2026-11-23", "Status": "Draft", "Pricebook2Id": PRICEBOOK}
    item = {"Order": {"Gateway_Key__c": "K"}, "PricebookEntryId": ENTRY, "Quantity": 1, "UnitPrice": 2}
    good = [
        sub("order", "PATCH", "/sobjects/Order/Gateway_Key__c/K", order),
        sub("item", "PATCH", "/sobjects/OrderItem/Gateway_Key__c/K%231", item),
    ]
    bad = [
        sub("order", "PATCH", "/sobjects/Order/Gateway_Key__c/L", order),
        sub("item", "POST", "/sobjects/OrderItem", {"OrderId": "@{order.id}"}),
    ]

    body = {"graphs": [{"graphId": "1", "compositeRequest": good}, {"graphId": "2", "compositeRequest": bad}]}
    first = (await caller("POST", "/composite/graph", body)).json()["graphs"]
    again = (await caller("POST", "/composite/graph", {"graphs": body["graphs"][:1]})).json()["graphs"]

    assert [(graph["graphId"], graph["isSuccessful"]) for graph in first] == [("1", True), ("2", False)]
    statuses = [answer["httpStatusCode"] for answer in first[0]["graphResponse"]["compositeResponse"]]
    assert statuses == [201, 201]
    assert [a["httpStatusCode"] for a in first[1]["graphResponse"]["compositeResponse"]] == [400, 400]
    # The order of an item is set once: a replay of the whole graph says so instead of booking twice.
    assert again[0]["isSuccessful"] is False
    assert (await caller.query("SELECT COUNT() FROM Order"))["totalSize"] == 1


async def test_a_batch_goes_on_or_halts(caller: Caller) -> None:
    requests = [{"method": "GET", "url": "v68.0/limits"}, {"method": "GET", "url": "v68.0/x"}] * 2

    going = (await caller("POST", "/composite/batch", {"batchRequests": requests})).json()
    halting = (await caller("POST", "/composite/batch", {"haltOnError": True, "batchRequests": requests})).json()

    assert (going["hasErrors"], [each["statusCode"] for each in going["results"]]) == (True, [200, 404, 200, 404])
    assert [each["statusCode"] for each in halting["results"]] == [200, 404, 412, 412]


async def test_collections_tell_each_rows_outcome(caller: Caller) -> None:
    kind = {"attributes": {"type": "Account"}}
    records = [{**kind, "Name": "A", "ERP_Id__c": "1"}, kind, {**kind, "Name": "B", "ERP_Id__c": "1"}]

    loose = (await caller("POST", "/composite/sobjects", {"allOrNone": False, "records": records})).json()
    strict = (await caller("POST", "/composite/sobjects", {"allOrNone": True, "records": records[1:]})).json()

    assert [each["success"] for each in loose] == [True, False, False]
    assert list(loose[0]) == ["id", "success", "errors"]
    assert loose[1]["errors"] == [
        {
            "statusCode": "REQUIRED_FIELD_MISSING",
            "message": "Required fields are missing: [Name]",
            "fields": ["Name"],
        }
    ]
    assert loose[2]["errors"][0]["statusCode"] == "DUPLICATE_VALUE"
    assert [each["errors"][0]["statusCode"] for each in strict] == ["REQUIRED_FIELD_MISSING", "DUPLICATE_VALUE"]
    assert (await caller.query("SELECT COUNT() FROM Account"))["totalSize"] == 1


async def test_innocent_rows_are_rolled_back_with_the_guilty(caller: Caller) -> None:
    kind = {"attributes": {"type": "Account"}}

    body = {"allOrNone": True, "records": [{**kind, "Name": "A"}, kind]}
    outcomes = (await caller("POST", "/composite/sobjects", body)).json()

    codes = [each["errors"][0]["statusCode"] for each in outcomes]
    assert codes == ["ALL_OR_NONE_OPERATION_ROLLED_BACK", "REQUIRED_FIELD_MISSING"]
    assert (await caller.query("SELECT COUNT() FROM Account"))["totalSize"] == 0


async def test_rows_are_read_in_the_order_asked(caller: Caller) -> None:
    ids = [(await caller("POST", "/sobjects/Account", {"Name": name})).json()["id"] for name in "ab"]
    asked = [ids[1], "001000000000001AAA", ids[0][:15]]

    body = {"ids": asked, "fields": ["Name"]}
    rows = (await caller("POST", "/composite/sobjects/Account", body)).json()

    assert [row and row["Name"] for row in rows] == ["b", None, "a"]


async def test_rows_are_changed_put_and_deleted_together(caller: Caller) -> None:
    kind = {"attributes": {"type": "Account"}}
    put = {"records": [{**kind, "ERP_Id__c": "1", "Name": "A"}, {**kind, "ERP_Id__c": "1", "Name": "A2"}]}
    first, second = (await caller("PATCH", "/composite/sobjects/Account/ERP_Id__c", put)).json()
    records = [{**kind, "id": first["id"], "Name": "A3"}, {**kind, "id": "001000000000001AAA", "Name": "x"}]

    changed = (await caller("PATCH", "/composite/sobjects", {"records": records})).json()
    deleted = (await caller("DELETE", f"/composite/sobjects?ids={first['id']}&allOrNone=false")).json()

    assert (first["created"], second["created"], first["id"] == second["id"]) == (True, False, True)
    assert changed[1]["errors"] == [
        {"statusCode": "INVALID_CROSS_REFERENCE_KEY", "message": "invalid cross reference id", "fields": []}
    ]
    assert deleted == [{"id": first["id"], "success": True, "errors": []}]
