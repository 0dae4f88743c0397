"""Our answers have the shapes of recorded ones: keys, their order, statuses, and sentences where they are fixed."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from sources.salesforce.sandbox import SalesforceSandbox
from tests.sources.salesforce.sandbox.conftest import BASE, Caller

CONTRACTS = os.environ.get("REVGRAPH_CONTRACTS")
pytestmark = [
    pytest.mark.contracts,
    pytest.mark.skipif(not CONTRACTS, reason="needs REVGRAPH_CONTRACTS, the directory of the vendors' contracts"),
]


def recorded(name: str, place: int = -1) -> dict[str, Any]:
    text = Path(CONTRACTS or "", "salesforce", f"nango_{name}.json").read_text(encoding="utf-8")
    exchange: dict[str, Any] = json.loads(text)["exchanges"][place]
    return exchange


def shape(value: object) -> object:
    """Keys in their order, lists by their first item, and the kinds of what is in them."""
    if isinstance(value, dict):
        return [(name, shape(item)) for name, item in value.items()]
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    return "number" if isinstance(value, int | float) and not isinstance(value, bool) else type(value).__name__


async def account(caller: Caller, name: str = "Acme") -> str:
    return str((await caller("POST", "/sobjects/Account", {"Name": name})).json()["id"])


@pytest.mark.parametrize("name, path", [("query-records", "/query"), ("query-all-records", "/queryAll")])
async def test_a_query_answers_like_the_recorded_one(caller: Caller, name: str, path: str) -> None:
    await account(caller)

    answer = await caller.query("SELECT Id, Name FROM Account LIMIT 5", path)

    assert shape(answer) == shape(recorded(name)["response"])


async def test_a_last_page_answers_like_the_recorded_one(caller: Caller, sandbox: SalesforceSandbox) -> None:
    sandbox.load({"Account": [{"Name": f"A{number}"} for number in range(201)]})
    first = await caller.query("SELECT Id, Name FROM Account", sforce_query_options="batchSize=200")

    last = (await caller.client.get(first["nextRecordsUrl"])).json()

    assert shape(last) == shape(recorded("retrieve-query-more")["response"])


async def test_rows_are_written_like_recorded_ones(caller: Caller) -> None:
    exchange = recorded("create-record")
    made = await caller("POST", "/sobjects/Account/", exchange["request"]["data"])
    identity = made.json()["id"]
    changed = await caller("PATCH", f"/sobjects/Account/{identity}", {"Name": "x", "Industry": "Technology"})
    by_id = await caller("PATCH", f"/sobjects/Account/Id/{identity}?updateOnly=true", {"Phone": "555"})
    put = await caller("PATCH", "/sobjects/Contact/Email/a%40example.com", {"LastName": "TestUser"})
    deleted = await caller("DELETE", f"/sobjects/Account/{identity}")

    for answer, name in ((made, "create-record"), (by_id, "update-record-by-external-id"), (put, "upsert-record")):
        assert answer.status_code == recorded(name)["status"]
        assert shape(answer.json()) == shape(recorded(name)["response"])
        assert {"location", "sforce-limit-info", "content-type"} < set(answer.headers)
    assert (changed.status_code, deleted.status_code) == (204, 204)


async def test_a_row_is_read_like_the_recorded_one(caller: Caller) -> None:
    body = {"Name": "Acme", "BillingCity": "Ghent"}
    identity = (await caller("POST", "/sobjects/Account", body)).json()["id"]
    theirs = recorded("get-record")["response"]

    answer = await caller("GET", f"/sobjects/Account/{identity}")

    ours = answer.json()
    assert list(ours)[:3] == list(theirs)[:3]
    assert shape(ours["attributes"]) == shape(theirs["attributes"])
    own = {"CurrencyIsoCode"}
    shared = [name for name in ours if not name.endswith("__c") and name not in own]
    assert set(shared) <= set(theirs)
    assert set(ours["BillingAddress"]) < set(theirs["BillingAddress"])
    assert "etag" in answer.headers


async def test_collections_answer_like_recorded_ones(caller: Caller) -> None:
    created = await caller("POST", "/composite/sobjects", recorded("create-sobject-collection")["request"]["data"])
    updated = await caller("PATCH", "/composite/sobjects", recorded("update-sobject-collection")["request"]["data"])
    ids = [await account(caller), await account(caller)]
    deleted = await caller("DELETE", f"/composite/sobjects?allOrNone=false&ids={','.join(ids)}&sObjectName=Account")

    assert shape(created.json()) == shape(recorded("create-sobject-collection")["response"])
    assert updated.json() == recorded("update-sobject-collection")["response"]
    assert shape(deleted.json()) == shape(recorded("delete-sobject-collection")["response"])


async def test_composites_answer_like_recorded_ones(caller: Caller) -> None:
    graph = json.loads(json.dumps(recorded("composite-graph-request")["request"]["data"]).replace("v66.0", "v68.0"))
    theirs = recorded("composite-request")
    composite = json.loads(json.dumps(theirs["request"]["data"]).replace("v59.0", "v68.0"))

    graphed = (await caller("POST", "/composite/graph", graph)).json()
    composed = (await caller("POST", "/composite", composite)).json()

    assert shape(graphed) == shape(recorded("composite-graph-request")["response"])
    [ours], [recorded_sub] = composed["compositeResponse"], theirs["response"]["compositeResponse"]
    assert list(ours) == list(recorded_sub)
    assert list(ours["body"]) == list(recorded_sub["body"])


async def test_describes_have_the_recorded_keys(caller: Caller) -> None:
    theirs = recorded("describe-sobject")["response"]
    basic = recorded("get-sobject-basic-info")["response"]
    await account(caller)

    ours = (await caller("GET", "/sobjects/Account/describe")).json()
    ours_basic = (await caller("GET", "/sobjects/Account/")).json()

    assert list(ours) == list(theirs)
    assert list(ours["fields"][0]) == list(theirs["fields"][0])
    assert list(ours["childRelationships"][0]) == list(theirs["childRelationships"][0])
    assert list(ours["recordTypeInfos"][0]) == list(theirs["recordTypeInfos"][0])
    assert list(ours_basic["objectDescribe"]) == list(basic["objectDescribe"])
    assert shape(ours_basic["recentItems"]) == shape(basic["recentItems"])


async def test_described_fields_are_as_recorded(caller: Caller) -> None:
    theirs = {field["name"]: field for field in recorded("describe-sobject")["response"]["fields"]}
    told = ("type", "soapType", "referenceTo", "relationshipName", "nillable", "updateable", "externalId", "unique")

    ours = (await caller("GET", "/sobjects/Account/describe")).json()["fields"]

    wrong = [
        (field["name"], key, field[key], theirs[field["name"]][key])
        for field in ours
        if field["name"] in theirs
        for key in told
        if field[key] != theirs[field["name"]][key]
    ]
    assert wrong == []


async def test_limits_and_versions_answer_like_recorded_ones(caller: Caller) -> None:
    limits = (await caller("GET", "/limits")).json()
    versions = (await caller.client.get("/services/data")).json()

    theirs = recorded("get-limits")["response"]
    assert list(limits) == sorted(limits)
    assert shape(limits["DailyApiRequests"]) == shape(next(iter(theirs.values())))
    assert shape(versions) == shape(recorded("list-available-resources")["response"])


async def test_errors_inside_composites_are_as_recorded(caller: Caller) -> None:
    subs = [("count", "/query/?q=select count() from Account"), ("xyzzy", "/query/?q=select count() from XYZZY")]
    subs.append(("foo", "/sobjects/Foo"))
    body = [{"referenceId": name, "method": "GET", "url": BASE + path} for name, path in subs]

    answer = (await caller("POST", "/composite", {"compositeRequest": body})).json()["compositeResponse"]

    assert answer[0]["body"] == {"totalSize": 0, "done": True, "records": []}
    assert answer[1] == {
        "body": [
            {
                "message": "\nselect count() from XYZZY\n                    ^\nERROR at Row:1:Column:21\nsObject type "
                "'XYZZY' is not supported. If you are attempting to use a custom object, be sure to append the '__c' "
                "after the entity name. Please reference your WSDL or the describe call for the appropriate names.",
                "errorCode": "INVALID_TYPE",
            }
        ],
        "httpHeaders": {},
        "httpStatusCode": 400,
        "referenceId": "xyzzy",
    }
    assert list(answer[2]["body"][0].items()) == [
        ("errorCode", "NOT_FOUND"),
        ("message", "The requested resource does not exist"),
    ]


async def test_a_token_tells_its_user_in_recorded_words(caller: Caller) -> None:
    ours = (await caller.client.get("/services/oauth2/userinfo")).json()
    theirs = recorded("get-current-user")["response"]

    assert {"sub", "user_id", "organization_id", "preferred_username", "name", "email", "urls"} <= set(ours) & set(
        theirs
    )
