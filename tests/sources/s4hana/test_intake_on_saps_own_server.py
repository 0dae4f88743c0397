"""What is written is taken by SAP's own OData V2 server: bodies, changesets, versions. What it took is undone again.

It knows the older published metadata and none of SAP's business: it gives no numbers and refuses no order.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

import httpx
import msgspec
import pytest

from canonical.absence import known
from canonical.errors import ProblemCategory, Refused
from canonical.intake import Amendment, LineChange, LineRequest
from canonical.wanted import Wanted
from sources.kit.auth.fixed import basic
from sources.landscape import Secret, SettingValue
from sources.ports import Lookup
from sources.s4hana.adapter import S4Hana
from sources.s4hana.changing import Changes
from sources.s4hana.client import S4Client
from sources.s4hana.customer_bodies import CustomerBodies
from sources.s4hana.order_bodies import OrderBodies
from sources.s4hana.selling import SalesAreas
from sources.s4hana.services import ORDERS
from sources.s4hana.settings import Settings, settings_of
from tests.sources.s4hana.opened import adapter, call, instance
from tests.sources.s4hana.test_changing import STANDING
from tests.sources.s4hana.test_customer_bodies import WHOLE
from tests.sources.s4hana.test_order_bodies import HOSE, PUMP, request

pytestmark = [pytest.mark.contracts, pytest.mark.xdist_group("cap"), pytest.mark.timeout(600)]

OLDER: dict[str, SettingValue] = {
    "line_place_field": "",
    "numbering": "external",
    "number_from": 7_000_000_000,
    "number_to": 7_000_999_999,
}
LINES = (msgspec.structs.replace(PUMP, unit_price=None), HOSE)
CHANGE = Amendment(
    reference="RG-A1",
    order_key="1010",
    legal_entity_code="US01",
    change=(LineChange(key="10", quantity=Decimal(55)),),
)


@dataclass
class Cap:
    """The server, the adapter over it, and what must be undone when a test is over."""

    url: str
    source: S4Hana
    http: httpx.AsyncClient
    token: dict[str, str] = field(default_factory=dict)
    undo: list[tuple[str, str, object]] = field(default_factory=list)

    async def send(self, method: str, path: str, body: object = None) -> httpx.Response:
        if not self.token:
            fetched = await self.http.get("API_SALES_ORDER_SRV/", headers={"x-csrf-token": "Fetch"})
            self.token = {"x-csrf-token": fetched.headers["x-csrf-token"], "if-match": "*"}
        content = None if body is None else msgspec.json.encode(body)
        headers = {**self.token, "content-type": "application/json"}
        return await self.http.request(method, path, content=content, headers=headers)


@pytest.fixture
async def cap(cap_url: str) -> AsyncIterator[Cap]:
    async with opening(cap_url, OLDER) as held:
        yield held


@asynccontextmanager
async def opening(url: str, settings: dict[str, SettingValue]) -> AsyncIterator[Cap]:
    async with (
        adapter(url.removesuffix("/sap/opu/odata/sap"), settings=settings) as source,
        httpx.AsyncClient(base_url=url, headers={"accept": "application/json"}) as http,
    ):
        held = Cap(url, source, http)
        try:
            yield held
        finally:
            for method, path, body in reversed(held.undo):
                answer = await held.send(method, path, body)
                assert answer.status_code < 300, answer.text


def item(order: str, number: str) -> str:
    return f"API_SALES_ORDER_SRV/A_SalesOrderItem(SalesOrder='{order}',SalesOrderItem='{number}')"


async def test_an_order_is_booked_in_one_piece_and_found_and_read_back(cap: Cap) -> None:
    asked = request(*LINES, purchase_order_number="PO-1", requested_delivery_date=date(2027, 1, 15))

    booked = await cap.source.book_order(call(), asked)
    cap.undo.append(("DELETE", f"API_SALES_ORDER_SRV/A_SalesOrder('{booked.number}')", None))
    found = await cap.source.find_orders(call(), ["RG-7F3K", "801-3", "RG-NEVER"])

    assert [one.order for one in found["RG-7F3K"]] == [booked.order]
    assert booked.line_keys == found["RG-7F3K"][0].line_keys == ("10", "20")
    assert [one.number for one in found["801-3"]] == ["1003"]
    told = (await cap.http.get(f"API_SALES_ORDER_SRV/A_SalesOrder('{booked.number}')?$expand=to_Item")).json()["d"]
    assert (told["PurchaseOrderByCustomer"], told["PurchaseOrderByShipToParty"]) == ("RG-7F3K", "PO-1")
    assert told["RequestedDeliveryDate"] == "/Date(1799971200000)/"
    rows = sorted(told["to_Item"]["results"], key=lambda row: int(row["SalesOrderItem"]))
    assert [(row["Material"], Decimal(row["RequestedQuantity"]), row["HigherLevelItem"]) for row in rows] == [
        ("TG11", Decimal(3), None),
        ("TG12", Decimal("1.5"), "10"),
    ]
    assert [row["PurchaseOrderByShipToParty"] for row in rows] == [line.source_key for line in LINES]


async def test_an_amendment_takes_effect_as_one_changeset(cap: Cap) -> None:
    (standing,) = (await cap.source.find_orders(call(), ["801-10"]))["801-10"]
    cap.undo += [
        ("PATCH", item("1010", "10"), {"RequestedQuantity": "10.000"}),
        ("PATCH", "API_SALES_ORDER_SRV/A_SalesOrder('1010')", {"PurchaseOrderByShipToParty": None}),
        ("DELETE", item("1010", "30"), None),
    ]

    amended = await cap.source.amend_order(
        call(),
        msgspec.structs.replace(CHANGE, add=LINES[:1], purchase_order_number="PO-9", expected_version=standing.version),
    )
    wanted = Wanted.of("purchase_order_number", "lines.sku", "lines.quantity")
    (read,) = await cap.source.fetch_orders(call(), Lookup(keys=("1010",)), wanted)

    assert amended.line_keys == ("10", "20", "30")
    lines = known(read.lines) or ()
    assert {line.key: line.quantity for line in lines} == {"10": Decimal(55), "20": Decimal(10), "30": Decimal(3)}


async def test_an_amendment_of_which_a_part_is_refused_changes_nothing(cap_url: str) -> None:
    async with opening(cap_url, {**OLDER, "line_start_field": "YY1_From_SDI"}) as cap:
        ramp = LineRequest(sku="TG11", quantity=Decimal(1), starts_on=date(2027, 1, 1))

        with pytest.raises(Refused, match="field"):
            await cap.source.amend_order(call(), msgspec.structs.replace(CHANGE, add=(ramp,)))

        told = (await cap.http.get(item("1010", "10"))).json()["d"]
        assert told["RequestedQuantity"] == "10.000"


async def test_a_changeset_on_a_version_that_has_passed_is_a_conflict(cap: Cap) -> None:
    held = instance(cap.url.removesuffix("/sap/opu/odata/sap"), **OLDER)
    client = S4Client(held, settings_of(held), basic("REVGRAPH", Secret("Welcome-1")))
    stale = msgspec.structs.replace(
        STANDING,
        SalesOrder="1010",
        PurchaseOrderByCustomer="801-10",
        metadata=type(STANDING.metadata)('W/"2020-01-01T00:00:00.000Z"'),
    )
    try:
        with pytest.raises(Refused) as refused:
            await client.change(call(), ORDERS, Changes("sap", settings_of(held)).amendment(stale, CHANGE))
    finally:
        await client.close()

    assert refused.value.category is ProblemCategory.CONFLICT
    assert (await cap.http.get(item("1010", "10"))).json()["d"]["RequestedQuantity"] == "10.000"


async def test_a_cancellation_rejects_every_item_in_one_changeset(cap: Cap) -> None:
    cap.undo += [("PATCH", item("1011", number), {"SalesDocumentRjcnReason": None}) for number in ("10", "20")]

    await cap.source.cancel_order(call(), "1011", "RG-C1", "why")

    told = [(await cap.http.get(item("1011", number))).json()["d"] for number in ("10", "20")]
    assert [row["SalesDocumentRjcnReason"] for row in told] == ["00", "00"]


async def test_prices_and_discounts_are_taken_where_they_are_sent(cap: Cap) -> None:
    settings = Settings(line_place_field="", discount_condition_type="DRV1")
    priced = request(msgspec.structs.replace(PUMP, discount_percent=Decimal(10)))
    body = OrderBodies("sap", settings).order(priced, SalesAreas(instance(), settings).of("US01"))
    keys = {"PricingProcedureStep": (10, 20), "PricingProcedureCounter": (1, 1)}
    numbered = given(body, lambda name: {key: keys[key] for key in keys} if name == "to_PricingElement" else {})
    cap.undo.append(("DELETE", "API_SALES_ORDER_SRV/A_SalesOrder('7000000001')", None))

    answer = await cap.send("POST", "API_SALES_ORDER_SRV/A_SalesOrder", {**numbered, "SalesOrder": "7000000001"})

    assert answer.status_code == 201, answer.text
    path = "API_SALES_ORDER_SRV/A_SalesOrder('7000000001')/to_Item?$expand=to_PricingElement"
    (row,) = (await cap.http.get(path)).json()["d"]["results"]
    rates = {one["ConditionType"]: Decimal(one["ConditionRateValue"]) for one in row["to_PricingElement"]["results"]}
    assert rates == {"PPR0": Decimal(164), "DRV1": Decimal(-10)}


async def test_a_customer_is_created_from_the_body_and_the_numbers_that_sap_would_give(cap: Cap) -> None:
    settings = Settings(
        identification_type="ZRVG",
        reconciliation_accounts={"*": "12100000"},
        customer_payment_terms="NT30",
        tax_classifications={"UTXJ": "1"},
    )
    body = CustomerBodies("sap", settings).partner(WHOLE, SalesAreas(instance(), settings).of("US01"))
    forever = ("/Date(253402214400000+0000)/",) * 2
    by_sap: dict[str, dict[str, tuple[object, ...]]] = {
        "to_BusinessPartnerAddress": {"AddressID": ("71", "72")},
        "to_AddressUsage": {
            "ValidityEndDate": forever,
            "BusinessPartner": ("17999999",) * 2,
            "AddressID": ("71", "72"),
        },
        "to_EmailAddress": {"AddressID": ("71",), "Person": ("",), "OrdinalNumber": ("1",)},
        "to_Customer": {"Customer": ("17999999",)},
    }
    numbered = given(body, lambda name: by_sap.get(name, {}))

    answer = await cap.send(
        "POST", "API_BUSINESS_PARTNER/A_BusinessPartner", {**numbered, "BusinessPartner": "17999999"}
    )

    assert answer.status_code == 201, answer.text
    path = "API_BUSINESS_PARTNER/A_BusinessPartner('17999999')"
    cap.undo.append(("DELETE", path, None))
    told = (await cap.http.get(f"{path}?$expand=to_BusinessPartnerAddress,to_BusinessPartnerRole")).json()["d"]
    assert (told["OrganizationBPName1"], told["BusinessPartnerIDByExtSystem"]) == (
        "Consolidated Pump and Valve Works of",
        "0015g0000021sN5AAI",
    )
    assert sorted(row["CityName"] for row in told["to_BusinessPartnerAddress"]["results"]) == ["Oakland", "Reno"]


def given(
    body: dict[str, Any], numbers: Callable[[str], dict[str, tuple[object, ...]]], name: str = ""
) -> dict[str, Any]:
    """The body with the keys that SAP itself gives, by navigation, one value for each entity of it."""
    return {
        way: [
            {**given(child, numbers, way), **{key: value_at(values, place) for key, values in numbers(way).items()}}
            for place, child in enumerate(value)
        ]
        if isinstance(value, list)
        else {**given(value, numbers, way), **{key: values[0] for key, values in numbers(way).items()}}
        if isinstance(value, dict)
        else value
        for way, value in body.items()
    }


def value_at(values: tuple[object, ...], place: int) -> str:
    return str(values[place % len(values)])
