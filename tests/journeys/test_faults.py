"""A system that misbehaves costs only its own sections, within the deadline."""

from __future__ import annotations

import time
from typing import Any

import pytest

from sandbox.serve import Company
from sources.kit.sandbox.faults import Fault
from tests.journeys.asking import Asker

pytestmark = pytest.mark.asyncio(loop_scope="session")

ORDER = """query($id: ID!) { order(by: {crmId: $id}) { id crmId purchaseOrderNumber number status
  shipments { number } invoices { number } customer { name } timeline { nodes { kind } gaps { system missing } } } }"""

FAULTS: list[tuple[dict[str, Any], str]] = [
    ({"kind": "status", "status": 503}, "SOURCE_UNAVAILABLE"),
    ({"kind": "status", "status": 500}, "SOURCE_UNAVAILABLE"),
    ({"kind": "throttle", "seconds": 30}, "SOURCE_THROTTLED"),
    ({"kind": "timeout", "seconds": 30}, "SOURCE_UNAVAILABLE"),
    ({"kind": "reset_before"}, "SOURCE_UNAVAILABLE"),
    ({"kind": "truncate"}, "SOURCE_UNAVAILABLE"),
    ({"kind": "content_type"}, "SOURCE_UNAVAILABLE"),
]


@pytest.mark.parametrize("fault, code", FAULTS, ids=lambda value: value if isinstance(value, str) else value["kind"])
async def test_an_erp_that_misbehaves_costs_its_sections_and_nothing_else(
    ask: Asker, company: Company, fault: dict[str, Any], code: str
) -> None:
    light = company.highlights[0]
    erp = light["erp"] or ""
    company.sandboxes[erp].faults.add(Fault(**fault))

    began = time.monotonic()
    told = await ask(ORDER, id=light["salesforce"])
    took = time.monotonic() - began

    order = told.data["order"]
    assert took < 4.5
    assert order["crmId"] == light["salesforce"]
    assert ["order", "purchaseOrderNumber"] not in [error["path"] for error in told.errors]
    assert order["customer"]["name"]
    assert (order["status"], order["shipments"], order["invoices"]) == (None, None, None)
    assert [gap["system"] for gap in order["timeline"]["gaps"]] == [erp]
    assert "ORDER_CREATED" in [node["kind"] for node in order["timeline"]["nodes"]]
    for section in ("status", "shipments", "invoices"):
        told_of = told.error_at("order", section)
        assert (told_of["code"], told_of["system"], told_of["retryable"]) == (code, erp, True), told_of
        assert {"category", "owner", "outcome", "retryAfter", "correlationId"} <= set(told_of)
    if code == "SOURCE_THROTTLED":
        assert told.error_at("order", "shipments")["retryAfter"] == 30


async def test_a_crm_that_is_down_leaves_what_the_erp_knows(ask: Asker, company: Company) -> None:
    light = company.highlights[0]
    company.sandboxes["salesforce"].faults.add(Fault(kind="reset_before"))

    told = await ask(
        """query($key: String!, $erp: String!) { order(by: {reference: {system: $erp, key: $key}}) {
           id crmId number status shipments { number } purchaseOrderNumber } }""",
        key=light["erpNumber"],
        erp=light["erp"],
    )

    order = told.data["order"]
    assert (order["crmId"], order["number"]) == (light["salesforce"], light["erpNumber"])
    assert order["status"] == "IN_FULFILLMENT"
    assert order["shipments"]
    assert order["purchaseOrderNumber"] is None
    assert told.error_at("order", "purchaseOrderNumber")["system"] == "salesforce"


async def test_an_expired_token_is_renewed_once_and_nobody_notices(ask: Asker, company: Company) -> None:
    light = company.highlights[0]
    company.sandboxes["salesforce"].faults.add(Fault(kind="expire_token", times=1))

    told = await ask(ORDER, id=light["salesforce"])

    assert told.errors == []
    assert told.data["order"]["number"] == light["number"]


@pytest.mark.parametrize("kind", ["shuffle_rows", "duplicate_rows"])
async def test_rows_are_matched_by_key_never_by_position(ask: Asker, company: Company, kind: str) -> None:
    page = "{ orders(first: 40) { nodes { number status shipments { number } invoices { number } } } }"
    well = await ask(page)
    for name in ("sap-eu", "erp-us"):
        company.sandboxes[name].faults.add(Fault.model_validate({"kind": kind, "match": "DELIVERY|BILLING|OPLACCTG"}))

    told = await ask(page)

    assert told.errors == []
    by_number = {node["number"]: node for node in well.data["orders"]["nodes"]}
    for node in told.data["orders"]["nodes"]:
        assert sorted(s["number"] for s in node["shipments"]) == sorted(
            s["number"] for s in by_number[node["number"]]["shipments"]
        )
        assert node["status"] == by_number[node["number"]]["status"]


async def test_a_list_names_the_system_whose_part_is_missing_and_goes_on_when_it_is_back(
    ask: Asker, company: Company
) -> None:
    company.sandboxes["erp-us"].faults.add(Fault(kind="status", status=503))
    partly = await ask(
        "{ orders(first: 10) { nodes { references { system } } gaps { system reason } pageInfo { endCursor } } }"
    )
    company.sandboxes["erp-us"].faults.clear()

    assert [gap["system"] for gap in partly.data["orders"]["gaps"]] == ["erp-us"]
    assert len(partly.data["orders"]["nodes"]) == 10
    assert all(r["system"] != "erp-us" for node in partly.data["orders"]["nodes"] for r in node["references"])


async def test_systems_tell_who_is_down_and_why(ask: Asker, company: Company) -> None:
    company.sandboxes["erp-us"].faults.add(Fault(kind="reset_before"))

    told = await ask("{ systems { name kind status message callsRemaining latencyMs } }")

    assert told.errors == []
    systems = {system["name"]: system for system in told.data["systems"]}
    assert systems["salesforce"]["status"] == "UP"
    assert systems["salesforce"]["callsRemaining"] > 0
    assert systems["erp-us"]["status"] == "DOWN"
    assert systems["erp-us"]["message"]
