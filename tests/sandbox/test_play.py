"""The pretend company goes on living: each step is written where it belongs, told alike, and kept."""

from __future__ import annotations

import asyncio
import shutil
import time
from base64 import b64encode
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.chronicle import Chronicle
from sandbox.going_on import GoingOn
from sandbox.opening import Tale, open_all
from sandbox.scene import NoSenseError
from sandbox.serve import Company, open_company
from sources.kit.sandbox.serving import serve
from sources.kit.sandbox.story import Deal
from sources.s4hana.sandbox import COMPANY, S4HanaSandbox
from sources.s4hana.sandbox.query.clause import equal
from sources.salesforce.sandbox import SalesforceSandbox
from sources.salesforce.sandbox.tell import tell
from sources.salesforce.sandbox.values import told

TINY = Tale("s4hana", seed=5, deals=110, buyers=30)
BASIC = {"Authorization": "Basic " + b64encode(b"REVGRAPH:Welcome-1").decode()}
SAP = "/sap/opu/odata/sap"
STAMPS = {"LastChangeDate", "LastChangeDateTime"}


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    state = tmp_path_factory.mktemp("told")
    open_all(TINY, state).close()
    return state


@pytest.fixture
def state(template: Path, tmp_path: Path) -> Path:
    return shutil.copytree(template, tmp_path / "state")


@pytest.fixture
async def company(state: Path) -> AsyncIterator[Company]:
    async with open_company(TINY, state) as company:
        yield company


@asynccontextmanager
async def opened(tale: Tale, state: Path) -> AsyncIterator[httpx.AsyncClient]:
    """The control port of a company of a test's own."""
    async with open_company(tale, state) as company, client_of(company) as control:
        yield control


def client_of(company: Company) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=company.control, trust_env=False, timeout=30)


@pytest.fixture
async def control(company: Company) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(company) as client:
        yield client


async def take(control: httpx.AsyncClient, step: str, order: str | None = None) -> dict[str, Any]:
    answer = await control.post("/story/steps", json={"step": step, "order": order})
    assert answer.status_code == 201, answer.text
    happening: dict[str, Any] = answer.json()
    return happening


async def played(control: httpx.AsyncClient, **wish: object) -> dict[str, Any]:
    begun = await control.post("/story/play", json={"speed": 50, **wish})
    assert begun.status_code == 201, begun.text
    until = time.monotonic() + 60
    while (seen := (await control.get("/story/play")).json())["plays"]:
        assert time.monotonic() < until, seen
        await asyncio.sleep(0.02)
    told: dict[str, Any] = seen
    return told


async def happened(control: httpx.AsyncClient, after: int = 0) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = (await control.get("/story/happenings", params={"after": after, "limit": 1000})).json()
    return told


async def sap(company: Company, erp: str, path: str) -> Any:
    async with httpx.AsyncClient(headers=BASIC, trust_env=False) as client:
        answer = await client.get(f"{company.urls[erp]}{SAP}/{path}", params={"$format": "json"})
    assert answer.status_code == 200, answer.text
    return answer.json()["d"]


async def crm_order(company: Company, key: str) -> dict[str, Any]:
    login = company.sandboxes["salesforce"].settings()
    form = {"grant_type": "client_credentials", "client_id": login["client_id"]}
    async with httpx.AsyncClient(base_url=company.urls["salesforce"], trust_env=False) as client:
        granted = await client.post("/services/oauth2/token", data={**form, "client_secret": login["client_secret"]})
        bearer = {"Authorization": f"Bearer {granted.json()['access_token']}"}
        row: dict[str, Any] = (await client.get(f"/services/data/v62.0/sobjects/Order/{key}", headers=bearer)).json()
    return row


def the(company: Company, trait: str, fits: Callable[[Deal], bool] = lambda _: True) -> Deal:
    return next(deal for deal in company.story.deals if trait in deal.traits and fits(deal))


async def test_a_deal_goes_from_quote_to_cash(control: httpx.AsyncClient) -> None:
    born = await take(control, "propose")
    steps = ("activate", "book", "write_back", "hold", "release", "ship", "amend", "ship_rest", "deliver", "invoice")

    told = [born, *[await take(control, step, born["crm_key"]) for step in (*steps, "pay_part", "pay")]]

    assert [(one["step"], one["expected"]) for one in told] == [
        ("propose", "DRAFT"),
        ("activate", "SUBMITTED"),
        ("book", "BOOKED"),
        ("write_back", "BOOKED"),
        ("hold", "ON_HOLD"),
        ("release", "BOOKED"),
        ("ship", "IN_FULFILLMENT"),
        ("amend", "IN_FULFILLMENT"),
        ("ship_rest", "FULFILLED"),
        ("deliver", "FULFILLED"),
        ("invoice", "FULFILLED"),
        ("pay_part", "FULFILLED"),
        ("pay", "COMPLETED"),
    ]
    assert await happened(control) == told


async def test_a_step_says_what_was_written_where(control: httpx.AsyncClient, company: Company) -> None:
    deal = the(company, "booked", lambda deal: any(b.instance == "sap-eu" for b in deal.bookings))
    number = deal.bookings[0].number

    told = await take(control, "ship", number)

    [order, shipment] = told["written"]
    assert order == {"system": "sap-eu", "concept": "Order", "key": number, "made": False}
    assert (shipment["system"], shipment["concept"], shipment["made"]) == ("sap-eu", "Shipment", True)
    delivery = await sap(
        company, "sap-eu", f"API_OUTBOUND_DELIVERY_SRV;v=0002/A_OutbDeliveryHeader('{shipment['key']}')"
    )
    assert delivery["OverallGoodsMovementStatus"] == "C"
    assert f"units left Hamburg (sap-eu delivery {shipment['key']})" in told["words"]


async def test_what_is_changed_gets_the_time_of_the_change(control: httpx.AsyncClient, company: Company) -> None:
    deal = the(company, "booked", lambda deal: bool(deal.bookings and deal.crm_key))
    [booking] = deal.bookings
    path = f"API_SALES_ORDER_SRV/A_SalesOrder('{booking.number}')"
    before = await sap(company, booking.instance, path)

    told = await take(control, "hold", booking.number)
    await take(control, "cancel", booking.number)

    after = await sap(company, booking.instance, path)
    assert int(after["LastChangeDateTime"][6:-7]) > int(before["LastChangeDateTime"][6:-7])
    assert after["OverallSDDocumentRejectionSts"] == "C"
    row = await crm_order(company, str(deal.crm_key))
    assert row["Status"] == "Canceled"
    assert row["SystemModstamp"] == row["LastModifiedDate"] > str(told["at"])[:10]


async def test_the_contract_of_a_ramp_is_amended_in_the_crm_alone(control: httpx.AsyncClient, company: Company) -> None:
    deal = the(company, "ramp", lambda deal: deal.crm_status == "Activated")
    contract = str((await crm_order(company, str(deal.crm_key)))["ContractId"])

    first = await take(control, "amend_contract", deal.crm_key)
    again = await take(control, "amend_contract", deal.crm_key)

    written = {"system": "salesforce", "concept": "Contract", "key": contract, "made": False}
    assert (first["written"], again["written"]) == ([written], [written])
    crm = company.sandboxes["salesforce"]
    assert isinstance(crm, SalesforceSandbox)
    [[months, amended]] = crm.org.store.select(
        'SELECT "ContractTerm", "Amended_At__c" FROM "Contract" WHERE "Id" = ?', [contract]
    )
    assert (months, str(amended)[:19]) == (60, again["at"][:19])


async def test_an_order_without_a_contract_has_none_to_amend(control: httpx.AsyncClient, company: Company) -> None:
    key = the(company, "booked", lambda deal: bool(deal.crm_key)).crm_key

    refused = await control.post("/story/steps", json={"step": "amend_contract", "order": key})

    assert (refused.status_code, "no contract in the CRM" in refused.text) == (409, True)


async def test_a_payment_is_posted_in_accounting_and_leaves_the_invoice_unchanged(
    control: httpx.AsyncClient, company: Company
) -> None:
    deal = the(company, "invoiced", lambda deal: len(deal.bookings) == 1 and bool(deal.bookings[0].bills))
    booking, bill = deal.bookings[0], deal.bookings[0].bills[0].number
    path = f"API_BILLING_DOCUMENT_SRV/A_BillingDocument('{bill}')"
    before = await sap(company, booking.instance, path)

    told = await take(control, "pay", booking.number)

    after = await sap(company, booking.instance, path)
    assert (before["InvoiceClearingStatus"], after["InvoiceClearingStatus"]) == ("A", "C")
    assert before["LastChangeDateTime"] == after["LastChangeDateTime"]
    assert [(one["concept"], one["made"]) for one in told["written"]] == [("Invoice", False), ("Payment", True)]


async def test_each_system_says_by_itself_what_a_step_changed_in_it(
    control: httpx.AsyncClient, company: Company
) -> None:
    crm = company.sandboxes["salesforce"]
    assert isinstance(crm, SalesforceSandbox)
    before = crm.org.log.latest
    async with listening() as (url, heard):
        for erp in ("sap-eu", "erp-us"):
            assert (await control.put(f"/webhooks/{erp}", json={"url": url})).status_code == 200

        born = await take(control, "propose")
        told = [await take(control, step, born["crm_key"]) for step in ("activate", "book", "ship", "invoice", "pay")]

        wanted = {(one["concept"], one["key"]) for happening in told for one in happening["written"]}
        posted = {pair for pair in wanted if pair[0] in KINDS and not pair[1].startswith(("801", "0Q0"))}
        until = time.monotonic() + 20
        while not posted <= heard:
            assert time.monotonic() < until, posted - heard
            await asyncio.sleep(0.02)
    assert {kind for kind, _ in posted} == {"Order", "Shipment", "Invoice"}
    topics = {one.topic for one in crm.org.log.behind(["/data/OrderChangeEvent", "/data/ChangeEvents"], before, 100)}
    assert topics


KINDS = {"Order": "SalesOrder", "Shipment": "OutboundDelivery", "Invoice": "BillingDocument"}


@asynccontextmanager
async def listening() -> AsyncIterator[tuple[str, set[tuple[str, str]]]]:
    """An address that takes business events, and which documents they were about."""
    heard: set[tuple[str, str]] = set()

    async def hear(request: Request) -> Response:
        told = (await request.json())["data"]
        heard.update((concept, told[name]) for concept, name in KINDS.items() if name in told)
        return Response(status_code=204)

    async with serve(Starlette(routes=[Route("/", hear, methods=["POST"])])) as served:
        yield served.url + "/", heard


async def test_the_same_seed_takes_the_same_steps_in_the_same_order(template: Path, tmp_path: Path) -> None:
    tales = []
    for name, seed in (("first", 4), ("second", 4), ("other", 9)):
        async with opened(TINY, shutil.copytree(template, tmp_path / name)) as control:
            await played(control, steps=40, seed=seed)
            tales.append([(one["step"], one["words"], one["written"]) for one in await happened(control)])

    assert len(tales[0]) == 40
    assert tales[0] == tales[1]
    assert tales[0] != tales[2]


async def test_after_many_steps_a_system_holds_what_the_story_would_tell_it_anew(
    control: httpx.AsyncClient, company: Company
) -> None:
    seen = await played(control, steps=150, seed=2)

    assert (seen["done"], seen["ended"]) == (150, "All steps are done.")
    crm = company.sandboxes["salesforce"]
    assert isinstance(crm, SalesforceSandbox)
    assert differing(crm, company.opened.chronicle) == []
    for name in ("sap-eu", "erp-us"):
        moved = company.sandboxes[name]
        assert isinstance(moved, S4HanaSandbox)
        fresh = S4HanaSandbox(settings=COMPANY)
        fresh.tell(company.opened.chronicle.story, name)
        assert rows_of(moved) == rows_of(fresh)
        fresh.close()


def differing(box: SalesforceSandbox, chronicle: Chronicle) -> list[tuple[str, object, object]]:
    """Fields that people fill in and that hold something else than the story says; a quote stays as it was agreed."""
    amended = {one.crm_key for one in chronicle.happenings(0, 1000) if one.step == "amend"}
    story = chronicle.story
    plain = replace(story, deals=tuple(deal for deal in story.deals if deal.crm_key not in amended))
    found: list[tuple[str, object, object]] = []
    for name, rows in tell(plain, "salesforce").items():
        one = box.org.type(name)
        for row in rows:
            held = box.org.store.row(one, str(row["Id"])) or {}
            columns = {n: told(one.fields[n], v) for n, v in row.items() if v is not None}
            fields = [n for n in columns if one.fields[n].writable != "never"]
            found += [(f"{name}.{n}", held.get(n), columns[n]) for n in fields if held.get(n) != columns[n]]
    return found


def rows_of(box: S4HanaSandbox) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every set, without the times of change."""
    store, rows = box.system.store, {}
    for name, entity in store.sets.items():
        columns = [one.name for one in entity.properties if one.name not in STAMPS]
        shown = ",".join(f'"{column}"' for column in columns)
        found = store._database.execute(f'SELECT {shown} FROM "{name}"')
        rows[name] = sorted(found.fetchall(), key=repr)
    return rows


@pytest.mark.parametrize(
    "trait, step, why",
    [
        ("draft", "book", "is not active in the CRM"),
        ("stuck_before_erp", "ship", "is not booked in any ERP"),
        ("cancelled", "ship", "was cancelled in"),
        ("credit_hold", "ship", "is held (credit): nothing may leave"),
        ("billing_hold", "invoice", "is held (billing): nothing may be billed"),
        ("shipped", "cancel", "has deliveries or invoices"),
        ("shipped", "ship", "has left as a whole"),
        ("booked", "release", "is not held"),
        ("completed", "pay", "has nothing to pay"),
        ("booked", "book", "is booked already"),
        ("collective_invoice", "pay", "shares its invoice with other orders"),
    ],
)
async def test_a_step_that_makes_no_sense_is_refused_in_words(
    control: httpx.AsyncClient, company: Company, trait: str, step: str, why: str
) -> None:
    deal = the(company, trait, lambda deal: bool(deal.crm_key))

    answer = await control.post("/story/steps", json={"step": step, "order": deal.crm_key})

    assert answer.status_code == 409
    assert why in answer.json()["detail"]
    assert await happened(control) == []


@pytest.mark.parametrize(
    "path, body, status",
    [
        ("/story/steps", {"step": "ship", "order": "no such order"}, 404),
        ("/story/steps", {"step": "ship"}, 422),
        ("/story/steps", {"step": "dance", "order": "104001"}, 422),
        ("/story/play", {"speed": 0}, 422),
        ("/story/play", {"speed": 1000}, 422),
        ("/story/play", {"steps": 10_000_000}, 422),
        ("/story/play", {"orders": ["no such order"]}, 404),
    ],
)
async def test_a_wrong_wish_is_refused(
    control: httpx.AsyncClient, path: str, body: dict[str, object], status: int
) -> None:
    assert (await control.post(path, json=body)).status_code == status


async def test_an_order_that_somebody_else_has_changed_is_left_alone(
    control: httpx.AsyncClient, company: Company
) -> None:
    deal = the(company, "booked", lambda deal: bool(deal.bookings and deal.crm_key))
    [booking] = deal.bookings
    box = company.sandboxes[booking.instance]
    assert isinstance(box, S4HanaSandbox)
    orders = box.system.store.sets["A_SalesOrder"]
    key = box.system.store.kept(orders, {"SalesOrder": booking.number})["SalesOrder"]
    box.system.store.update(orders, {"DeliveryBlockReason": "01"}, equal("SalesOrder", str(key)))

    answer = await control.post("/story/steps", json={"step": "ship", "order": booking.number})

    assert answer.status_code == 409
    assert answer.json()["detail"].startswith("The story leaves it alone: somebody else has changed SalesOrder")
    assert await happened(control) == []


async def test_an_order_that_somebody_else_has_booked_is_not_booked_again(
    control: httpx.AsyncClient, company: Company
) -> None:
    deal = the(company, "stuck_before_erp")
    [erp] = {one.instance for one in company.story.entities if one.code == deal.lines[0].entity}
    box = company.sandboxes[erp]
    assert isinstance(box, S4HanaSandbox)
    box.load({"A_SalesOrder": [{"SalesOrder": "109999", "PurchaseOrderByCustomer": deal.crm_key}]})

    answer = await control.post("/story/steps", json={"step": "book", "order": deal.crm_key})

    assert answer.status_code == 409
    assert f"somebody else has booked it in {erp} already: 109999" in answer.json()["detail"]


async def test_an_order_that_a_client_booked_goes_on_like_any_other(
    control: httpx.AsyncClient, company: Company
) -> None:
    number = await booked_by_a_client(company)

    told = [await take(control, step, number) for step in ("ship", "ship_rest", "invoice", "pay")]

    assert [one["expected"] for one in told] == ["IN_FULFILLMENT", "FULFILLED", "FULFILLED", "COMPLETED"]
    order = await sap(company, "sap-eu", f"API_SALES_ORDER_SRV/A_SalesOrder('{number}')")
    assert (order["OverallTotalDeliveryStatus"], order["PurchaseOrderByCustomer"]) == ("C", "a client's own reference")
    assert (await control.post("/story/steps", json={"step": "amend", "order": number})).status_code == 409


async def booked_by_a_client(company: Company) -> str:
    """An order entered over the ERP's own interface."""
    accounts = [account for buyer in company.story.buyers.values() for account in buyer.accounts]
    customer = next(one.number for one in accounts if one.instance == "sap-eu" and one.credit_limit is None)
    order = {
        "SalesOrderType": "OR", "SalesOrganization": "1010", "DistributionChannel": "10", "OrganizationDivision": "00",
        "SoldToParty": customer, "PurchaseOrderByCustomer": "a client's own reference", "TransactionCurrency": "EUR",
        "to_Item": [{"Material": "CAB-5", "RequestedQuantity": "4"}],
    }  # fmt: skip
    root = f"{company.urls['sap-eu']}{SAP}/API_SALES_ORDER_SRV/"
    async with httpx.AsyncClient(headers=BASIC | {"accept": "application/json"}, trust_env=False) as client:
        token = (await client.get(root, headers={"x-csrf-token": "fetch"})).headers["x-csrf-token"]
        made = await client.post(f"{root}A_SalesOrder", json=order, headers={"x-csrf-token": token})
    assert made.status_code == 201, made.text
    return str(made.json()["d"]["SalesOrder"])


async def test_an_order_in_a_real_system_stays_as_it_is(company: Company) -> None:
    pretended = {name: box for name, box in company.sandboxes.items() if name != "erp-us"}
    going = GoingOn(company.opened.company, pretended, company.opened.chronicle)
    deal = the(company, "booked", lambda deal: {b.instance for b in deal.bookings} == {"erp-us"})

    with pytest.raises(NoSenseError, match="is kept in erp-us, a real system, which the story does not move"):
        going.take(going.find(deal.bookings[0].number), "ship", Random(1))


async def test_one_play_at_a_time_until_it_is_ended(control: httpx.AsyncClient) -> None:
    assert (await control.post("/story/play", json={"speed": 0.1})).status_code == 201

    assert (await control.post("/story/play", json={"speed": 0.1})).status_code == 409
    ended = (await control.delete("/story/play")).json()

    assert (ended["plays"], ended["ended"]) == (False, "It was asked to end.")
    assert (await control.post("/story/play", json={"speed": 50, "steps": 1})).status_code == 201


async def test_a_play_of_some_orders_and_kinds_takes_no_others_and_ends_by_itself(
    control: httpx.AsyncClient, company: Company
) -> None:
    keys = [deal.crm_key for deal in company.story.deals if "shipped" in deal.traits and deal.crm_key][:2]

    seen = await played(control, orders=keys, kinds=["invoice", "pay"])

    told = await happened(control)
    assert seen["ended"] == "No order that takes part has a step left."
    assert {one["crm_key"] for one in told} == set(keys)
    assert sorted(one["step"] for one in told) == ["invoice", "invoice", "pay", "pay"]


async def test_what_happened_is_known_after_a_restart_and_goes_on(state: Path) -> None:
    async with opened(TINY, state) as control:
        born = await take(control, "propose")
        await take(control, "activate", born["crm_key"])

    async with opened(replace(TINY), state) as control:
        booked = await take(control, "book", born["crm_key"])
        told = await happened(control, after=1)

    assert [one["step"] for one in told] == ["activate", "book"]
    assert booked["n"] == 3
    assert booked["expected"] == "BOOKED"


async def test_a_story_that_is_told_anew_forgets_what_happened(state: Path) -> None:
    async with opened(TINY, state) as control:
        await take(control, "propose")

    async with opened(replace(TINY, seed=6), state) as control:
        assert await happened(control) == []
