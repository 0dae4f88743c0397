"""Answers that real orgs once gave go through the adapter's own decoding."""

from __future__ import annotations

import os
from pathlib import Path

import httpx
import msgspec
import orjson
import pytest
import yaml  # type: ignore[import-untyped]

from canonical.errors import Refused
from canonical.intake import WriteBack
from canonical.wanted import Wanted
from sources.kit.http.ask import Answer
from sources.kit.http.decoding import JsonDecoder
from sources.ports import CustomerQuery, Lookup
from sources.salesforce.faults import fault_in, parts_of_graph, parts_of_records
from sources.salesforce.settings import Settings
from sources.salesforce.shapes import Shapes, rows_of
from sources.salesforce.wire import CompositeAnswer, Described
from sources.salesforce.wire_written import GraphsAnswer, Made, Saved
from tests.sources.salesforce.asking import adapter_on, asked

CONTRACTS = os.environ.get("REVGRAPH_CONTRACTS")
FOLDER = Path(CONTRACTS or "") / "salesforce"
pytestmark = [
    pytest.mark.contracts,
    pytest.mark.skipif(not CONTRACTS, reason="REVGRAPH_CONTRACTS is not set: the recordings are kept elsewhere"),
]


def recorded(name: str) -> Answer:
    exchange = orjson.loads((FOLDER / f"nango_{name}.json").read_bytes())["exchanges"][0]
    return Answer(exchange["status"], httpx.Headers(exchange["headers"]), orjson.dumps(exchange["response"]))


def replayed(name: str) -> httpx.Response:
    answer = recorded(name)
    return httpx.Response(answer.status, headers=answer.headers, content=answer.content)


def cassette(name: str) -> bytes:
    """The last answer of a collection's own shape."""
    interactions = yaml.safe_load((FOLDER / f"vcr_{name}.yaml").read_text())["interactions"]
    bodies = [str(one["response"]["body"]["string"]).encode() for one in interactions if "response" in one]
    return [body for body in bodies if body.startswith(b"[")][-1]


def cassette_body(name: str) -> bytes:
    cassette = yaml.safe_load((FOLDER / f"vcr_{name}.yaml").read_text())
    return str(cassette["interactions"][-1]["response"]["body"]["string"]).encode()


@pytest.mark.parametrize("name, rows", [("query-records", 5), ("query-all-records", 5), ("retrieve-query-more", 6)])
def test_recorded_rows_are_read(name: str, rows: int) -> None:
    answer = recorded(name)

    page = JsonDecoder(rows_of(Shapes.of(Settings()).account)).decode("crm", answer)

    assert fault_in("crm", answer) is None
    assert (len(page.records), page.done) == (rows, True)
    assert all(len(row.id) == 18 and row.name for row in page.records)


async def test_a_recorded_answer_becomes_customers_and_tells_what_is_left() -> None:
    async def answer(request: httpx.Request) -> httpx.Response:
        token = request.url.path.endswith("/token")
        return httpx.Response(200, json={"access_token": "t"}) if token else replayed("query-records")

    adapter = adapter_on(answer)
    page = await adapter.list_customers(asked(), CustomerQuery(first=10), Wanted.of("name"))
    checkup = await adapter.check(asked())

    assert [one.name for one in page.items] == [
        "Edge Communications",
        "Burlington Textiles Corp of America",
        "Pyramid Construction Inc.",
        "Dickenson plc",
        "Grand Hotels & Resorts Ltd",
    ]
    assert checkup.calls_remaining == 14983


def test_a_recorded_composite_and_the_description_in_it_are_read() -> None:
    answer = recorded("composite-request")

    parts = JsonDecoder(CompositeAnswer).decode("crm", answer).composite_response
    body = Answer(200, answer.headers, bytes(parts[0].body))
    described = JsonDecoder(Described).decode("crm", body)

    assert fault_in("crm", answer) is None
    assert [(part.reference_id, part.http_status_code) for part in parts] == [("ref1", 200)]
    assert "Id" in {field.name for field in described.fields}


@pytest.mark.parametrize(
    "name, detail",
    [
        ("TestCompositeParallelSalesforce.test_errors", "404 NOT_FOUND: The requested resource does not exist"),
        ("TestCountSObjects.test_count_sobjects__errors", "400 INVALID_TYPE: select count() from XYZZY"),
    ],
)
def test_recorded_faults_inside_a_good_answer_are_found(name: str, detail: str) -> None:
    body = cassette_body(name)

    fault = fault_in("crm", Answer(200, httpx.Headers(), body))

    assert isinstance(fault, Refused)
    assert (fault.detail or "").startswith(detail)


async def test_a_recorded_description_says_which_fields_may_be_read() -> None:
    async def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/token"):
            return httpx.Response(200, json={"access_token": "t"})
        return replayed("describe-sobject" if request.url.path.endswith("describe") else "query-records")

    checkup = await adapter_on(answer).check(asked(), thorough=True)

    advice = {one.name: one.advice for one in checkup.findings}["Account is readable"]
    assert advice is not None
    assert "ERP_Customer_Number__c (setting erp_customer_number_field)" in advice


async def test_a_recorded_answer_of_rows_we_did_not_mean_is_dropped() -> None:
    async def answer(request: httpx.Request) -> httpx.Response:
        token = request.url.path.endswith("/token")
        return httpx.Response(200, json={"access_token": "t"}) if token else replayed("query-records")

    found = await adapter_on(answer).fetch_customers(asked(), Lookup(keys=("001dM00003jU9Gx",)), Wanted.of("name"))

    assert [one.name for one in found] == ["Edge Communications"]


def test_a_recorded_graph_is_read_and_was_all_well() -> None:
    answer = recorded("composite-graph-request")

    (graph,) = JsonDecoder(GraphsAnswer).decode("crm", answer).graphs
    (made,) = graph.graph_response.composite_response

    assert fault_in("crm", answer) is None
    assert parts_of_graph(graph, {}) == []
    assert msgspec.json.decode(made.body, type=Made).id == "001dM00003kS3tNQAS"


def test_the_outcomes_of_recorded_collections_are_read() -> None:
    made = JsonDecoder(list[Saved]).decode("crm", recorded("create-sobject-collection"))
    put = msgspec.json.decode(cassette("TestUpsert.test_upsert_complex_external_id_field__rest"), type=list[Saved])

    assert parts_of_records(made, ["A"]) == []
    assert parts_of_records(put, ["A"] * len(put)) == []


async def test_a_recorded_refusal_of_a_record_is_told() -> None:
    order = "801dM00000kReWpQAK"

    async def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/token"):
            return httpx.Response(200, json={"access_token": "t"})
        if request.method == "PATCH":
            return replayed("update-sobject-collection")
        return httpx.Response(200, json={"done": True, "records": [{"Id": order}]})

    with pytest.raises(Refused) as refused:
        await adapter_on(answer).write_back(asked(), WriteBack(order_key=order, reference="R", numbers=("1",)))

    assert refused.value.detail == "400 INVALID_CROSS_REFERENCE_KEY: invalid cross reference id"


def test_a_recorded_description_tells_what_may_be_written() -> None:
    described = JsonDecoder(Described).decode("crm", recorded("describe-sobject"))

    fields = {field.name: field for field in described.fields}
    assert (described.createable, described.updateable) == (True, True)
    assert (fields["Name"].updateable, fields["Id"].updateable, fields["Name"].external_id) == (True, False, False)
