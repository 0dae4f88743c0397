from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import cast

import httpx
import pytest
from fastapi import FastAPI

from sandbox.control import control_app
from sandbox.opening import Opened, Tale, open_all
from sandbox.webhooks import webhooks
from sources.kit.sandbox.contract import Emits, Sandbox
from sources.kit.sandbox.log import Asked

URLS = {"salesforce": "http://crm", "sap-eu": "http://eu", "erp-us": "http://us"}


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    opened = open_all(Tale("s4hana", seed=5, deals=110, buyers=30), tmp_path_factory.mktemp("control"))
    yield opened
    for sandbox in opened.sandboxes.values():
        sandbox.close()


@pytest.fixture
async def control(opened: Opened) -> AsyncIterator[httpx.AsyncClient]:
    for sandbox in opened.sandboxes.values():
        sandbox.faults.clear()
        sandbox.log.clear()
    transport = httpx.ASGITransport(control_app(opened, URLS))
    async with httpx.AsyncClient(transport=transport, base_url="http://control") as client:
        yield client


async def test_the_root_says_in_words_what_can_be_done(control: httpx.AsyncClient) -> None:
    answer = (await control.get("/")).json()

    assert answer["systems"] == URLS
    assert any("POST   /faults" in line for line in answer["what"])
    assert (await control.get("/docs")).status_code == 200
    assert "/faults" in (await control.get("/openapi.json")).json()["paths"]


async def test_systems_are_listed_with_faults_and_requests(control: httpx.AsyncClient, opened: Opened) -> None:
    opened.sandboxes["sap-eu"].log.add(Asked("GET", "/x", "", 200, 1.0))

    seen = (await control.get("/systems")).json()

    assert [(one["name"], one["role"], one["requests"], one["faults"]) for one in seen] == [
        ("salesforce", "crm", 0, 0),
        ("sap-eu", "erp", 1, 0),
        ("erp-us", "erp", 0, 0),
    ]


async def test_a_fault_is_armed_at_one_system_and_disarmed_again(control: httpx.AsyncClient, opened: Opened) -> None:
    armed = await control.post("/faults", json={"system": "sap-eu", "kind": "latency", "seconds": 2, "times": 1})

    assert armed.status_code == 201
    assert [fault.kind for fault in opened.sandboxes["sap-eu"].faults.armed()] == ["latency"]
    assert opened.sandboxes["erp-us"].faults.armed() == []
    assert (await control.get("/faults")).json()["sap-eu"][0]["seconds"] == 2
    assert (await control.delete("/faults", params={"system": "erp-us"})).status_code == 204
    assert len(opened.sandboxes["sap-eu"].faults.armed()) == 1
    assert (await control.delete("/faults")).status_code == 204
    assert opened.sandboxes["sap-eu"].faults.armed() == []


@pytest.mark.parametrize(
    "given,status",
    [
        ({"system": "nowhere", "kind": "latency"}, 404),
        ({"system": "sap-eu", "kind": "earthquake"}, 422),
        ({"system": "sap-eu", "kind": "latency", "seconds": -1}, 422),
        ({"kind": "latency"}, 422),
    ],
)
async def test_a_wrong_fault_is_refused(control: httpx.AsyncClient, given: dict[str, object], status: int) -> None:
    assert (await control.post("/faults", json=given)).status_code == status


async def test_more_faults_than_fit_are_refused(control: httpx.AsyncClient) -> None:
    for _ in range(64):
        assert (await control.post("/faults", json={"system": "erp-us", "kind": "latency"})).status_code == 201

    assert (await control.post("/faults", json={"system": "erp-us", "kind": "latency"})).status_code == 409


async def test_requests_are_shown_newest_last_and_forgotten_on_demand(
    control: httpx.AsyncClient, opened: Opened
) -> None:
    for path in ("/a", "/b", "/c"):
        opened.sandboxes["sap-eu"].log.add(Asked("GET", path, "", 200, 1.0))

    shown = (await control.get("/requests", params={"system": "sap-eu", "match": "/(b|c)", "limit": 5})).json()

    assert [one["path"] for one in shown["sap-eu"]] == ["/b", "/c"]
    assert (await control.delete("/requests")).status_code == 204
    assert (await control.get("/requests")).json() == {"salesforce": [], "sap-eu": [], "erp-us": []}


async def test_a_system_is_told_where_to_post_what_happens_in_it(control: httpx.AsyncClient, opened: Opened) -> None:
    told = {"url": "http://127.0.0.1:9/webhooks/sap-eu", "secret": "a-secret-of-tests"}

    put = await control.put("/webhooks/sap-eu", json=told)
    seen = (await control.get("/webhooks")).json()
    gone = await control.delete("/webhooks/sap-eu")

    assert put.json() == {"url": told["url"], "sent": 0, "lost": 0}
    assert {name: one["url"] for name, one in seen.items()} == {
        "salesforce": None,
        "sap-eu": told["url"],
        "erp-us": None,
    }
    assert gone.status_code == 204
    emits = opened.sandboxes["sap-eu"]
    assert isinstance(emits, Emits)
    assert emits.posting.url is None


@pytest.mark.parametrize(
    "system,url,status", [("nobody", "http://127.0.0.1:9/x", 404), ("sap-eu", "ftp://x", 422), ("sap-eu", "", 422)]
)
async def test_a_wrong_webhook_is_refused(control: httpx.AsyncClient, system: str, url: str, status: int) -> None:
    assert (await control.put(f"/webhooks/{system}", json={"url": url})).status_code == status


async def test_a_system_that_posts_nothing_is_asked_instead() -> None:
    class Silent:
        """Keeps no port."""

    app = FastAPI()
    app.include_router(webhooks({"quiet": cast("Sandbox", Silent())}))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://control") as control:
        put = await control.put("/webhooks/quiet", json={"url": "http://127.0.0.1:9/x"})
        seen = await control.get("/webhooks")

    assert (put.status_code, put.json()["detail"]) == (409, "quiet posts nothing by itself: ask it what was changed.")
    assert seen.json() == {}


async def test_a_pattern_that_is_none_is_refused(control: httpx.AsyncClient) -> None:
    assert (await control.get("/requests", params={"match": "("})).status_code == 422


async def test_orders_of_the_story_are_found_by_trait_and_by_number(control: httpx.AsyncClient) -> None:
    held = (await control.get("/story/orders", params={"trait": "credit_hold"})).json()
    number = held[0]["bookings"][0]["number"]

    found = (await control.get("/story/orders", params={"number": number})).json()

    assert held[0]["bookings"][0]["holds"] == ["credit"]
    assert [one["crm_key"] for one in found] == [held[0]["crm_key"]]


async def test_the_story_says_how_big_it_is(control: httpx.AsyncClient) -> None:
    story = (await control.get("/story")).json()

    assert (story["orders"], story["customers"], story["articles"]) == (110, 30, 40)
    assert story["traits"]["multi_entity"] >= 1


async def test_the_five_orders_to_begin_with_have_their_keys(control: httpx.AsyncClient) -> None:
    orders = (await control.get("/story/highlights")).json()

    assert [one["kind"] for one in orders] == [
        "partly shipped",
        "invoiced and part paid",
        "on credit hold",
        "over two legal entities",
        "cancelled",
    ]
    assert all(one["salesforce"] and one["erp"] and one["erpNumber"] and one["number"] for one in orders)


def test_the_files_of_a_story_are_where_they_were_asked_for(tmp_path: Path) -> None:
    opened = open_all(Tale("s4hana", seed=5, deals=40, buyers=30), tmp_path)

    assert (tmp_path / "told.json").exists()
    for sandbox in opened.sandboxes.values():
        sandbox.close()
