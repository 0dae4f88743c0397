"""What is sent of an order: every field in its place, and nothing left out in silence."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from canonical.customer import Address
from canonical.errors import ProblemCategory, Refused
from canonical.intake import LineRequest, OrderRequest
from sources.s4hana.order_bodies import OrderBodies
from sources.s4hana.selling import SalesAreas
from sources.s4hana.settings import Settings
from tests.sources.s4hana.opened import PAYLOADS, instance

OWN = {
    "crm_key_field": "AssignmentReference",
    "line_start_field": "YY1_From_SDI",
    "line_end_field": "YY1_To_SDI",
    "line_segment_field": "YY1_Segment_SDI",
}
PUMP = LineRequest(sku="TG11", quantity=Decimal(3), source_key="8025g000000A1bcAAC", unit_price=Decimal("164.00"))
HOSE = LineRequest(sku="TG12", quantity=Decimal("1.5"), source_key="8025g000000A1bdAAC", parent=0)
SERVICE = LineRequest(
    sku="SUB-1",
    quantity=Decimal(12),
    unit_price=Decimal("9.99"),
    discount_percent=Decimal(10),
    starts_on=date(2027, 1, 1),
    ends_on=date(2027, 12, 31),
    segment=1,
)


def request(*lines: LineRequest, **changes: object) -> OrderRequest:
    plain = OrderRequest(
        reference="RG-7F3K",
        legal_entity_code="US01",
        customer_key="17100001",
        currency_code="USD",
        lines=lines or (PUMP,),
    )
    return msgspec.structs.replace(plain, **changes)


def bodies(**settings: object) -> OrderBodies:
    return OrderBodies("sap", Settings.model_validate(settings))


def sent(asked: OrderRequest, **settings: object) -> dict[str, object]:
    area = SalesAreas(instance(), Settings.model_validate(settings)).of(asked.legal_entity_code)
    return bodies(**settings).order(asked, area)


def test_a_whole_order_is_sent_as_its_payload_shows() -> None:
    whole = request(
        PUMP,
        HOSE,
        SERVICE,
        crm_order_key="8015g0000021stiAAA",
        purchase_order_number="PO 4711/A",
        requested_delivery_date=date(2027, 1, 15),
        ship_to=Address("Harbour St 5\nGate 3", "Oakland", "94601", "CA", "US"),
    )

    body = sent(whole, **OWN, discount_condition_type="DRV1")

    assert body == json.loads((PAYLOADS / "order_sent.json").read_text(encoding="utf-8"))


def test_a_simulation_asks_for_what_it_would_come_to_and_carries_no_reference() -> None:
    area = SalesAreas(instance(), Settings()).of("US01")

    body = bodies().simulation(request(PUMP, HOSE), area)

    assert (body["to_Pricing"], body["to_Credit"]) == ({}, {})
    assert body["to_Item"] == [
        {
            "SalesOrderItem": "10",
            "Material": "TG11",
            "RequestedQuantity": "3",
            "to_ScheduleLine": [],
            "to_PricingElement": [
                {"ConditionType": "PPR0", "ConditionRateValue": "164", "ConditionCurrency": "USD"},
            ],
        },
        {
            "SalesOrderItem": "20",
            "HigherLevelItem": "10",
            "Material": "TG12",
            "RequestedQuantity": "1.5",
            "to_ScheduleLine": [],
            "to_PricingElement": [],
        },
    ]
    assert "RG-7F3K" not in json.dumps(body)


def test_lines_behind_others_go_on_counting_and_keep_their_parents() -> None:
    added = bodies().items([PUMP, HOSE], "USD", behind=35)

    assert [(item["SalesOrderItem"], item.get("HigherLevelItem")) for item in added] == [("40", None), ("50", "40")]


def test_a_legal_entitys_own_codes_win_and_its_first_organization_sells() -> None:
    area = SalesAreas(instance(), Settings(distribution_channel="20")).of("US01")

    assert (area.organization, area.channel, area.division, area.company) == ("1710", "20", "00", "1710")


def test_a_legal_entity_that_keeps_its_books_elsewhere_is_refused() -> None:
    with pytest.raises(Refused, match="FR01") as refused:
        SalesAreas(instance(), Settings()).of("FR01")

    assert refused.value.category is ProblemCategory.ROUTING


@pytest.mark.parametrize(
    "asked,settings,words,category",
    [
        (request(SERVICE), {}, "no field configured for the first day", ProblemCategory.ROUTING),
        (request(SERVICE), {**OWN, "line_end_field": ""}, "the last day", ProblemCategory.ROUTING),
        (request(SERVICE), {**OWN, "line_segment_field": ""}, "the segment", ProblemCategory.ROUTING),
        (
            request(reference="R" * 36),
            {},
            "PurchaseOrderByCustomer at sap is too short for our reference",
            ProblemCategory.INVALID_INPUT,
        ),
        (request(purchase_order_number="P" * 36), {}, "ShipToParty", ProblemCategory.INVALID_INPUT),
        (request(crm_order_key="8" * 19), OWN, "AssignmentReference", ProblemCategory.INVALID_INPUT),
        (
            request(PUMP),
            {"line_reference_field": "UnderlyingPurchaseOrderItem"},
            "CRM's key of a line",
            ProblemCategory.INVALID_INPUT,
        ),
        (
            request(purchase_order_number="PO-1"),
            {"reference_field": "PurchaseOrderByShipToParty"},
            "purchase order number would go",
            ProblemCategory.ROUTING,
        ),
        (request(msgspec.structs.replace(PUMP, quantity=Decimal(0))), {}, "0 units", ProblemCategory.INVALID_INPUT),
        (
            request(msgspec.structs.replace(PUMP, quantity=Decimal("0.0001"))),
            {},
            "3 decimals",
            ProblemCategory.INVALID_INPUT,
        ),
        (
            request(msgspec.structs.replace(PUMP, unit_price=Decimal("0.0000000001"))),
            {},
            "9 decimals",
            ProblemCategory.INVALID_INPUT,
        ),
        (request(msgspec.structs.replace(HOSE, parent=0)), {}, "a bundle that is not", ProblemCategory.INVALID_INPUT),
        (request(PUMP, msgspec.structs.replace(HOSE, parent=7)), {}, "not in the order", ProblemCategory.INVALID_INPUT),
        (
            request(msgspec.structs.replace(PUMP, unit_price=None, discount_percent=Decimal(5))),
            {},
            "discount_condition_type",
            ProblemCategory.PRICING,
        ),
        (
            request(ship_to=Address(region="California", country="US")),
            {},
            "setting regions",
            ProblemCategory.INVALID_INPUT,
        ),
        (request(ship_to=Address(street="x" * 61, country="US")), {}, "The street", ProblemCategory.INVALID_INPUT),
        (msgspec.structs.replace(request(), lines=()), {}, "at least one line", ProblemCategory.INVALID_INPUT),
    ],
)
def test_what_sap_has_no_place_for_is_refused_before_it_is_sent(
    asked: OrderRequest, settings: dict[str, object], words: str, category: ProblemCategory
) -> None:
    with pytest.raises(Refused, match=words) as refused:
        sent(asked, **settings)

    assert refused.value.category is category


def test_a_discount_is_taken_off_the_price_where_no_condition_is_configured_for_it() -> None:
    (item,) = bodies(**OWN).items([SERVICE], "USD")

    assert item["to_PricingElement"] == [
        {"ConditionType": "PPR0", "ConditionRateValue": "8.991", "ConditionCurrency": "USD"}
    ]


def test_a_region_may_be_written_out_where_its_code_is_configured() -> None:
    body = sent(request(ship_to=Address(region="California", country="US")), regions={"California": "CA"})

    assert '"Region": "CA"' in json.dumps(body["to_Partner"])


@given(
    quantity=st.decimals(min_value="0.001", max_value="999999999", places=3),
    price=st.decimals(min_value=0, max_value="9999999", places=9),
)
def test_numbers_are_written_exactly_and_never_with_an_exponent(quantity: Decimal, price: Decimal) -> None:
    (item,) = bodies().items([LineRequest(sku="A", quantity=quantity, unit_price=price)], "USD")
    told = json.loads(json.dumps(item))

    assert Decimal(told["RequestedQuantity"]) == quantity
    assert Decimal(told["to_PricingElement"][0]["ConditionRateValue"]) == price
    assert "E" not in told["RequestedQuantity"] + told["to_PricingElement"][0]["ConditionRateValue"]
